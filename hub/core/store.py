"""SQLite with one writer thread and group commit.

A fact is acknowledged only after its commit reached the disk (synchronous=FULL, WAL), yet
writers don't pay for a commit each: whatever gathers while one commit runs shares the next,
without any waiting window.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from hub.core.sealed import Box, SealedTable, open_json, seal_json

__all__ = ["Box", "SealedTable", "Store", "StoreError", "migrate", "open_json", "seal_json"]

T = TypeVar("T")
Migration = str | Callable[[sqlite3.Connection], object]
_MAX_GROUP = 1_000
_BUSY_MS = 5_000
_MEMORY = ":memory:"


class StoreError(RuntimeError):
    """The database could not do what was asked (disk full, file damaged ...); nothing was kept."""


class _Work(Generic[T]):
    """One function on its way to the writer or reader thread, and its result on the way back."""

    __slots__ = ("_done", "_future", "_loop", "error", "fn", "result")

    def __init__(self, fn: Callable[[sqlite3.Connection], T], *, waits: bool) -> None:
        self.fn = fn
        self.result: T | None = None
        self.error: BaseException | None = None
        self._done = threading.Event() if waits else None
        self._loop = None if waits else asyncio.get_running_loop()
        self._future: asyncio.Future[T] | None = None
        if self._loop is not None:
            self._future = self._loop.create_future()

    def wait(self) -> T:
        """Block until the thread has finished this."""
        assert self._done is not None  # noqa: S101 -- made with waits=True
        self._done.wait()
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # set where there is no error

    def answer(self) -> asyncio.Future[T]:
        """What to await on the event loop."""
        assert self._future is not None  # noqa: S101 -- made with waits=False
        return self._future

    def settle(self) -> None:
        """Deliver the result; in the loop's thread when there is one."""
        if self._done is not None:
            self._done.set()
        elif self._future is not None and not self._future.done():
            if self.error is not None:
                self._future.set_exception(self.error)
            else:
                self._future.set_result(self.result)  # type: ignore[arg-type]  # set where there is no error

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that awaits this; None when a thread waits."""
        return self._loop


_Queue = queue.SimpleQueue[_Work[Any] | None]


class Store:
    """One SQLite file (0600), written by one thread and read by another.

    Args:
        path: the file, or ":memory:" (then reads go through the writer).
        synchronous: "FULL" for facts that are relied on, "NORMAL" where the last seconds
            before a power cut may be lost.

    Raises:
        StoreError: the file can't be opened.
    """

    def __init__(self, path: Path | str, *, synchronous: str = "FULL") -> None:
        self.path = str(path)
        self._synchronous = synchronous
        self._closed = False
        if self.path != _MEMORY:
            Path(self.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._writer = self._open()
        self._writes: _Queue = queue.SimpleQueue()
        self._reads: _Queue | None = None
        self._reader: sqlite3.Connection | None = None
        self._threads = [self._thread("store-write", self._write_loop)]

    def _open(self) -> sqlite3.Connection:
        try:
            made = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            made.execute("PRAGMA journal_mode=WAL")
            made.execute(f"PRAGMA synchronous={self._synchronous}")
            made.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            made.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error as error:
            raise StoreError(f"can't open {self.path}: {error}") from error
        return made

    @staticmethod
    def _thread(name: str, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` in a savepoint on the writer thread; returns once that is committed.

        Raises:
            StoreError: the database failed; the work of `fn` is not kept.
            Exception: whatever `fn` raised, sqlite3.IntegrityError included; not kept either.
        """
        return await self.begin(fn)

    def begin(self, fn: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """`run`, under way at once without a task of its own; await it for result or error."""
        work = _Work(fn, waits=False)
        answer = work.answer()
        try:
            self._send(self._writes, work)
        except StoreError as error:
            answer.set_exception(error)
        return answer

    def run_sync(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """`run` for the time before the event loop; blocks until committed."""
        return self._send(self._writes, _Work(fn, waits=True)).wait()

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn`, which only reads, beside the writer; it sees what is committed.

        Raises:
            StoreError: the database failed.
        """
        if self.path == _MEMORY:
            return await self.run(fn)
        if self._reads is None:
            self._reads, self._reader = queue.SimpleQueue(), self._open()
            self._reader.execute("PRAGMA query_only=ON")
            self._threads.append(self._thread("store-read", self._read_loop))
        return await self._send(self._reads, _Work(fn, waits=False)).answer()

    def _send(self, line: _Queue, work: _Work[T]) -> _Work[T]:
        if self._closed:
            raise StoreError(f"{self.path} is closed")
        line.put(work)
        return work

    def close(self) -> None:
        """Finish what was asked and close the file; blocks while it does."""
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        if self._reads is not None:
            self._reads.put(None)
        for thread in self._threads:
            thread.join()
        if self._reader is not None:
            self._reader.close()
        self._writer.close()

    def _write_loop(self) -> None:
        last = False
        while not last:
            group, last = _gather(self._writes)
            if not group:
                continue
            try:
                self._commit(group)
            except Exception as error:  # noqa: BLE001 -- the thread must survive anything
                for work in group:
                    work.error = work.error or _translated(error, self.path)
                with contextlib.suppress(sqlite3.Error):
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
            _settle(group)

    def _commit(self, group: Sequence[_Work[Any]]) -> None:
        """Run a group in one transaction; a part that fails is undone alone."""
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        for work in group:
            connection.execute("SAVEPOINT work")
            try:
                work.result = work.fn(connection)
                connection.execute("RELEASE work")
            except Exception as error:
                work.error = _translated(error, self.path)
                if not connection.in_transaction:
                    raise  # SQLite rolled the whole transaction back, as on a full disk
                connection.execute("ROLLBACK TO work")
                connection.execute("RELEASE work")
        connection.execute("COMMIT")

    def _read_loop(self) -> None:
        line, connection = self._reads, self._reader
        last = line is None or connection is None
        while not last and line is not None and connection is not None:
            group, last = _gather(line)
            for work in group:
                try:
                    work.result = work.fn(connection)
                except Exception as error:  # noqa: BLE001 -- it is the caller's, who gets it
                    work.error = _translated(error, self.path)
            _settle(group)


def _translated(error: Exception, path: str) -> Exception:
    """Faults of the database as StoreError; mistakes of the caller as they are."""
    if isinstance(error, sqlite3.Error) and not isinstance(
        error, sqlite3.IntegrityError | sqlite3.ProgrammingError
    ):
        wrapped = StoreError(f"{path}: {error}")
        wrapped.__cause__ = error
        return wrapped
    return error


def _gather(line: _Queue) -> tuple[list[_Work[Any]], bool]:
    """Wait for work, then take all that is there; True when told to end."""
    first = line.get()
    if first is None:
        return [], True
    group = [first]
    while len(group) < _MAX_GROUP:
        try:
            more = line.get_nowait()
        except queue.Empty:
            break
        if more is None:
            return group, True
        group.append(more)
    return group, False


def _settle(group: Sequence[_Work[Any]]) -> None:
    """Hand results back, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Work[Any]]] = {}
    for work in group:
        if work.loop is None:
            work.settle()
        else:
            by_loop.setdefault(work.loop, []).append(work)
    for loop, works in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(_settle_all, works)


def _settle_all(works: Sequence[_Work[Any]]) -> None:
    for work in works:
        work.settle()


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> int:
    """Bring the schema up to date by PRAGMA user_version; returns the version.

    Args:
        connection: inside a `Store.run` or `run_sync`, so that a failure leaves no trace.
        migrations: number n takes the schema from version n to n + 1: one SQL statement or
            a function. Never change one that was released.

    Raises:
        StoreError: the file is from a newer release.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise StoreError("the database is from a newer release of Linli; please update")
    for step in migrations[version:]:
        if callable(step):
            step(connection)
        else:
            connection.execute(step)
    connection.execute(f"PRAGMA user_version={len(migrations)}")
    return len(migrations)
