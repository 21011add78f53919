"""Names, rooms, groups and replacements as the household chooses them, through a real door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.core.commands import Actor
from hub.core.sealed import Erased
from hub.home.favourites import Favourites
from hub.home.refusal import Refusal
from hub.home.runtime import Home
from hub.plugins.door import HubDoor
from hub.plugins.entities import DeviceInfo, Entity
from hub.plugins.entity_kinds import Sensor, Switch

OWNER = Actor("lin", "owner")


class Source:
    """An integration's side of the door; remembers what it was told to do."""

    def __init__(self, home: Home) -> None:
        self.told: list[tuple[str, str]] = []
        self.door = HubDoor(
            "test",
            frozenset({"switch", "sensor"}),
            registry=home.registry,
            states=home.states,
            commands=home.commands,
        )
        self.door.open(self)
        self.entities: dict[str, Entity] = {}

    async def handle_command(self, key: str, command: str, args: Mapping[str, Any]) -> None:
        self.told.append((key, command))
        await self.entities[key].handle_command(command, args)

    def handle_enabled(self, key: str, enabled: bool) -> None:
        self.entities[key].handle_enabled(enabled)

    def plug(self, number: str, *, watts: float) -> None:
        """A plug that measures its power."""
        device = DeviceInfo([number], name=f"Plug {number}", area="Hall")
        switch = Switch(f"{number}-switch", device=device)
        power = Sensor(f"{number}-power", device=device, device_class="power", unit="W")

        async def turn(**_args: Any) -> None:
            switch.set(True)

        switch.on("turn_on", turn)
        for entity in (switch, power):
            self.entities[entity.key] = entity
            entity.attach(self.door)
        switch.set(False)
        power.set(watts)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path, None)
    await made.start()
    await made.setup(name="Owner", password="a long demo passphrase", unlock={"mode": "machine"})
    yield made
    await made.stop()


def device_id(home: Home, name: str) -> str:
    return next(device.id for device in home.registry.devices() if device.name == name)


async def test_an_announced_command_can_be_sent_and_ends_with_its_source(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=3.0)
    entity = home.registry.get("switch.plug_1")
    assert entity is not None
    assert entity.commands == {"turn_on"}
    source.door.close()
    assert entity.commands == frozenset()


async def test_a_replacement_takes_ids_history_and_commands(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=3.0)
    source.plug("2", watts=7.0)
    await home.inventory.describe(
        "switch.plug_1", OWNER, name="阅读灯", area="书房", hidden=False, enabled=True
    )
    old, new = device_id(home, "Plug 1"), device_id(home, "Plug 2")
    assert [one.id for one in home.inventory.replacements(old)] == [new]
    assert await home.inventory.replace(old, new, OWNER) == 2
    power = home.states.get("sensor.plug_1_power")
    assert power is not None
    assert power.value == 7.0
    assert home.registry.name_of("switch.plug_1") == "阅读灯"
    await home.commands.call(OWNER, "switch.plug_1", "turn_on")
    assert source.told == [("switch.2-switch", "turn_on")]
    await home.commands.call(OWNER, "switch.plug_2", "turn_on")
    assert source.told[-1] == ("switch.1-switch", "turn_on")
    source.entities["sensor.2-power"].set(8.0)
    power = home.states.get("sensor.plug_1_power")
    assert power is not None
    assert power.value == 8.0
    lines = await home.audit.lines()
    assert "replace device" in {line.action for line in lines}


async def test_what_cannot_stand_in_is_refused(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=3.0)
    only = Sensor("other", device=DeviceInfo(["9"], name="Thermometer"), device_class="temperature")
    source.entities[only.key] = only
    only.attach(source.door)
    old, new = device_id(home, "Plug 1"), device_id(home, "Thermometer")
    for other in (new, old, "nowhere"):
        with pytest.raises(Refusal):
            await home.inventory.replace(old, other, OWNER)


async def test_a_device_is_removed_only_when_its_source_is_gone(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=3.0)
    found = device_id(home, "Plug 1")
    with pytest.raises(Refusal):
        await home.inventory.remove_device(found, OWNER)
    for key in list(source.entities):
        source.door.withdraw(key)
    await home.inventory.remove_device(found, OWNER)
    assert home.registry.devices() == []
    assert home.states.all() == []


async def test_rooms_are_renamed_for_all_that_stands_in_them(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=1.0)
    source.plug("2", watts=2.0)
    found = device_id(home, "Plug 2")
    await home.inventory.rename_device(found, OWNER, "插座 2", "书房")
    await home.inventory.describe(
        "sensor.plug_1_power", OWNER, name="", area="书房", hidden=True, enabled=True
    )
    assert [area.name for area in home.areas] == ["Hall", "书房"]
    await home.inventory.rename_area("书房", OWNER, "工作室")
    assert [area.name for area in home.areas] == ["Hall", "工作室"]
    for wrong in ("", "x" * 65):
        with pytest.raises(Refusal) as caught:
            await home.inventory.rename_device(found, OWNER, wrong, "")
        assert caught.value.field == "name"


async def test_groups_need_two_of_one_kind(home: Home) -> None:
    source = Source(home)
    source.plug("1", watts=1.0)
    source.plug("2", watts=2.0)
    for members in (["switch.plug_1"], ["switch.plug_1", "sensor.plug_1_power"], ["a", "b"]):
        with pytest.raises(Refusal):
            await home.inventory.make_group("switch", "All", members, OWNER)
    both = ["switch.plug_1", "switch.plug_2"]
    group = await home.inventory.make_group("switch", "All", both, OWNER)
    await home.commands.call(OWNER, group.entity_id, "turn_on")
    assert len(source.told) == 2
    with pytest.raises(Refusal):
        await home.inventory.change_group(group.entity_id, [group.entity_id, *both], OWNER)
    with pytest.raises(Refusal):
        await home.inventory.remove_group("switch.plug_1", OWNER)
    await home.inventory.remove_group(group.entity_id, OWNER)


async def test_favourites_are_each_persons_own(home: Home) -> None:
    await home.keys.add_residents(["lin", "wang"])
    await home.favourites.keep("lin", ["light.a", "light.b", "light.a"])
    await home.favourites.keep("wang", ["light.c"])
    await home.store.run(lambda db: home.favourites.forget(db, "wang", Erased()))
    again = Favourites(home.store, home.keys.own_box("favourites"))
    await again.load()
    assert (again.of("lin"), again.of("wang")) == (("light.a", "light.b"), ())
