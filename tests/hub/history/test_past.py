"""Series read from a real history: over midnight, over restarts, over a hub that was off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.states import State
from hub.history import History
from hub.history.blocks import HOUR_MS, Columns, Value
from hub.history.journal import FOLD_ROWS
from hub.history.past import BEAT_S, RUNNING, Past, silences
from hub.history.spans import DAY_MS, edges
from tests.hub.core.boxes import TestBox

CHINA = timezone(timedelta(hours=8))
MINUTE_MS = 60_000
DAY = round(datetime(2026, 11, 23, tzinfo=CHINA).timestamp() * 1000)


class Told:
    """A history and its past, a clock that stands still, and short ways to write."""

    def __init__(self, folder: Path) -> None:
        self.history = History(folder, TestBox(), days=lambda _kind: 100_000)
        self.now = DAY + 2 * DAY_MS
        self.past = Past(self.history, lambda: self.now / 1000)

    def say(self, entity_id: str, at: int, value: Value) -> None:
        self.history.record(State(entity_id, value, {}, True, at / 1000, at / 1000))

    def run(self, start: int, end: int, *, orderly: bool) -> None:
        """The hub's own traces from a start to an end."""
        for at in range(start, end, int(BEAT_S * 1000)):
            self.say(RUNNING, at, True)
        if orderly:
            self.say(RUNNING, end, None)


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    made = Told(tmp_path)
    made.history.start()
    yield made
    await made.history.close()


def hours(start: int, count: int) -> list[int]:
    return edges(start, start + count * HOUR_MS, HOUR_MS, CHINA)


