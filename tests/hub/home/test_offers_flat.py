"""A call for help that names its flat, where the household chose so."""

from __future__ import annotations

import pytest

from hub.core.store import Store
from hub.home import offer as module
from tests.hub.core.brokers import until
from tests.hub.home.test_offers import Door, hazard, offers


async def test_a_call_tells_the_flat_where_that_was_chosen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CANCEL_S", 0.02)
    monkeypatch.setattr(module, "ASK_AGAIN_S", (0.01,))
    door = Door("flat")
    asked = offers(store, door)
    await asked.hazard_changed(hazard(kind="sos"))
    await until(lambda: door.seen_at)
    assert door.acts == ["sos h1", "ask act:h1"]
    assert door.offered == [], "an event beside it would name the flat of the zone"
    question = asked.question("h1")
    assert question is not None
    assert (question.flat, question.told, question.by) == (True, True, "choice")
    await asked.hazard_changed(hazard(kind="sos", active=False))
    assert door.updated == [("act:h1", "cleared")]
    await asked.stop()
    again = offers(store, door)
    await again.load()
    loaded = again.question("h1")
    assert loaded is not None
    assert loaded.flat
    await again.stop()
    assert len(door.acts) == 2


async def test_a_call_that_ended_before_anybody_was_reached_sends_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    door = Door("flat")
    door.full = True
    asked = offers(store, door)
    await asked.hazard_changed(hazard(kind="sos"))
    await asked.answer("h1", "tell", "li")
    question = asked.question("h1")
    assert question is not None
    assert not question.told
    await asked.hazard_changed(hazard(kind="sos", active=False))
    await until(lambda: question.event_id == "")
    door.full = False
    await asked.stop()
    assert (door.acts, door.updated) == ([], [])


async def test_the_desk_is_asked_on_after_a_restart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door("flat")
    asked = offers(store, door)
    await asked.hazard_changed(hazard(kind="sos"))
    await asked.answer("h1", "tell", "li")
    await asked.stop()
    monkeypatch.setattr(module, "ASK_AGAIN_S", (0.01,))
    again = offers(store, door)
    await again.load()
    await until(lambda: door.seen_at)
    await again.stop()
    assert door.acts == ["sos h1", "ask act:h1"]
