"""Rows whose content only the holder of a key can read.

The key itself lives elsewhere (privacy.vault); this room knows a `Box` by its methods.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

import orjson

from privacy.box import KeyGone

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Box(Protocol):
    """Seals bytes so that they can neither be read nor moved elsewhere without the key."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt; `context` is bound to the result and must be given again to open it."""

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt; raises an error of the box when the key, bytes or context are wrong."""


class OwnBox(Box, Protocol):
    """A box that also seals what is one person's alone, so that theirs can be shredded apart."""

    def seal_own(self, owner: str, plain: bytes, context: bytes) -> bytes:
        """Encrypt for one person; raises an error of the box for whom it has no key."""

    def open_own(self, sealed: bytes, context: bytes) -> tuple[str, bytes]:
        """Decrypt: (whose, plain); nobody's, "", where it was sealed before people had keys."""


class OneKey:
    """Everybody's rows under one key, for where nobody's are to be shredded apart."""

    __slots__ = ("_box",)

    def __init__(self, box: Box) -> None:
        self._box = box

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """See `Box`."""
        return self._box.seal(plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """See `Box`."""
        return self._box.open(sealed, context)

    def seal_own(self, _owner: str, plain: bytes, context: bytes) -> bytes:
        """See `OwnBox`."""
        return self._box.seal(plain, context)

    def open_own(self, sealed: bytes, context: bytes) -> tuple[str, bytes]:
        """See `OwnBox`."""
        return "", self._box.open(sealed, context)


class Erased:
    """What goes with a person: counted by kind, and hashed as it lay on the disk.

    Attributes:
        counts: rows by kind.
    """

    __slots__ = ("_hash", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._hash = hashlib.sha256()

    def row(self, kind: str, key: bytes, sealed: bytes) -> None:
        """Take down one row."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        for part in (kind.encode(), key, sealed):
            self._hash.update(len(part).to_bytes(4, "big") + part)

    @property
    def digest(self) -> str:
        """SHA-256 of all rows in their order, hex."""
        return self._hash.hexdigest()


def seal_json(box: Box, data: Any, context: bytes) -> bytes:
    """Seal JSON data; raises TypeError for what is no JSON."""
    return box.seal(orjson.dumps(data), context)


def open_json(box: Box, sealed: bytes, context: bytes) -> Any:
    """The JSON data of `seal_json`; raises the box's error."""
    return orjson.loads(box.open(sealed, context))


class SealedTable:
    """A table of JSON documents by key: the keys are readable on disk, the documents aren't.

    The functions take the connection of a `Store` transaction. A row is bound to its table
    and key, so that rows can't be swapped by whoever can write the file.
    """

    __slots__ = ("_box", "_name")

    def __init__(self, name: str, box: Box) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no table name")
        self._name = name
        self._box = box

    @staticmethod
    def migration(name: str) -> str:
        """The SQL that makes the table; for a list of migrations."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no table name")
        columns = "key TEXT PRIMARY KEY, sealed BLOB NOT NULL"
        return f"CREATE TABLE {name} ({columns}) STRICT, WITHOUT ROWID"

    def _context(self, key: str) -> bytes:
        return f"{self._name}\0{key}".encode()

    def put(self, connection: sqlite3.Connection, key: str, data: Any) -> None:
        """Store a document in place of what the key had."""
        self._write(connection, key, seal_json(self._box, data, self._context(key)))

    def _write(self, connection: sqlite3.Connection, key: str, sealed: bytes) -> None:
        connection.execute(
            f"INSERT INTO {self._name} VALUES (?, ?)"  # noqa: S608 -- the name is checked
            " ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed",
            (key, sealed),
        )

    def get(self, connection: sqlite3.Connection, key: str) -> Any:
        """The document of a key, None when there is none; raises the box's error."""
        query = f"SELECT sealed FROM {self._name} WHERE key = ?"  # noqa: S608 -- the name is checked
        row = connection.execute(query, (key,)).fetchone()
        return None if row is None else open_json(self._box, row[0], self._context(key))

    def all(self, connection: sqlite3.Connection) -> Iterator[tuple[str, Any]]:
        """Every key and document, by key; raises the box's error."""
        query = f"SELECT key, sealed FROM {self._name} ORDER BY key"  # noqa: S608 -- the name is checked
        for key, sealed in connection.execute(query):
            yield key, open_json(self._box, sealed, self._context(key))

    def delete(self, connection: sqlite3.Connection, key: str) -> bool:
        """Remove a document; False when there was none."""
        query = f"DELETE FROM {self._name} WHERE key = ?"  # noqa: S608 -- the name is checked
        return connection.execute(query, (key,)).rowcount > 0


class OwnedTable(SealedTable):
    """A table whose rows are each one person's: `owner_field` of the document says whose."""

    __slots__ = ("_own", "_owner_field")

    def __init__(self, name: str, box: OwnBox, owner_field: str) -> None:
        super().__init__(name, box)
        self._own = box
        self._owner_field = owner_field

    def put(self, connection: sqlite3.Connection, key: str, data: Any) -> None:
        """See `SealedTable`; raises the box's error for whom it has no key."""
        plain = orjson.dumps(data)
        sealed = self._own.seal_own(data[self._owner_field], plain, self._context(key))
        self._write(connection, key, sealed)

    def get(self, connection: sqlite3.Connection, key: str) -> Any:
        """See `SealedTable`."""
        query = f"SELECT sealed FROM {self._name} WHERE key = ?"  # noqa: S608 -- the name is checked
        row = connection.execute(query, (key,)).fetchone()
        return None if row is None else self._opened(key, row[0])[1]

    def all(self, connection: sqlite3.Connection) -> Iterator[tuple[str, Any]]:
        """See `SealedTable`; without what was written for somebody while they were removed."""
        for key, sealed in self.rows(connection):
            with suppress(KeyGone):
                yield key, self._opened(key, sealed)[1]

    def rows(self, connection: sqlite3.Connection) -> list[tuple[str, bytes]]:
        """Every key and what lies under it, by key."""
        query = f"SELECT key, sealed FROM {self._name} ORDER BY key"  # noqa: S608 -- the name is checked
        return connection.execute(query).fetchall()

    def erase(self, connection: sqlite3.Connection, owner: str, erased: Erased) -> None:
        """Remove a person's rows and take them down."""
        sealed_by_key = dict(self.rows(connection))
        mine = [key for key, data in self.all(connection) if data[self._owner_field] == owner]
        for key in mine:
            erased.row(self._name, key.encode(), sealed_by_key[key])
            self.delete(connection, key)

    def settle(self, connection: sqlite3.Connection) -> None:
        """Seal for its owner what was sealed for all; remove what nobody can read any more."""
        for key, sealed in self.rows(connection):
            try:
                owner, data = self._opened(key, sealed)
                if not owner:
                    self.put(connection, key, data)
            except KeyGone:
                self.delete(connection, key)

    def _opened(self, key: str, sealed: bytes) -> tuple[str, Any]:
        owner, plain = self._own.open_own(sealed, self._context(key))
        return owner, orjson.loads(plain)
