"""One entity's past made ready to be shown: a picture, its sum in words, and the same as a table.

The line and the bars are drawn by `design/static/charts.js` from `data`; the strip of states is
drawn here. Whoever has no script, or no sight, reads the sentences and the table.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from hub.history.series import Figure, merged, together
from web.charts.strip import Part, Piece, parts_of, pieces_of
from web.charts.windows import AMOUNTS, FIGURES, MOMENTS, RECENT, Window, form_of
from web.charts.words import exact, lasted, with_unit
from web.design.formats import CHINA, figure
from web.kinds.states import state_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.design.page import Words
    from web.house import EntityView, House

MINUTE_MS = 60_000
LOCALES = {"zh_CN": "zh-CN", "en": "en-GB"}
"""For the script's dates, which are then written as on the rest of the page."""
MOST_ROWS = 200
"""Rows of a table of states or moments: the last ones; a file has more."""
MOST_LISTED = 50_000
LISTED = ""
"""The step of what is listed one by one."""


class Chart:
    """What a page shows.

    Attributes:
        form: how it is told, a `web.charts.windows.Form`.
        label: what the picture is, for those who don't see it.
        data: what the script draws, JSON; "" where the picture is drawn already.
        pieces: of the strip of states.
        parts: the states with their times: legend and sum in one.
        ticks: (percent of the width, text) below the strip.
        sentences: the sum in words.
        head: the table's columns.
        rows: their texts, the first naming the time.
        note: what the table leaves out, "" for nothing.
    """

    def __init__(self, form: str, label: str) -> None:
        self.form = form
        self.label = label
        self.data = ""
        self.pieces: list[Piece] = []
        self.parts: list[Part] = []
        self.ticks: list[tuple[float, str]] = []
        self.sentences: list[str] = []
        self.head: tuple[str, ...] = ()
        self.rows: list[tuple[str, ...]] = []
        self.note = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rows


async def chart_of(house: House, view: EntityView, window: Window, words: Words) -> Chart:
    """Read and prepare one entity's past."""
    entity = house.entity(view.entity_id)
    form = form_of(entity, house.runtime.states.get(view.entity_id))
    named = words("The last 24 hours") if window.kind == RECENT else window.label(words.lang)
    label = f"{view.name} · {named}"
    drawing = _Drawing(house, view, window, words, Chart(form, label))
    if form == FIGURES:
        await drawing.figures()
    elif form == AMOUNTS:
        await drawing.amounts()
    elif form == MOMENTS:
        await drawing.moments()
    else:
        await drawing.states()
    return drawing.chart


