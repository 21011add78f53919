"""How long a household keeps its history: chosen, stored sealed, in force, erased."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.commands import Actor
from hub.core.store import StoreError
from hub.home.keeping import Keeping
from hub.home.refusal import Refusal
from hub.home.runtime import Home

OWNER = Actor("owner", "owner", "person")
DAY_S = 86_400.0


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path, None)
    await made.setup(name="Owner", password="correct horse", unlock={"mode": "machine"})
    for kind in ("light", "lock"):
        entity = made.registry.announce("test", kind, "one", suggested_id="a")
        for days_ago in (200, 40, 20, 5):
            made.states.set(entity.entity_id, str(days_ago), at=time.time() - days_ago * DAY_S)
    yield made
    await made.stop()


async def readings(home: Home, entity_id: str) -> list[object]:
    return [value for _, value in await home.history(entity_id, 0, time.time())]


async def test_a_choice_is_in_force_at_once_and_outlives_a_restart(
    home: Home, tmp_path: Path
) -> None:
    await home.keeping.choose("lock", 30, OWNER)
    assert home.history_store is not None
    await home.history_store.sweep()
    assert await readings(home, "lock.a") == ["20", "5"]
    assert await readings(home, "light.a") == ["40", "20", "5"]
    size, kept = await home.keeping.kept(["valve"])
    assert size > 0
    assert [(one.kind, one.days, one.usual, one.readings) for one in kept] == [
        ("light", 90, 90, 3),
        ("lock", 30, 10, 2),
        ("valve", 365, 365, 0),
    ]
    assert b"lock" not in (tmp_path / "home.db").read_bytes()
    await home.stop()
    again = Home(tmp_path, None)
    await again.start()
    assert again.keeping.days("lock") == 30
    assert await readings(again, "lock.a") == ["20", "5"]
    await again.stop()


async def test_an_erasure_is_in_the_audit_and_gives_a_receipt(home: Home) -> None:
    assert home.history_store is not None
    await home.history_store.sweep()
    receipt = await home.keeping.erase("light.a", OWNER)
    assert (receipt.entity_id, receipt.readings, receipt.unreadable) == ("light.a", 3, 0)
    assert await readings(home, "light.a") == []
    assert (await home.keeping.erase("", OWNER)).readings >= 1, "the lock's, the hub's own traces"
    assert await readings(home, "lock.a") == []
    lines = [(line.action, line.subject) for line in await home.audit.lines()]
    assert ("erase history", "light.a") in lines
    assert ("erase history", "all") in lines


async def test_what_is_no_choice_is_refused(home: Home) -> None:
    for kind, days in (("nothing", 10), ("lock", -1), ("lock", 4000)):
        with pytest.raises(ValueError, match="no such choice"):
            await home.keeping.choose(kind, days, OWNER)


async def test_a_full_disk_refuses_in_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(home.store, "run", full)
    with pytest.raises(Refusal):
        await home.keeping.choose("lock", 30, OWNER)
    assert home.keeping.days("lock") == 10
    monkeypatch.undo()
    assert home.history_store is not None
    await home.history_store.close()
    with pytest.raises(Refusal):
        await home.keeping.erase("lock.a", OWNER)


async def test_without_a_history_there_is_nothing_to_erase(home: Home) -> None:
    keeping = Keeping(home.store, home.keys.box("keeping"), home.note)
    with pytest.raises(Refusal):
        await keeping.erase("", OWNER)
    assert await keeping.kept([]) == (0, [])
