"""The community's database: short synchronous sessions behind `await store.run(fn)`.

Every function handed to the store runs away from the event loop, on a session of its own, and
its answer comes back after the commit: whoever awaited may acknowledge. SQLite has one writer
thread that commits in groups (WAL, synchronous=FULL) and one reader; PostgreSQL, chosen by
`LINLI_DATABASE_URL`, has a small pool of threads.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session, SQLModel

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_POSTGRES_THREADS = 4
_TRIES = 3
_SWITCH_S = 10.0  # to wait for another program that switches the file to WAL
_AGAIN = frozenset({"40001", "40P01"})  # serialization failure, deadlock: PostgreSQL, appendix A


class StoreError(Exception):
    """The database could not keep what it was given; nothing of it may be acknowledged."""


class Store:
    """Sessions on one database.

    Args:
        url: An SQLAlchemy address, `sqlite:///…` or `postgresql://…`.
    """

    def __init__(self, url: str) -> None:
        self.url = _with_driver(url)
        self.sqlite = self.url.startswith("sqlite")
        self._engine = _engine(self.url, sqlite=self.sqlite)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        threads = 1 if self.sqlite else _POSTGRES_THREADS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="community-db")
        if self.sqlite:
            self._writer = threading.Thread(target=self._write, name="community-writer")
            self._writer.daemon = True
            self._writer.start()

    @property
    def engine(self) -> Engine:
        """The engine, for migrations and tests."""
        return self._engine

    async def run(self, fn: Callable[[Session], T]) -> T:
        """Run `fn` in a transaction and return its answer after the commit.

        Raises:
            StoreError: The database refused or could not be written.
        """
        return await asyncio.wrap_future(self._submit(fn))

    async def read(self, fn: Callable[[Session], T]) -> T:
        """Run `fn` for reading only; it never waits behind a writer."""
        return await asyncio.wrap_future(self._pool.submit(self._once, fn))

    def run_sync(self, fn: Callable[[Session], T]) -> T:
        """The same as `run` for callers without an event loop: start and command line."""
        return self._submit(fn).result()

    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join(timeout=10)
        self._pool.shutdown(wait=True)
        self._engine.dispose()

    def _submit(self, fn: Callable[[Session], T]) -> Future[T]:
        if not self.sqlite:
            return self._pool.submit(self._retried, fn)
        job = _Job(fn)
        self._jobs.put(job)
        return job.future

    def _once(self, fn: Callable[[Session], T]) -> T:
        try:
            with Session(self._engine) as session:
                return _plain(fn(session))
        except SQLAlchemyError as error:
            raise StoreError(_short(error)) from error

    def _retried(self, fn: Callable[[Session], T]) -> T:
        for attempt in range(_TRIES):
            try:
                with Session(self._engine) as session, session.begin():
                    return _plain(fn(session))
            except DBAPIError as error:
                again = getattr(error.orig, "sqlstate", "") in _AGAIN
                if not again or attempt == _TRIES - 1:
                    raise StoreError(_short(error)) from error
            except SQLAlchemyError as error:
                raise StoreError(_short(error)) from error
        raise StoreError("the database kept refusing the transaction")

    def _write(self) -> None:
        """The writer thread: all that gathered during the last commit shares the next one."""
        while True:
            first = self._jobs.get()
            if first is None:
                return
            jobs, ends = [first], False
            while not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    ends = True
                    break
                jobs.append(job)
            self._commit([job for job in jobs if job.future.set_running_or_notify_cancel()])
            if ends:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            with self._engine.connect() as connection, connection.begin():
                for job in jobs:
                    job.run(connection)
        except (SQLAlchemyError, StoreError) as error:
            _LOG.error("the community database was not written: %s", _short(error))
            for job in jobs:
                job.future.set_exception(StoreError(_short(error)))
            return
        for job in jobs:
            job.answer()


class _Job:
    __slots__ = ("error", "fn", "future", "value")

    def __init__(self, fn: Callable[[Session], Any]) -> None:
        self.fn = fn
        self.future: Future[Any] = Future()
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Run in a savepoint, so that one function's failure undoes only its own work.

        Raises:
            StoreError: SQLite gave up the whole transaction (disk full, I/O error), and with
                it the work of every function that shared it.
        """
        try:
            with (
                Session(connection, join_transaction_mode="create_savepoint") as session,
                session.begin(),
            ):
                self.value = _plain(self.fn(session))
        except SQLAlchemyError as error:
            self.error = StoreError(_short(_first(error)))
            self.error.__cause__ = error
            if not getattr(connection.connection.driver_connection, "in_transaction", True):
                raise self.error from error
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits this job
            self.error = error

    def answer(self) -> None:
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


def database_url(data: Path) -> str:
    """Return `LINLI_DATABASE_URL`, else the SQLite file in the data folder."""
    return os.environ.get("LINLI_DATABASE_URL") or f"sqlite:///{data / 'community.db'}"


def open_store(data: Path) -> Store:
    """Open the community's database, creating or migrating it where its version differs."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(database_url(data))
    try:
        ensure_schema(store)
    except SQLAlchemyError as error:
        store.close()
        raise StoreError(f"the database does not answer: {_short(_first(error))}") from error
    return store


def ensure_schema(store: Store) -> None:
    """Bring the database to this program's version.

    Alembic is slow to import, so it is imported only when there is something to do.

    Raises:
        StoreError: The database was written by a newer program, or a migration failed.
    """
    from community.core.schema import HEAD, KNOWN

    found = schema_version(store.engine)
    if found == HEAD:
        return
    if found is not None and found not in KNOWN:
        raise StoreError(
            f"the database has version {found}, written by a newer Linli; update this program"
        )
    from community.core.migrate import upgrade

    try:
        upgrade(store.engine)
    except SQLAlchemyError as error:
        raise StoreError(f"the database could not be migrated: {_short(error)}") from error


def schema_version(engine: Engine) -> str | None:
    """Return the version a database is at, None for an empty one."""
    from sqlalchemy import inspect

    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _engine(url: str, *, sqlite: bool) -> Engine:
    if not sqlite:
        return create_engine(url, pool_size=_POSTGRES_THREADS, max_overflow=1, pool_pre_ping=True)
    path = make_url(url).database
    if path and path != ":memory:":
        # SQLite would make it readable by every account of the machine.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: savepoints and WAL need ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reader = threading.current_thread().name.startswith("community-db")
        connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch a file to WAL; of programs that do it at once all but one are refused at once."""
    end = time.monotonic() + _SWITCH_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)  # in one of the store's own threads, or before the loop runs
        else:
            return


def _plain(value: T) -> T:
    """Refuse to let an ORM object out: outside its session it would lie or fail."""
    inside = value if isinstance(value, list | tuple | set) else (value,)
    if any(isinstance(item, SQLModel) for item in inside):
        raise TypeError("no ORM object leaves the store; return plain values")
    return value


def _first(error: BaseException) -> BaseException:
    """The failure that began a chain: undoing after it may fail too and hide it."""
    while isinstance(error.__context__, SQLAlchemyError):
        error = error.__context__
    return error


def _short(error: BaseException) -> str:
    """The driver's own words without statement and parameters, which may hold data."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__
