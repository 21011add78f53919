"""Copies of the history's file: whole, or what a damaged one still gives."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque
from collections.abc import Iterator
from pathlib import Path

BATCH = 64
TABLES = {"blocks": 4, "journal": 2, "erasing": 2}
_MOST_FAILURES = 2_000
_INSERT = {
    name: f"INSERT OR IGNORE INTO {name} VALUES ({', '.join('?' * width)})"  # noqa: S608 - names of `TABLES`
    for name, width in TABLES.items()
}


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
    try:
        return _salvaged(damaged, fresh)
    except sqlite3.DatabaseError:
        _mend_first_page(damaged, first_page)
    try:
        return _salvaged(damaged, fresh)
    except sqlite3.DatabaseError:
        return 0


def _salvaged(damaged: Path, fresh: sqlite3.Connection) -> int:
    with contextlib.closing(sqlite3.connect(damaged, isolation_level=None, timeout=5)) as source:
        source.text_factory = bytes
        known = {row[0].decode() for row in source.execute("SELECT name FROM sqlite_schema")}
        if "blocks" not in known:
            raise sqlite3.DatabaseError("no blocks are known to it")
        for table in TABLES:
            if table in known:
                for row in _readable(source, table):
                    with contextlib.suppress(sqlite3.Error):  # not what such a row consists of
                        fresh.execute(_INSERT[table], row)
    return int(fresh.execute("SELECT count(*) FROM blocks").fetchone()[0])


def _readable(source: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    """Rows around the damaged places: a range that fails is tried in halves."""
    query = f"SELECT * FROM {table} WHERE number BETWEEN ? AND ? ORDER BY number"  # noqa: S608 - names of `TABLES`
    ranges = deque([(0, 2**62)])
    failures = 0
    while ranges and failures < _MOST_FAILURES:
        low, high = ranges.popleft()
        try:
            for row in source.execute(query, (low, high)):
                low = row[0] + 1
                yield row
        except sqlite3.DatabaseError:
            failures += 1
            if low < high:
                middle = (low + high) // 2
                ranges += ((low, middle), (middle + 1, high))


def _mend_first_page(damaged: Path, first_page: bytes) -> None:
    """Put the header (SQLite file format, 1.3) and the tables' names back."""
    page = bytearray(first_page)
    page[18:20] = b"\2\2"  # with a write-ahead log
    page[24:28], page[92:96] = b"\0\0\0\1", b"\0\0\0\2"  # differ: count the file's own pages
    with damaged.open("r+b") as file:
        file.write(page)
