"""A group has one state and one set of commands; each member is asked and audited as if alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.core.audit import Audit
from hub.core.commands import Actor, CommandRefused, Commands
from hub.core.groups import Groups
from hub.core.kinds import Value
from hub.core.registry import Entity, Registry
from hub.core.states import States
from hub.core.store import Store, migrate
from hub.home.parts import MIGRATIONS
from tests.hub.core.boxes import TestBox

OWNER = Actor("lin", "owner")
SWITCHED = frozenset({"turn_on", "turn_off"})


class House:
    """A registry with lamps that answer at once."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "home.db")
        self.store.run_sync(lambda db: migrate(db, MIGRATIONS))
        self.registry = Registry(self.store, TestBox())
        self.states = States()
        self.audit = Audit(self.store, TestBox())
        self.commands = Commands(self.registry, self.audit)
        self.groups = Groups(self.registry, self.states)
        self.groups.start()

    def add(self, kind: str, name: str, value: Value, **attributes: Any) -> Entity:
        """An entity that does what it is told."""
        made = self.registry.announce("mqtt", kind, name, suggested_id=name, commands=SWITCHED)
        self.states.set(made.entity_id, value, attributes)
        for command in SWITCHED:
            self.commands.handle(made.entity_id, command, partial(self._do, made, command))
        return made

    async def _do(self, entity: Entity, command: str, args: Mapping[str, Any]) -> None:
        self.states.set(entity.entity_id, command == "turn_on", dict(args) or None)

    def value(self, entity: Entity) -> tuple[Value, bool]:
        """A state's value and whether it is there."""
        state = self.states.get(entity.entity_id)
        assert state is not None
        return state.value, state.available


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.registry.kept()
    made.store.close()


async def test_any_lamp_that_is_lit_lights_the_group(house: House) -> None:
    one = house.add("light", "one", True, brightness=100, effect_list=["slow"])
    two = house.add("light", "two", False, brightness=50, effect_list=["slow"])
    group = house.groups.make("light", "客厅灯", [one.entity_id, two.entity_id])
    assert house.value(group) == (True, True)
    state = house.states.get(group.entity_id)
    assert state is not None
    assert state.attributes == {"brightness": 75, "effect_list": ["slow"]}
    house.states.set(one.entity_id, False)
    assert house.value(group) == (False, True)
    house.states.set(one.entity_id, None, available=False)
    assert house.value(group) == (False, True)
    house.states.set(two.entity_id, None, available=False)
    assert house.value(group) == (None, False)


async def test_a_command_reaches_all_members_and_is_audited_for_each(house: House) -> None:
    lamps = [house.add("light", name, False) for name in ("one", "two", "three")]
    group = house.groups.make("light", "All", [lamp.entity_id for lamp in lamps])
    assert group.commands == SWITCHED
    outcome = await house.commands.call(OWNER, group.entity_id, "turn_on", {"brightness": 9})
    assert outcome.entity_id == group.entity_id
    assert [house.value(lamp) for lamp in lamps] == [(True, True)] * 3
    lines = await house.audit.lines()
    assert {line.subject for line in lines} == {lamp.entity_id for lamp in lamps}


async def test_a_held_member_is_refused_and_the_others_act(house: House) -> None:
    held, free = house.add("switch", "held", True), house.add("switch", "free", True)
    group = house.groups.make("switch", "Sockets", [held.entity_id, free.entity_id])
    house.commands.leases = {held.entity_id: "gas1"}
    with pytest.raises(CommandRefused) as caught:
        await house.commands.call(OWNER, group.entity_id, "turn_off")
    assert caught.value.code == "leased"
    assert (house.value(held)[0], house.value(free)[0]) == (True, False)
    with pytest.raises(CommandRefused):
        await house.commands.call(Actor("v", "guest"), group.entity_id, "turn_on")
    house.registry.set_enabled(group, False)
    with pytest.raises(CommandRefused, match="switched off"):
        await house.commands.call(OWNER, group.entity_id, "turn_on")
    assert house.value(free)[0] is False


async def test_a_group_comes_back_with_its_members(house: House) -> None:
    one, two = house.add("light", "one", True), house.add("light", "two", False)
    made = house.groups.make("light", "客厅灯", [one.entity_id, two.entity_id])
    await house.registry.kept()
    registry = Registry(house.store, TestBox())
    await registry.load()
    states = States()
    Groups(registry, states).start()
    group = registry.get(made.entity_id)
    assert group is not None
    assert (group.name, group.members, group.present) == ("客厅灯", made.members, True)
    back = registry.announce("mqtt", "light", "two", commands=SWITCHED)
    states.set(back.entity_id, True)
    found = states.get(group.entity_id)
    assert found is not None
    assert found.value is True
    assert group.commands == SWITCHED


async def test_a_removed_group_leaves_its_members_alone(house: House) -> None:
    one, two = house.add("light", "one", True), house.add("light", "two", False)
    group = house.groups.make("light", "All", [one.entity_id, two.entity_id])
    house.groups.set_members(group, [two.entity_id])
    assert house.value(group) == (False, True)
    house.groups.remove(group)
    house.states.set(two.entity_id, True)
    await asyncio.sleep(0)
    assert house.states.get(group.entity_id) is None
    assert house.registry.get(group.entity_id) is None
    assert house.value(one) == (True, True)
