"""What is kept how long, and what is erased."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given

from hub.core.kinds import KINDS, PRESENCE, keep_days
from hub.history import History
from hub.history.blocks import Row, pack_block, sort_into_blocks, survey, unpack_parts
from hub.history.files import VERSION, Files
from hub.history.jobs import HistoryProblem
from tests.hub.core.boxes import TestBox
from tests.hub.history.homes import (
    DAY_S,
    RecordingBox,
    opened,
    record,
    remains,
    state,
    values,
)
from tests.hub.history.test_history import ROWS

OLD = """
CREATE TABLE journal (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE blocks (number INTEGER PRIMARY KEY, hour INTEGER NOT NULL,
 head BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX blocks_by_hour ON blocks (hour);
"""


@pytest.fixture
async def box() -> RecordingBox:
    return RecordingBox()


@pytest.fixture
async def history(tmp_path: Path, box: RecordingBox) -> AsyncIterator[History]:
    made = History(tmp_path, box)
    made.start()
    yield made
    await made.close()


def test_presence_is_kept_for_days_and_figures_for_a_year() -> None:
    assert {keep_days(name) for name, kind in KINDS.items() if kind.personal == PRESENCE} == {10}
    assert keep_days("sensor") == keep_days("number") == keep_days("valve") == 365
    assert keep_days("light") == keep_days("climate") == 90
    assert keep_days("hub") == 365


@given(ROWS.filter(bool))
def test_a_head_tells_what_of_each_kind_is_inside(rows: list[Row]) -> None:
    box = TestBox()
    for number, (_hour, parts) in enumerate(sort_into_blocks(rows)):
        assert unpack_parts(box, number, pack_block(box, number, parts)[1]) == parts
        head = survey(parts)
        assert head.kinds is not None
        for kind, held in head.kinds.items():
            times = [at for name, some, _ in parts if name.startswith(f"{kind}.") for at in some]
            assert (held.rows, held.first) == (len(times), min(times))


async def test_each_kind_is_kept_for_its_own_time(history: History) -> None:
    for days_ago in (400, 200, 50, 5):
        for name in ("sensor.a", "light.a", "binary_sensor.a"):
            record(history, name, days_ago)
    await history.flush()
    kept = [
        len(await values(history, f"{kind}.a")) for kind in ("sensor", "light", "binary_sensor")
    ]
    assert kept == [60, 40, 20]


async def test_what_runs_out_later_is_swept_and_mixed_blocks_are_rewritten(tmp_path: Path) -> None:
    days = {"light": 300, "sensor": 300, "lock": 300}
    box = RecordingBox()
    history = History(tmp_path, box, days=lambda kind: days.get(kind, 300))
    history.start()
    for days_ago in (100, 50, 5):
        for name in ("light.a", "sensor.a", "lock.secret"):
            record(history, name, days_ago)
    await history.flush()
    assert (await history.sweep()).rows == 0
    days["light"], days["lock"] = 80, 20
    history.retention_changed()
    swept = await history.sweep()
    assert (swept.rows, swept.blocks, swept.unreadable) == (60, 2, 0)
    assert len(await values(history, "light.a")) == 40
    assert len(await values(history, "lock.secret")) == 20
    assert len(await values(history, "sensor.a")) == 60
    kept = await history.kept()
    assert {kind: held.rows for kind, held in kept.items()} == {
        "light": 40,
        "sensor": 60,
        "lock": 20,
    }
    assert kept["lock"].oldest / 1000 == pytest.approx(time.time() - 5 * DAY_S, abs=3601)
    assert sum(held.size for held in kept.values()) > 0
    assert (await history.sweep()).blocks == 0
    await history.close()


async def test_keeping_nothing_records_nothing_and_removes_what_is_there(history: History) -> None:
    days = {"lock": 10}
    history._days = lambda kind: days.get(kind, 30)
    for name in ("lock.a", "light.a"):
        record(history, name, 2)
        record(history, name, 0.01)
    await history.flush()
    days["lock"] = 0
    history.retention_changed()
    record(history, "lock.a", 0.001)
    await history.sweep()
    assert await values(history, "lock.a") == []
    assert len(await values(history, "light.a")) == 40
    days["lock"] = 10
    history.retention_changed()
    record(history, "lock.a", 0.01)
    assert len(await values(history, "lock.a")) == 20


async def test_of_an_erased_entity_nothing_is_left_in_the_files(
    tmp_path: Path, history: History, box: RecordingBox
) -> None:
    for days_ago in (9, 3, 1, 0.01):
        for name in ("text.diary", "light.a", "zone.z"):
            record(history, name, days_ago, 200)
        await history.flush()
    assert {"text.diary", "light.a"} <= opened(tmp_path, box)
    assert remains(tmp_path, box, "text.diary") != []
    erased = await history.erase("text.diary")
    assert erased.rows == 800
    assert await values(history, "text.diary") == []
    assert len(await values(history, "light.a")) == len(await values(history, "zone.z")) == 800
    assert opened(tmp_path, box) == {"light.a", "zone.z"}
    assert remains(tmp_path, box, "text.diary") == []
    assert remains(tmp_path, box, "light.a") != []
    record(history, "text.diary", 0, 3)
    assert len(await values(history, "text.diary")) == 3, "what comes later is kept"
    assert not list(tmp_path.glob("*.n*"))  # noqa: ASYNC240 - a test's own few files


async def test_erasing_all_leaves_an_empty_file(
    tmp_path: Path, history: History, box: RecordingBox
) -> None:
    for days_ago in (9, 1, 0.01):
        record(history, "light.a", days_ago, 500)
        await history.flush()
    assert (await history.erase()).rows == 1500
    assert await values(history, "light.a") == []
    assert remains(tmp_path, box, "light.a") == []
    assert await history.kept() == {}
    record(history, "light.a", 0, 2)
    assert len(await values(history, "light.a")) == 2


async def test_reading_and_recording_go_on_while_it_erases(history: History) -> None:
    for days_ago in range(1, 9):
        record(history, "light.a", days_ago, 60)
        record(history, "lock.a", days_ago, 60)
    await history.flush()
    erasing = asyncio.create_task(history.erase("lock.a"))
    recorded = 0
    while not erasing.done():
        history.record(state("light.b", float(recorded), time.time()))
        recorded += 1
        assert len(await values(history, "light.a")) == 480
        assert len(await values(history, "lock.a")) in {0, 480}
    await erasing
    assert await values(history, "lock.a") == []
    assert len(await values(history, "light.b")) == recorded


async def test_whoever_stops_waiting_does_not_stop_an_erasure(history: History) -> None:
    record(history, "light.a", 2)
    await history.flush()
    erasing = asyncio.create_task(history.erase("light.a"))
    await asyncio.sleep(0)
    erasing.cancel()
    await history.sweep()  # comes after it
    assert await values(history, "light.a") == []
    record(history, "light.a", 1)
    await history.flush()
    assert len(await values(history, "light.a")) == 20


async def test_a_file_of_an_older_release_is_renewed_and_keeps_everything(tmp_path: Path) -> None:
    box = RecordingBox()
    with sqlite3.connect(tmp_path / "history.db") as connection:
        connection.executescript(OLD)
    connection.close()
    history = History(tmp_path, box, days=lambda _kind: 1000)
    history.start()
    record(history, "light.a", 3)
    await history.flush()
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()
    await history.sweep()
    assert len(await values(history, "light.a")) == 20
    await history.close()
    with sqlite3.connect(history.path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()


async def test_a_locked_home_erases_when_it_opens(tmp_path: Path) -> None:
    box = TestBox()
    history = History(tmp_path, box)
    history.start()
    record(history, "light.a", 1)
    await history.flush()
    box.locked = True
    with pytest.raises(HistoryProblem):
        await history.erase("light.a")
    record(history, "light.b", 1)  # what waits doesn't hold it up
    with pytest.raises(HistoryProblem):
        await history.erase("light.a")
    box.locked = False
    await history.flush()
    assert len(await values(history, "light.a")) == 20
    await history.erase("light.a")
    assert await values(history, "light.a") == []
    await history.close()
    with pytest.raises(HistoryProblem):
        await history.erase("light.a")


async def test_a_disk_with_too_little_room_stops_writing_but_not_erasing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = Files(tmp_path, room=0)
    history = History(tmp_path, TestBox(), files=files)
    history.start()
    record(history, "light.a", 1)
    await history.flush()
    files.room = 2**62
    record(history, "light.b", 0.1)
    for _ in range(3):
        await history.flush()
    assert history.problem == "room"
    assert len([one for one in caplog.records if "too little room" in one.message]) == 1
    assert len(await values(history, "light.b")) == 20
    await history.erase("light.a")
    assert await values(history, "light.a") == []
    assert len(await values(history, "light.b")) == 20
    files.room = 0
    await history.flush()
    assert history.problem == ""
    await history.close()
    history = History(tmp_path, TestBox())
    history.start()
    await history.flush()
    assert len(await values(history, "light.b")) == 20
    await history.close()
