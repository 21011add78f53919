"""Residents come with a key of their own, and go with it: shredded, with a receipt.

A removal has three steps, in this order: the rows go and the receipt comes, in one transaction;
the key is destroyed in the slot file; the receipt says when. Killed between them, the home
takes up where it stood when it is next unlocked. Who was removed is named by number only: a
receipt must not keep what it says is gone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol

from hub.accounts.model import Account
from hub.core.audit import Audit
from hub.core.commands import Actor
from hub.core.sealed import Box, Erased, SealedTable
from hub.core.store import Store, StoreError
from hub.home.keys import Keys

_LOG = logging.getLogger(__name__)
MIGRATION = SealedTable.migration("erasures")
KINDS = ("accounts", "account_sessions", "account_links", "account_tokens", "favourites")
"""What is one resident's alone, by table."""
_HUB = Actor("", "hub", "hub")


class Owned(Protocol):
    """A table whose rows are each one resident's."""

    def forget(self, db: sqlite3.Connection, account_id: str, erased: Erased) -> None:
        """Remove a resident's rows and take them down."""

    def settle(self, db: sqlite3.Connection) -> None:
        """See `OwnedTable.settle`."""


class Erasure(NamedTuple):
    """The receipt of a removal.

    Attributes:
        id: its own number.
        account_id: the number of the account that was removed.
        role: what it was.
        counts: rows erased, by kind.
        digest: SHA-256 of these rows as they lay on the disk, hex.
        line: the audit's line about it.
        at: when the rows went, seconds since 1970.
        shredded: when the key was destroyed; None: the disk has not taken it yet.
    """

    id: str
    account_id: str
    role: str
    counts: dict[str, int]
    digest: str
    line: int
    at: float
    shredded: float | None = None


class Residents:
    """The keys and the removals of one home's residents.

    Args:
        store: its migrations contain `MIGRATION`.
        keys: the home's.
        box: seals the receipts.
        audit: gets a line in the transaction that removes somebody.
        screens: roles that are no person's; such an account goes without a receipt.

    Attributes:
        tables: what else is a resident's alone, beside the accounts' own tables.
        accounts: says which accounts are still sealed for all, and seals them for their own.
    """

    def __init__(
        self, store: Store, keys: Keys, box: Box, audit: Audit, screens: frozenset[str]
    ) -> None:
        self.tables: Sequence[Owned] = ()
        self.unowned: Callable[[sqlite3.Connection], list[str]] = lambda _db: []
        self.settle_accounts: Callable[[sqlite3.Connection], None] = lambda _db: None
        self._store = store
        self._keys = keys
        self._table = SealedTable("erasures", box)
        self._audit = audit
        self._screens = screens
        # An account that is being added has a key before it has a row.
        self._changing = asyncio.Lock()
        self._by: dict[str, Actor] = {}

    @asynccontextmanager
    async def adding(self, account_id: str) -> AsyncIterator[None]:
        """Make an account's key, and let nobody tidy it away before the account is there.

        Raises:
            VaultError, OSError: it can't be made.
        """
        async with self._changing:
            await self._keys.add_residents([account_id])
            yield

    def removing(self, account_id: str, actor: Actor) -> None:
        """Take down who is about to remove an account."""
        self._by[account_id] = actor

    def forget(self, db: sqlite3.Connection, account: Account, erased: Erased) -> None:
        """Erase the rest of an account's, and write the receipt, inside its transaction."""
        for table in self.tables:
            table.forget(db, account.id, erased)
        actor = self._by.pop(account.id, _HUB)
        if account.role in self._screens:
            return
        receipt = secrets.token_hex(8)
        at = time.time()
        through = {**actor.through, "receipt": receipt}
        said = [at, actor.id, actor.role, "remove person", account.id, through]
        line = self._audit.add(db, said)
        data = {
            "account_id": account.id,
            "role": account.role,
            "counts": erased.counts,
            "digest": erased.digest,
            "line": line,
            "at": at,
        }
        self._table.put(db, receipt, data)

    async def settle(self) -> None:
        """Bring rows of an older release, or of an old backup, into order; end what was begun.

        A disk that takes nothing leaves all as it is: it is readable the old way.
        """
        try:
            async with self._changing:
                await self._keys.add_residents(await self._store.read(self.unowned))
            await self.finish()
            await self._store.run(self._settle)
        except (OSError, StoreError) as error:
            _LOG.warning("the residents' own keys could not be brought into order: %s", error)

    def _settle(self, db: sqlite3.Connection) -> None:
        self.settle_accounts(db)
        for table in self.tables:
            table.settle(db)

    async def finish(self) -> None:
        """Destroy the keys of accounts that are gone; say so on their receipts."""
        async with self._changing:
            pending, accounts = await self._store.read(
                lambda db: (
                    [one for one in self._all(db) if one.shredded is None],
                    {row[0] for row in db.execute("SELECT id FROM accounts")},
                )
            )
            orphans = self._keys.residents - accounts
            try:
                if pending:
                    await self._keys.shred(orphans)
                elif orphans:
                    await self._keys.drop(orphans)
            except OSError as error:
                _LOG.warning("a key could not be destroyed; the next start tries again: %s", error)
                return
            if pending:
                await self._store.run(lambda db: self._shredded(db, pending))

    def _shredded(self, db: sqlite3.Connection, receipts: Sequence[Erasure]) -> None:
        now = time.time()
        for one in receipts:
            data: dict[str, Any] = one._replace(shredded=now)._asdict()
            self._table.put(db, data.pop("id"), data)

    async def receipts(self) -> list[Erasure]:
        """Every receipt, newest first."""
        found = await self._store.read(lambda db: list(self._all(db)))
        return sorted(found, key=lambda one: one.at, reverse=True)

    def _all(self, db: sqlite3.Connection) -> list[Erasure]:
        return [Erasure(id=key, **data) for key, data in self._table.all(db)]
