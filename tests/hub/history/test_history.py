import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.core.states import State
from hub.history import History
from hub.history.blocks import (
    BLOCK_ROWS,
    HOUR_MS,
    Row,
    pack_batch,
    pack_block,
    sort_into_blocks,
    unpack_batch,
    unpack_block,
    unpack_head,
)
from hub.history.files import Files
from hub.history.journal import FOLD_ROWS
from tests.hub.core.boxes import TestBox

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["sensor.a", "sensor.b", "valve.c"]),
        st.integers(0, 3 * HOUR_MS),
        st.none()
        | st.booleans()
        | st.text(max_size=4)
        | st.floats(allow_nan=False, allow_infinity=False),
    ),
    max_size=60,
)


def state(entity_id: str, value: bool | float | str | None, at: float) -> State:
    return State(entity_id, value, {}, True, at, at)


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    made = History(tmp_path, TestBox())
    made.start()
    yield made
    await made.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_blocks_give_back_every_row(rows: list[Row]) -> None:
    box = TestBox()
    assert unpack_batch(box, 5, pack_batch(box, 5, rows)) == rows
    found: list[Row] = []
    for number, (hour, parts) in enumerate(sort_into_blocks(rows)):
        head, body = pack_block(box, number, parts)
        known = unpack_head(box, number, head)
        for name in {part[0] for part in parts}:
            for at, value in zip(*unpack_block(box, number, body, name), strict=True):
                assert at // HOUR_MS == hour
                assert known.may_have(name, at, at)
                found.append((name, at, value))
    assert sorted(map(repr, found)) == sorted(map(repr, rows))


def test_blocks_stay_near_their_size() -> None:
    rows: list[Row] = [(f"sensor.s{n % 7}", n, float(n)) for n in range(20_000)]
    sizes = [sum(len(part[1]) for part in parts) for _, parts in sort_into_blocks(rows)]
    assert sum(sizes) == 20_000
    assert max(sizes) < 2 * BLOCK_ROWS


async def test_read_sees_what_was_just_recorded_and_what_was_folded(history: History) -> None:
    now = time.time()
    for number in range(FOLD_ROWS + 10):
        history.record(state("sensor.a", float(number), now - 100 + number / 1000))
        if number % 100 == 0:
            history.record(state("valve.b", "open", now - 100 + number / 1000))
    await history.flush()
    history.record(state("sensor.a", "last", now))
    rows = await history.read("sensor.a", now - 200, now + 1)
    assert [value for _, value in rows] == [*map(float, range(FOLD_ROWS + 10)), "last"]
    assert rows[0][0] == pytest.approx(now - 100, abs=0.002)
    assert len(await history.read("sensor.a", now - 100, now - 99)) == pytest.approx(1000, abs=3)
    assert len(await history.read("valve.b", 0, now)) == 83
    assert await history.read("sensor.c", 0, now) == []
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM blocks").fetchone()[0] >= 8
    connection.close()


async def test_only_changes_are_kept_and_the_unreachable_is_unknown(history: History) -> None:
    at = float(int(time.time()))
    history.record(State("s.a", 1.0, {}, True, at, at))
    history.record(State("s.a", 1.0, {}, True, at, at + 1))
    history.record(State("s.a", 1.0, {}, False, at + 2, at + 2))
    assert await history.read("s.a", at, at + 9) == [(at, 1.0), (at + 2, None)]


async def test_survives_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        history = History(tmp_path, TestBox())
        history.start()
        history.record(state("s.a", float(number), time.time()))
        await history.close()
    history = History(tmp_path, TestBox())
    history.start()
    await history.flush()
    rows = await history.read("s.a", 0, time.time() + 1)
    assert [value for _, value in rows] == [0.0, 1.0, 2.0]
    await history.close()


async def test_nothing_readable_on_the_disk_and_nobody_else_may_look(tmp_path: Path) -> None:
    history = History(tmp_path / "history", TestBox())
    history.start()
    history.record(state("sensor.grandmother_bedroom", "planted", time.time()))
    await history.close()
    for path in (tmp_path / "history").iterdir():
        assert b"grandmother" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "history").stat().st_mode & 0o077 == 0


