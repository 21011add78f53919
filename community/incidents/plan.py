"""The site plan as plain values for its template: buildings, and open alarms on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from community.core.roster import BuildingRow
from community.incidents.views import Card

_MARGIN = 90
_AROUND = 60  # of a building that fills the plan: its mark stands on its corner


class Block(NamedTuple):
    """A building on the plan.

    `key` is the level of its gravest open alarm or "", `view` the part of the plan that shows
    it alone (an SVG view box). `drill` means that all its open alarms are drills.
    """

    code: str
    x: int
    y: int
    w: int
    h: int
    text: str
    key: str
    drill: bool
    cards: tuple[Card, ...]

    @property
    def view(self) -> str:
        """The view box around the building."""
        width, height = self.w + 2 * _AROUND, self.h + 2 * _AROUND
        return f"{self.x - _AROUND} {self.y - _AROUND} {width} {height}"


class Plan(NamedTuple):
    """The whole plan; `everywhere` are alarms of no one building."""

    blocks: tuple[Block, ...]
    everywhere: tuple[Card, ...]
    width: int
    height: int


def drawn(buildings: Sequence[BuildingRow], cards: Sequence[Card], lang: str) -> Plan:
    """Return the plan in one language, with marks for open alarms only."""
    blocks = tuple(_block(row, cards, chinese=lang.startswith("zh")) for row in buildings)
    return Plan(
        blocks,
        tuple(card for card in cards if card.building is None),
        width=max((block.x + block.w for block in blocks), default=400) + _MARGIN,
        height=max((block.y + block.h for block in blocks), default=200) + _MARGIN,
    )


def _block(row: BuildingRow, cards: Sequence[Card], *, chinese: bool) -> Block:
    mine = tuple(card for card in cards if card.building == row.code)
    real = [card for card in mine if not card.drill]
    return Block(
        *(row.code, row.x, row.y, row.width, row.height),
        text=row.name_zh if chinese else row.name_en,
        key=str(min((card.level for card in real or mine), default="")),
        drill=bool(mine) and not real,
        cards=mine,
    )
