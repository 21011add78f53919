"""A flood of announcements: all are taken, in their order, and others have their turn between."""

from __future__ import annotations

import asyncio

import pytest

from integrations.mqtt import backlog
from integrations.mqtt.backlog import AT_ONCE, MOST_WAITING, Backlog

Taken = list[tuple[str, bytes]]


async def drained(waiting: Backlog) -> int:
    """Let it work off what waits; returns how many turns of the loop others had."""
    turns = 0
    while waiting._working is not None:
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_the_first_of_a_second_are_taken_where_they_are_read() -> None:
    taken: Taken = []
    waiting = Backlog(lambda *one: taken.append(one), most_bytes=10)
    for number in range(AT_ONCE):
        waiting.add(f"t{number}", b"x")
    assert len(taken) == AT_ONCE
    waiting.add("late", b"x")
    assert len(taken) == AT_ONCE
    await drained(waiting)
    assert taken[-1] == ("late", b"x")
    waiting.close()


async def test_order_and_the_newest_of_a_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "SLICE_S", 0.0)
    taken: Taken = []
    waiting = Backlog(lambda *one: taken.append(one), most_bytes=10)
    for number in range(AT_ONCE):
        waiting.add(f"t{number}", b"x")
    del taken[:]
    waiting.add("a", b"old")
    waiting.add("b", b"1")
    waiting.add("a", b"")
    waiting.add("large", b"x" * 11)
    assert taken == [("large", b"x" * 11)]
    assert await drained(waiting) >= 2
    assert taken[1:] == [("a", b""), ("b", b"1")]
    waiting.close()


async def test_what_fails_holds_up_nothing_and_nothing_grows_for_ever() -> None:
    taken: Taken = []

    def take(topic: str, payload: bytes) -> None:
        if payload == b"bad":
            raise ValueError(topic)
        taken.append((topic, payload))

    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    waiting = Backlog(take, most_bytes=10)
    total = AT_ONCE + MOST_WAITING + 5
    for number in range(total):
        waiting.add(f"t{number}", b"bad" if number == AT_ONCE else b"x")
    assert len(taken) == AT_ONCE + 5
    await drained(waiting)
    assert len(taken) == total - 1
    waiting.add("t", b"x")
    waiting.close()
    assert await drained(waiting) == 0
