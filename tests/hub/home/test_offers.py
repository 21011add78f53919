"""From a hazard to an offer: who decides, when, and what a restart or a full disk changes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from hub.core.store import Store, migrate
from hub.home import offer as module
from hub.home.offer import KEPT_S, MIGRATION, Offers
from privacy.errors import PrivacyError
from tests.hub.core.boxes import TestBox
from tests.hub.core.brokers import until

BOX = TestBox()
ASKED = ("gas", "smoke", "carbon_monoxide", "leak", "sos")


class Door:
    """An events door that remembers what it was given."""

    def __init__(self, choice: str | None = None) -> None:
        self.choice = choice
        self.offered: list[tuple[str, str, str, str]] = []
        self.updated: list[tuple[str, str]] = []
        self.paired = True
        self.full = False
        self.acts: list[str] = []
        self.seen_at: float | None = None

    async def offer(self, hazard_id: str, klass: str, basis: str, actor: str) -> str | None:
        if self.full:
            raise PrivacyError("the events door's store failed")
        if not self.paired:
            return None
        self.offered.append((hazard_id, klass, basis, actor))
        return hazard_id

    async def tell_flat(self, hazard_id: str, klass: str) -> str | None:
        if self.full:
            raise PrivacyError("nobody answered")
        if not self.paired:
            return None
        self.acts.append(f"{klass} {hazard_id}")
        return f"act:{hazard_id}"

    async def ask(self, event_id: str) -> None:
        self.acts.append(f"ask {event_id}")
        self.seen_at = 7.0

    def acknowledged(self, _hazard_id: str) -> float | None:
        return self.seen_at

    async def update(self, event_id: str, status: str) -> None:
        if self.full:
            raise PrivacyError("the events door's store failed")
        self.updated.append((event_id, status))

    def standing(self, _klass: str) -> str | None:
        return self.choice


def hazard(*, active: bool = True, kind: str = "gas") -> dict[str, Any]:
    return {"id": "h1", "hazard": kind, "active": active}


def offers(store: Store, door: Door, ask_s: float = 60.0) -> Offers:
    return Offers(store, BOX, door, lambda _id: None, ask_s=ask_s)


async def test_the_first_answer_wins(store: Store) -> None:
    door = Door("zone")
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    assert await asked.answer("h1", "dont", "li")
    assert not await asked.answer("h1", "tell", "wang")
    question = asked.question("h1")
    assert question is not None
    assert not question.told
    assert (question.answer, question.by) == ("dont", "li")
    assert door.offered == []
    await asked.stop()


async def test_a_yes_is_told_at_once_and_once(store: Store) -> None:
    door = Door("nobody")
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    assert await asked.answer("h1", "tell", "li")
    await asked.hazard_changed(hazard())
    assert door.offered == [("h1", "gas", "moment", "li")]
    question = asked.question("h1")
    assert question is not None
    assert question.told
    await asked.stop()


@pytest.mark.parametrize(
    ("choice", "told"),
    [("zone", [("h1", "gas", "standing", "choice")]), ("nobody", []), (None, [])],
)
async def test_without_an_answer_the_choice_counts(
    store: Store, choice: str | None, told: list[tuple[str, str, str, str]]
) -> None:
    door = Door(choice)
    asked = offers(store, door, ask_s=0.01)
    await asked.hazard_changed(hazard())
    question = asked.question("h1")
    assert question is not None
    await until(lambda: question.answer is not None and not question.unfinished)
    await asked.stop()
    assert door.offered == told


@pytest.mark.parametrize(
    ("kind", "choice", "told"),
    [
        *((one, "zone", True) for one in ASKED),
        *((one, "nobody", False) for one in ASKED),
        *((one, None, False) for one in ASKED),
        ("sos", "flat", True),
    ],
)
async def test_silence_follows_the_choice_in_every_class(
    store: Store, kind: str, choice: str | None, told: bool
) -> None:
    """Nobody answers: what was chosen beforehand counts, for each class that may be told."""
    door = Door(choice)
    asked = offers(store, door, ask_s=0.01)
    await asked.hazard_changed(hazard(kind=kind))
    question = asked.question("h1")
    assert question is not None
    await until(lambda: question.answer is not None and not question.unfinished)
    assert (question.by, question.answer) == ("choice", "tell" if told else "dont")
    klass = "flood" if kind == "leak" else kind
    assert door.acts[:1] == (["sos h1"] if choice == "flat" else [])
    zone = [("h1", klass, "standing", "choice")] if choice == "zone" else []
    assert door.offered == zone
    await asked.stop()


async def test_a_leak_is_asked_about_and_a_lost_sensor_is_not(store: Store) -> None:
    door = Door()
    asked = offers(store, door)
    await asked.hazard_changed(hazard(kind="supervision"))
    assert asked.question("h1") is None
    await asked.hazard_changed(hazard(kind="leak"))
    question = asked.question("h1")
    assert question is not None
    assert question.klass == "flood"
    await asked.stop()


async def test_over_before_the_answer_means_nothing_is_told(store: Store) -> None:
    door = Door("zone")
    asked = offers(store, door, ask_s=0.05)
    await asked.hazard_changed(hazard())
    await asked.hazard_changed(hazard(active=False))
    assert not await asked.answer("h1", "tell", "li")
    assert door.offered == []
    await asked.stop()


async def test_the_all_clear_and_a_cancel_follow_the_event(store: Store) -> None:
    door = Door("zone")
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    await asked.answer("h1", "tell", "li")
    await asked.hazard_changed(hazard(active=False))
    await asked.hazard_changed(hazard(active=False))
    await asked.cancel("h1")
    assert door.updated == [("h1", "cleared")]
    await asked.stop()


async def test_a_false_alarm_takes_back_only_what_was_told(store: Store) -> None:
    door = Door("zone")
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    assert not await asked.cancel("h1")
    await asked.answer("h1", "tell", "li")
    assert await asked.cancel("h1")
    assert not await asked.cancel("h1")
    await asked.hazard_changed(hazard(active=False))
    assert door.updated == [("h1", "cancelled")]
    await asked.stop()


async def test_ended_questions_are_forgotten_after_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = offers(store, Door("zone"))
    await asked.hazard_changed(hazard())
    await asked.answer("h1", "tell", "li")
    await asked.hazard_changed(hazard(active=False))
    await asked.hazard_changed(hazard(kind="supervision"))
    assert asked.question("h1") is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + KEPT_S + 61)
    await asked.hazard_changed({**hazard(), "id": "h2"})
    assert asked.question("h1") is None
    rows = await store.read(lambda db: db.execute("SELECT key FROM offers").fetchall())
    assert [key for (key,) in rows] == ["h2"]
    await asked.stop()


async def test_an_open_question_outlives_a_restart(store: Store) -> None:
    door = Door("zone")
    first = offers(store, door)
    await first.hazard_changed(hazard())
    deadline = first.question("h1")
    await first.stop()
    again = offers(store, door)
    await again.load()
    question = again.question("h1")
    assert question is not None
    assert deadline is not None
    assert question.deadline == deadline.deadline
    assert question.answer is None
    assert await again.answer("h1", "tell", "li")
    await again.stop()
    assert len(door.offered) == 1


async def test_a_question_whose_time_ran_out_while_stopped_is_decided_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door("zone")
    first = offers(store, door, ask_s=30)
    await first.hazard_changed(hazard())
    await first.stop()
    later = time.time() + 31
    monkeypatch.setattr("hub.home.offer.time.time", lambda: later)
    again = offers(store, door)
    await again.load()
    await until(lambda: door.offered)
    await again.stop()


async def test_an_event_that_was_decided_but_not_offered_is_offered_after_a_restart(
    store: Store,
) -> None:
    door = Door("zone")
    door.full = True
    first = offers(store, door)
    await first.hazard_changed(hazard())
    await first.answer("h1", "tell", "li")
    await first.stop()
    door.full = False
    again = offers(store, door)
    await again.load()
    await until(lambda: door.offered)
    await again.stop()
    third = offers(store, door)
    await third.load()
    await third.stop()
    assert len(door.offered) == 1


async def test_nobody_to_tell_is_final(store: Store) -> None:
    """Pairing next week must not tell of today."""
    door = Door()
    door.paired = False
    first = offers(store, door)
    await first.hazard_changed(hazard())
    await first.answer("h1", "tell", "li")
    question = first.question("h1")
    assert question is not None
    assert not question.told
    await first.stop()
    door.paired = True
    again = offers(store, door)
    await again.load()
    await again.hazard_changed(hazard(active=False))
    await again.stop()
    assert (door.offered, door.updated) == ([], [])


async def test_a_full_door_is_tried_again_with_the_newest_status(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    door = Door()
    door.full = True
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    await asked.answer("h1", "tell", "li")
    await asked.hazard_changed(hazard(active=False))
    door.full = False
    await until(lambda: door.updated)
    await asked.stop()
    assert door.offered == [("h1", "gas", "moment", "li")]
    assert door.updated == [("h1", "cleared")]


async def test_a_failing_store_keeps_no_event_at_home(tmp_path: Path) -> None:
    store = Store(tmp_path / "home.db")
    store.run_sync(lambda db: migrate(db, [MIGRATION]))
    store.close()
    door = Door()
    asked = offers(store, door)
    await asked.hazard_changed(hazard())
    assert await asked.answer("h1", "tell", "li")
    assert len(door.offered) == 1
    await asked.stop()


async def test_many_answers_at_once_tell_once(store: Store) -> None:
    door = Door("zone")
    asked = offers(store, door, ask_s=0.0)
    await asked.hazard_changed(hazard())
    await asyncio.gather(*(asked.answer("h1", "tell", f"p{n}") for n in range(20)))
    await until(lambda: door.offered)
    await asked.stop()
    assert len(door.offered) == 1


async def test_an_answer_is_one_of_two(store: Store) -> None:
    asked = offers(store, Door())
    with pytest.raises(ValueError, match="tell"):
        await asked.answer("h1", "maybe", "li")


async def test_a_call_for_help_waits_ten_seconds_only(store: Store) -> None:
    asked = offers(store, Door("zone"))
    await asked.hazard_changed(hazard(kind="sos"))
    question = asked.question("h1")
    assert question is not None
    assert question.deadline - time.time() <= module.CANCEL_S
    await asked.hazard_changed(hazard(kind="sos", active=False))
    assert (question.answer, question.by) == ("dont", "over")
    await asked.stop()


@pytest.mark.parametrize(
    ("kind", "klass"), [("carbon_monoxide", "carbon_monoxide"), ("sos", "sos"), ("leak", "flood")]
)
async def test_what_may_be_told_is_told_as_its_class(store: Store, kind: str, klass: str) -> None:
    door = Door("zone")
    asked = offers(store, door, ask_s=0.01)
    await asked.hazard_changed(hazard(kind=kind))
    await until(lambda: door.offered != [])
    await asked.stop()
    assert door.offered == [("h1", klass, "standing", "choice")]


@pytest.mark.parametrize("kind", ["overheat", "overload", "left_on", "running_water", "battery"])
async def test_what_is_only_the_homes_is_not_asked_about(store: Store, kind: str) -> None:
    asked = offers(store, Door("zone"))
    await asked.hazard_changed(hazard(kind=kind))
    assert asked.question("h1") is None
    await asked.stop()
