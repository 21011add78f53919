"""The home's screens on its walls: what each shows, when it is dark, what it may do.

A screen is an account of the role ``wall``, without a password. Whoever stands before it may
press what the owner put on it, and nothing that opens the home or the gas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hub.accounts.model import WALL
from hub.core.commands import residents_may
from hub.core.sealed import Box, SealedTable

if TYPE_CHECKING:
    from hub.core.commands import Actor
    from hub.core.registry import Entity
    from hub.core.store import Store

MIGRATION = SealedTable.migration("screens")
_KEY = "screens"
MOST_TILES = 8
"""As many as a small tablet shows without scrolling, readable from 2 m."""
NIGHT = (22 * 60, 6 * 60 + 30)
DAY_MINUTES = 24 * 60
_ON_OFF = frozenset({"turn_off", "turn_on"})
WALL_MAY = {
    "climate": _ON_OFF,
    "cover": frozenset({"close", "open", "stop"}),
    "fan": _ON_OFF,
    "humidifier": _ON_OFF,
    "light": _ON_OFF,
    "lock": frozenset({"lock"}),
    "scene": frozenset({"turn_on"}),
    "siren": frozenset({"turn_off"}),
    "switch": _ON_OFF,
    "valve": frozenset({"close"}),
}
"""Kind -> what a screen may tell one that stands on it; it lets no water, gas or people in."""
OPENED_BY_ON = frozenset({"gas_valve", "siren", "water_valve"})
"""Roles in which a switch that is turned on opens a valve or sounds."""
DOORS = frozenset({"door", "garage", "gate"})
"""Device classes of covers that a screen only closes."""


class Screen:
    """What one screen shows; ``tiles`` are entity ids, none for whatever tells most.

    ``night`` is (from, to) in minutes since midnight, None for a screen that never dims.
    """

    __slots__ = ("night", "tiles")

    def __init__(self, tiles: Sequence[str] = (), night: tuple[int, int] | None = NIGHT) -> None:
        self.tiles = tuple(tiles)
        self.night = night


class Screens:
    """The settings of all screens, sealed as one record.

    Args:
        store: the home's database; its migrations contain `MIGRATION`.
        box: seals the record.
        role_of: the role that an entity acts in, "" for none; a switch may be a valve.
    """

    def __init__(
        self, store: Store, box: Box, *, role_of: Callable[[str], str] = lambda _entity_id: ""
    ) -> None:
        self._store = store
        self._role_of = role_of
        self._table = SealedTable("screens", box)
        self._of: dict[str, Screen] = {}

    async def load(self) -> None:
        """Read what is stored."""
        data = await self._store.read(lambda db: self._table.get(db, _KEY))
        for account_id, row in (data or {}).items():
            night = row["night"]
            self._of[account_id] = Screen(row["tiles"], tuple(night) if night else None)

    def of(self, account_id: str) -> Screen:
        """One screen; an account that was never set up shows what tells most."""
        return self._of.get(account_id) or Screen()

    async def keep(self, account_id: str, screen: Screen) -> None:
        """Store a screen; it is on the disk when this returns.

        Raises:
            ValueError: more tiles than a screen shows, or no times of day.
            StoreError: the disk did not take it.
        """
        if len(screen.tiles) > MOST_TILES:
            raise ValueError("tiles")
        if screen.night and not all(0 <= at < DAY_MINUTES for at in screen.night):
            raise ValueError("night")
        await self._write({**self._of, account_id: screen})

    async def forget(self, account_id: str) -> None:
        """Erase what a removed screen showed."""
        if account_id in self._of:
            await self._write({key: one for key, one in self._of.items() if key != account_id})

    async def _write(self, screens: dict[str, Screen]) -> None:
        data: dict[str, Any] = {
            key: {"tiles": list(one.tiles), "night": list(one.night) if one.night else None}
            for key, one in screens.items()
        }
        await self._store.run(lambda db: self._table.put(db, _KEY, data))
        self._of = screens

    def may(self, actor: Actor, entity: Entity, command: str) -> bool:
        """Whether somebody may send a command: the household's rule, and a screen's own."""
        if actor.role != WALL:
            return residents_may(actor, entity, command)
        return entity.entity_id in self.of(actor.id).tiles and self.harmless(entity, command)

    def harmless(self, entity: Entity, command: str) -> bool:
        """Whether a screen may send a command to an entity that stands on it."""
        if command == "turn_on" and self._role_of(entity.entity_id) in OPENED_BY_ON:
            return False
        if entity.kind == "cover" and entity.device_class in DOORS and command == "open":
            return False
        return command in WALL_MAY.get(entity.kind, ())
