"""Days, weeks and months as the home's clock counts them, and the buckets they are cut into.

Moments are whole milliseconds since 1970. A day begins at its midnight and is as long as the
clock makes it: 23 or 25 hours where the clock is changed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

DAY, WEEK, MONTH = "day", "week", "month"
SPANS = (DAY, WEEK, MONTH)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
STEPS = {
    "5min": 5 * MINUTE_MS,
    "15min": 15 * MINUTE_MS,
    "hour": HOUR_MS,
    "6h": 6 * HOUR_MS,
    "day": DAY_MS,
}
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(9998, 12, 31)


class Span:
    """One day, week (from Monday) or month of a calendar.

    Attributes:
        kind: `DAY`, `WEEK` or `MONTH`.
        first: its first day.
        past: the day after its last.
        start: its first moment, milliseconds since 1970.
        end: the first moment after it.
        zone: whose midnights count.
    """

    __slots__ = ("end", "first", "kind", "past", "start", "zone")

    def __init__(self, kind: str, day: date, zone: tzinfo) -> None:
        day = min(max(day, FIRST_DAY), LAST_DAY)
        self.kind = kind
        self.zone = zone
        if kind == WEEK:
            self.first = day - timedelta(days=day.weekday())
            self.past = self.first + timedelta(days=7)
        elif kind == MONTH:
            self.first = day.replace(day=1)
            self.past = (self.first + timedelta(days=32)).replace(day=1)
        else:
            self.first = day
            self.past = day + timedelta(days=1)
        self.start = midnight(self.first, zone)
        self.end = midnight(self.past, zone)

    @property
    def before(self) -> Span:
        """The one before."""
        return Span(self.kind, self.first - timedelta(days=1), self.zone)

    @property
    def after(self) -> Span:
        """The next one."""
        return Span(self.kind, self.past, self.zone)


def midnight(day: date, zone: tzinfo) -> int:
    """When a day begins; where the clock skips midnight, the first moment after."""
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def edges(start: int, end: int, step: int, zone: tzinfo) -> list[int]:
    """Where buckets begin, and where the last one ends.

    Buckets count from each midnight, so that those of 6 hours stand at 0, 6, 12 and 18 o'clock
    on all days but the two on which the clock is changed.

    Args:
        start: the first edge.
        end: the last edge, after `start`.
        step: milliseconds, one of `STEPS`.
        zone: whose midnights count.
    """
    found = [start]
    day = datetime.fromtimestamp(start / 1000, zone).date()
    begins = midnight(day, zone)
    while begins < end:
        day += timedelta(days=1)
        ends = midnight(day, zone)
        within = range(begins, ends, step) if step < DAY_MS else (begins,)
        found += [edge for edge in within if start < edge < end]
        begins = ends
    return [*found, end]
