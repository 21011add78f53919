"""The files of the history, and how a new one takes the place of the old.

SQLite's `secure_delete` leaves scraps of deleted rows in the slack of pages that it rebuilt
(seen with 3.40.1), so what has to be gone for certain goes with the whole file: a new one is
written beside it, and takes its place in steps that can be cut off anywhere.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

ROOM_BYTES = 256 * 2**20
"""The history writes nothing while less than this is free: the rest of the home needs the disk."""
VERSION = 1
"""`PRAGMA user_version`; older files were written without `secure_delete`."""
_PATIENCE_S = 0.02
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hour INTEGER NOT NULL,"
    " head BLOB NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS blocks_by_hour ON blocks (hour)",
    # What a person wants erased, until it is: an erasure outlives `kill -9`.
    "CREATE TABLE IF NOT EXISTS erasing (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
)


class Damaged(sqlite3.DatabaseError):
    """The file is not what was written."""


def broken(error: Exception) -> bool:
    """Whether an error says that the file itself is damaged (not full, locked or away)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A damaged name of a table can't even be told as text.
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or isinstance(
        error, Damaged | UnicodeDecodeError
    )


class Files:
    """`history.db` in its folder; one writer, any number of readers.

    Args:
        folder: made when missing (0700).
        room: bytes of the disk that are left to the rest of the home.
    """

    def __init__(self, folder: Path, *, room: int = ROOM_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / "history.db"
        self._new = folder / "history.new"  # being written
        self._next = folder / "history.next"  # complete
        self.room = room
        self._gate = threading.Condition()
        self._readers = 0
        self._settled = False

    def connect(self) -> sqlite3.Connection:
        """The writer's connection; raises OSError or sqlite3.Error."""
        with self._gate:
            self._settle()
        made = self._opened(self.path)
        with self.path.open("rb") as file:
            if any(version > 2 for version in file.read(20)[18:]):
                # SQLite would call such a file read-only (file format, 1.3.3).
                raise Damaged("an unknown format")
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("PRAGMA synchronous=FULL")
        made.execute("PRAGMA secure_delete=ON")
        _lay_out(made)
        return made

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads; an empty history where there is no file yet.

        Raises:
            OSError: the folder can't be reached.
        """
        with self._gate:
            self._settle()
            self._readers += 1
        try:
            with contextlib.closing(self._readable()) as made:
                yield made
        finally:
            with self._gate:
                self._readers -= 1
                self._gate.notify_all()

    def _readable(self) -> sqlite3.Connection:
        if self.path.exists() and self.path.stat().st_size:
            return self._opened(self.path)
        empty = sqlite3.connect(":memory:", isolation_level=None)
        _lay_out(empty)
        return empty

    def fresh(self) -> sqlite3.Connection:
        """An empty file beside the one in use, in one transaction until it is committed."""
        self._new.unlink(missing_ok=True)
        made = self._opened(self._new)
        # Until it is complete it can be thrown away: nothing of it has to be durable yet.
        made.execute("PRAGMA journal_mode=OFF")
        made.execute("PRAGMA synchronous=OFF")
        _lay_out(made)
        made.execute("BEGIN")
        return made

    def flush(self) -> None:
        """Have what was written to the new file so far on the disk."""
        _sync(self._new)

    def first_page(self) -> bytes:
        """Of the new file, before any row is in it."""
        with self._new.open("rb") as file:
            return file.read(4096)

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep readers out for a moment; False while one goes on reading."""
        with self._gate:
            yield self._gate.wait_for(lambda: not self._readers, _PATIENCE_S)

    def swap(self) -> None:
        """Put the committed, closed file of `fresh` in place of the one in use.

        Only when `alone`, and with the writer's connection closed.
        """
        _sync(self._new)
        self._new.replace(self._next)
        _sync(self.path.parent)
        self._settled = False
        self._settle()

    def check(self) -> None:
        """Go through the whole file; blocks for seconds where it is large.

        Raises:
            Damaged: its trees don't hold together.
        """
        with self.reading() as connection:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != b"ok":
            raise Damaged("its trees don't hold together")

    def has_room(self) -> bool:
        """Whether the history may write."""
        return shutil.disk_usage(self.path.parent).free >= self.room

    def size(self) -> int:
        """Bytes of all its files."""
        size = 0
        for one in self.path.parent.iterdir():
            with contextlib.suppress(FileNotFoundError):  # the writer took it away meanwhile
                size += one.stat().st_size
        return size

    def _settle(self) -> None:
        """Finish a swap that was cut off, or throw away a file that never was complete."""
        if self._settled:
            return
        self._new.unlink(missing_ok=True)
        if self._next.exists():
            # The old one's log would be played into the new one; all of it is in there already.
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._next.replace(self.path)
            _sync(self.path.parent)
        self._settled = True

    def _opened(self, path: Path) -> sqlite3.Connection:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        made = sqlite3.connect(path, isolation_level=None, timeout=5)
        made.text_factory = bytes  # all we store is sealed: text is damage
        return made


def _lay_out(made: sqlite3.Connection) -> None:
    if not made.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        made.execute(f"PRAGMA user_version={VERSION}")
    for statement in _SCHEMA:
        made.execute(statement)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