class _Drawing:
    def __init__(
        self, house: House, view: EntityView, window: Window, words: Words, chart: Chart
    ) -> None:
        self.past = house.runtime.past
        self.view = view
        self.window = window
        self.words = words
        self.chart = chart

    def _data(self, form: str, edges: Sequence[int], **columns: Any) -> None:
        start, end = self.window.start / 1000, self.window.end / 1000
        ticks = self.window.ticks(self.words.lang)
        self.chart.data = orjson.dumps(
            {
                "form": form,
                "start": start,
                "end": end,
                "t": [(one + two) / 2000 for one, two in pairwise(edges)],
                "from": [one / 1000 for one in edges],
                "ticks": [[at / 1000, text] for at, text in ticks],
                "lang": LOCALES[self.words.lang],
                "zone": CHINA.tzname(None),
                "unit": self.view.unit,
                **columns,
            }
        ).decode()

    def _unknown(self, ms: float) -> None:
        if ms > MINUTE_MS:
            text = self.words("Nothing is known for %(time)s.", time=lasted(ms, self.words))
            self.chart.sentences.append(text)

    # -- numbers --------------------------------------------------------------------------

    async def figures(self) -> None:
        words, window, chart = self.words, self.window, self.chart
        fine, coarse = window.edges(window.steps.line), window.edges(window.steps.table)
        found = await self.past.figures(self.view.entity_id, fine)
        whole = together([one for one in found if one])
        if whole is None:
            return
        self._data(
            FIGURES,
            fine,
            least=[one and round(one.least, 4) for one in found],
            mean=[one and round(one.mean, 4) for one in found],
            most=[one and round(one.most, 4) for one in found],
        )
        chart.sentences.append(self._between(whole))
        chart.head = (words("Time"), words("Lowest"), words("Mean"), words("Highest"))
        step = window.steps.table
        for at, one in zip(coarse, merged(found, fine, coarse), strict=False):
            if one is not None:
                texts = [exact(one.least), exact(one.mean), exact(one.most)]
                named = [with_unit(text, self.view.unit) for text in texts]
                chart.rows.append((window.moment(at, step, words.lang), *named))
        self._unknown(self._until_now(fine) - sum(one.known for one in found if one))

    def _between(self, whole: Figure) -> str:
        unit = self.view.unit
        if whole.least == whole.most:
            return self.words("All the time %(value)s.", value=with_unit(exact(whole.most), unit))
        return self.words(
            "Between %(least)s and %(most)s, mean %(mean)s.",
            least=exact(whole.least),
            most=with_unit(exact(whole.most), unit),
            mean=with_unit(exact(whole.mean), unit),
        )

    def _until_now(self, edges: Sequence[int]) -> float:
        return max(0.0, min(edges[-1], self.past.now_ms()) - edges[0])

    async def amounts(self) -> None:
        words, window, chart, unit = self.words, self.window, self.chart, self.view.unit
        edges = window.edges(window.steps.bars)
        found = await self.past.amounts(self.view.entity_id, edges)
        known = [
            (at, amount) for at, amount in zip(edges, found, strict=False) if amount is not None
        ]
        if not known:
            return
        self._data(AMOUNTS, edges, v=[one if one is None else round(one, 6) for one in found])
        total = with_unit(exact(sum(amount for _at, amount in known)), unit)
        chart.sentences.append(words("%(amount)s in all.", amount=total))
        step = window.steps.bars
        at, most = max(known, key=lambda one: one[1])
        if most > 0:
            most_text = with_unit(exact(most), unit)
            when_text = window.moment(at, step, words.lang)
            chart.sentences.append(
                words("Most: %(amount)s, %(time)s.", amount=most_text, time=when_text)
            )
        chart.head = (words("Time"), words("Amount"))
        chart.rows = [
            (window.moment(at, step, words.lang), with_unit(exact(amount), unit))
            for at, amount in known
        ]

    async def moments(self) -> None:
        words, window, chart = self.words, self.window, self.chart
        edges = window.edges(window.steps.bars)
        found = await self.past.moments(self.view.entity_id, edges, MOST_LISTED)
        count = sum(found.counts)
        if not count:
            return
        self._data(AMOUNTS, edges, v=found.counts)
        chart.sentences.append(
            words.ngettext("%(num)s time.", "%(num)s times.", count) % {"num": count}
        )
        chart.head = (words("When it happened"),)
        chart.rows = [
            (window.moment(at, LISTED, words.lang),) for at in reversed(found.times[-MOST_ROWS:])
        ]
        self._shortened(len(found.times), more=found.more)

    # -- states ---------------------------------------------------------------------------

    def word(self, value: object) -> str:
        """Return a state as people call it."""
        view = self.view
        return state_word(self.words, view.kind, view.device_class, value, view.attributes)

    async def states(self) -> None:
        words, window, chart = self.words, self.window, self.chart
        found = await self.past.states(self.view.entity_id, window.start, window.end, MOST_LISTED)
        if not found.totals:
            return
        chart.parts = parts_of(found, self.view.kind, self.word, words)
        chart.pieces = pieces_of(found, window, chart.parts, words.lang)
        wide = window.end - window.start
        chart.ticks = [
            (100 * (at - window.start) / wide, text) for at, text in window.ticks(words.lang)
        ]
        self._unknown(found.unknown)
        chart.head = (words("Beginning"), words("State"), words("How long"))
        known = [one for one in found.intervals if one.value is not None]
        chart.rows = [
            (
                window.moment(one.start, LISTED, words.lang),
                self.word(one.value),
                lasted(one.end - one.start, words),
            )
            for one in reversed(known[-MOST_ROWS:])
        ]
        self._shortened(len(known), more=found.more)

    def _shortened(self, count: int, *, more: bool) -> None:
        if more:
            text = self.words("More than %(num)s: the rest is in no list.", num=figure(MOST_LISTED))
            self.chart.note = text
        elif count > MOST_ROWS:
            self.chart.note = self.words(
                "The last %(num)s; the file has all of them.", num=MOST_ROWS
            )
