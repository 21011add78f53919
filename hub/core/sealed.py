"""Rows whose content only the holder of a key can read.

The key itself lives elsewhere (privacy.vault); this room knows a `Box` by its two methods.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Protocol

import orjson

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Box(Protocol):
    """Seals bytes so that they can neither be read nor moved elsewhere without the key."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt; `context` is bound to the result and must be given again to open it."""

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt; raises an error of the box when the key, bytes or context are wrong."""


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
        connection.execute(
            f"INSERT INTO {self._name} VALUES (?, ?)"  # noqa: S608 -- the name is checked
            " ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed",
            (key, seal_json(self._box, data, self._context(key))),
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
