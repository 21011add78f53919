"""``linli bench core``: start, memory, states and history.

Start and memory are those of the real ``linli home``; states and history those of its parts,
put together as the home does, in this process.
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.core.memory import settle
from hub.core.states import State, States

from .conditions import BenchProblem, conditions, figure, percentile
from .household import household, sensors
from .month import BESIDE, month
from .recording import recording

ENTITIES = 1_000
STARTS = 7
STATES_N = 400_000
CHUNK, BURST = 500, 100_000
DAY_SENSORS, DAY_S, EVERY_S = 100, 86_400, (20, 60)


def figures(broker: str, size: float = 1.0) -> Iterator[dict[str, Any]]:
    """All figures, one after another.

    Args:
        broker: ``embedded`` or ``mosquitto``.
        size: 1 measures; less is for trying whether the bench works.

    Raises:
        BenchProblem: a measurement could not be taken as promised.
    """
    entities = max(1, int(ENTITIES * size))
    yield from _start_and_memory(broker, entities, max(1, int(STARTS * size)))
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        settle()
        try:
            count = int(STATES_N * size)
            beside = conditions(Path(folder), entities=entities, states=count)
            yield figure("state_set_one_listener", _set_rate(entities, count), "states/s", beside)
            rate = asyncio.run(_committed_rate(Path(folder) / "rate", entities, count))
            sealed = {**beside, "encryption": "AES-256-GCM", "synchronous": "FULL"}
            yield figure("state_set_recorded_committed", rate, "states/s", sealed)
            span = DAY_S * size
            size_b, count = asyncio.run(_bytes_per_state(Path(folder) / "day", span))
            day = {**sealed, "entities": DAY_SENSORS, "states": count, "span_s": round(span)}
            yield figure("db_bytes_per_state", size_b, "bytes", {**day, "every_s": EVERY_S})
            seen = asyncio.run(month(Path(folder) / "month", size))
            beside = {**sealed, "entities": 1 + BESIDE, "states": seen.readings}
            read = {**beside, "every_s": 1, "cpu_s": seen.cpu_s}
            yield figure("history_month_read", seen.took_s, "s", read)
            yield figure("history_month_loop_late_p99", seen.late_ms, "ms", read)
        finally:
            gc.unfreeze()


def _start_and_memory(broker: str, entities: int, starts: int) -> Iterator[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as folder,
        household(Path(folder), broker) as home,
    ):
        bare, _ = home.memory()
        home.announce(list(sensors(entities)))
        beside = conditions(home.rig.folder, broker=broker)
        with_entities, everything = home.memory()
        times = []
        for _ in range(starts):
            home.stop()
            times.append(home.start())
        median = round(statistics.median(times), 3)
        spread = {"min": percentile(times, 0), "max": percentile(times, 1), "samples": starts}
        what = {"command": "linli home", "request": "states, signed in", "entities": entities}
        yield figure("cold_start_first_200", median, "s", {**beside, **what, **spread})
    yield figure("rss_after_start", round(bare, 1), "MiB", {**beside, "entities": 0})
    beside["entities"] = entities
    yield figure("rss_with_1000_entities", round(with_entities, 1), "MiB", beside)
    yield figure("rss_all_processes", round(everything, 1), "MiB", beside)


def _set_rate(entities: int, count: int) -> int:
    """States set a second, one listener called for each."""
    states = States()
    heard = 0

    def listen(_new: State, _old: State | None) -> None:
        nonlocal heard
        heard += 1

    states.subscribe(listen)
    names = [f"sensor.bench_{number:04d}" for number in range(entities)]
    began = time.perf_counter()
    for number in range(count):
        states.set(names[number % entities], float(number))
    took = time.perf_counter() - began
    if heard != count:
        raise BenchProblem("the listener was not called for every state")
    return round(count / took)


async def _committed_rate(folder: Path, entities: int, count: int) -> int:
    """States set a second, from the first until all of them are on the disk, sealed."""
    home, history, names = await recording(folder, entities)
    try:
        await history.flush()
        first = time.time()
        began = time.perf_counter()
        for start in range(0, count, CHUNK):
            for number in range(start, min(start + CHUNK, count)):
                home.states.set(names[number % entities], float(number))
            await asyncio.sleep(0)  # as a loop does between two reads of a socket
            if start % BURST == 0:
                await history.flush()  # more than MAX_WAITING at once would be given up
        await history.flush()
        took = time.perf_counter() - began
        kept = len(await history.read(names[0], first - 1, time.time() + 1))
        if history.dropped or kept != math.ceil(count / entities):
            raise BenchProblem("the history did not keep every state")
    finally:
        await home.stop()
    return round(count / took)


async def _bytes_per_state(folder: Path, span_s: float) -> tuple[float, int]:
    """Size of the history's files after a simulated day of a home's sensors, by its states."""
    home, history, names = await recording(folder, DAY_SENSORS)
    chance = random.Random(1)  # noqa: S311 - the same day in every run
    count = 0
    try:
        end = time.time() - 3600
        due = [end - span_s + chance.uniform(0, EVERY_S[1]) for _ in names]
        values = [chance.uniform(10, 30) for _ in names]
        for hour in range(math.ceil(span_s / 3600)):
            until = min(end, end - span_s + (hour + 1) * 3600)
            for number, name in enumerate(names):
                while due[number] < until:
                    values[number] += chance.choice((-0.2, -0.1, 0.1, 0.2))
                    home.states.set(name, round(values[number], 1), at=due[number])
                    due[number] += chance.uniform(*EVERY_S)
                    count += 1
            await history.flush()
    finally:
        await home.stop()
    return round(sum(one.stat().st_size for one in history.path.parent.iterdir()) / count, 2), count
