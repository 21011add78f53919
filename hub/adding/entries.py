"""Config entries: which integrations the household added, with what settings; sealed.

A row is ``{"domain", "data"}`` under the entry's id; secrets lie in it as everything does,
under the household key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.core.store import Box, SealedTable, Store

TABLE = "adding"
MIGRATION = SealedTable.migration(TABLE)
_KIND = "entry:"


class Entry(NamedTuple):
    """One added integration; the first of a domain is called as its domain is."""

    id: str
    domain: str
    data: Mapping[str, object]


class Entries:
    """All config entries of a home.

    Args:
        store: its migrations contain `MIGRATION`.
        box: seals the rows.
        built_in: domain -> data of those that run without being added; they can be changed
            and not removed.
    """

    def __init__(
        self, store: Store, box: Box, built_in: Mapping[str, Mapping[str, object]]
    ) -> None:
        self._store = store
        self._table = SealedTable(TABLE, box)
        self._built_in = built_in
        self._entries: dict[str, Entry] = {}

    async def load(self) -> None:
        """Read what was stored; the built-in ones are there in any case."""
        self._entries = {
            domain: Entry(domain, domain, data) for domain, data in self._built_in.items()
        }
        for key, row in await self._store.read(lambda db: list(self._table.all(db))):
            if key.startswith(_KIND):
                entry = key.removeprefix(_KIND)
                self._entries[entry] = Entry(entry, row["domain"], row["data"])

    def all(self) -> list[Entry]:
        """Every entry, the built-in ones first."""
        return list(self._entries.values())

    def get(self, entry_id: str) -> Entry | None:
        """One entry."""
        return self._entries.get(entry_id)

    def is_built_in(self, domain: str) -> bool:
        """Whether an integration runs without being added."""
        return domain in self._built_in

    def removable(self, entry_id: str) -> bool:
        """Whether a person may take it out."""
        return entry_id in self._entries and entry_id not in self._built_in

    def free_id(self, domain: str) -> str:
        """An id for a further entry of this domain."""
        wish, number = domain, 2
        while wish in self._entries:
            wish, number = f"{domain}-{number}", number + 1
        return wish

    async def put(self, entry: Entry) -> None:
        """Store an entry, new or changed; it counts when this returns. Raises StoreError."""
        row: dict[str, Any] = {"domain": entry.domain, "data": dict(entry.data)}

        def write(db: sqlite3.Connection) -> None:
            self._table.put(db, _KIND + entry.id, row)

        await self._store.run(write)
        self._entries[entry.id] = entry

    async def remove(self, entry_id: str) -> None:
        """Forget an entry and its secrets. Raises StoreError."""
        await self._store.run(lambda db: self._table.delete(db, _KIND + entry_id))
        self._entries.pop(entry_id, None)
