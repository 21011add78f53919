"""The past of an entity as charts and programs ask for it, read on threads, two at a time.

A value holds until the next one, but never over a time in which the hub didn't run. The hub
leaves a trace of itself for that, as rows of `RUNNING` in the same history: True every
`BEAT_S`, None where it ended in order, and None before the first True of each run.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from hub.history.blocks import Columns, Value
from hub.history.counts import Moments, amounts, moments
from hub.history.series import MOST_INTERVALS, Figure, States, figures, number, states
from hub.history.spans import DAY_MS

RUNNING = "hub.running"
BEAT_S = 60.0
_BEAT_MS = int(BEAT_S * 1000)
_LATE_MS = 5 * _BEAT_MS // 2
LOOK_BACK_MS = 7 * DAY_MS
"""How far back the value is looked for that held when a span began; every value is written down
anew once a day, so that it is usually found within one."""

SHORT_MS = 2 * DAY_MS

T = TypeVar("T")
Silence = tuple[int, int]


class Rows(Protocol):
    """Where rows are read from; `hub.history.history.History` is one."""

    def hours(
        self, entity_id: str, start: int, end: int, *, newest_first: bool = False
    ) -> Iterator[Columns]:
        """See `History.hours`."""


class _Before:
    """What was known at a moment: the value that held, since when, and the last known at all."""

    __slots__ = ("at", "held", "last")

    def __init__(self) -> None:
        self.at: int | None = None
        self.held: Value = None
        self.last: Value = None


class Past:
    """Reads series; edges and moments are milliseconds since 1970.

    Args:
        rows: the history; None while there is none.
        now: the clock, seconds since 1970.
    """

    def __init__(self, rows: Rows | None, now: Callable[[], float] = time.time) -> None:
        self._rows = rows
        self._now = now
        # A month of a busy sensor is work for a second: several at once would take turns with
        # the event loop, and all threads from others. A day doesn't queue behind a month.
        self._short, self._long = asyncio.Lock(), asyncio.Lock()

    def now_ms(self) -> int:
        """What the clock says; nothing is told of a later time."""
        return int(self._now() * 1000)

    async def figures(self, entity_id: str, edges: Sequence[int]) -> list[Figure | None]:
        """Least, mean and most between each two edges; see `hub.history.series.figures`."""

        def read(columns: Iterable[Columns], stop: int, before: _Before) -> list[Figure | None]:
            return figures(columns, edges, stop, before.held)

        found = await self._read(entity_id, edges[0], edges[-1], read)
        return found if found is not None else [None] * (len(edges) - 1)

    async def amounts(self, entity_id: str, edges: Sequence[int]) -> list[float | None]:
        """How much a counter rose between each two edges; see `hub.history.series.amounts`."""

        def read(columns: Iterable[Columns], stop: int, before: _Before) -> list[float | None]:
            return amounts(columns, edges, stop, before.held, number(before.last))

        found = await self._read(entity_id, edges[0], edges[-1], read)
        return found if found is not None else [None] * (len(edges) - 1)

    async def states(
        self, entity_id: str, start: int, end: int, most: int = MOST_INTERVALS
    ) -> States:
        """What an entity was, and for how long; see `hub.history.series.states`."""

        def read(columns: Iterable[Columns], stop: int, before: _Before) -> States:
            return states(columns, start, stop, before.held, most)

        return await self._read(entity_id, start, end, read) or States(start, start)

    async def moments(
        self, entity_id: str, edges: Sequence[int], most: int = MOST_INTERVALS
    ) -> Moments:
        """When something happened; see `hub.history.series.moments`."""

        def read(columns: Iterable[Columns], _stop: int, before: _Before) -> Moments:
            return moments(columns, edges, before.last, most)

        found = await self._read(entity_id, edges[0], edges[-1], read)
        return found or Moments(len(edges) - 1)

    async def _read(
        self,
        entity_id: str,
        start: int,
        end: int,
        read: Callable[[Iterable[Columns], int, _Before], T],
    ) -> T | None:
        rows, stop = self._rows, min(end, self.now_ms())
        if rows is None or stop <= start:
            return None

        def work() -> T:
            before = _look_back(rows, entity_id, start)
            since = start if before.at is None else before.at
            gaps = silences(rows.hours(RUNNING, since - _LATE_MS, stop), stop)
            if any(begin < start and end > since for begin, end in gaps):
                before.held = None
            here = [(max(begin, start), end) for begin, end in gaps if end > start]
            return read(_broken(rows.hours(entity_id, start, stop - 1), here), stop, before)

        async with self._long if end - start > SHORT_MS else self._short:
            return await asyncio.to_thread(work)


def _look_back(rows: Rows, entity_id: str, start: int) -> _Before:
    found = _Before()
    for times, values in rows.hours(
        entity_id, max(0, start - LOOK_BACK_MS), start - 1, newest_first=True
    ):
        if found.at is None:
            found.at, found.held = times[-1], values[-1]
        found.last = next((value for value in reversed(values) if value is not None), None)
        if found.last is not None:
            break
    return found


def silences(beats: Iterable[Columns], end: int) -> list[Silence]:
    """When the hub didn't run, between its first sign of life and `end`.

    One that lost its power is taken to have run for `BEAT_S` after its last sign. Before the
    first sign nothing is known of it, and nothing is called a silence.
    """
    found: list[Silence] = []
    last: int | None = None
    ended: int | None = None
    for times, values in beats:
        for at, value in zip(times, values, strict=True):
            if value is None:
                if ended is None:
                    ended = at if last is None else min(at, last + _BEAT_MS)
                continue
            if ended is not None and ended < at:
                found.append((ended, at))
            elif ended is None and last is not None and at - last > _LATE_MS:
                found.append((last + _BEAT_MS, at))
            last, ended = at, None
    if ended is not None and ended < end:
        found.append((ended, end))
    return found


def _broken(columns: Iterable[Columns], gaps: Sequence[Silence]) -> Iterator[Columns]:
    """The rows with None where the hub fell silent, and again where it came back."""
    # What came in the same millisecond came before the end, and after the new beginning.
    marks = deque(
        mark for begin, end in gaps for mark in ((begin, bisect_right), (end, bisect_left))
    )
    for times, values in columns:
        while marks and marks[0][0] <= times[-1]:
            at, place = marks.popleft()
            index = place(times, at)
            times[index:index] = [at]
            values[index:index] = [None]
        yield times, values
    if marks:
        yield [at for at, _place in marks], [None] * len(marks)
