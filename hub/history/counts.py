"""What charts count: how much a meter rose in a bucket, and how often something happened.

Pure, like `hub.history.series`, and over the same columns of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import le

from hub.history.blocks import Columns, Value
from hub.history.series import MOST_INTERVALS, bucket_ends, number

RESET_BELOW = 0.9
"""A counter that falls below this part of its highest reading began anew; a smaller dip is noise.
Home Assistant's rule (`sensor/recorder.py`, `reset_detected`)."""


class Moments:
    """When something happened, milliseconds, at most so many; `counts` of all, by bucket."""

    __slots__ = ("counts", "more", "times")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.times: list[int] = []
        self.more = False


def amounts(
    columns: Iterable[Columns],
    edges: Sequence[int],
    stop: int,
    before: Value = None,
    reading: float | None = None,
) -> list[float | None]:
    """How much a counter rose in each bucket, None where it was not known at all.

    A rise belongs to the bucket of the reading that tells it, also after a time without
    readings: the sum is right, and the bars of that time are missing rather than guessed.

    Args:
        columns: rows from the first edge up to `stop`.
        edges: where buckets begin, and where the last one ends.
        stop: now, or the last edge.
        before: what held at the first edge.
        reading: the last reading before it, however old; None: the first one is where to begin.
    """
    found: list[float | None] = [None] * (len(edges) - 1)
    held, bucket = number(before), 0
    for times, values in columns:
        begin = 0
        while begin < len(times):
            bucket = _stood(found, edges, bucket, times[begin], held)
            end = bucket_ends(edges, bucket, times, begin)
            risen, reading, some = _risen(values[begin:end], reading)
            if some:
                found[bucket] = (found[bucket] or 0.0) + risen
            held = number(values[end - 1])
            begin = end
    _stood(found, edges, bucket, stop, held)
    return found


def _risen(values: list[Value], reading: float | None) -> tuple[float, float | None, bool]:
    """How much a counter rose over these values, its reading then, and whether it was told."""
    some = [value for value in map(number, values) if value is not None]
    if not some:
        return 0.0, reading, False
    if reading is None:
        reading = some[0]
    if some[0] >= reading and all(map(le, some, some[1:])):
        return some[-1] - reading, some[-1], True
    risen = 0.0
    for value in some:
        risen += risen_by(reading, value)
        if not RESET_BELOW * reading <= value < reading:
            reading = value
    return risen, reading, True


def risen_by(before: float, value: float) -> float:
    """How much was used between two readings of a counter."""
    if value >= before:
        return value - before
    return max(0.0, value) if value < RESET_BELOW * before else 0.0


def _stood(
    found: list[float | None], edges: Sequence[int], bucket: int, until: int, held: float | None
) -> int:
    """Note that a counter stood still up to a moment; returns the moment's bucket."""
    last = len(found) - 1
    while True:
        if held is not None and until > edges[bucket]:
            found[bucket] = found[bucket] or 0.0
        if until < edges[bucket + 1] or bucket == last:
            return bucket
        bucket += 1


def moments(
    columns: Iterable[Columns],
    edges: Sequence[int],
    before: Value = None,
    most: int = MOST_INTERVALS,
) -> Moments:
    """When a value of a `MOMENT` kind changed: each change is one time that it happened.

    Args:
        columns: rows from the first edge on.
        edges: where buckets begin, and where the last one ends.
        before: the last value known before the first edge.
        most: so many times are listed; all are counted.
    """
    found = Moments(len(edges) - 1)
    last, bucket = before, 0
    for times, values in columns:
        for at, value in zip(times, values, strict=True):
            if value is None or value == last:
                continue
            last = value
            while bucket < len(found.counts) - 1 and at >= edges[bucket + 1]:
                bucket += 1
            found.counts[bucket] += 1
            if len(found.times) < most:
                found.times.append(at)
            else:
                found.more = True
    return found
