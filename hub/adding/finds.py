"""What was found on the home network and isn't added yet; what was ignored stays remembered.

Finds themselves live in memory only: they are what a search found just now. What a person
ignored is stored, so that it isn't offered again, and can be taken back.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hub.core.store import Box, SealedTable, Store

TABLE = "adding"
_KIND = "ignored:"
MOST = 200
BROKER = "broker"
"""The domain of an MQTT broker that isn't ours: its devices can be taken over."""


class Find(NamedTuple):
    """One thing that was found.

    Attributes:
        id: the same whenever the same thing is found.
        domain: the integration that knows it, or `BROKER`.
        name: what it calls itself.
        place: its address, for people.
        fills: setting -> value, for the form.
    """

    id: str
    domain: str
    name: str
    place: str
    fills: Mapping[str, str]


def find_id(source: str, domain: str, name: str) -> str:
    """The id of a find, which says nothing of what it was made from."""
    return hashlib.sha256("\0".join((source, domain, name)).encode()).hexdigest()[:16]


class Finds:
    """Finds of this run, and what was ignored for good.

    Args:
        store: its migrations contain `hub.adding.entries.MIGRATION`.
        box: seals the rows: a thing's name can be a person's.
        changed: called when there is something new to show.
    """

    def __init__(self, store: Store, box: Box, changed: Callable[[], None]) -> None:
        self._store = store
        self._table = SealedTable(TABLE, box)
        self._changed = changed
        self._found: dict[str, Find] = {}
        self._ignored: dict[str, str] = {}

    async def load(self) -> None:
        """Read what was ignored."""
        rows = await self._store.read(lambda db: list(self._table.all(db)))
        self._ignored = {
            key.removeprefix(_KIND): row["name"] for key, row in rows if key.startswith(_KIND)
        }

    def open(self) -> list[Find]:
        """What can be added, by name."""
        found = (one for one in self._found.values() if one.id not in self._ignored)
        return sorted(found, key=lambda one: (one.name, one.place))

    def ignored(self) -> list[tuple[str, str]]:
        """(id, name) of what was ignored, by name."""
        return sorted(self._ignored.items(), key=lambda row: row[1])

    def get(self, find: str) -> Find | None:
        """One find of this run."""
        return self._found.get(find)

    def add(self, find: Find) -> None:
        """Something was found, or found again with other facts."""
        if self._found.get(find.id) == find:
            return
        if find.id in self._found or len(self._found) < MOST:
            self._found[find.id] = find
            self._changed()

    def done(self, find: str) -> None:
        """It was added: it is offered no more in this run."""
        if self._found.pop(find, None) is not None:
            self._changed()

    async def ignore(self, find: str) -> bool:
        """Offer it no more, in later runs neither; False for what wasn't found. StoreError."""
        known = self._found.get(find)
        if known is None:
            return False
        row = {"name": known.name}

        def write(db: sqlite3.Connection) -> None:
            self._table.put(db, _KIND + find, row)

        await self._store.run(write)
        self._ignored[find] = known.name
        self._changed()
        return True

    async def take_back(self, find: str) -> bool:
        """Offer it again; False for what wasn't ignored. Raises StoreError."""
        if find not in self._ignored:
            return False
        await self._store.run(lambda db: self._table.delete(db, _KIND + find))
        del self._ignored[find]
        self._changed()
        return True
