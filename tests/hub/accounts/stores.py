"""A household's accounts table over a store in a folder."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hub.accounts.home_table import HomeAccountsTable
from privacy.box import Box

T = TypeVar("T")


class SmallStore:
    """One connection, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()

    def _work(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                answer = fn(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            return answer

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._work, fn)

    read = run

    async def close(self) -> None:
        self._db.close()


async def open_table(path: Path, key: bytes = b"k" * 32) -> tuple[SmallStore, HomeAccountsTable]:
    store = SmallStore(path)
    return store, HomeAccountsTable(store, Box(key))
