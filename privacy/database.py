"""How this room opens SQLite: every commit is on the disk when it returns."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_database(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, WAL, synchronous=FULL, deleted rows overwritten.

    The file is readable by its owner only. The connection may be used from any thread, one at
    a time.
    """
    path.touch(mode=0o600)
    path.chmod(0o600)
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA secure_delete=ON")
    return database
