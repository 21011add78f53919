"""A household's accounts in its SQLite store, every row sealed.

A household has few accounts and sessions, so whatever can't be found by a row's key is
found by opening all rows: the file then shows neither whose a session is nor when it was
used. Accounts, sessions and links are sealed for their person, so that a removed one's can be
shredded in every backup too; for the same reason no hash of a name stands in the file, only,
for a day, one under which a failed attempt was counted.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from hub.accounts.model import (
    Account,
    AccountUnknown,
    LastKeeper,
    LinkRow,
    NameTaken,
    SessionRow,
    Strikes,
    name_key,
)
from hub.accounts.throttle import FORGIVEN_AFTER_S
from hub.core.sealed import Erased
from privacy.box import KeyGone, VaultLocked

if TYPE_CHECKING:
    from hub.core.sealed import OwnBox
    from hub.core.store import Store

T = TypeVar("T")

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS account_keys (name TEXT PRIMARY KEY, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS accounts"
    " (id TEXT PRIMARY KEY, name_index BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS account_sessions (key BLOB PRIMARY KEY, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS account_links (key BLOB PRIMARY KEY, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS account_strikes (key BLOB PRIMARY KEY, sealed BLOB NOT NULL)",
)


OWN = {"accounts": "id", "account_sessions": "key", "account_links": "key"}
"""Tables whose rows are each one person's, and the column that names a row."""