async def test_a_value_holds_over_midnight(told: Told) -> None:
    told.say("s.a", DAY - 3 * HOUR_MS, 20.0)
    told.say("s.a", DAY + 90 * MINUTE_MS, 22.0)
    await told.history.flush()
    first, second, third = await told.past.figures("s.a", hours(DAY, 3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.least, first.mean, first.most, first.known) == (20, 20, 20, HOUR_MS)
    assert (second.least, second.mean, second.most) == (20, 21, 22)
    assert third.least == 22
    # The day before sees what was said then, and nothing of what came after.
    before = await told.past.figures("s.a", hours(DAY - 4 * HOUR_MS, 4))
    assert [one and one.most for one in before] == [None, 20, 20, 20]


async def test_it_ends_now(told: Told) -> None:
    told.say("s.a", DAY, 1.0)
    told.now = DAY + 90 * MINUTE_MS
    found = await told.past.figures("s.a", hours(DAY, 3))
    assert [one and one.known for one in found] == [HOUR_MS, HOUR_MS // 2, None]
    seen = await told.past.states("s.a", DAY, DAY + DAY_MS)
    assert [(one.start, one.end) for one in seen.intervals] == [(DAY, told.now)]
    ahead = DAY + 3 * HOUR_MS
    assert await told.past.figures("s.a", hours(ahead, 1)) == [None]
    assert (await told.past.states("s.a", ahead, ahead + HOUR_MS)).intervals == []


@pytest.mark.parametrize("orderly", [True, False], ids=["ended", "no power"])
async def test_nothing_is_known_while_the_hub_was_off(told: Told, *, orderly: bool) -> None:
    told.run(DAY, DAY + HOUR_MS, orderly=orderly)
    told.say("valve.a", DAY + MINUTE_MS, "open")
    told.run(DAY + 3 * HOUR_MS, DAY + 5 * HOUR_MS, orderly=True)
    told.say("valve.a", DAY + 3 * HOUR_MS + 2000, "open")
    await told.history.flush()
    seen = await told.past.states("valve.a", DAY, DAY + 4 * HOUR_MS)
    assert [(one.start - DAY, one.end - DAY, one.value) for one in seen.intervals] == [
        (0, MINUTE_MS, None),
        (MINUTE_MS, HOUR_MS, "open"),
        (HOUR_MS, 3 * HOUR_MS + 2000, None),
        (3 * HOUR_MS + 2000, 4 * HOUR_MS, "open"),
    ]
    # A span that begins in the silence, and one that begins after it.
    inside = await told.past.states("valve.a", DAY + 2 * HOUR_MS, DAY + 4 * HOUR_MS)
    assert [one.value for one in inside.intervals] == [None, "open"]
    later = await told.past.states("valve.a", DAY + 4 * HOUR_MS, DAY + 5 * HOUR_MS)
    assert [one.value for one in later.intervals] == ["open"]
    found = await told.past.figures("valve.a", hours(DAY, 3))
    assert found == [None, None, None]


async def test_a_restart_within_a_beat_is_a_gap(told: Told) -> None:
    told.run(DAY, DAY + 10 * MINUTE_MS, orderly=False)
    told.say("valve.a", DAY + MINUTE_MS, "open")
    again = DAY + 10 * MINUTE_MS + 30_000
    told.say(RUNNING, again - 1, None)
    told.run(again, again + HOUR_MS, orderly=True)
    told.say("valve.a", again + 5000, "open")
    seen = await told.past.states("valve.a", DAY + MINUTE_MS, again + MINUTE_MS)
    assert [(one.start - DAY, one.value) for one in seen.intervals] == [
        (MINUTE_MS, "open"),
        (10 * MINUTE_MS, None),
        (again - DAY + 5000, "open"),
    ]


async def test_a_hub_that_is_off_until_now_shows_a_gap(told: Told) -> None:
    told.run(DAY, DAY + HOUR_MS, orderly=True)
    told.say("s.a", DAY, 5.0)
    found = await told.past.figures("s.a", hours(DAY, 3))
    assert [one and one.known for one in found] == [HOUR_MS, None, None]


async def test_a_meter_over_a_night_without_power(told: Told) -> None:
    told.run(DAY, DAY + HOUR_MS, orderly=True)
    told.say("s.energy", DAY, 100.0)
    told.say("s.energy", DAY + 30 * MINUTE_MS, 101.5)
    told.run(DAY + 3 * HOUR_MS, DAY + 5 * HOUR_MS, orderly=True)
    told.say("s.energy", DAY + 3 * HOUR_MS + 1, 104.0)
    assert await told.past.amounts("s.energy", hours(DAY, 5)) == [1.5, None, None, 2.5, 0.0]
    assert await told.past.amounts("s.energy", hours(DAY + 2 * HOUR_MS, 2)) == [None, 2.5]


async def test_a_press_said_again_after_a_restart_is_one_press(told: Told) -> None:
    told.run(DAY, DAY + HOUR_MS, orderly=True)
    told.say("event.bell", DAY + 1, "2026-11-23T00:00:00+08:00")
    told.run(DAY + 3 * HOUR_MS, DAY + 5 * HOUR_MS, orderly=True)
    told.say("event.bell", DAY + 3 * HOUR_MS, "2026-11-23T00:00:00+08:00")
    told.say("event.bell", DAY + 4 * HOUR_MS, "2026-11-23T04:00:00+08:00")
    found = await told.past.moments("event.bell", hours(DAY, 5))
    assert found.counts == [1, 0, 0, 0, 1]
    assert found.times == [DAY + 1, DAY + 4 * HOUR_MS]
    later = await told.past.moments("event.bell", hours(DAY + 2 * HOUR_MS, 3))
    assert later.counts == [0, 0, 1]


async def test_blocks_and_what_waits_read_as_one(told: Told) -> None:
    """Readings a second, folded and not, come out the same as worked out by hand."""
    count = FOLD_ROWS + 500
    for number in range(count):
        told.say("s.a", DAY + number * 1000, float(number % 10))
        if number % 50 == 0:
            told.say("s.b", DAY + number * 1000, number)
    await told.history.flush()
    told.say("s.a", DAY + count * 1000, None)
    found = await told.past.figures("s.a", hours(DAY, 3))
    known = [one.known if one else 0 for one in found]
    assert known == [HOUR_MS, HOUR_MS, count * 1000 - 2 * HOUR_MS]
    assert all(one is not None and one.mean == pytest.approx(4.5, abs=0.01) for one in found)


async def test_several_readers_take_turns(told: Told) -> None:
    told.say("s.a", DAY, 1.0)
    reads = [told.past.figures("s.a", hours(DAY, 2)) for _ in range(5)]
    for found in await asyncio.gather(*reads):
        assert found[0] is not None


async def test_without_a_history_there_is_no_past() -> None:
    past = Past(None)
    start = int(time.time() * 1000) - 2 * HOUR_MS
    assert await past.figures("s.a", [start, start + HOUR_MS]) == [None]
    assert await past.amounts("s.a", [start, start + HOUR_MS]) == [None]
    assert (await past.moments("s.a", [start, start + HOUR_MS])).counts == [0]
    assert (await past.states("s.a", start, start + HOUR_MS)).intervals == []


BEATS = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([True, True, None])), max_size=40)


@given(BEATS)
def test_silences_are_apart_and_in_order(beats: list[tuple[int, bool | None]]) -> None:
    rows = sorted(((at * 1000, value) for at, value in beats), key=lambda row: row[0])
    end = 3_001_000

    def columns() -> Iterator[Columns]:
        for at, value in rows:
            yield [at], [value]

    found = silences(columns(), end)
    assert all(begin < after <= end for begin, after in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    alive = [at for at, value in rows if value]
    assert not any(begin < at < after for begin, after in found for at in alive)
