import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.bus import Bus
from hub.core.kinds import KINDS, ha_state
from hub.core.registry import MIGRATION, Registry
from hub.core.states import State, States
from hub.core.store import Store, StoreError, migrate
from hub.core.wire import Wire
from tests.hub.core.boxes import TestBox


def test_a_change_has_a_time_and_a_repetition_another() -> None:
    states = States()
    first = states.set("valve.gas", "open", {"battery": 80}, at=10.0)
    again = states.set("valve.gas", "open", at=11.0)
    assert (again.changed, again.updated) == (10.0, 11.0)
    assert again.attributes == {"battery": 80}
    assert states.set("valve.gas", "open", available=False, at=12.0).changed == 12.0
    assert first.updated == 10.0
    assert states.get("valve.none") is None
    assert len(states.all()) == 1
    states.remove("valve.gas")
    assert states.all() == []


def test_listeners_hear_new_and_old_and_one_that_fails_stops_nobody() -> None:
    states = States()
    heard: list[tuple[object, object]] = []

    def fail(_new: State, _old: State | None) -> None:
        raise RuntimeError("broken listener")

    states.subscribe(fail)
    end = states.subscribe(lambda new, old: heard.append((new.value, old and old.value)))
    states.set("s.a", 1.0)
    states.set("s.a", 2.0)
    end()
    states.set("s.a", 3.0)
    assert heard == [(1.0, None), (2.0, 1.0)]
    assert states.failures == 3


def test_bus_topics_are_prefixes() -> None:
    bus = Bus()
    heard: list[str] = []

    def fail(_topic: str, _data: object) -> None:
        raise RuntimeError("broken handler")

    bus.subscribe("hazard", fail)
    end = bus.subscribe("hazard", lambda topic, data: heard.append(f"{topic} {data}"))
    bus.publish("hazard.raised", 1)
    bus.publish("hazards", 2)
    bus.publish("hazard", 3)
    end()
    bus.publish("hazard", 4)
    assert heard == ["hazard.raised 1", "hazard 3"]
    assert bus.failures == 3


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("binary_sensor", True, "on"),
        ("switch", False, "off"),
        ("valve", "closed", "closed"),
        ("sensor", 21, "21"),
        ("sensor", 21.0, "21.0"),
        ("sensor", 21.5, "21.5"),
        ("sensor", "idle", "idle"),
        ("siren", None, "unknown"),
    ],
)
def test_home_assistants_words(kind: str, value: bool | float | str | None, expected: str) -> None:
    assert kind in KINDS
    assert ha_state(value) == expected


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = Store(tmp_path / "home.db")
    await made.run(lambda connection: migrate(connection, [MIGRATION]))
    yield made
    made.close()


async def test_entity_ids_stay_and_never_collide(store: Store) -> None:
    registry = Registry(store, TestBox())
    changed: list[str] = []
    registry.listen(lambda entity: changed.append(entity.entity_id))
    first = registry.announce("mqtt", "binary_sensor", "u1", suggested_id="Gas Kitchen/Gas")
    assert first.entity_id == "binary_sensor.gas_kitchen_gas"
    second = registry.announce("mqtt", "binary_sensor", "u2", suggested_id="gas kitchen gas")
    assert second.entity_id == "binary_sensor.gas_kitchen_gas_2"
    again = registry.announce("mqtt", "binary_sensor", "u1", suggested_id="other", name="Renamed")
    assert again is first
    assert again.name == "Renamed"
    registry.withdraw(first)
    third = registry.announce("mqtt", "binary_sensor", "u3", suggested_id="gas kitchen gas")
    assert third.entity_id == "binary_sensor.gas_kitchen_gas_3"
    chinese = registry.announce("mqtt", "valve", "u4", name="燃气阀")
    assert chinese.entity_id.startswith("valve.")
    assert len(chinese.entity_id) > len("valve.")
    assert changed.count("binary_sensor.gas_kitchen_gas") == 3


def keys(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT key FROM registry")}


async def test_registry_comes_back_sealed(store: Store) -> None:
    registry = Registry(store, TestBox())
    device = registry.announce_device("mqtt", ("zigbee2mqtt_0x1",), name="planted", model="GS1")
    wire = Wire("t", states={"ON": "on"})
    entity = registry.announce(
        "mqtt", "binary_sensor", "u1", name="Gas Anna", device_id=device.id, wire=wire
    )
    registry.rename_device(device, "Kitchen gas", "Kitchen")
    assert entity.entity_id == "binary_sensor.gas_anna", "an id may hold a person's name"

    await registry.kept()
    stored = await store.read(keys)
    assert len(stored) == 2
    again = Registry(store, TestBox())
    await again.load()
    found = again.of_source("mqtt", "binary_sensor", "u1")
    assert found is not None
    assert found.wire == wire
    assert not found.present
    assert again.name_of(found.entity_id) == "Kitchen gas Gas Anna"
    same = again.announce_device("mqtt", ("zigbee2mqtt_0x1", "other"), name="source renames")
    assert (same.id, same.name, same.area) == (device.id, "Kitchen gas", "Kitchen")
    assert [one.entity_id for one in again.of_device(same.id)] == [found.entity_id]
    again.rename_device(same, "Bathroom gas", "Bathroom")
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    content = await asyncio.to_thread(Path(store.path).read_bytes)
    for planted in (b"Kitchen", b"zigbee2mqtt", b"anna", device.id.encode()):
        assert planted not in content
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        assert keys(connection) == stored, "a changed row takes its own place"


async def test_a_change_that_the_disk_does_not_take_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path / "home.db")  # without the registry's table
    registry = Registry(store, TestBox())
    await registry.kept()
    entity = registry.announce("mqtt", "valve", "v1", name="Gas valve")
    registry.set_enabled(entity, False)
    with pytest.raises(StoreError):
        await registry.kept()
    store.close()