def without_name_index(db: sqlite3.Connection) -> None:
    """Take the hash of the name out of the accounts, where an older release put it."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(accounts)")]
    if "name_index" in columns:
        db.execute("CREATE TABLE accounts_new (id TEXT PRIMARY KEY, sealed BLOB NOT NULL)")
        db.execute("INSERT INTO accounts_new SELECT id, sealed FROM accounts")
        db.execute("DROP TABLE accounts")
        db.execute("ALTER TABLE accounts_new RENAME TO accounts")


class HomeAccountsTable:
    """``hub.accounts.table.AccountsTable`` for a household.

    Args:
        store: The home's database.
        box: Seals the rows.
        adding: Held while an account is added; within it the account has a key that stays.
        forget: Called with an account that is removed, in the same transaction.
    """

    def __init__(
        self,
        store: Store,
        box: OwnBox,
        *,
        adding: Callable[[str], AbstractAsyncContextManager[None]] = lambda _id: nullcontext(),
        forget: Callable[[sqlite3.Connection, Account, Erased], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._box = box
        self._adding = adding
        self._forget = forget
        self._index_key = b""

    # -- accounts -----------------------------------------------------------------------

    async def add_account(self, account: Account) -> None:
        """See ``AccountsTable``."""

        def add(db: sqlite3.Connection) -> None:
            self._require_free(db, account)
            self._put_account(db, account)

        async with self._adding(account.id):
            await self._run(add)

    async def accounts(self) -> list[Account]:
        """See ``AccountsTable``."""
        return sorted(await self._read(self._all_accounts), key=lambda account: account.created)

    async def account(self, account_id: str) -> Account | None:
        """See ``AccountsTable``."""
        return await self._read(lambda db: self._one_account(db, account_id))

    async def account_named(self, key: str) -> Account | None:
        """See ``AccountsTable``."""
        found = await self._read(self._all_accounts)
        return next((account for account in found if name_key(account.name) == key), None)

    async def change_account(
        self, account_id: str, change: Callable[[Account], Account | None], keeper: str
    ) -> Account | None:
        """See ``AccountsTable``."""

        def apply(db: sqlite3.Connection) -> Account | None:
            before = self._one_account(db, account_id)
            if before is None:
                raise AccountUnknown("no such account")
            after = change(before)
            if before.role == keeper and (after is None or after.role != keeper):
                others = (a for a in self._all_accounts(db) if a.id != account_id)
                if not any(other.role == keeper for other in others):
                    raise LastKeeper("the last of its kind")
            if after is None:
                self._remove_account(db, before)
            else:
                self._require_free(db, after)
                self._put_account(db, after)
            return after

        return await self._run(apply)

    # -- sessions -----------------------------------------------------------------------

    async def add_session(self, session: SessionRow) -> None:
        """See ``AccountsTable``."""
        await self._run(lambda db: self._put(db, "account_sessions", session.key, session))

    async def session(self, key: bytes) -> tuple[SessionRow, Account] | None:
        """See ``AccountsTable``; while the household is locked nobody is signed in."""

        def find(db: sqlite3.Connection) -> tuple[SessionRow, Account] | None:
            session = self._get(db, "account_sessions", key, SessionRow)
            account = self._one_account(db, session.account_id) if session else None
            return (session, account) if session and account else None

        try:
            return await self._read(find)
        except VaultLocked:
            return None

    async def sessions_of(self, account_id: str) -> list[SessionRow]:
        """See ``AccountsTable``."""
        rows = await self._read(lambda db: list(self._each(db, "account_sessions", SessionRow)))
        mine = (row for row in rows if row.account_id == account_id)
        return sorted(mine, key=lambda row: row.created)

    async def touch_session(self, key: bytes, seen: float) -> None:
        """See ``AccountsTable``."""

        def touch(db: sqlite3.Connection) -> None:
            session = self._get(db, "account_sessions", key, SessionRow)
            if session is not None:
                self._put(db, "account_sessions", key, session.but(seen=seen))

        await self._run(touch)

    async def remove_sessions(self, account_id: str, *, but: bytes | None = None) -> None:
        """See ``AccountsTable``."""
        await self._run(lambda db: self._remove_sessions(db, account_id, but))

    async def remove_session(self, key: bytes) -> None:
        """See ``AccountsTable``."""
        await self._run(lambda db: self._delete(db, "account_sessions", key))

    # -- links --------------------------------------------------------------------------

    async def add_link(self, link: LinkRow) -> None:
        """See ``AccountsTable``."""
        await self._run(lambda db: self._put(db, "account_links", link.key, link))

    async def link(self, key: bytes) -> LinkRow | None:
        """See ``AccountsTable``."""
        return await self._read(lambda db: self._get(db, "account_links", key, LinkRow))

    async def take_link(self, key: bytes) -> LinkRow | None:
        """See ``AccountsTable``."""

        def take(db: sqlite3.Connection) -> LinkRow | None:
            link = self._get(db, "account_links", key, LinkRow)
            self._delete(db, "account_links", key)
            return link

        return await self._run(take)

    # -- failed attempts ----------------------------------------------------------------

    async def change_strikes(
        self,
        keys: Sequence[str],
        change: Callable[[Mapping[str, Strikes]], Mapping[str, Strikes]],
    ) -> None:
        """See ``AccountsTable``."""

        def apply(db: sqlite3.Connection) -> None:
            indexes = {key: self._index("strikes", key) for key in keys}
            found = {k: self._get(db, "account_strikes", i, Strikes) for k, i in indexes.items()}
            after = change({key: row for key, row in found.items() if row is not None})
            for key, index in indexes.items():
                if key in after:
                    self._put(db, "account_strikes", index, after[key])
                else:
                    self._delete(db, "account_strikes", index)

        await self._run(apply)

    async def tidy(
        self,
        *,
        seen_before: float,
        created_before: float,
        now: float,
        spared: Collection[str] = (),
    ) -> None:
        """See ``AccountsTable``."""

        def sweep(db: sqlite3.Connection) -> None:
            for session in list(self._each(db, "account_sessions", SessionRow)):
                past = session.seen < seen_before or session.created < created_before
                if past and session.account_id not in spared:
                    self._delete(db, "account_sessions", session.key)
            for link in list(self._each(db, "account_links", LinkRow)):
                if link.expires <= now:
                    self._delete(db, "account_links", link.key)
            for key, sealed in db.execute("SELECT key, sealed FROM account_strikes").fetchall():
                strikes = Strikes(**self._open("account_strikes", key, sealed))
                if now - strikes.last > FORGIVEN_AFTER_S:
                    self._delete(db, "account_strikes", key)

        await self._run(sweep)

    # -- inside -------------------------------------------------------------------------

    async def _run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        await self._prepare()
        return await self._store.run(fn)

    async def _read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        await self._prepare()
        return await self._store.read(fn)

    async def _prepare(self) -> None:
        """Make the tables and the index key at the first use."""
        if not self._index_key:
            self._index_key = await self._store.run(self._first_use)

    def _first_use(self, db: sqlite3.Connection) -> bytes:
        for statement in SCHEMA:
            db.execute(statement)
        without_name_index(db)
        row = db.execute("SELECT sealed FROM account_keys WHERE name = 'index'").fetchone()
        if row is not None:
            return self._box.open(row[0], b"account_keys:index")
        key = os.urandom(32)
        sealed = self._box.seal(key, b"account_keys:index")
        db.execute("INSERT INTO account_keys VALUES ('index', ?)", (sealed,))
        return key

    def _index(self, what: str, text: str) -> bytes:
        return hmac.new(self._index_key, f"{what}:{text}".encode(), hashlib.sha256).digest()

    def _open(self, table: str, key: bytes, sealed: bytes) -> dict[str, Any]:
        return self._opened(table, key, sealed)[1]

    def _opened(self, table: str, key: bytes, sealed: bytes) -> tuple[str, dict[str, Any]]:
        context = _context(table, key)
        if table not in OWN:
            return "", orjson.loads(self._box.open(sealed, context))
        owner, plain = self._box.open_own(sealed, context)
        return owner, orjson.loads(plain)

    def _put(
        self, db: sqlite3.Connection, table: str, key: bytes, row: SessionRow | LinkRow | Strikes
    ) -> None:
        fields = {name: value for name, value in row.as_dict().items() if name != "key"}
        self._write(db, table, key, fields)

    def _write(
        self, db: sqlite3.Connection, table: str, key: bytes | str, fields: dict[str, Any]
    ) -> None:
        plain = orjson.dumps(fields)
        context = _context(table, _bytes(key))
        if table in OWN:
            sealed = self._box.seal_own(_owner(table, key, fields), plain, context)
        else:
            sealed = self._box.seal(plain, context)
        db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (key, sealed))  # noqa: S608 - own names

    def _get(
        self, db: sqlite3.Connection, table: str, key: bytes, kind: Callable[..., T]
    ) -> T | None:
        row = db.execute(f"SELECT sealed FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - own names
        return self._record(table, key, row[0], kind) if row else None

    def _each(self, db: sqlite3.Connection, table: str, kind: Callable[..., T]) -> Iterator[T]:
        for key, sealed in db.execute(f"SELECT key, sealed FROM {table}").fetchall():  # noqa: S608 - own names
            with suppress(KeyGone):  # written for somebody while they were removed
                yield self._record(table, key, sealed, kind)

    def _record(self, table: str, key: bytes, sealed: bytes, kind: Callable[..., T]) -> T:
        fields = self._open(table, key, sealed)
        return kind(**fields) if kind is Strikes else kind(key=key, **fields)

    def _delete(self, db: sqlite3.Connection, table: str, key: bytes) -> None:
        db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608 - own names

    def _open_account(self, account_id: str, sealed: bytes) -> Account:
        return Account(**self._open("accounts", account_id.encode(), sealed))

    def _all_accounts(self, db: sqlite3.Connection) -> list[Account]:
        rows = db.execute("SELECT id, sealed FROM accounts").fetchall()
        return [self._open_account(*row) for row in rows]

    def _one_account(self, db: sqlite3.Connection, account_id: str) -> Account | None:
        row = db.execute("SELECT sealed FROM accounts WHERE id = ?", (account_id,)).fetchone()
        return self._open_account(account_id, row[0]) if row else None

    def _require_free(self, db: sqlite3.Connection, account: Account) -> None:
        key = name_key(account.name)
        others = (one for one in self._all_accounts(db) if one.id != account.id)
        if any(name_key(other.name) == key for other in others):
            raise NameTaken("the name is taken")

    def _put_account(self, db: sqlite3.Connection, account: Account) -> None:
        self._write(db, "accounts", account.id, account.as_dict())

    def _remove_sessions(
        self, db: sqlite3.Connection, account_id: str, but: bytes | None = None
    ) -> None:
        for session in list(self._each(db, "account_sessions", SessionRow)):
            if session.account_id == account_id and session.key != but:
                self._delete(db, "account_sessions", session.key)

    def _remove_account(self, db: sqlite3.Connection, account: Account) -> None:
        erased = Erased()
        for table, key, sealed in self._own_rows(db):
            fields = self._open(table, _bytes(key), sealed)
            if _owner(table, key, fields) == account.id:
                erased.row(table, _bytes(key), sealed)
                db.execute(f"DELETE FROM {table} WHERE {OWN[table]} = ?", (key,))  # noqa: S608 - own names
        self._forget(db, account, erased)

    def _own_rows(self, db: sqlite3.Connection) -> list[tuple[str, Any, bytes]]:
        return [
            (table, key, sealed)
            for table, column in OWN.items()
            for key, sealed in db.execute(f"SELECT {column}, sealed FROM {table}").fetchall()  # noqa: S608 - own names
        ]

    # -- people's own keys ----------------------------------------------------------------

    def unowned(self, db: sqlite3.Connection) -> list[str]:
        """Accounts that are sealed for all, because an older release had no keys for each."""
        rows = [(key, sealed) for table, key, sealed in self._own_rows(db) if table == "accounts"]
        found = []
        for key, sealed in rows:
            with suppress(KeyGone):
                if not self._opened("accounts", key.encode(), sealed)[0]:
                    found.append(key)
        return found

    def settle(self, db: sqlite3.Connection) -> None:
        """Seal for its person what was sealed for all; remove what nobody can read any more."""
        for table, key, sealed in self._own_rows(db):
            try:
                owner, fields = self._opened(table, _bytes(key), sealed)
                if not owner:
                    self._write(db, table, key, fields)
            except KeyGone:
                db.execute(f"DELETE FROM {table} WHERE {OWN[table]} = ?", (key,))  # noqa: S608 - own names


def _context(table: str, key: bytes) -> bytes:
    return b"%s:%s" % (table.encode(), key)


def _bytes(key: bytes | str) -> bytes:
    return key.encode() if isinstance(key, str) else key


def _owner(table: str, key: bytes | str, fields: Mapping[str, Any]) -> str:
    return str(key) if table == "accounts" else str(fields["account_id"])
