"""States as a strip along the time: drawn on the server, in percent of the width.

What is usual at rest (off, closed, locked …) is a low bar; everything else is a high one with a
colour of its own, so that nothing depends on telling colours apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hub.core.kinds import KINDS
from web.charts.words import lasted
from web.design.formats import when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hub.core.kinds import Value
    from hub.history.series import States
    from web.charts.windows import Window
    from web.design.page import Words

COLOURS = 4
"""Looks `s0` to `s3` of `forms.css`; whatever comes after shares `s4`."""
MOST_PIECES = 1_500
RESTING = frozenset(
    {"closed", "locked", "off", "docked", "idle", "disarmed", "not_home", "standby", "none"}
)
LEAST_PERCENT = 0.25
"""How wide a piece is at least: a door that was open for a moment in a month is still seen."""


class Part(NamedTuple):
    """One state: its look, word, time altogether and how often it began."""

    value: Value
    css: str
    word: str
    time: str
    times: int


class Piece(NamedTuple):
    """One piece of the strip, in percent of its width."""

    x: float
    width: float
    css: str
    title: str


def _resting(value: Value) -> bool:
    return value is False or value in RESTING


def parts_of(found: States, kind: str, word: Callable[[Value], str], words: Words) -> list[Part]:
    """The states that there were, the longest first, each with its look."""
    looks = _looks(kind, found.totals)
    longest = sorted(found.totals.items(), key=lambda one: -one[1][0])
    return [
        Part(value, looks[value], word(value), lasted(total, words), times)
        for value, (total, times) in longest
    ]


def _looks(kind: str, there: Iterable[Value]) -> dict[Value, str]:
    """A look for each state; a kind's own words keep theirs from one day to the next."""
    known = KINDS[kind].values if kind in KINDS else ()
    others = sorted((value for value in there if value not in known), key=str)
    looks: dict[Value, str] = {}
    colour = 0
    for value in (*known, *others):
        if _resting(value) and "low" not in looks.values():
            looks[value] = "low"
        else:
            looks[value] = f"s{min(colour, COLOURS)}"
            colour += 1
    return looks


def pieces_of(found: States, window: Window, parts: list[Part], lang: str) -> list[Piece]:
    """The strip; where there are too many pieces to draw, what was longest in each small part."""
    looks = {part.value: part for part in parts}
    wide = window.end - window.start
    pieces = []
    for start, end, value in _runs(found):
        if value is None:
            continue
        x = 100 * (start - window.start) / wide
        width = max(LEAST_PERCENT, 100 * (end - start) / wide)
        css, word = (looks[value].css, looks[value].word) if value in looks else (f"s{COLOURS}", "")
        title = f"{when(start / 1000, lang)} {word}"
        pieces.append(Piece(round(x, 3), round(width, 3), css, title))
    # What is short and high must not be hidden by the low bar beside it.
    return sorted(pieces, key=lambda piece: piece.css != "low")


def _runs(found: States) -> Iterator[tuple[float, float, Value]]:
    if len(found.intervals) <= MOST_PIECES:
        for one in found.intervals:
            yield one.start, one.end, one.value
        return
    begin, end = found.start, found.stop
    wide = (end - begin) / len(found.slots)
    since = 0
    for place, value in enumerate(found.slots):
        if place + 1 == len(found.slots) or found.slots[place + 1] != value:
            yield begin + since * wide, begin + (place + 1) * wide, value
            since = place + 1
