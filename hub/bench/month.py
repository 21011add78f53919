"""How long the figures of the busiest month take, and what the home does meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

from hub.core.states import State
from hub.history.past import BEAT_S, RUNNING
from hub.history.spans import DAY_MS, HOUR_MS, STEPS, edges

from .conditions import BenchProblem, percentile
from .recording import recording

MONTH_MS = 31 * DAY_MS
BESIDE, BESIDE_EVERY_S = 20, 30
TICK_S = 0.001


class Month(NamedTuple):
    """What one reading of a month took.

    Attributes:
        took_s: seconds.
        cpu_s: of the processor, which doesn't depend on what else runs.
        late_ms: by how much waits of 1 ms on the event loop were late meanwhile, p99.
        readings: how many there were.
    """

    took_s: float
    cpu_s: float
    late_ms: float
    readings: int


async def month(folder: Path, size: float) -> Month:
    """Write a month of one reading a second, read its figures by six hours.

    Args:
        folder: where the home lives.
        size: 1 is a month; less is a part of it.

    Raises:
        BenchProblem: not every reading was found.
    """
    home, history, names = await recording(folder, BESIDE + 1)
    chance = random.Random(1)  # noqa: S311 - the same month in every run
    end = int(time.time() * 1000) // HOUR_MS * HOUR_MS
    start = end - int(MONTH_MS * size) // HOUR_MS * HOUR_MS
    value, count = 20.0, 0
    try:
        for hour in range(start, end, HOUR_MS):
            for second in range(3600):
                at = hour / 1000 + second
                value += chance.choice((-0.1, 0.1))
                count += 1
                history.record(State(names[0], round(value, 1), {}, True, at, at))
                if second % BESIDE_EVERY_S == 0:
                    for name in names[1:]:
                        history.record(State(name, round(value, 1), {}, True, at, at))
                if second % BEAT_S == 0:
                    history.record(State(RUNNING, True, {}, True, at, at))
            await history.flush()
        sides = edges(start, end, STEPS["6h"], UTC)
        late: list[float] = []
        watch = asyncio.create_task(_lateness(late))
        began, busy = time.perf_counter(), time.process_time()
        found = await home.past.figures(names[0], sides)
        took, busy = time.perf_counter() - began, time.process_time() - busy
        await asyncio.sleep(2 * TICK_S)  # so that at least one wait has ended
        watch.cancel()
        if sum(one.known for one in found if one) != end - start:
            raise BenchProblem("a part of the month was not found")
    finally:
        await home.stop()
    return Month(round(took, 3), round(busy, 3), percentile(late, 0.99), count)


async def _lateness(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late.append((time.perf_counter() - began - TICK_S) * 1000)
