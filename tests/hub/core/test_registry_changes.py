"""What the household chooses about its things outlives restarts and what the source says."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.registry import Registry
from hub.core.store import Store, StoreError, migrate
from hub.home.parts import MIGRATIONS
from tests.hub.core.boxes import TestBox

SAVED = Path(__file__).parent / "saved"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = Store(tmp_path / "home.db")
    made.run_sync(lambda db: migrate(db, MIGRATIONS))
    yield made
    made.close()


async def again(store: Store) -> Registry:
    """The registry as the next start finds it."""
    registry = Registry(store, TestBox())
    await registry.load()
    return registry


async def test_a_database_of_an_earlier_release_is_taken_over(tmp_path: Path) -> None:
    """A renamed device with its room, one switched off, as commit 2d275b9 wrote them."""
    path = tmp_path / "home.db"
    with sqlite3.connect(path) as db:
        db.executescript((SAVED / "home_2d275b9.sql").read_text())
    db.close()
    store = Store(path)
    store.run_sync(lambda db: migrate(db, MIGRATIONS))
    registry = await again(store)
    valve = registry.get("valve.kitchen_gas_valve")
    plug = registry.get("switch.hall_plug")
    power = registry.get("sensor.hall_plug_power")
    assert valve is not None
    assert plug is not None
    assert power is not None
    assert registry.name_of(valve.entity_id) == "厨房燃气阀"
    assert registry.area_of(valve) == "厨房"
    assert (plug.enabled, plug.hidden, plug.own_name, plug.members) == (False, False, "", ())
    assert power.category == "diagnostic"
    device = registry.announce_device("mqtt", ("zigbee2mqtt_0x01",), name="new", area="Bath")
    assert (device.name, device.area, device.placed) == ("厨房燃气阀", "厨房", True)
    hall = registry.announce_device("mqtt", ("zigbee2mqtt_0x02",), name="Plug 2", area="Attic")
    assert (hall.name, hall.area) == ("Plug 2", "Attic")
    await registry.kept()
    store.close()


async def test_a_chosen_room_leaves_the_name_to_the_source(store: Store) -> None:
    registry = Registry(store, TestBox())
    device = registry.announce_device("mqtt", ("a",), name="Lamp", area="Hall")
    registry.rename_device(device, "Lamp", "客厅")
    await registry.kept()
    registry = await again(store)
    device = registry.announce_device("mqtt", ("a",), name="Lamp 2", area="Attic")
    assert (device.name, device.area) == ("Lamp 2", "客厅")


async def test_choices_come_back_and_commands_are_told_anew(store: Store) -> None:
    registry = Registry(store, TestBox())
    lamp = registry.announce("mqtt", "light", "1", name="L", commands=frozenset({"turn_on"}))
    registry.change(lamp, own_name="阅读灯", area="书房", hidden=True, enabled=False)
    await registry.kept()
    registry = await again(store)
    lamp = registry.announce("mqtt", "light", "1", name="Renamed at the source")
    assert (lamp.own_name, lamp.area, lamp.hidden, lamp.enabled) == ("阅读灯", "书房", True, False)
    assert registry.name_of(lamp.entity_id) == "阅读灯"
    assert lamp.commands == frozenset()


async def test_swapped_entities_keep_each_others_ids(store: Store) -> None:
    registry = Registry(store, TestBox())
    heard: list[str] = []
    old = registry.announce("mqtt", "valve", "1", suggested_id="gas")
    new = registry.announce("mqtt", "valve", "2", suggested_id="other")
    registry.change(old, own_name="燃气阀", area="厨房")
    registry.listen(lambda entity: heard.append(entity.entity_id))
    registry.swap(old, new)
    assert heard == ["valve.other", "valve.gas"]
    await registry.kept()
    registry = await again(store)
    found = registry.of_source("mqtt", "valve", "2")
    assert found is not None
    assert (found.entity_id, found.own_name, found.area) == ("valve.gas", "燃气阀", "厨房")
    gone = registry.of_source("mqtt", "valve", "1")
    assert gone is not None
    assert (gone.entity_id, gone.own_name) == ("valve.other", "")


async def test_what_was_removed_stays_away(store: Store) -> None:
    registry = Registry(store, TestBox())
    device = registry.announce_device("mqtt", ("a",), name="Lamp")
    lamp = registry.announce("mqtt", "light", "1", device_id=device.id)
    await registry.kept()
    registry.remove(lamp)
    registry.remove_device(device)
    await registry.kept()
    registry = await again(store)
    assert registry.entities() == []
    assert registry.devices() == []


async def test_a_disk_that_takes_nothing_is_told_and_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(store, TestBox())
    lamp = registry.announce("mqtt", "light", "1")
    await registry.kept()

    async def full(_work: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "run", full)
        registry.change(lamp, hidden=True)
        with pytest.raises(StoreError):
            await registry.kept()
    registry.change(lamp, area="厨房")
    await registry.kept()
    kept = (await again(store)).of_source("mqtt", "light", "1")
    assert kept is not None
    assert (kept.hidden, kept.area) == (True, "厨房")
