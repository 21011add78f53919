"""Which time a chart shows, and in which steps."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from hub.core.kinds import FIGURE, KINDS, MOMENT, NUMBER
from hub.history.spans import DAY, DAY_MS, FIRST_DAY, MONTH, SPANS, STEPS, WEEK, Span, edges
from hub.http.problems import Problem
from web.design import formats
from web.design.formats import CHINA

if TYPE_CHECKING:
    from hub.core.registry import Entity
    from hub.core.states import State

RECENT = "recent"
"""The last 24 hours, whatever the calendar says."""


class Steps(NamedTuple):
    """Names of `hub.history.spans.STEPS`: of the line, of the table beside it, and of bars."""

    line: str
    table: str
    bars: str


STEPS_OF = {
    RECENT: Steps("5min", "hour", "hour"),
    DAY: Steps("5min", "hour", "hour"),
    WEEK: Steps("hour", "6h", "day"),
    MONTH: Steps("6h", "day", "day"),
}

Form = Literal["figures", "states", "amounts", "moments"]
FIGURES: Final = "figures"
STATES: Final = "states"
AMOUNTS: Final = "amounts"
MOMENTS: Final = "moments"
METERS = frozenset({"energy", "gas", "water"})
"""Device classes of sensors that count up; Home Assistant demands it of them too."""
_CLOCKS = frozenset(f"{hour:02}:00" for hour in range(0, 24, 3))
_WORDS = frozenset({"date", "enum", "timestamp"})


class Window:
    """A span of time to look at; `start` and `end` in milliseconds since 1970.

    Attributes:
        kind: `RECENT`, `DAY`, `WEEK` or `MONTH`.
        day: the day it was asked for by, as an address writes it; "" for the last 24 hours.
        before: the day that leads to the span before, "" where there is none.
        after: the day that leads to the next one, "" where it hasn't begun.
        steps: in which it is cut.
    """

    __slots__ = ("after", "before", "day", "end", "kind", "start", "steps")

    def __init__(self, kind: str, day: date | None, now: float) -> None:
        self.kind = kind
        self.steps = STEPS_OF[kind]
        today = datetime.fromtimestamp(now, CHINA).date()
        if kind == RECENT:
            self.start, self.end = int(now * 1000) - DAY_MS, int(now * 1000)
            self.day = self.before = self.after = ""
            return
        chosen = max(min(day or today, today), FIRST_DAY)
        span = Span(kind, chosen, CHINA)
        self.start, self.end = span.start, span.end
        self.day = chosen.isoformat()
        self.before = span.before.first.isoformat()
        self.after = span.past.isoformat() if span.past <= today else ""

    def edges(self, step: str) -> list[int]:
        """Where buckets of one of its steps begin, and where the last one ends."""
        return edges(self.start, self.end, STEPS[step], CHINA)

    def label(self, lang: str) -> str:
        """Return a span of the calendar: a day with its weekday, the days, or the month."""
        first = self.start / 1000
        if self.kind == MONTH:
            return formats.month(first, lang)
        if self.kind == DAY:
            return f"{formats.date(first, lang)} · {formats.weekday(first, lang)}"
        return formats.days(first, self.end / 1000 - 1, lang)

    def ticks(self, lang: str) -> list[tuple[int, str]]:
        """Moments under the axis and what stands there: hours, weekdays or days of the month."""
        if self.kind in {DAY, RECENT}:
            clocks = [(at, formats.clock(at / 1000)) for at in self.edges("hour")[:-1]]
            found = [one for one in clocks if one[1] in _CLOCKS]
            return [*found, (self.end, "24:00")] if self.kind == DAY else found
        days = self.edges("day")[:-1]
        if self.kind == WEEK:
            return [(at, formats.weekday(at / 1000, lang)) for at in days]
        return [(at, formats.day(at / 1000, lang)) for at in days[::5][:6]]

    def moment(self, at: int, step: str, lang: str) -> str:
        """Return how a table names the moment at which a bucket of that step begins."""
        if step == "day":
            return f"{formats.date(at / 1000, lang)} · {formats.weekday(at / 1000, lang)}"
        clock = formats.clock(at / 1000)
        if self.kind == WEEK:
            return f"{formats.weekday(at / 1000, lang)} {clock}"
        return clock if self.kind == DAY else formats.when(at / 1000, lang)


def window_of(kind: str, day: str, now: float) -> Window:
    """Return the window that an address names.

    Args:
        kind: a span of the calendar, "" for a day.
        day: any day of it (ISO 8601), "" for today; one that is yet to come is today.
        now: seconds since 1970.

    Raises:
        Problem: 400, no address of ours says that.
    """
    if (kind or DAY) not in SPANS:
        raise Problem(400, "bad_request")
    try:
        chosen = date.fromisoformat(day) if day else None
    except ValueError:
        raise Problem(400, "bad_request") from None
    return Window(kind or DAY, chosen, now)


def form_of(entity: Entity, state: State | None) -> Form:
    """Return how an entity's past is told: `FIGURES`, `STATES`, `AMOUNTS` or `MOMENTS`."""
    sort = KINDS[entity.kind].state if entity.kind in KINDS else ""
    if sort == MOMENT:
        return MOMENTS
    if sort not in {FIGURE, NUMBER} or entity.device_class in _WORDS:
        return STATES
    if entity.kind == "sensor" and entity.device_class in METERS:
        return AMOUNTS
    if not entity.unit and state is not None and isinstance(state.value, str):
        return STATES
    return FIGURES
