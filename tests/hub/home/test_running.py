"""The home's trace of itself: a restart is a gap, and a quiet door is found a day later."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.states import States
from hub.history import History
from hub.history.past import RUNNING, Past
from hub.history.spans import DAY_MS
from hub.home.running import ANEW_S, Running
from hub.home.runtime import Home
from tests.hub.core.boxes import TestBox
from tests.hub.home.conftest import PASSWORD


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = float(int(time.time()) - 10 * 86400)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    made = History(tmp_path / "history", TestBox())
    made.start()
    yield made
    await made.close()


async def test_every_value_is_written_anew_once_a_day(history: History) -> None:
    clock, states = Clock(), States()
    running = Running(history, states, lambda state: state.entity_id != "sensor.signal", clock)
    began = clock.now
    states.subscribe(history.record)
    states.set("valve.a", "open", at=began)
    states.set("sensor.signal", 4.0, at=began)
    states.set("sensor.gone", 4.0, at=began, available=False)
    for _hour in range(50):
        running.beat()
        clock.now += 3600
    rows = await history.read("valve.a", 0, time.time())
    assert rows == [(began, "open"), (began + ANEW_S, "open"), (began + 2 * ANEW_S, "open")]
    assert len(await history.read("sensor.signal", 0, time.time())) == 1
    assert len(await history.read("sensor.gone", 0, time.time())) == 1
    assert len(await history.read(RUNNING, 0, time.time())) == 50


async def test_a_home_that_was_off_knows_it(tmp_path: Path) -> None:
    for turn in range(2):
        home = Home(tmp_path / "home", None)
        await home.start()
        if not turn:
            await home.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
        assert home.history_store is not None
        beats = [value for _at, value in await home.history(RUNNING, 0, time.time() + 1)]
        assert beats == [None, True, None, None, True][: 2 + 3 * turn]
        await home.stop()


_CUT_OFF = """
import asyncio, sys, time
from pathlib import Path
from hub.core.states import State, States
from hub.history import History
from hub.home.running import Running
from tests.hub.core.boxes import TestBox

async def main():
    history = History(Path(sys.argv[1]), TestBox())
    history.start()
    Running(history, States(), lambda state: True).start()
    at = time.time()
    history.record(State("valve.a", "open", {}, True, at, at))
    await history.flush()
    print(at, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def cut_off(folder: Path) -> float:
    """Run a hub that says something, and kill it; returns when that was."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CUT_OFF, str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    said_at = float(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    return said_at


async def test_a_run_that_was_cut_off_is_a_gap_however_soon_the_next_begins(tmp_path: Path) -> None:
    said_at = cut_off(tmp_path)
    history = History(tmp_path, TestBox())
    history.start()
    running = Running(history, States(), lambda _state: True)
    running.start()
    began_ms = int(time.time() * 1000)
    past = Past(history, lambda: said_at + 600)
    seen = await past.states("valve.a", int(said_at * 1000), began_ms + 60_000)
    assert [one.value for one in seen.intervals] == ["open", None]
    assert seen.intervals[0].end <= began_ms
    await running.stop()
    await history.close()


async def test_a_locked_home_has_no_past(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", None)
    await home.start()
    now = int(time.time() * 1000)
    assert isinstance(home.past, Past)
    assert await home.past.figures("sensor.a", [now - DAY_MS, now]) == [None]
    await home.stop()