async def test_a_damaged_part_is_reported_and_skipped(tmp_path: Path) -> None:
    history = History(tmp_path, TestBox())
    history.start()
    began = time.time() - 3 * 3600
    for number in range(FOLD_ROWS):
        history.record(state("s.a", float(number), began + number))
    await history.close()
    with sqlite3.connect(history.path) as connection:
        number, body = connection.execute("SELECT number, body FROM blocks").fetchone()
        damaged = bytes([body[0] ^ 1]) + body[1:]
        connection.execute("UPDATE blocks SET body = ? WHERE number = ?", (damaged, number))
        connection.execute("INSERT INTO journal VALUES (7, x'00')")
    connection.close()
    history = History(tmp_path, TestBox())
    history.start()
    history.record(state("s.a", "new", time.time()))
    await history.flush()
    rows = await history.read("s.a", 0, time.time() + 1)
    assert 0 < len(rows) < FOLD_ROWS
    assert rows[-1][1] == "new"
    assert history.damaged == 2
    await history.close()


async def test_waits_for_its_key(tmp_path: Path) -> None:
    box = TestBox()
    box.locked = True
    history = History(tmp_path, box)
    history.start()
    began = int(time.time())
    history.record(state("s.a", 1.0, began))
    await history.flush()
    box.locked = False
    await history.flush()
    await history.close()
    history = History(tmp_path, box)
    history.start()
    await history.flush()
    assert await history.read("s.a", 0, began + 1) == [(began, 1.0)]
    assert history.damaged == 0
    await history.close()


async def test_erase(history: History) -> None:
    history.record(state("s.a", 1.0, time.time()))
    await history.erase()
    assert await history.read("s.a", 0, time.time() + 1) == []
    history.record(state("s.a", 2.0, time.time()))
    assert [value for _, value in await history.read("s.a", 0, time.time() + 1)] == [2.0]


async def test_old_rows_are_removed(tmp_path: Path) -> None:
    history = History(tmp_path, TestBox(), days=lambda _kind: 1)
    history.start()
    history.record(state("s.a", "old", time.time() - 3 * 86400))
    history.record(state("s.a", "new", time.time() - 7200))
    await history.flush()
    rows = await history.read("s.a", 0, time.time())
    assert [value for _, value in rows] == ["new"]
    await history.close()


_WRITER = """
import sys, time
from pathlib import Path
from hub.core.states import State
from hub.history import History
from tests.hub.core.boxes import TestBox
history = History(Path(sys.argv[1]), TestBox())
history.start()
number = 0
while True:
    at = time.time()
    history.record(State("s.a", float(number), {}, True, at, at))
    number += 1
    if number % 50 == 0:
        print(at, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("pause", ["0.0005", "0.02"])
async def test_kill_loses_at_most_the_last_second(tmp_path: Path, pause: str) -> None:
    at = write_and_kill(tmp_path, pause)
    history = History(tmp_path, TestBox())
    history.start()
    await history.flush()
    rows = await history.read("s.a", 0, time.time())
    await history.close()
    assert [value for _, value in rows] == [float(n) for n in range(len(rows))]
    assert rows[-1][0] > at - 1.3
    assert history.damaged == 0


def write_and_kill(folder: Path, pause: str) -> float:
    """Run the writer for some seconds, kill it; returns when it recorded last."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder), pause],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    began = float(process.stdout.readline())
    at = began
    while at < began + 2.5:
        at = float(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    return at


class TightFiles(Files):
    """Files on a disk that has room for so many pages of 4 KiB."""

    pages = 1_000_000

    def connect(self) -> sqlite3.Connection:
        made = super().connect()
        made.execute(f"PRAGMA max_page_count={self.pages}")
        return made


async def test_a_full_disk_loses_no_block_and_what_waits_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history = History(tmp_path, TestBox(), files=TightFiles(tmp_path))
    history.start()
    began = time.time() - 1000
    total = 2 * FOLD_ROWS
    for number in range(FOLD_ROWS):
        history.record(state("s.a", float(number), began + number / 1000))
    await history.flush()
    await history.close()
    before = history.path.stat().st_size // 4096
    files = TightFiles(tmp_path)
    files.pages = before
    history = History(tmp_path, TestBox(), files=files)
    history.start()
    for number in range(FOLD_ROWS, total):
        history.record(state("s.a", os.urandom(8).hex(), began + number / 1000))
    await history.flush()
    rows = await history.read("s.a", began - 1, began + 100)
    assert len(rows) == total, "what could not be written is still read"
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert "database or disk is full" in caplog.text
    files.pages = 1_000_000
    await history.flush()
    await history.close()
    history = History(tmp_path, TestBox(), files=TightFiles(tmp_path))
    history.start()
    await history.flush()
    assert len(await history.read("s.a", began - 1, began + 100)) == total
    assert (history.damaged, history.dropped) == (0, 0)
    await history.close()
