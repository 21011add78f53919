"""A damaged file: what is damaged is told once and left out, the rest is read, writing goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from hub.history import History
from hub.history.blocks import Value
from hub.history.jobs import HistoryProblem
from hub.history.repair import PAGE, blocks_in
from tests.hub.core.boxes import TestBox
from tests.hub.history.homes import record, state, values

NAMES = [f"sensor.s{number}" for number in range(6)]
DAYS = 40
ROWS = 40
Rows = dict[str, list[tuple[float, Value]]]


def made(folder: Path, key: bytes = bytes(32)) -> History:
    history = History(folder, TestBox(key), days=lambda _kind: 1000)
    history.start()
    return history


async def read(history: History) -> Rows:
    return {name: await history.read(name, 0, time.time() + 1) for name in NAMES}


async def _write(folder: Path) -> Rows:
    history = made(folder)
    for days_ago in range(1, DAYS):
        for name in NAMES:
            record(history, name, days_ago, ROWS)
    await history.flush()
    for name in NAMES:
        history.record(state(name, "newest", time.time()))
    await history.flush()
    found = await read(history)
    await history.close()
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    folder = tmp_path_factory.mktemp("history")
    return folder, asyncio.run(_write(folder))


async def swept(history: History) -> None:
    """A sweep looks through the whole file; what it finds is repaired before it goes on."""
    try:
        await history.sweep()
    except HistoryProblem:
        await history.flush()
        await history.sweep()


async def look(folder: Path, rows: Rows, *, most_lost: int) -> None:
    """Open a damaged copy, and see what is left of it and that it goes on."""
    history = made(folder)
    await history.flush()
    await read(history)
    await swept(history)
    left = await read(history)
    for name in NAMES:
        known = set(rows[name])
        assert all(row in known for row in left[name]), "nothing wrong is told"
        assert len(set(left[name])) == len(left[name])
        assert left[name] == sorted(left[name], key=lambda row: row[0])
    lost = sum(map(len, rows.values())) - sum(map(len, left.values()))
    assert lost <= most_lost
    assert history.damaged or not lost, "what is left out is told"
    history.record(state("sensor.new", 1.0, time.time()))
    await history.close()
    history = made(folder)
    await history.flush()
    assert len(await values(history, "sensor.new")) == 1
    assert await read(history) == left
    await history.close()


PLACES = st.tuples(st.integers(0, 10**6), st.integers(0, PAGE - 1) | st.integers(0, 120))


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(PLACES, st.integers(0, 7))
@example((0, 3), 2)  # its first words
@example((0, 18), 7)  # the version of its format
@example((0, 3780), 6)  # a table's name
@example((2, 4068), 0)  # the root of the tree of blocks
@example((1, 3), 0)  # the journal
def test_any_bit(written: tuple[Path, Rows], place: tuple[int, int], bit: int) -> None:
    folder, rows = written
    with tempfile.TemporaryDirectory() as made_for_it:
        copy = shutil.copytree(folder, Path(made_for_it) / "copy")
        path = copy / "history.db"
        data = bytearray(path.read_bytes())
        offset = (place[0] * PAGE + place[1]) % len(data)
        data[offset] ^= 1 << bit
        path.write_bytes(data)
        note(f"page {offset // PAGE}, byte {offset % PAGE}, bit {bit}")
        # A block is one hour's 240 rows here; a page has at most so many of them.
        asyncio.run(look(copy, rows, most_lost=6 * ROWS * 16))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.99])
async def test_a_file_cut_off(written: tuple[Path, Rows], tmp_path: Path, share: float) -> None:
    folder, rows = written
    copy = shutil.copytree(folder, tmp_path / "copy")
    size = (copy / "history.db").stat().st_size
    os.truncate(copy / "history.db", int(size * share))
    every = sum(map(len, rows.values()))  # the newest pages, where the blocks are, are at the end
    await look(copy, rows, most_lost=every if share < 0.9 else every // 2)


async def test_parts_of_another_home_or_another_place(
    written: tuple[Path, Rows], tmp_path: Path
) -> None:
    folder, rows = written
    copy = shutil.copytree(folder, tmp_path / "copy")
    with sqlite3.connect(copy / "history.db") as connection:
        (one, a), (other, b) = connection.execute("SELECT number, body FROM blocks LIMIT 2")
        connection.execute("UPDATE blocks SET body = ? WHERE number = ?", (a, other))
        connection.execute("UPDATE blocks SET body = ? WHERE number = ?", (b, one))
    connection.close()
    history = made(copy)
    await history.flush()
    await read(history)
    left = await read(history)
    assert history.damaged == 2, "each is told once"
    assert sum(map(len, rows.values())) - sum(map(len, left.values())) == 2 * 6 * ROWS
    await history.close()


async def test_with_another_key_nothing_is_read_or_removed_and_writing_goes_on(
    written: tuple[Path, Rows], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, rows = written
    copy = shutil.copytree(folder, tmp_path / "copy")
    history = made(copy, b"x" * 32)
    await history.flush()
    assert not any((await read(history)).values())
    await history.sweep()
    record(history, "sensor.new", 2)  # of an hour that is over: the journal is folded
    await history.flush()
    assert len(await values(history, "sensor.new")) == 20
    assert history.damaged == DAYS
    assert "sensor" not in caplog.text
    await history.close()
    history = made(copy)
    await history.flush()
    left = await read(history)
    assert left == rows, "its own key reads it all, the journal too"
    await history.close()


async def test_another_programs_file_in_its_place(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "history.db") as connection:
        connection.execute("CREATE TABLE other (text TEXT)")
    connection.close()
    history = made(tmp_path)
    record(history, "light.a", 1)
    await history.flush()
    assert len(await values(history, "light.a")) == 20
    await history.close()


async def test_a_torn_end_of_the_log_is_cut_off(tmp_path: Path) -> None:
    history = made(tmp_path / "home")
    for number in range(30):
        history.record(state("light.a", float(number), time.time()))
        await history.flush()
    log = tmp_path / "home" / "history.db-wal"
    whole = log.stat().st_size
    copies = []
    for cut in range(0, whole, whole // 40):
        copy = shutil.copytree(tmp_path / "home", tmp_path / f"copy{cut}")
        with (copy / log.name).open("r+b") as file:
            file.truncate(cut)
            file.seek(max(0, cut - 100))
            file.write(os.urandom(min(cut, 100)))
        copies.append(copy)
    await history.close()
    longest = 0
    for copy in copies:
        again = made(copy)
        again.record(state("light.b", 1.0, time.time()))
        await again.flush()
        found = await values(again, "light.a")
        assert found == [float(number) for number in range(len(found))]
        assert len(found) >= longest
        longest = len(found)
        assert len(await values(again, "light.b")) == 1
        await again.close()
    assert longest > 20


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=3 * PAGE), st.integers(0, 2 * PAGE))
def test_any_bytes_can_be_looked_through(noise: bytes, offset: int) -> None:
    page = bytearray(3 * PAGE)
    page[offset : offset + len(noise)] = noise
    page[PAGE] = 0x0D
    for number, _hour, head, body in blocks_in(bytes(page[: 3 * PAGE])):
        assert isinstance(number, int)
        assert len(head) + len(body) <= 3 * PAGE


FULL = """
import asyncio, resource, sys, time
from pathlib import Path
from hub.core.states import State
from hub.core.store import Store, migrate
from hub.history import History
from hub.history.jobs import HistoryProblem
from tests.hub.core.boxes import TestBox
from tests.hub.history.homes import record, values

