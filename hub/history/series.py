"""What charts show of an entity's history: figures by bucket, and states with their time.

All of it is pure and reads columns of rows, oldest first, an hour or so at a time: a month of a
reading a second never lies in memory at once. A value holds until the next one; None says that
nothing is known, and nothing is made up for that time.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import mul, sub
from typing import cast

from hub.history.blocks import Columns, Value

MOST_INTERVALS = 2_000
MOST_STATES = 100
SLOTS = 360


class Figure:
    """What a number was in one bucket; `mean` is weighted by time, `known` in milliseconds."""

    __slots__ = ("known", "least", "mean", "most")

    def __init__(self, least: float, mean: float, most: float, known: int) -> None:
        self.least = least
        self.mean = mean
        self.most = most
        self.known = known


class Interval:
    """From when until when (milliseconds) an entity was what; None for unknown."""

    __slots__ = ("end", "start", "value")

    def __init__(self, start: int, end: int, value: Value) -> None:
        self.start = start
        self.end = end
        self.value = value


class States:
    """What an entity was, and for how long altogether.

    Attributes:
        intervals: one after the other without a hole, at most so many as were asked for.
        more: there are further intervals.
        totals: value -> (milliseconds, how often it began), at most `MOST_STATES` values.
        other: milliseconds of all further values.
        unknown: milliseconds of which nothing is known.
        slots: what it was longest in each of `SLOTS` equal parts from `start` to `stop`.
    """

    __slots__ = ("intervals", "more", "other", "slots", "start", "stop", "totals", "unknown")

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop
        self.intervals: list[Interval] = []
        self.more = False
        self.totals: dict[Value, tuple[int, int]] = {}
        self.other = 0
        self.unknown = 0
        self.slots: list[Value] = []


def number(value: Value) -> float | None:
    """The value as a number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


# -- figures ------------------------------------------------------------------------------


class _Sums:
    """Least, most, time and time-weighted sum of each bucket; `held` counts `since` then."""

    def __init__(self, edges: Sequence[int], before: Value) -> None:
        count = len(edges) - 1
        self._edges = edges
        self._bucket = 0
        self._held = number(before)
        self._since = edges[0]
        self._least = [math.inf] * count
        self._most = [-math.inf] * count
        self._area = [0.0] * count
        self._known = [0] * count

    def take(self, times: list[int], values: list[Value]) -> None:
        begin = 0
        while begin < len(times):
            self.until(times[begin])
            end = bucket_ends(self._edges, self._bucket, times, begin)
            some = values[begin:end]
            numbers = _all_numbers(some)
            if numbers is not None:
                self._take_numbers(times[begin:end], numbers)
            else:
                for at, value in zip(times[begin:end], some, strict=True):
                    self.until(at)
                    self._held = number(value)
                    self._see(self._held)
            begin = end

    def _take_numbers(self, times: list[int], some: list[float]) -> None:
        """All rows of one bucket in one go, without a step of ours for each."""
        self._see(min(some))
        self._see(max(some))
        self._area[self._bucket] += sum(map(mul, some, map(sub, times[1:], times)))
        self._known[self._bucket] += times[-1] - times[0]
        self._held, self._since = some[-1], times[-1]

    def until(self, end: int) -> None:
        """Hold the value up to a moment, which is in the current bucket then."""
        edges, last = self._edges, len(self._known) - 1
        while True:
            lasted = min(end, edges[self._bucket + 1]) - self._since
            if self._held is not None and lasted > 0:
                self._see(self._held)
                self._area[self._bucket] += self._held * lasted
                self._known[self._bucket] += lasted
            self._since += max(0, lasted)
            if end < edges[self._bucket + 1] or self._bucket == last:
                return
            self._bucket += 1

    def _see(self, value: float | None) -> None:
        if value is not None:
            self._least[self._bucket] = min(self._least[self._bucket], value)
            self._most[self._bucket] = max(self._most[self._bucket], value)

    def found(self) -> list[Figure | None]:
        every = zip(self._least, self._most, self._area, self._known, strict=True)
        return [_figure(*one) if one[0] <= one[1] else None for one in every]


def _all_numbers(values: list[Value]) -> list[float] | None:
    """The values if every one is a finite number, without a step of ours for each."""
    if not {float, int}.issuperset(map(type, values)):
        return None
    numbers = cast("list[float]", values)
    return numbers if math.isfinite(sum(numbers)) else None


