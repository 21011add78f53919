"""What each person wants to see first: entity ids in the person's own order."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence

from hub.core.sealed import Erased, OwnBox, OwnedTable
from hub.core.store import Store

MIGRATION = OwnedTable.migration("favourites")
MOST = 48


class Favourites:
    """The favourites of all accounts; in memory, sealed on the disk.

    Args:
        store: its migrations contain `MIGRATION`.
        box: seals the rows.
    """

    def __init__(self, store: Store, box: OwnBox) -> None:
        self._store = store
        self._table = OwnedTable("favourites", box, "account")
        self._of: dict[str, tuple[str, ...]] = {}
        # Rows lie under random keys: the file doesn't show which account has any.
        self._places: dict[str, str] = {}

    async def load(self) -> None:
        """Read what is stored."""
        for place, row in await self._store.read(lambda db: list(self._table.all(db))):
            self._of[row["account"]] = tuple(row["entities"])
            self._places[row["account"]] = place

    def of(self, account_id: str) -> tuple[str, ...]:
        """A person's favourites, in order."""
        return self._of.get(account_id, ())

    async def keep(self, account_id: str, entities: Sequence[str]) -> None:
        """Store a person's favourites; they are on the disk when this returns.

        Raises:
            StoreError: the disk did not take them.
        """
        kept = list(dict.fromkeys(entities))[:MOST]
        place = self._places.setdefault(account_id, secrets.token_hex(8))
        row = {"account": account_id, "entities": kept}
        await self._store.run(lambda db: self._table.put(db, place, row))
        self._of[account_id] = tuple(kept)

    def forget(self, db: sqlite3.Connection, account_id: str, erased: Erased) -> None:
        """Erase a person's favourites in the transaction that removes the account."""
        self._places.pop(account_id, None)
        self._of.pop(account_id, None)
        self._table.erase(db, account_id, erased)

    def settle(self, db: sqlite3.Connection) -> None:
        """See `OwnedTable.settle`."""
        self._table.settle(db)
