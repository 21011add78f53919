"""The kernel's own small store: sealed rows, written on a thread after acting.

A full disk, a locked file or a slow one costs the kernel nothing but the row: what could not
be written stays in memory and is tried again, newest version only. A disk that was full
or read-only from the start, as after a power cut, is still read.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from privacy.vault import Box, VaultError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sealed (
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""
RETRY_S = 2.0
LOCK_WAIT_S = 1.0

Row = tuple[str, str]
Saved = Callable[[list[tuple[str, str, int]]], None]


class SafetyStore:
    """Sealed rows by kind and key, with one thread for every touch of the disk.

    Args:
        path: the SQLite file.
        box: gives the box that seals each row; called on the thread, again after a failure.
            A row's name is authenticated with it.
        loaded: called once, from the thread, with every row that could be read.
        saved: called from the thread with ``(kind, key, token)`` of what is on disk now.
        retry_s: seconds between attempts after a failure.
    """

    def __init__(
        self,
        path: Path,
        box: Callable[[], Box],
        *,
        loaded: Callable[[dict[Row, bytes]], None],
        saved: Saved,
        retry_s: float = RETRY_S,
    ) -> None:
        self._path = path
        self._get_box = box
        self._box: Box | None = None
        self._loaded = loaded
        self._saved = saved
        self._retry_s = retry_s
        self._pending: dict[Row, tuple[bytes | None, int]] = {}
        self._writing = 0
        self._wake = threading.Condition()
        self._stopping = False
        self.error: str | None = None
        self.unreadable = 0
        self._thread = threading.Thread(target=self._run, name="safety-store", daemon=True)

    @property
    def ok(self) -> bool:
        """True while the last touch of the disk went well."""
        return self.error is None

    @property
    def pending(self) -> int:
        """Rows not on disk yet."""
        return len(self._pending) + self._writing

    def start(self) -> None:
        """Start the thread: it loads first, then writes what was saved meanwhile."""
        self._thread.start()

    def save(self, kind: str, key: str, plain: bytes | None, token: int = 0) -> None:
        """Keep a row, or delete it (None). Never waits for the disk."""
        with self._wake:
            self._pending[(kind, key)] = (plain, token)
            self._wake.notify()

    def stop(self, timeout: float = 2.0) -> None:
        """Write what is pending, once, and end the thread; waits at most ``timeout`` seconds."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout)

    # ---- the thread

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        rows: dict[Row, bytes] | None = None
        while True:
            try:
                box = self._box = self._box or self._get_box()
                if connection is None:
                    connection = self._open()
                if rows is None:
                    rows = self._load(connection, box)
                    self._loaded(rows)
                self._write(connection, box)
                self.error = None
            except (sqlite3.Error, OSError, VaultError) as error:
                self.error = f"{type(error).__name__}: {error}"
                connection = self._dropped(connection)
                self._set_aside(error)
                if rows is None and self._box is not None:
                    rows = self._load_copy(self._box)
            with self._wake:
                if self._stopping:
                    break
                if self.error is not None:
                    self._wake.wait_for(lambda: self._stopping, self._retry_s)
                elif not self._pending:
                    self._wake.wait()
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=LOCK_WAIT_S, isolation_level=None)
        try:
            self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _load(self, connection: sqlite3.Connection, box: Box) -> dict[Row, bytes]:
        rows: dict[Row, bytes] = {}
        for kind, key, body in connection.execute("SELECT kind, key, body FROM sealed"):
            try:
                rows[(kind, key)] = box.open(body, _context(kind, key))
            except VaultError:
                self.unreadable += 1
        return rows

    def _load_copy(self, box: Box) -> dict[Row, bytes] | None:
        """What SQLite can't open without writing beside it is read from a copy in memory."""
        shared = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
        try:
            with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
                for end in ("", "-wal"):
                    part = self._path.with_name(self._path.name + end)
                    if not end or part.exists():
                        shutil.copyfile(part, Path(folder) / f"copy.db{end}")
                connection = sqlite3.connect(Path(folder) / "copy.db")
                try:
                    rows = self._load(connection, box)
                finally:
                    connection.close()
        except (sqlite3.Error, OSError):
            return None
        self._loaded(rows)
        return rows

    def _write(self, connection: sqlite3.Connection, box: Box) -> None:
        with self._wake:
            batch, self._pending = self._pending, {}
            self._writing = len(batch)
        if not batch:
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
            for (kind, key), (plain, _) in batch.items():
                if plain is None:
                    connection.execute("DELETE FROM sealed WHERE kind = ? AND key = ?", (kind, key))
                else:
                    sealed = box.seal(plain, _context(kind, key))
                    connection.execute(
                        "INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", (kind, key, sealed)
                    )
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError):
            with self._wake:
                self._pending = {**batch, **self._pending}
            raise
        finally:
            self._writing = 0
        self._saved([(kind, key, token) for (kind, key), (_, token) in batch.items()])
        if any(plain is None for plain, _ in batch.values()):
            # Else what was deleted would stay readable in the log, for days in a quiet home.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _set_aside(self, error: Exception) -> None:
        """A damaged file is kept under another name, and a new one begun."""
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            for end in ("", "-wal", "-shm"):
                part = self._path.with_name(self._path.name + end)
                with contextlib.suppress(OSError):
                    part.replace(part.with_name(f"{self._path.name}.damaged{end}"))

    @staticmethod
    def _dropped(connection: sqlite3.Connection | None) -> None:
        """Close after a failure: a full disk may have left a transaction open."""
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _context(kind: str, key: str) -> bytes:
    return f"safety/{kind}/{key}".encode()
