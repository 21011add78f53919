"""Copies of the history's file: whole, or what a damaged one still gives.

Blocks of a damaged file are looked for page by page, past the tree that leads to them: one
wrong bit near its root would hide them all. What is found is sealed and bound to its number, so
a wrong one can't pass for a block.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

BATCH = 64
PAGE = 4_096
_LEAF = 0x0D  # of a table (SQLite file format, 1.6)
_BLOB = 12  # the least serial type of a blob (2.1)
_INSERT = {
    "blocks": "INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?)",
    "journal": "INSERT OR IGNORE INTO journal VALUES (?, ?)",
    "erasing": "INSERT OR IGNORE INTO erasing VALUES (?, ?)",
}
Block = tuple[int, int, bytes, bytes]


class Copy:
    """Copies the blocks while more are added at their end; then what else there is.

    Args:
        fresh: where to; it gets the blocks of `step` and of `finish`.
    """

    __slots__ = ("_fresh", "_last")

    def __init__(self, fresh: sqlite3.Connection) -> None:
        self._fresh = fresh
        self._last = -1

    def step(self, source: sqlite3.Connection) -> bool:
        """Copy some blocks; returns whether there may be more."""
        query = "SELECT * FROM blocks WHERE number > ? ORDER BY number LIMIT ?"
        rows = source.execute(query, (self._last, BATCH)).fetchall()
        if rows:
            self._last = rows[-1][0]
            self._fresh.executemany(_INSERT["blocks"], rows)
        return bool(rows)

    def finish(self, source: sqlite3.Connection) -> None:
        """Copy the blocks that came meanwhile, and the journal."""
        while self.step(source):
            pass
        self._fresh.executemany(_INSERT["journal"], source.execute("SELECT * FROM journal"))


def salvage(damaged: Path, fresh: sqlite3.Connection, first_page: bytes) -> int:
    """Copy every row that a damaged file still gives; returns how many blocks.

    Args:
        damaged: the file; its first page is mended in place where it can't be read.
        fresh: a connection to the new file.
        first_page: that of an intact, empty file.
    """
    for mend in (False, True):
        if mend:
            _mend_first_page(damaged, first_page)
        with contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError):
            _copy_tables(damaged, fresh)
            break
    for block in blocks_in(damaged.read_bytes()):
        with contextlib.suppress(sqlite3.Error, OverflowError):  # not what a block consists of
            fresh.execute(_INSERT["blocks"], block)
    return int(fresh.execute("SELECT count(*) FROM blocks").fetchone()[0])


def _copy_tables(damaged: Path, fresh: sqlite3.Connection) -> None:
    """Copy what SQLite still reads; the newest first, which may be in its log only."""
    with contextlib.closing(sqlite3.connect(damaged, isolation_level=None, timeout=5)) as source:
        source.text_factory = bytes
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        known = {row[0].decode() for row in source.execute("SELECT name FROM sqlite_schema")}
        if "blocks" not in known:
            raise sqlite3.DatabaseError("its tables are not known any more")
        for table, insert in _INSERT.items():
            query = f"SELECT * FROM {table} ORDER BY number DESC"  # noqa: S608 - one of ours
            with contextlib.suppress(sqlite3.DatabaseError):
                for row in source.execute(query):
                    with contextlib.suppress(sqlite3.IntegrityError):  # of a wrong type
                        fresh.execute(insert, row)


def _mend_first_page(damaged: Path, first_page: bytes) -> None:
    """Put the header (SQLite file format, 1.3) and the tables' names back."""
    page = bytearray(first_page)
    page[18:20] = b"\2\2"  # with a write-ahead log
    page[24:28], page[92:96] = b"\0\0\0\1", b"\0\0\0\2"  # differ: count the file's own pages
    with damaged.open("r+b") as file:
        file.write(page)


def blocks_in(data: bytes) -> Iterator[Block]:
    """Every row of four columns (none, a number, two blobs) that the leaves of a file hold."""
    for number in range(1, len(data) // PAGE):
        start = number * PAGE
        if data[start] != _LEAF:
            continue
        cells = int.from_bytes(data[start + 3 : start + 5], "big")
        for index in range(min(cells, PAGE // 4)):
            at = start + 8 + 2 * index
            offset = int.from_bytes(data[at : at + 2], "big")
            if offset < PAGE:
                with contextlib.suppress(IndexError, ValueError):
                    yield _block(data, start, offset)


def _block(data: bytes, start: int, offset: int) -> Block:
    """The row of one cell; raises IndexError or ValueError where there is none."""
    page = data[start : start + PAGE]
    size, offset = _varint(page, offset)
    number, offset = _varint(page, offset)
    payload = _payload(data, page[offset:], size)
    header, at = _varint(payload, 0)
    types = []
    while at < header:
        kind, at = _varint(payload, at)
        types.append(kind)
    if len(types) != 4 or types[0] != 0 or not 1 <= types[1] <= 6:
        raise ValueError("another table's")
    if any(kind < _BLOB or kind % 2 for kind in types[2:]):
        raise ValueError("no blobs")
    widths = ((1, 2, 3, 4, 6, 8)[types[1] - 1], *((kind - _BLOB) // 2 for kind in types[2:]))
    columns = []
    for width in widths:
        columns.append(payload[at : at + width])
        at += width
    if at != len(payload):
        raise ValueError("of another length")
    return number, int.from_bytes(columns[0], "big", signed=True), columns[1], columns[2]


def _payload(data: bytes, local: bytes, size: int) -> bytes:
    """A payload of so many bytes, from its page and the pages it goes on in (1.6)."""
    most, least = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
    if size <= most:
        return local[:size]
    if size > len(data):
        raise ValueError("longer than the file")
    here = least + (size - least) % (PAGE - 4)
    here = here if here <= most else least
    parts, left = [local[:here]], size - here
    following = int.from_bytes(local[here : here + 4], "big")
    while left > 0 and 1 < following <= len(data) // PAGE:
        at = (following - 1) * PAGE
        parts.append(data[at + 4 : at + 4 + min(left, PAGE - 4)])
        left -= PAGE - 4
        following = int.from_bytes(data[at : at + 4], "big")
    return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and what comes after it (1.6)."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
