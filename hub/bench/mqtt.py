"""``linli bench mqtt``: from a sensor's message to a program on the home's WebSocket.

Real processes: the broker, ``linli home`` with its history, the sensors; the program is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from .conditions import BenchProblem, conditions, figure, percentile
from .household import Household, household, sensors

ENTITIES = 1_000
RATE, SECONDS, WARM_UP_S = 1_000, 20.0, 2.0
STEPS = (2_000, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000)
STEP_S = 4.0
LAST_WITHIN_S = 0.25
"""Held means: nothing lost, the sensors on pace, the last message here within this time."""
PACE = 0.97
PATIENCE_S = 5.0


def figures(
    broker: str,
    *,
    entities: int = ENTITIES,
    seconds: float = SECONDS,
    steps: tuple[int, ...] = STEPS,
    step_s: float = STEP_S,
) -> Iterator[dict[str, Any]]:
    """Latency, then the highest rate that is held.

    Args:
        broker: ``embedded`` or ``mosquitto``.
        entities: how many sensors announce themselves.
        seconds: how long the latency is measured.
        steps: rates to try, messages a second.
        step_s: how long each is tried.

    Raises:
        BenchProblem: a measurement could not be taken as promised.
    """
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as folder,
        household(Path(folder), broker) as home,
    ):
        home.announce(list(sensors(entities)))
        asyncio.run(_said(home, entities, RATE, WARM_UP_S))
        sent, took_s, times = asyncio.run(_said(home, entities, RATE, seconds))
        beside = conditions(home.rig.folder, broker=broker, entities=entities, history="on")
        if len(times) != sent:
            raise BenchProblem(f"{sent - len(times)} messages were lost; {home.log()}")
        pace = {**beside, "msg_s": round(sent / took_s), "samples": sent}
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            value = percentile(times, share)
            line = {**pace, "max": percentile(times, 1)}
            yield figure(f"mqtt_to_ws_latency_{name}", value, "ms", line)
        held: dict[str, Any] = {"value": 0, "p99": None}
        for rate in steps:
            step = asyncio.run(_step(home, entities, rate, step_s))
            if step is None:
                break
            held = step
        value = held.pop("value")
        yield figure("mqtt_max_rate", value, "msg/s", {**beside, **held, "tried_to": rate})


async def _step(home: Household, entities: int, rate: int, seconds: float) -> dict[str, Any] | None:
    """One rate; None when it is not held."""
    sent, took_s, times = await _said(home, entities, rate, seconds)
    on_pace = sent / took_s >= rate * PACE
    if len(times) != sent or not on_pace or times[-1] > LAST_WITHIN_S * 1000:
        return None
    return {"value": rate, "p99": percentile(times, 0.99), "step_s": seconds}


async def _said(
    home: Household, entities: int, rate: int, seconds: float
) -> tuple[int, float, list[float]]:
    """How many messages were sent, in how long, and each one's ms until the program had it."""
    words = ["hub.bench.sensors", "--port", str(home.rig.port), "--rate", str(rate)]
    words += ["--seconds", str(seconds), "--sensors", str(entities)]
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        socket = await home.program.follow(session)
        process = home.rig.start_module("sensors", words)
        reading = asyncio.create_task(_read(socket, times))
        out, _ = await asyncio.to_thread(process.communicate)
        if process.returncode:
            raise BenchProblem("the sensors broke off")
        said = json.loads(out)
        end = time.monotonic() + PATIENCE_S
        while len(times) < said["sent"] and time.monotonic() < end and not reading.done():  # noqa: ASYNC110 - an event would cost each message
            await asyncio.sleep(0.01)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await socket.close()
    return said["sent"], said["took_s"], times


async def _read(socket: aiohttp.ClientWebSocketResponse, times: list[float]) -> None:
    """Take changes off the socket; the collector of this process must not look like latency."""
    gc.disable()
    try:
        async for message in socket:
            now = time.perf_counter()
            for change in orjson.loads(message.data).get("data", ()):
                if change["entity_id"].startswith("sensor.bench_"):
                    times.append((now - float(change["value"])) * 1000)
    finally:
        gc.enable()
