"""The history of a home: a journal written every moment, folded into compact blocks.

A writer thread takes what was recorded every 200 ms when much happens, every second when
little does: `kill -9` and a pulled plug lose at most the last second. What waits in the
journal is also in memory, so recent history is read without opening anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import chain, groupby
from operator import gt, itemgetter
from pathlib import Path
from typing import Any

from hub.core.kinds import KINDS, keep_days
from hub.core.sealed import Box
from hub.core.states import State
from hub.history.blocks import (
    HOUR_MS,
    Columns,
    Head,
    Row,
    Value,
    kind_of,
    unpack_block,
    unpack_head,
)
from hub.history.counting import Counting, Kept
from hub.history.files import Damaged, Files, broken
from hub.history.jobs import Swept
from hub.history.keeping import Retention
from hub.history.waiting import Waiting
from hub.history.writer import Writer

_log = logging.getLogger(__name__)
MOST_HEADS = 4_096  # kept open in memory: some days of a home's blocks, not a year's


class History:
    """Records states and reads them back.

    Args:
        folder: where `history.db` is, made when missing (0700).
        box: seals all rows; while it refuses (the household is locked) rows wait in memory.
        days: how many days a kind is kept; 0 keeps nothing.
        files: other files than those of `folder`.

    Attributes:
        damaged: how many batches and blocks could not be opened and were skipped.
    """

    def __init__(
        self,
        folder: Path,
        box: Box,
        *,
        days: Callable[[str], int] = keep_days,
        files: Files | None = None,
    ) -> None:
        self._files = files or Files(folder)
        self.path = self._files.path
        self.damaged = 0
        self._damaged: set[int] = set()
        self._box = box
        self._days = days
        self._unkept = frozenset[str]()
        self._waiting = Waiting()
        self._heads: dict[int, Head] = {}
        self._writer = Writer(self._files, box, self._waiting, self._retention, self._report)
        self._choose_unkept()

    def start(self) -> None:
        """Start the writer thread."""
        self._writer.start()

    async def close(self) -> None:
        """Write what waits and end."""
        await asyncio.to_thread(self._writer.stop)

    @property
    def dropped(self) -> int:
        """How many rows were given up because too many waited."""
        return self._waiting.dropped

    @property
    def problem(self) -> str:
        """Why nothing is written: `ROOM`, `DISK`, or "" while all is well."""
        return self._writer.problem

    def record(self, state: State, _old: State | None = None) -> None:
        """Take a state in, if it brought a change; fits `States.subscribe`. Never blocks."""
        if state.changed == state.updated:
            if self._unkept and kind_of(state.entity_id) in self._unkept:
                return
            value = state.value if state.available else None
            self._waiting.recorded.append((state.entity_id, int(state.updated * 1000), value))

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
        await asyncio.to_thread(self._writer.hurry)

    def retention_changed(self) -> None:
        """The days of a kind are others now; what has run out goes soon."""
        self._choose_unkept()
        self._writer.sweep_soon()

    def _choose_unkept(self) -> None:
        self._unkept = frozenset(kind for kind in KINDS if not self._days(kind))

    async def sweep(self) -> Swept:
        """Remove what has run out; it happens once a day by itself too.

        Raises:
            HistoryProblem: the disk did not take it, or the household is locked.
        """
        return await asyncio.wrap_future(self._writer.sweep().done)

    async def erase(self, entity_id: str | None = None) -> Swept:
        """Erase the history of an entity, None: of all, up to this moment.

        When this returns nothing of it is left in the files. Nothing of it is read from the
        moment on that the wish is on the disk; a crash after that doesn't undo it.

        Raises:
            HistoryProblem: the disk did not take it; it is tried again by itself if the wish
                was written down.
        """
        done = await asyncio.wrap_future(self._writer.erase(entity_id).done)
        self._heads = {}
        return done

    async def kept(self) -> dict[str, Kept]:
        """What is there of each kind."""
        return await asyncio.to_thread(self._kept)

    async def size(self) -> int:
        """Bytes that the files take."""
        return await asyncio.to_thread(self._files.size)

    def _retention(self) -> Retention:
        longest = max(self._days(kind) for kind in ("", *KINDS))
        return Retention(self._days, longest, _now_ms())

    def _kept(self) -> dict[str, Kept]:
        counting = Counting()
        self._writer.begun()
        with self._files.reading() as connection:
            with self._waiting.lock:
                counting.rows(self._waiting.all())
                blocks = self._begun(connection, "SELECT number, head, length(body) FROM blocks")
            for number, sealed, size in blocks:
                with contextlib.suppress(Exception):  # whoever reads its rows reports it
                    counting.block(unpack_head(self._box, number, sealed), len(sealed) + size)
        return counting.found

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
        self._writer.begun()
        erasing = self._writer.erasing
        start = max(start, *(erasing.get(one, -1) + 1 for one in (entity_id, None)))
        with self._files.reading() as connection:
            with self._waiting.lock:
                waiting = _by_hour(self._waiting.all(), entity_id)
                blocks = self._begun(connection, query, (start // HOUR_MS, end // HOUR_MS))
            unfolded = ((hour, None, b"") for hour in sorted(waiting, reverse=newest_first))
            every = merge(blocks, unfolded, key=itemgetter(0), reverse=newest_first)
            for hour, parts in groupby(every, key=itemgetter(0)):
                columns: Columns = ([], [])
                for _hour, number, sealed in parts:
                    head = self._head(hour, number, sealed) if number is not None else None
                    if head is not None and head.may_have(entity_id, start, end):
                        _append(columns, self._block(connection, number, entity_id))
                _append(columns, waiting.get(hour, ([], [])))
                columns = _sorted_within(columns, start, end)
                if columns[0]:
                    yield columns

    def _begun(
        self, connection: sqlite3.Connection, query: str, limits: tuple[int, ...] = ()
    ) -> Iterator[Any]:
        """The rows of a query, which all read one state of the file, up to a damaged place."""
        try:
            connection.execute("BEGIN")
            found = connection.execute(query, limits)
            first = found.fetchone()  # the snapshot is taken at the first step, not at BEGIN
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._unread(error)
            return iter(())
        return self._sound(chain((first,) if first else (), found))

    def _sound(self, rows: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from rows
        except sqlite3.Error as error:
            self._unread(error)

    def _unread(self, error: Exception) -> None:
        if broken(error):
            self._writer.broken = True  # it saves what can be saved
        else:
            _log.warning("history could not be read: %s", error)

    def _head(self, hour: int, number: int, sealed: bytes) -> Head | None:
        head = self._heads.get(number)
        if head is None:
            if len(self._heads) >= MOST_HEADS:
                self._heads = {}
            try:
                head = self._heads[number] = unpack_head(self._box, number, sealed)
            except Exception as error:  # noqa: BLE001 - each box has its own errors
                self._report(number, error)  # tried again each time: a sweep may mend it
                return None
        if head.start // HOUR_MS != hour:
            # Its place isn't sealed as its head is; a sweep puts it back.
            self._report(number, Damaged("in another hour"))
            return None
        return head

    def _block(self, connection: sqlite3.Connection, number: int, entity_id: str) -> Columns:
        query = "SELECT body FROM blocks WHERE number = ?"
        try:
            sealed = connection.execute(query, (number,)).fetchone()[0]
            return unpack_block(self._box, number, sealed, entity_id)
        except sqlite3.Error as error:
            self._unread(error)
        except Exception as error:  # noqa: BLE001 - each box and zlib have their own errors
            self._report(number, error)
        return [], []

    def _report(self, number: int, error: Exception | None) -> None:
        """Count a damaged part once; None: the file itself was.

        Raises the box's error while it is locked: then nothing is damaged.
        """
        if error is None:
            self.damaged += 1
            return
        self._box.seal(b"", b"history probe")
        if number not in self._damaged:
            self._damaged.add(number)
            self.damaged += 1
            _log.error(
                "part %d of the history is damaged and left out: %s", number, type(error).__name__
            )


def _now_ms() -> int:
    return int(time.time() * 1000)


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
