"""The home's own record of hazards."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub.core.store import Store, StoreError
from hub.home.book import HazardBook
from privacy.vault import Household, MachineKey
from tests.privacy.helpers import files_contain


@pytest.fixture
def household(tmp_path: Path) -> Household:
    machine = MachineKey.load_or_create(tmp_path / "keys")
    return Household.create(tmp_path / "keys", "machine", machine=machine)[0]


def record(rev: int = 1, *, active: bool = True, place: str = "厨房张明") -> dict[str, Any]:
    return {"id": "h1", "rev": rev, "raised_at": 100.0, "active": active, "entity_id": place}


def made(store: Store, household: Household) -> tuple[HazardBook, list[dict[str, Any]]]:
    news: list[dict[str, Any]] = []
    return HazardBook(store, household, news.append), news


async def test_the_same_report_is_news_once(store: Store, household: Household) -> None:
    book, news = made(store, household)
    assert await book.take(record())
    assert not await book.take(record())
    assert await book.take(record(2, active=False))
    assert not await book.take(record(1))
    assert [one["rev"] for one in news] == [1, 2]
    assert [one["rev"] for one in book.newest_first()] == [2]


async def test_written_while_locked_and_read_when_open(
    store: Store, household: Household, tmp_path: Path
) -> None:
    household.lock()
    book, _ = made(store, household)
    assert await book.take(record())
    assert files_contain(tmp_path, "张明".encode()) == []
    household.unlock(machine=MachineKey.load_or_create(tmp_path / "keys"))
    again, _ = made(store, household)
    await again.load()
    assert again.get("h1") == record()
    assert not await again.take(record())


async def test_a_full_disk_hides_no_alarm_and_loses_none(
    store: Store, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, news = made(store, household)
    works = store.run

    async def full(_fn: Any) -> Any:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(store, "run", full)
    with pytest.raises(StoreError):
        await book.take(record())
    assert book.get("h1") == record()
    assert len(news) == 1
    monkeypatch.setattr(store, "run", works)
    assert await book.take(record())
    assert len(news) == 1
    again, _ = made(store, household)
    await again.load()
    assert again.get("h1") == record()


async def test_a_damaged_letter_is_counted_and_left(store: Store, household: Household) -> None:
    book, _ = made(store, household)
    await book.take(record())

    def spoil(db: sqlite3.Connection) -> None:
        db.execute("UPDATE hazards SET letter = zeroblob(200)")

    await store.run(spoil)
    again, _ = made(store, household)
    await again.load()
    assert (again.damaged, again.newest_first()) == (1, [])


async def test_open_ones_come_first(store: Store, household: Household) -> None:
    book, _ = made(store, household)
    await book.take(record(active=False) | {"id": "late", "raised_at": 300.0})
    await book.take(record() | {"id": "open"})
    assert [one["id"] for one in book.newest_first()] == ["open", "late"]
