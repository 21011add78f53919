"""A span of an entity's past as a file that spreadsheets read (RFC 4180).

It begins with a byte order mark, without which Excel takes UTF-8 for a local code page and
Chinese for noise. A text from a device that a spreadsheet would take for a formula gets an
apostrophe before it (OWASP, CSV injection).
"""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from web.charts.chart import MOST_LISTED
from web.charts.windows import AMOUNTS, FIGURES, MOMENTS, Window, form_of
from web.design.formats import CHINA
from web.kinds.states import state_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from web.design.page import Words
    from web.house import EntityView, House

MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | float | None


async def file_of(house: House, view: EntityView, window: Window, words: Words) -> bytes:
    """Return the file: one line a bucket, a state or a moment, times on the home's clock."""
    past, entity_id = house.runtime.past, view.entity_id
    form = form_of(house.entity(entity_id), house.runtime.states.get(entity_id))
    unit = f" ({view.unit})" if view.unit else ""
    if form == FIGURES:
        edges = window.edges(window.steps.line)
        figures = await past.figures(entity_id, edges)
        names = [words(name) + unit for name in ("Lowest", "Mean", "Highest")]
        lines: Iterable[Sequence[Cell]] = (
            (start, end, one.least, round(one.mean, 6), one.most)
            for start, end, one in zip(clocks(edges), clocks(edges[1:]), figures, strict=False)
            if one is not None
        )
        head = [words("Beginning"), words("End"), *names]
    elif form == AMOUNTS:
        edges = window.edges(window.steps.bars)
        amounts = await past.amounts(entity_id, edges)
        lines = (
            (start, end, round(amount, 6))
            for start, end, amount in zip(clocks(edges), clocks(edges[1:]), amounts, strict=False)
            if amount is not None
        )
        head = [words("Beginning"), words("End"), words("Amount") + unit]
    elif form == MOMENTS:
        found = await past.moments(entity_id, window.edges(window.steps.bars), MOST_LISTED)
        lines = ((clock(at),) for at in found.times)
        head = [words("When it happened")]
    else:
        states = await past.states(entity_id, window.start, window.end, MOST_LISTED)
        lines = (
            (clock(one.start), clock(one.end), _word(view, one.value, words))
            for one in states.intervals
        )
        head = [words("Beginning"), words("End"), words("State")]
    return await asyncio.to_thread(written, [[view.name], head], lines)


def written(head: Sequence[Sequence[Cell]], lines: Iterable[Sequence[Cell]]) -> bytes:
    """Return lines as a file."""
    text = io.StringIO(newline="")
    text.write(MARK)
    writer = csv.writer(text)
    for line in (*head, *lines):
        writer.writerow([harmless(cell) for cell in line])
    return text.getvalue().encode()


def harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet computes; figures stay figures."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def clock(at: int) -> str:
    """Return a moment as spreadsheets know it, on the home's clock."""
    return datetime.fromtimestamp(at / 1000, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def clocks(times: Iterable[int]) -> list[str]:
    """Return several moments."""
    return [clock(at) for at in times]


def _word(view: EntityView, value: Any, words: Words) -> str:
    if value is None:
        return ""
    return state_word(words, view.kind, view.device_class, value, view.attributes)
