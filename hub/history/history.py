"""The history of a home: a journal written every moment, folded into compact blocks.

A writer thread takes what was recorded every 200 ms when much happens, every second when
little does: `kill -9` and a pulled plug lose at most the last second. What waits in the
journal is also in memory, so recent history is read without opening anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from heapq import merge
from itertools import chain, groupby
from operator import gt, itemgetter
from pathlib import Path

from hub.core.sealed import Box
from hub.core.states import State
from hub.history.blocks import (
    HOUR_MS,
    Columns,
    Head,
    Row,
    Value,
    pack_batch,
    pack_block,
    sort_into_blocks,
    unpack_batch,
    unpack_block,
    unpack_head,
)

_log = logging.getLogger(__name__)
BUSY_S, QUIET_S = 0.2, 1.0
_BUSY_ROWS = 20  # a flush with more than this many makes the next one come sooner
FOLD_ROWS = 8_192
MAX_WAITING = 200_000  # rows kept in memory while the disk or the key is away
KEEP_DAYS = 400
MOST_HEADS = 4_096  # kept open in memory: some days of a home's blocks, not a year's
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hour INTEGER NOT NULL,"
    " head BLOB NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS blocks_by_hour ON blocks (hour)",
)


class History:
    """Records states and reads them back.

    Args:
        folder: where `history.db` is, made when missing (0700).
        box: seals all rows; while it refuses (the household is locked) rows wait in memory.
        keep_days: older rows are removed.

    Attributes:
        damaged: how many batches and blocks could not be opened and were skipped.
        dropped: how many rows were given up because too many waited.
    """

    def __init__(self, folder: Path, box: Box, *, keep_days: int = KEEP_DAYS) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / "history.db"
        self.damaged = 0
        self.dropped = 0
        self._box = box
        self._keep_ms = keep_days * 24 * HOUR_MS
        self._recorded: deque[Row] = deque()
        self._unsaved: list[Row] = []  # taken over, not on the disk yet
        self._recent: list[Row] = []  # everything that is in no block yet
        self._heads: dict[int, Head | None] = {}
        self._lock = threading.Lock()
        self._stopping = False
        self._wake = threading.Event()
        self._wanted = threading.Condition()
        self._rounds = 0
        self._hurry = 0  # rounds that somebody waits for
        self._thread: threading.Thread | None = None
        self._loaded = False
        self._last_number = 0

    def start(self) -> None:
        """Start the writer thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_loop, name="history", daemon=True)
            self._thread.start()

    async def close(self) -> None:
        """Write what waits and end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._wake.set()
            await asyncio.to_thread(thread.join)

    def record(self, state: State, _old: State | None = None) -> None:
        """Take a state in, if it brought a change; fits `States.subscribe`. Never blocks."""
        if state.changed == state.updated:
            value = state.value if state.available else None
            self._recorded.append((state.entity_id, int(state.updated * 1000), value))

    async def read(self, entity_id: str, start: float, end: float) -> list[tuple[float, Value]]:
        """What an entity was, as (seconds since 1970, value), oldest first.

        A value holds until the next; None says unknown or not reachable.

        Args:
            entity_id: whose history.
            start: seconds since 1970.
            end: seconds since 1970, included.
        """
        return await asyncio.to_thread(
            lambda: [
                (at / 1000, value)
                for columns in self.hours(entity_id, int(start * 1000), int(end * 1000))
                for at, value in zip(*columns, strict=True)
            ]
        )

    async def flush(self) -> None:
        """Return when everything recorded so far is on the disk, or could not be written."""
        await asyncio.to_thread(self._flush_now)

    async def erase(self) -> None:
        """Remove all history."""
        await self.flush()
        await asyncio.to_thread(self._erase)

    def _flush_now(self) -> None:
        with self._wanted:
            # The round that runs now may have begun before the last row came.
            rounds, self._hurry = self._rounds + 2, 2
            self._wake.set()
            while self._rounds < rounds and self._thread is not None:
                self._wanted.wait(0.05)

    def _connect(self) -> sqlite3.Connection:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        made = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("PRAGMA synchronous=FULL")
        for statement in _SCHEMA:
            made.execute(statement)
        return made

    def _erase(self) -> None:
        with self._lock, contextlib.closing(self._connect()) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("DELETE FROM journal")
            connection.execute("DELETE FROM blocks")
            self._recent.clear()
            self._unsaved.clear()
            self._heads.clear()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _write_loop(self) -> None:
        connection: sqlite3.Connection | None = None
        last = False
        while not last:
            last = self._stopping
            count = 0
            try:
                connection = connection or self._connect()
                count = self._round(connection)
            except sqlite3.Error as error:
                _log.warning("history could not be written: %s", error)
                if connection is not None:
                    connection.close()
                    connection = None
            except Exception as error:  # noqa: BLE001 - locked or broken boxes have own errors
                _log.info("history waits for its key: %s", type(error).__name__)
            with self._wanted:
                self._rounds += 1
                self._wanted.notify_all()
                self._hurry = max(0, self._hurry - 1)
            if not last and not self._hurry:
                self._pause(BUSY_S if count > _BUSY_ROWS else QUIET_S)
        if connection is not None:
            connection.close()

    def _pause(self, seconds: float) -> None:
        """Wait, but less when told to stop or hurry, or when much has come meanwhile."""
        end = time.monotonic() + seconds
        while not self._wake.is_set() and (left := end - time.monotonic()) > 0:
            self._wake.wait(min(BUSY_S, left))
            if len(self._recorded) > _BUSY_ROWS:
                break
        self._wake.clear()

    def _round(self, connection: sqlite3.Connection) -> int:
        """One flush; returns how many rows it took over."""
        with self._lock:
            recorded = self._recorded
            rows = [recorded.popleft() for _ in range(len(recorded))]
            self._recent.extend(rows)
            self._unsaved.extend(rows)
            surplus = len(self._unsaved) - MAX_WAITING
            if surplus > 0:
                self.dropped += surplus
                del self._unsaved[:surplus]
                begin = len(self._recent) - len(self._unsaved) - surplus
                del self._recent[begin : begin + surplus]
        if not self._loaded:
            self._load(connection)
        if self._unsaved:
            number = self._next_number()
            sealed = pack_batch(self._box, number, self._unsaved)
            connection.execute("INSERT INTO journal VALUES (?, ?)", (number, sealed))
            with self._lock:
                self._unsaved = []
        if self._recent and (len(self._recent) >= FOLD_ROWS or self._hour_over()):
            self._fold(connection)
        return len(rows)

    def _hour_over(self) -> bool:
        return self._recent[0][1] // HOUR_MS < int(time.time() * 1000) // HOUR_MS

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
        newest = connection.execute("SELECT MAX(number) FROM blocks").fetchone()[0]
        self._last_number = max(self._last_number, newest or 0)
        with self._lock:
            self._recent[:0] = rows
        self._loaded = True

    def _fold(self, connection: sqlite3.Connection) -> None:
        """Turn the journal into blocks, in one transaction."""
        rows = list(self._recent)
        added: list[tuple[int, int, bytes, bytes]] = []
        for hour, parts in sort_into_blocks(rows):
            number = self._next_number()
            head, body = pack_block(self._box, number, parts)
            added.append((number, hour, head, body))
        oldest = (int(time.time() * 1000) - self._keep_ms) // HOUR_MS
        with self._lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?)", added)
                connection.execute("DELETE FROM journal")
                connection.execute("DELETE FROM blocks WHERE hour < ?", (oldest,))
                connection.execute("COMMIT")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            del self._recent[: len(rows)]

    def hours(
        self, entity_id: str, start: int, end: int, *, newest_first: bool = False
    ) -> Iterator[Columns]:
        """The rows of an entity, an hour at a time, as (times, values), oldest row first.

        Blocks: only for a thread that may. One hour at a time is in memory, so that a month of
        a reading a second can be gone through. The hours are one state of the history, however
        long the reader takes; it has to come to an end or close the iterator.

        Args:
            entity_id: whose.
            start: milliseconds since 1970.
            end: milliseconds, included.
            newest_first: the hours (not the rows within) from the newest to the oldest.
        """
        query = "SELECT hour, number, head FROM blocks WHERE hour BETWEEN ? AND ? ORDER BY hour"
        query += " DESC, number" if newest_first else ", number"
        with contextlib.closing(self._connect()) as connection:
            with self._lock:
                waiting = _by_hour([*self._recent, *self._recorded], entity_id)
                connection.execute("BEGIN")
                found = connection.execute(query, (start // HOUR_MS, end // HOUR_MS))
                first = found.fetchone()  # the snapshot is taken at the first step, not at BEGIN
            blocks = chain((first,) if first else (), found)
            unfolded = ((hour, 0, b"") for hour in sorted(waiting, reverse=newest_first))
            every = merge(blocks, unfolded, key=itemgetter(0), reverse=newest_first)
            for hour, parts in groupby(every, key=itemgetter(0)):
                columns: Columns = ([], [])
                for _hour, number, sealed in parts:
                    head = self._head(number, sealed) if number else None
                    if head is not None and head.may_have(entity_id, start, end):
                        _append(columns, self._block(connection, number, entity_id))
                _append(columns, waiting.get(hour, ([], [])))
                columns = _sorted_within(columns, start, end)
                if columns[0]:
                    yield columns

    def _head(self, number: int, sealed: bytes) -> Head | None:
        if number not in self._heads:
            if len(self._heads) >= MOST_HEADS:
                self._heads = {key: head for key, head in self._heads.items() if head is None}
            try:
                self._heads[number] = unpack_head(self._box, number, sealed)
            except Exception as error:  # noqa: BLE001 - each box has its own errors
                self._box.seal(b"", b"history probe")
                self._report(number, error)
                self._heads[number] = None
        return self._heads[number]

    def _block(self, connection: sqlite3.Connection, number: int, entity_id: str) -> Columns:
        query = "SELECT body FROM blocks WHERE number = ?"
        sealed = connection.execute(query, (number,)).fetchone()[0]
        try:
            return unpack_block(self._box, number, sealed, entity_id)
        except Exception as error:  # noqa: BLE001 - each box and zlib have their own errors
            self._box.seal(b"", b"history probe")
            self._report(number, error)
            self._heads[number] = None
            return [], []

    def _report(self, number: int, error: Exception) -> None:
        self.damaged += 1
        _log.error("part %d of the history is damaged and left out: %s", number, error)


def _by_hour(rows: list[Row], entity_id: str) -> dict[int, Columns]:
    found: dict[int, Columns] = {}
    for name, at, value in rows:
        if name == entity_id:
            times, values = found.setdefault(at // HOUR_MS, ([], []))
            times.append(at)
            values.append(value)
    return found


def _append(columns: Columns, more: Columns) -> None:
    columns[0].extend(more[0])
    columns[1].extend(more[1])


def _sorted_within(columns: Columns, start: int, end: int) -> Columns:
    """The rows from `start` to `end`, oldest first; those of one moment stay as they came."""
    times, values = columns
    if any(map(gt, times, times[1:])):
        order = sorted(range(len(times)), key=times.__getitem__)
        times, values = [times[one] for one in order], [values[one] for one in order]
    begin, after = bisect_left(times, start), bisect_right(times, end)
    return times[begin:after], values[begin:after]
