"""A household's tokens in its SQLite store, every row sealed under the hash of its text."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from hub.accounts.model import NameTaken, TokenRow, TooManyTokens, name_key
from hub.core.sealed import OwnedTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.core.sealed import Erased, OwnBox
    from hub.core.store import Store

NAME = "account_tokens"
MIGRATION = OwnedTable.migration(NAME)


class HomeTokensTable:
    """``hub.accounts.tokens.TokensTable`` for a household; its migrations hold `MIGRATION`."""

    def __init__(self, store: Store, box: OwnBox) -> None:
        self._store = store
        self._table = OwnedTable(NAME, box, "account_id")

    async def add(self, row: TokenRow, *, most: int, ended_before: float) -> None:
        """See ``TokensTable``."""

        def work(db: sqlite3.Connection) -> None:
            for one in list(self._all(db)):
                if one.expires is not None and one.expires < ended_before:
                    self._table.delete(db, one.key.hex())
            others = [one for one in self._all(db) if one.account_id == row.account_id]
            if any(name_key(one.name) == name_key(row.name) for one in others):
                raise NameTaken("the account has a token of this name")
            if len(others) >= most:
                raise TooManyTokens("too many tokens")
            self._put(db, row)

        await self._store.run(work)

    async def find(self, key: bytes) -> TokenRow | None:
        """See ``TokensTable``."""
        return await self._store.read(lambda db: self._get(db, key))

    async def all(self) -> list[TokenRow]:
        """See ``TokensTable``."""
        rows = await self._store.read(lambda db: list(self._all(db)))
        return sorted(rows, key=lambda row: row.created)

    async def touch(self, key: bytes, seen: float) -> None:
        """See ``TokensTable``."""

        def work(db: sqlite3.Connection) -> None:
            row = self._get(db, key)
            if row is not None:
                self._put(db, row.but(seen=seen))

        await self._store.run(work)

    async def remove(self, key: bytes) -> None:
        """See ``TokensTable``."""
        await self._store.run(lambda db: self._table.delete(db, key.hex()))

    def forget(self, db: sqlite3.Connection, account_id: str, erased: Erased) -> None:
        """Forget an account's tokens, inside the transaction that removes it."""
        self._table.erase(db, account_id, erased)

    def settle(self, db: sqlite3.Connection) -> None:
        """See `OwnedTable.settle`."""
        self._table.settle(db)

    def _all(self, db: sqlite3.Connection) -> Iterator[TokenRow]:
        for key, data in self._table.all(db):
            yield _row(key, data)

    def _get(self, db: sqlite3.Connection, key: bytes) -> TokenRow | None:
        data = self._table.get(db, key.hex())
        return _row(key.hex(), data) if data is not None else None

    def _put(self, db: sqlite3.Connection, row: TokenRow) -> None:
        data = {name: value for name, value in row.as_dict().items() if name != "key"}
        self._table.put(db, row.key.hex(), data)


def _row(key: str, data: dict[str, Any]) -> TokenRow:
    return TokenRow(**{**data, "key": bytes.fromhex(key), "scopes": tuple(data["scopes"])})
