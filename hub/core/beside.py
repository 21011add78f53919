"""Reading a database that another process writes: the backup's and the doctor's way."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_beside(path: Path) -> sqlite3.Connection:
    """A connection that only reads, together with the database's own log.

    The history puts a new file in place of the old: one opened just before that would be read
    with the log of the new.

    Raises:
        OSError: there is no such file.
        sqlite3.Error: it can't be read.
    """
    while True:
        known = path.stat().st_ino
        opened = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            opened.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log
        except sqlite3.Error:
            opened.close()
            raise
        if path.stat().st_ino == known:
            return opened
        opened.close()
