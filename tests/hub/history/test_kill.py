"""`kill -9` while it is written, folded, swept and erased: nothing twice, no block lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.history import History
from hub.history.files import Files
from hub.history.jobs import Job
from tests.hub.core.boxes import TestBox
from tests.hub.history.homes import record, values

LIFE = """
import asyncio, itertools, sys, time
from pathlib import Path
import hub.history.journal as journal
from hub.core.states import State
from hub.history import History
from tests.hub.core.boxes import TestBox
from tests.hub.history.homes import record
life, days = sys.argv[2], {"light": 300}
journal.FOLD_ROWS = 400

async def live(history):
    for number in itertools.count():
        at = time.time()
        history.record(State("sensor.live", f"{life}:{number}", {}, True, at, at))
        if number % 20 == 0:
            print("at", at, flush=True)
        await asyncio.sleep(0.001)

async def main():
    history = History(Path(sys.argv[1]), TestBox(), days=lambda kind: days.get(kind, 1000))
    history.start()
    for ago in (90, 30, 2):
        record(history, f"lock.victim{life}", ago, 60)
        record(history, f"light.a{life}", ago, 60)
    await history.flush()
    living = asyncio.create_task(live(history))
    print("begun", flush=True)
    await history.erase(f"lock.victim{life}")
    print("erased", flush=True)
    days["light"] = 60
    await history.sweep()
    print("swept", flush=True)
    for number in itertools.count():
        record(history, "lock.again", 5, 30)
        await history.erase("lock.again")
        print("again", flush=True)

asyncio.run(main())
"""


def live_and_die(folder: Path, life: int, after: float) -> tuple[set[str], float]:
    """Kill a history so long after it began; returns what it said, and its last moment."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIFE, str(folder), str(life)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    said, last = set(), 0.0
    began: float | None = None
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        said.add(word)
        last = float(rest) if rest else last
        if word == "begun":
            began = time.monotonic()
        if began is not None and time.monotonic() > began + after:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    return said, last


async def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random()
    ends: dict[int, tuple[set[str], float]] = {}
    for life in range(8):
        ends[life] = live_and_die(tmp_path, life, chance.uniform(0.01, 1.6))
    history = History(tmp_path, TestBox(), days=lambda _kind: 1000)
    history.start()
    await history.flush()
    await history.sweep()  # an erasure that was cut off is ended before
    rows = await history.read("sensor.live", 0, time.time())
    for life, (said, last) in ends.items():
        mine = [(at, str(value)) for at, value in rows if str(value).startswith(f"{life}:")]
        assert [value for _, value in mine] == [f"{life}:{n}" for n in range(len(mine))]
        if last:
            assert mine[-1][0] > last - 1.3, "more than the last second is lost"
        victims, others = (
            len(await values(history, f"lock.victim{life}")),
            len(await values(history, f"light.a{life}")),
        )
        assert victims in ({0} if "erased" in said else {0, 180})
        assert others in ({120} if "swept" in said else {120, 180})
    assert history.damaged == 0
    await history.close()


class Cut(Files):
    """Files that are copied away at every step of a swap: as a crash then would leave them."""

    def __init__(self, folder: Path, copied: Callable[[], None]) -> None:
        super().__init__(folder)
        self._copied = copied

    def swap(self) -> None:
        real_replace, real_unlink = Path.replace, Path.unlink

        def replace(path: Path, target: Path) -> Path:
            self._copied()
            done = real_replace(path, target)
            self._copied()
            return done

        def unlink(path: Path, *args: Any, **more: Any) -> None:
            real_unlink(path, *args, **more)
            self._copied()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            patch.setattr(Path, "unlink", unlink)
            super().swap()


async def test_an_erasure_cut_off_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, copies = tmp_path / "home", list[Path]()

    def copied() -> None:
        copies.append(tmp_path / f"copy{len(copies)}")
        shutil.copytree(home, copies[-1])

    step = Job.step

    def watched(job: Job) -> bool:
        done = step(job)
        copied()
        return done

    history = History(home, TestBox(), files=Cut(home, copied))
    history.start()
    for days_ago in range(1, 40):
        record(history, "light.a", days_ago, 200)
        record(history, "sensor.b", days_ago, 200)
    await history.flush()
    monkeypatch.setattr(Job, "step", watched)
    await history.erase("light.a")
    monkeypatch.undo()
    await history.close()
    assert len(copies) > 8
    for copy in copies:
        again = History(copy, TestBox())
        again.start()
        await again.flush()
        await again.sweep()
        assert len(await values(again, "sensor.b")) == 39 * 200
        assert await values(again, "light.a") == [], "the wish was on the disk"
        assert again.damaged == 0
        await again.close()
