import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from hub.core.sealed import SealedTable
from hub.core.store import Migration, Store, StoreError, migrate
from tests.hub.core.boxes import TestBox

TABLE = "CREATE TABLE facts (number INTEGER PRIMARY KEY, text TEXT NOT NULL)"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "data" / "home.db")
    made.run_sync(lambda connection: migrate(connection, [TABLE]))
    yield made
    made.close()


def insert(connection: sqlite3.Connection, number: int, text: str = "") -> int:
    connection.execute("INSERT INTO facts VALUES (?, ?)", (number, text))
    return number


def inserting(number: int, text: str = "") -> Callable[[sqlite3.Connection], int]:
    return lambda connection: insert(connection, number, text)


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM facts").fetchone()[0])


async def test_run_commits_and_read_sees_it(store: Store) -> None:
    assert await store.run(lambda connection: insert(connection, 7)) == 7
    assert await store.read(count) == 1
    with pytest.raises(StoreError):
        await store.read(lambda connection: insert(connection, 8))


async def test_writers_share_commits(store: Store) -> None:
    transactions: list[str] = []
    store.run_sync(
        lambda connection: connection.set_trace_callback(
            lambda sql: transactions.append(sql) if sql == "COMMIT" else None
        )
    )
    transactions.clear()
    await asyncio.gather(*(store.run(inserting(n)) for n in range(500)))
    assert await store.read(count) == 500
    assert len(transactions) < 100


async def test_one_that_fails_undoes_only_itself(store: Store) -> None:
    def half(connection: sqlite3.Connection) -> None:
        insert(connection, 2)
        raise ValueError("half done")

    results = await asyncio.gather(
        store.run(lambda c: insert(c, 1)),
        store.run(half),
        store.run(lambda c: insert(c, 1)),
        store.run(lambda c: insert(c, 3)),
        store.run(lambda c: c.execute("SELECT nothing")),
        return_exceptions=True,
    )
    assert [type(one).__name__ for one in results] == [
        "int",
        "ValueError",
        "IntegrityError",
        "int",
        "StoreError",
    ]
    rows = await store.read(lambda c: c.execute("SELECT number FROM facts").fetchall())
    assert rows == [(1,), (3,)]


