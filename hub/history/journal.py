"""Journal and blocks as the writer thread writes them; see `hub.history.writer`."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable

from hub.core.sealed import Box, open_json, seal_json
from hub.history.blocks import HOUR_MS, Row, pack_batch, pack_block, sort_into_blocks, unpack_batch
from hub.history.files import Files
from hub.history.keeping import Retention, Rule
from hub.history.waiting import Waiting

FOLD_ROWS = 8_192
_INTENT = b"history erasing"


class Journal:
    """What waits goes into the journal, the journal into blocks. All of it is one thread's own.

    Args:
        files: where to.
        box: seals all rows; while it refuses (the household is locked) rows wait in memory.
        waiting: what came.
        retention: the rule of the moment.
        report: told of a part that can't be opened; raises the box's error while it is locked.

    Attributes:
        erasing: entity id (None: all) -> until when its rows are no longer read, milliseconds.
    """

    def __init__(
        self,
        files: Files,
        box: Box,
        waiting: Waiting,
        retention: Callable[[], Retention],
        report: Callable[[int, Exception | None], None],
    ) -> None:
        self.erasing: dict[str | None, int] = {}
        self._files = files
        self._box = box
        self._waiting = waiting
        self._retention = retention
        self._report = report
        self._connection: sqlite3.Connection | None = None
        self._loaded = False
        self._unreadable: list[int] = []  # batches of the journal
        self._last_number = 0

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._files.connect()
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _write(self, connection: sqlite3.Connection) -> bool:
        """Write what waits; returns whether there was room for it."""
        waiting = self._waiting
        if waiting.unsaved:
            if not self._files.has_room():
                return False
            number = self._next_number()
            sealed = pack_batch(self._box, number, waiting.unsaved)
            connection.execute("INSERT INTO journal VALUES (?, ?)", (number, sealed))
            with waiting.lock:
                waiting.unsaved = []
        if waiting.recent and (len(waiting.recent) >= FOLD_ROWS or self._hour_over()):
            self._fold(connection)
        return True

    def _hour_over(self) -> bool:
        return self._waiting.recent[0][1] // HOUR_MS < int(time.time() * 1000) // HOUR_MS

    def _next_number(self) -> int:
        """A number never used before, which binds sealed bytes to their row."""
        self._last_number = max(self._last_number + 1, time.time_ns() // 1000)
        return self._last_number

    def _load(self, connection: sqlite3.Connection) -> None:
        """Bring the journal back into memory; raises the box's error while it is locked."""
        self._box.seal(b"", b"history probe")
        rows: list[Row] = []
        for number, sealed in connection.execute("SELECT * FROM journal ORDER BY number"):
            self._last_number = max(self._last_number, number)
            try:
                rows += unpack_batch(self._box, number, sealed)
            except Exception as error:  # noqa: BLE001 - each box and zlib have their own errors
                self._report(number, error)
                self._unreadable.append(number)
        newest = connection.execute("SELECT MAX(number) FROM blocks").fetchone()[0]
        self._last_number = max(self._last_number, newest or 0)
        for number, sealed in connection.execute("SELECT * FROM erasing"):
            try:
                entity_id, until = open_json(self._box, sealed, _INTENT)
            except Exception as error:  # noqa: BLE001 - each box has its own errors
                self._report(number, error)
            else:
                self.erasing[entity_id] = until
        with self._waiting.lock:
            self._waiting.recent[:0] = rows
        self._loaded = True

    def _fold(self, connection: sqlite3.Connection, rule: Rule | None = None) -> None:
        """Turn the journal into blocks, in one transaction."""
        waiting = self._waiting
        rows = list(waiting.recent)
        rule = rule or self._retention()
        added: list[tuple[int, int, bytes, bytes]] = []
        for hour, parts in sort_into_blocks(row for row in rows if row[1] >= rule.since(row[0])):
            number = self._next_number()
            added.append((number, hour, *pack_block(self._box, number, parts)))
        with waiting.lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?)", added)
                self._empty_journal(connection, rule)
                connection.execute("COMMIT")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            waiting.folded(len(rows))

    def _empty_journal(self, connection: sqlite3.Connection, rule: Rule) -> None:
        """Remove the batches; those that can't be read stay as long as such a block would."""
        self._unreadable = [
            number
            for number in self._unreadable
            if not rule.unreadable_goes(number // 1000 // HOUR_MS, None)
        ]
        if not self._unreadable:
            connection.execute("DELETE FROM journal")
            return
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS staying (number INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM staying")
        rows = [(number,) for number in self._unreadable]
        connection.executemany("INSERT INTO staying VALUES (?)", rows)
        connection.execute("DELETE FROM journal WHERE number NOT IN (SELECT number FROM staying)")

    def _intend(self, connection: sqlite3.Connection, entity_id: str | None, until: int) -> None:
        number = self._next_number()
        sealed = seal_json(self._box, [entity_id, until], _INTENT)
        connection.execute("INSERT INTO erasing VALUES (?, ?)", (number, sealed))
