"""History summed up: what the charts show, as figures."""

from __future__ import annotations

import time
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hub.history.spans import DAY, DAY_MS, STEPS, edges
from hub.http.operations import Call, Operations
from hub.http.shapes import Wrong
from web.api import history_models as models
from web.api.found import entity_of
from web.charts.windows import AMOUNTS, FIGURES, STATES, STEPS_OF, Window, form_of
from web.design.formats import CHINA
from web.house import HOUSEHOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.history.past import Past
    from web.facade import HomeRuntime

DAY_S = DAY_MS / 1000
LONGEST_SPAN_S = 31 * DAY_S
LISTED = 1000
MOST_BUCKETS = 3_000
_EMPTY: dict[str, float | None] = {"least": None, "mean": None, "most": None, "amount": None}


def span_of(start: float | None, end: float | None) -> tuple[float, float]:
    """Return the span that a program asks for, in seconds: until now, for a day, unless said.

    Raises:
        Wrong: it ends before it begins, or is longer than 31 days.
    """
    until = time.time() if end is None else end
    since = max(0.0, until - DAY_S) if start is None else start
    if since > until:
        raise Wrong("start", "too_large")
    if until - since > LONGEST_SPAN_S:
        raise Wrong("start", "too_small")
    return since, until


def series_operation(runtime: HomeRuntime, table: Operations) -> None:
    """Put it into the table."""

    @table.add(
        "GET",
        "/entities/{entity_id}/series",
        allow=HOUSEHOLD,
        scope="read:history",
        summary="What an entity was, summed up: least, mean and most, states, or consumption",
        takes=models.SeriesSpan,
        answers=models.Series,
        problems={404: "unknown_entity"},
    )
    async def get_series(call: Call, given: models.SeriesSpan) -> models.Series:
        entity = entity_of(runtime, call)
        form = form_of(entity, runtime.states.get(entity.entity_id))
        start, end, step = _asked(given, form)
        answer: models.Series = {
            "entity_id": entity.entity_id,
            "form": form,
            "unit": entity.unit,
            "start": start / 1000,
            "end": end / 1000,
            "buckets": [],
            "states": [],
            "unknown_s": None,
            "intervals": [],
            "moments": [],
            "more": False,
        }
        limit = given.get("limit", LISTED)
        if form == STATES:
            await _states(runtime.past, answer, (start, end), limit)
        else:
            sides = edges(start, end, step, CHINA)
            if len(sides) - 1 > MOST_BUCKETS:
                raise Wrong("bucket", "too_small")
            await _buckets(runtime.past, answer, sides, limit)
        return answer


def _asked(given: models.SeriesSpan, form: str) -> tuple[int, int, int]:
    """Start, end and step in milliseconds; raises Wrong."""
    free = [name for name in ("start", "end") if name in given]
    if free and ("span" in given or "date" in given):
        raise Wrong(free[0], "unknown_field")
    if free:
        since, until = span_of(given.get("start"), given.get("end"))
        start, end = int(since * 1000), int(until * 1000)
        if start == end:
            raise Wrong("start", "too_large")
        kind = DAY if end - start <= DAY_MS else "month"
    else:
        try:
            day = date.fromisoformat(given["date"]) if "date" in given else None
        except ValueError:
            raise Wrong("date", "bad_pattern") from None
        window = Window(given.get("span", DAY), day, time.time())
        kind, start, end = window.kind, window.start, window.end
    size = given.get("bucket") or (STEPS_OF[kind].line if form == FIGURES else STEPS_OF[kind].bars)
    return start, end, STEPS[size]


async def _states(past: Past, answer: models.Series, span: tuple[int, int], limit: int) -> None:
    found = await past.states(answer["entity_id"], *span, limit)
    held = sorted(found.totals.items(), key=lambda one: -one[1][0])
    answer["states"] = [
        {"value": value, "seconds": total / 1000, "times": times} for value, (total, times) in held
    ]
    answer["unknown_s"] = found.unknown / 1000
    answer["intervals"] = [
        {"start": one.start / 1000, "end": one.end / 1000, "value": one.value}
        for one in found.intervals
    ]
    answer["more"] = found.more


async def _buckets(past: Past, answer: models.Series, sides: Sequence[int], limit: int) -> None:
    entity_id = answer["entity_id"]
    if answer["form"] == FIGURES:
        figures = await past.figures(entity_id, sides)
        told: Iterable[dict[str, Any]] = (
            {}
            if one is None
            else {
                "least": one.least,
                "mean": one.mean,
                "most": one.most,
                "known_s": one.known / 1000,
            }
            for one in figures
        )
    elif answer["form"] == AMOUNTS:
        told = ({"amount": one} for one in await past.amounts(entity_id, sides))
    else:
        found = await past.moments(entity_id, sides, limit)
        answer["moments"] = [at / 1000 for at in found.times]
        answer["more"] = found.more
        told = ({"amount": one} for one in found.counts)
    for (start, end), one in zip(pairwise(sides), told, strict=True):
        bucket: Any = {"start": start / 1000, "end": end / 1000, "known_s": 0.0, **_EMPTY, **one}
        answer["buckets"].append(bucket)