async def test_a_full_disk_fails_the_writer_and_not_the_store(store: Store) -> None:
    """SQLite's page limit gives the very error of a full disk (SQLITE_FULL)."""
    await store.run(lambda c: insert(c, 0, "small"))
    pages = await store.run(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await store.run(lambda c: c.execute(f"PRAGMA max_page_count={pages + 2}").fetchone())
    results = await asyncio.gather(
        *(store.run(inserting(n, "x" * 3000)) for n in range(1, 30)),
        return_exceptions=True,
    )
    failed = [one for one in results if isinstance(one, StoreError)]
    assert failed
    assert "full" in str(failed[0])
    kept = [one for one in results if isinstance(one, int)]
    assert await store.read(count) == 1 + len(kept)
    await store.run(lambda c: c.execute("PRAGMA max_page_count=1000000").fetchone())
    assert await store.run(lambda c: insert(c, 99, "x" * 9000)) == 99


_REFUSED = """
import asyncio, resource, sys
from pathlib import Path
from hub.core.store import Store, StoreError, migrate
async def main():
    store = Store(Path(sys.argv[1]))
    await store.run(lambda c: migrate(c, ["CREATE TABLE facts (number INTEGER, text TEXT)"]))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    def insert(connection):
        connection.execute("INSERT INTO facts VALUES (1, ?)", ("x" * 4000,))
    kept = 0
    try:
        while True:
            await store.run(insert)
            kept += 1
    except StoreError as error:
        print(error, file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.run(insert)
    count = await store.read(lambda c: c.execute("SELECT COUNT(*) FROM facts").fetchone()[0])
    print(kept, count)
    store.close()
asyncio.run(main())
"""


def test_a_disk_that_refuses_to_write(tmp_path: Path) -> None:
    """The system itself refuses: the file may not grow any further."""
    done = subprocess.run(
        [sys.executable, "-c", _REFUSED, str(tmp_path / "home.db")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=True,
    )
    kept, count = map(int, done.stdout.split())
    assert kept > 0
    assert count == kept + 1
    assert "home.db" in done.stderr


async def test_a_waiter_that_gave_up_hurts_nobody(store: Store) -> None:
    held = threading.Event()
    slow = asyncio.create_task(store.run(lambda _: held.wait(10)))
    given_up = asyncio.create_task(store.run(lambda c: insert(c, 1)))
    await asyncio.sleep(0)
    given_up.cancel()
    held.set()
    assert await slow
    await store.run(lambda c: insert(c, 2))


def test_files_are_private_and_closing_keeps_all(tmp_path: Path) -> None:
    path = tmp_path / "data" / "home.db"
    store = Store(path)
    store.run_sync(lambda c: migrate(c, [TABLE]))
    store.run_sync(lambda c: insert(c, 1))
    for one in path.parent.iterdir():
        assert one.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    store.close()
    with pytest.raises(StoreError):
        store.run_sync(count)
    again = Store(path)
    assert again.run_sync(count) == 1
    again.close()


def test_migrations_run_once_in_order_and_never_backwards(tmp_path: Path) -> None:
    store = Store(tmp_path / "home.db")
    seen: list[str] = []
    steps: list[Migration] = [TABLE, lambda _: seen.append("second")]
    assert store.run_sync(lambda c: migrate(c, steps[:1])) == 1
    assert store.run_sync(lambda c: migrate(c, steps)) == 2
    assert store.run_sync(lambda c: migrate(c, steps)) == 2
    assert seen == ["second"]
    with pytest.raises(StoreError, match="newer"):
        store.run_sync(lambda c: migrate(c, steps[:1]))
    with pytest.raises(StoreError):
        store.run_sync(lambda c: migrate(c, [*steps, "CREATE TABLE more (a)", "not SQL"]))
    tables = store.run_sync(lambda c: c.execute("SELECT name FROM sqlite_master").fetchall())
    assert ("more",) not in tables
    store.close()


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "home.db").write_text("not a database, but long enough to be read as one " * 40)
    with pytest.raises(StoreError):
        Store(tmp_path / "home.db")


async def test_memory_store() -> None:
    store = Store(":memory:")
    await store.run(lambda c: migrate(c, [TABLE]))
    await store.run(lambda c: insert(c, 1))
    assert await store.read(count) == 1
    store.close()


async def test_sealed_rows_are_bound_to_their_place(store: Store) -> None:
    table = SealedTable("people", TestBox())
    await store.run(lambda c: c.execute(SealedTable.migration("people")))
    await store.run(lambda c: table.put(c, "a", {"name": "planted"}))
    await store.run(lambda c: table.put(c, "a", {"name": "planted again"}))
    await store.run(lambda c: table.put(c, "b", [1, None]))
    assert await store.read(lambda c: table.get(c, "a")) == {"name": "planted again"}
    assert await store.read(lambda c: table.get(c, "c")) is None
    assert await store.read(lambda c: [key for key, _ in table.all(c)]) == ["a", "b"]
    raw = await store.read(lambda c: c.execute("SELECT sealed FROM people").fetchall())
    assert all(b"planted" not in row[0] for row in raw)
    await store.run(
        lambda c: c.execute(
            "UPDATE people SET sealed = (SELECT sealed FROM people WHERE key = 'b') WHERE key = 'a'"
        )
    )
    with pytest.raises(InvalidTag):
        await store.read(lambda c: table.get(c, "a"))
    assert await store.run(lambda c: table.delete(c, "a"))
    assert not await store.run(lambda c: table.delete(c, "a"))


_ACKNOWLEDGER = """
import asyncio, sys
from pathlib import Path
from hub.core.store import Store, migrate
async def main():
    store = Store(Path(sys.argv[1]))
    await store.run(lambda c: migrate(c, ["CREATE TABLE facts (number INTEGER PRIMARY KEY)"]))
    async def one(n):
        await store.run(lambda c: c.execute("INSERT INTO facts VALUES (?)", (n,)))
        print(n, flush=True)
    n = 0
    while True:
        await asyncio.gather(*(one(n + k) for k in range(8)))
        n += 8
asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 57, 400])
def test_what_was_acknowledged_survives_kill(tmp_path: Path, after: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ACKNOWLEDGER, str(tmp_path / "home.db")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    told = {int(process.stdout.readline()) for _ in range(after)}
    os.kill(process.pid, signal.SIGKILL)
    told |= {int(line) for line in process.stdout.read().split("\n")[:-1]}
    process.wait(10)
    process.stdout.close()
    store = Store(tmp_path / "home.db")
    kept = {row[0] for row in store.run_sync(lambda c: c.execute("SELECT * FROM facts").fetchall())}
    store.close()
    assert told <= kept