async def main():
    folder = Path(sys.argv[1])
    history = History(folder / "history", TestBox(), days=lambda kind: 1000)
    history.start()
    record(history, "light.a", 3, 500)
    await history.flush()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = max(one.stat().st_size for one in (folder / "history").iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30_000, hard))
    number = 0
    while not history.problem:
        for _ in range(200):
            at = time.time()
            history.record(State("light.b", number, {}, True, at, at))
            number += 1
        await history.flush()
    print(history.problem)
    for _ in range(3):
        await history.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    history.record(State("light.c", 1.0, {}, True, at, at))
    try:
        await history.erase("light.a")
    except HistoryProblem:
        print("not now")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30_000, hard))
    store = Store(folder / "home.db")
    await store.run(lambda db: migrate(db, ("CREATE TABLE other (number INTEGER)",)))
    await store.run(lambda db: db.execute("INSERT INTO other VALUES (1)"))
    store.close()
    print(len(await values(history, "light.a")), len(await values(history, "light.b")) == number)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await history.flush()
    print(repr(history.problem))
    await history.close()
    history = History(folder / "history", TestBox(), days=lambda kind: 1000)
    history.start()
    await history.flush()
    print(len(await values(history, "light.a")), len(await values(history, "light.b")) == number)
    print(history.damaged, history.dropped)
    await history.close()

asyncio.run(main())
"""


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    lines = ["disk", "not now", "500 True", "''", "500 True", "0 0"]
    assert done.stdout.splitlines() == lines, done.stderr
    said = [line for line in done.stderr.splitlines() if "history is not written" in line]
    assert len(said) == 1, "one clear line, not one a second"