def _figure(least: float, most: float, area: float, known: int) -> Figure:
    # Rounding may carry a mean past what was seen.
    return Figure(least, min(max(area / known, least), most) if known else least, most, known)


def bucket_ends(edges: Sequence[int], bucket: int, times: list[int], begin: int) -> int:
    """Up to which row the rows from `begin` on are in the bucket."""
    if bucket == len(edges) - 2:
        return len(times)
    return bisect_left(times, edges[bucket + 1], begin)


def figures(
    columns: Iterable[Columns], edges: Sequence[int], stop: int, before: Value = None
) -> list[Figure | None]:
    """Least, mean and most of each bucket, None where nothing is known.

    Args:
        columns: rows from the first edge up to `stop`.
        edges: where buckets begin, and where the last one ends.
        stop: until when the last value holds: now, or the last edge.
        before: what held at the first edge.
    """
    sums = _Sums(edges, before)
    for times, values in columns:
        sums.take(times, values)
    sums.until(stop)
    return sums.found()


def merged(
    found: Sequence[Figure | None], fine: Sequence[int], coarse: Sequence[int]
) -> list[Figure | None]:
    """The same in larger buckets, each of which begins and ends where a small one does."""
    answer: list[Figure | None] = []
    for start, end in pairwise(coarse):
        some = [one for one in found[bisect_left(fine, start) : bisect_left(fine, end)] if one]
        answer.append(together(some))
    return answer


def together(some: Sequence[Figure]) -> Figure | None:
    """One figure of several, None of none."""
    if not some:
        return None
    known = sum(one.known for one in some)
    area = sum(one.mean * one.known for one in some)
    return _figure(min(one.least for one in some), max(one.most for one in some), area, known)


# -- states -------------------------------------------------------------------------------


def states(
    columns: Iterable[Columns],
    start: int,
    stop: int,
    before: Value = None,
    most: int = MOST_INTERVALS,
) -> States:
    """What an entity was from `start` until `stop`.

    Args:
        columns: rows of that time.
        start: milliseconds since 1970.
        stop: now, or where the span ends; after `start`.
        before: what held at `start`.
        most: so many intervals are listed; times are added up of all.
    """
    found = States(start, stop)
    picture = _Picture(start, stop)
    for one in _intervals(columns, start, stop, before):
        lasted = one.end - one.start
        if len(found.intervals) < most:
            found.intervals.append(one)
        else:
            found.more = True
        picture.add(one)
        if one.value is None:
            found.unknown += lasted
            continue
        total, times = found.totals.get(one.value, (0, 0))
        if times or len(found.totals) < MOST_STATES:
            found.totals[one.value] = (total + lasted, times + 1)
        else:
            found.other += lasted
    found.slots = picture.slots()
    return found


def _intervals(
    columns: Iterable[Columns], start: int, stop: int, before: Value
) -> Iterator[Interval]:
    """Neighbours of one value are one; what lasted no time is left out."""
    kept, done = Interval(start, start, before), None
    for times, values in columns:
        for at, value in zip(times, values, strict=True):
            if value == kept.value:
                continue
            if at > kept.start:
                if done is not None:
                    yield done
                kept.end = at
                done, kept = kept, Interval(at, at, value)
            elif done is not None and value == done.value:
                kept, done = done, None
            else:
                kept.value = value
    if done is not None:
        yield done
    if stop > kept.start:
        kept.end = stop
        yield kept


class _Picture:
    """What was longest in each of `SLOTS` equal parts of a time."""

    def __init__(self, start: int, stop: int) -> None:
        self._start = start
        self._wide = max(1.0, (stop - start) / SLOTS)
        self._held: list[dict[Value, float]] = [{} for _ in range(SLOTS)]

    def add(self, one: Interval) -> None:
        begin, end = (one.start - self._start) / self._wide, (one.end - self._start) / self._wide
        for slot in range(int(begin), min(SLOTS, math.ceil(end))):
            lasted = min(end, slot + 1) - max(begin, slot)
            held = self._held[slot]
            held[one.value] = held.get(one.value, 0.0) + lasted

    def slots(self) -> list[Value]:
        return [max(held, key=held.__getitem__) if held else None for held in self._held]
