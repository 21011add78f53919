"""``linli bench hazard``: a sensor's message in, the valve's command out, end to end.

Real processes: the broker, the kernel with its store, ten other clients that publish
elsewhere on the broker, and here the sensor and the valve on connections of their own. Each
sample is a fresh hazard: raised, acted on, confirmed by the valve, cleared. In the held variant
the home process runs too, set up, knowing both devices, its loop held 100 ms of every 400.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hub.safety.client import SafetyClient

from .conditions import BenchProblem, conditions, percentile
from .rawmqtt import RawClient
from .rig import SENSOR_TOPIC, VALVE_COMMAND, VALVE_STATE, Rig, bindings, heard

METRIC = "hazard_local_action_p99"
HELD_METRIC = "hazard_local_action_held_p99"
CLEAR_S = 0.005
WARM_UP = 20


def figures(samples: int, rate: int, brokers: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Measure on each broker; one figure after another.

    Args:
        samples: hazards per figure.
        rate: messages a second that other clients publish.
        brokers: ``embedded``, ``mosquitto`` or both.

    Raises:
        BenchProblem: a command never came.
    """
    for broker in brokers:
        for held in (False, True):
            yield measure(broker, samples, rate, held=held)


def measure(broker: str, samples: int, rate: int, *, held: bool) -> dict[str, Any]:
    """One figure: p99 in ms, with the conditions it was measured under."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        rig = Rig(Path(folder) / "home", broker)
        try:
            rig.start_broker()
            rig.start_kernel()
            times, pace = asyncio.run(_run(rig, samples, rate, held=held))
            beside = conditions(rig.folder)
        finally:
            rig.stop()
    return {
        "metric": HELD_METRIC if held else METRIC,
        "value": percentile(times, 0.99),
        "unit": "ms",
        "broker": broker,
        "p50": round(statistics.median(times), 3),
        "p90": percentile(times, 0.9),
        "max": round(max(times), 3),
        "samples": len(times),
        "home": "linli home-app, loop held 100 ms of every 400" if held else "none",
        "flood_msg_s": pace["sent_s"],
        "flood_received_msg_s": pace["received_s"],
        "valve_qos": 1,
        "sensor_qos": 0,
        **beside,
    }


async def _run(
    rig: Rig, samples: int, rate: int, *, held: bool
) -> tuple[list[float], dict[str, int]]:
    client = SafetyClient(rig.socket_path)
    records: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def keep(record: dict[str, Any], seq: int) -> None:
        client.confirm(seq)
        records.put_nowait(record)

    client.on_report = keep
    ready = asyncio.Event()
    client.on_status = lambda status: ready.set() if _watches(status) else None
    await client.start()
    await client.wait_connected(10)
    if held:
        await asyncio.to_thread(rig.set_up_home)
        await asyncio.to_thread(rig.start_held_home, CLEAR_S)
    else:
        sensors, actuators = bindings(CLEAR_S)
        await client.bind(sensors, actuators, 1)
    await asyncio.wait_for(ready.wait(), 30)
    sensor, valve = rig.device("bench-sensor"), rig.device("bench-valve")
    valve.subscribe(VALVE_COMMAND, 1)
    flood, first = None, b""
    if rate:
        words = ["hub.bench.flood", "--port", str(rig.port), "--rate", str(rate)]
        flood = rig.start_module("flood", words)
        if flood.stdout is not None:
            first = await asyncio.to_thread(flood.stdout.readline)
    times = []
    for number in range(WARM_UP + samples):
        # A random phase: the flood ticks every 2 ms, and the samples must not fall in step.
        await asyncio.sleep(random.random() * 0.004)  # noqa: S311 - no secret
        took = await _sample(sensor, valve, records)
        if number >= WARM_UP:
            times.append(took * 1000)
    await client.stop()
    sensor.close()
    valve.close()
    return times, _pace(flood, first)


def _watches(status: dict[str, Any]) -> bool:
    """The kernel has a broker, the sensor and the valve, whoever bound them."""
    return bool(status["broker_connected"] and status["sensors"] and status["actuators"])


async def _sample(
    sensor: RawClient, valve: RawClient, records: asyncio.Queue[dict[str, Any]]
) -> float:
    """One hazard; seconds from before the sensor's send until the valve has read the command."""
    if valve.message(0.0) is not None:
        raise BenchProblem("the valve was commanded twice")
    began = time.perf_counter()
    sensor.publish(SENSOR_TOPIC, b'{"battery_low":false,"gas":true,"linkquality":120}')
    command = valve.message(10)
    if command is None:
        raise BenchProblem("the valve was never commanded")
    took = command[2] - began
    valve.publish(VALVE_STATE, b"closed")
    sensor.publish(SENSOR_TOPIC, b'{"battery_low":false,"gas":false,"linkquality":120}')
    while (await heard(records))["active"]:
        pass
    return took


def _pace(flood: subprocess.Popen[bytes] | None, first: bytes) -> dict[str, int]:
    """End the flood; what it really sent and what arrived, median of its seconds."""
    if flood is None:
        return {"sent_s": 0, "received_s": 0}
    out, _ = flood.communicate(timeout=10)
    rows = [json.loads(line) for line in (first + out).splitlines()]
    if flood.returncode or not rows:
        raise BenchProblem("the flood broke off")
    return {key: round(statistics.median(row[key] for row in rows)) for key in rows[0]}
