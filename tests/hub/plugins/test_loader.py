"""Loading: a third-party folder comes in through the door, and only as its manifest says."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.core import audit, registry
from hub.core.audit import Audit
from hub.core.commands import Actor, CommandRefused, Commands
from hub.core.registry import Registry
from hub.core.states import States
from hub.core.store import Store, migrate
from hub.plugins.entities import CommandProblem
from hub.plugins.loader import Plugins
from hub.testing import FakeConnection, until
from privacy.vault import MachineKey
from tests.hub.plugins.test_manifest import GOOD

PERSON = Actor("resident-1", "resident")
LAMP = '''"""A lamp behind two topics: the smallest complete integration."""

from hub.api import BinarySensor, CommandProblem, Config, DeviceInfo, Integration, Mqtt, Switch
from hub.api import setting


class LampConfig(Config):
    name: str = setting("Name", default="one")


class Lamp(Integration[LampConfig]):
    async def connect(self, config: LampConfig, mqtt: Mqtt) -> None:
        device = DeviceInfo(["lamp-1"], name="Lamp", area="Hall")
        self.lamp = self.add(Switch("1", device=device))
        self.mqtt = mqtt
        mqtt.subscribe(f"lamp/{config.name}/state", self.told)
        self.lamp.on("turn_on", self.turn_on)
        self.lamp.on("turn_off", self.turn_off)
        self.add(BinarySensor("undeclared"))

    def told(self, topic: str, payload: bytes, retained: bool) -> None:
        self.lamp.set(payload == b"ON", {"raw": payload.decode()})

    async def turn_on(self) -> None:
        await self.mqtt.publish("lamp/one/set", "ON")

    async def turn_off(self) -> None:
        raise CommandProblem("The lamp is stuck.")
'''


class House:
    """What the integrations are loaded into."""

    def __init__(self, folder: Path) -> None:
        box = MachineKey.load_or_create(folder / "keys").box("test")
        self.store = Store(folder / "home.db")
        self.store.run_sync(lambda db: migrate(db, [registry.MIGRATION, audit.MIGRATION]))
        self.registry = Registry(self.store, box)
        self.states = States()
        self.commands = Commands(self.registry, Audit(self.store, box), problems=(CommandProblem,))
        self.connection = FakeConnection()
        self.folder = folder / "plugins"
        self.folder.mkdir()
        self.plugins = Plugins(
            registry=self.registry,
            states=self.states,
            commands=self.commands,
            mqtt=self.connection,
            folders=(self.folder,),
        )

    def add(self, domain: str, code: str = LAMP, **manifest: Any) -> None:
        place = self.folder / domain
        place.mkdir()
        (place / "__init__.py").write_text("")
        (place / "lamp.py").write_text(code)
        data = GOOD | {"domain": domain} | manifest
        (place / "manifest.json").write_text(json.dumps(data))


@pytest.fixture(autouse=True)
def no_leftover_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("integrations."):
            del sys.modules[name]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.plugins.stop()
    made.store.close()


async def test_the_smallest_integration_end_to_end(house: House) -> None:
    house.add("lamp")
    await house.plugins.start({"lamp": {}})
    assert house.plugins.failed == {}
    house.connection.deliver("lamp/one/state", "ON")
    (entity,) = house.registry.entities()
    state = house.states.get(entity.entity_id)
    assert state is not None
    assert (state.value, state.attributes, state.available) == (True, {"raw": "ON"}, True)
    assert house.registry.devices()[0].area == "Hall"
    await house.commands.call(PERSON, entity.entity_id, "turn_on")
    assert house.connection.published[-1][:2] == ("lamp/one/set", b"ON")
    with pytest.raises(CommandRefused, match="stuck"):
        await house.commands.call(PERSON, entity.entity_id, "toggle")
    assert house.plugins.running["lamp"].door.problems.counts == {"undeclared_kind": 1}


async def test_disabled_entities_are_silent_until_the_household_says_otherwise(
    house: House,
) -> None:
    house.add("lamp")
    await house.plugins.start({"lamp": {}})
    house.connection.deliver("lamp/one/state", "ON")
    (entity,) = house.registry.entities()
    house.registry.set_enabled(entity, False)
    state = house.states.get(entity.entity_id)
    assert state is not None
    assert not state.available
    house.connection.deliver("lamp/one/state", "OFF")
    assert house.states.get(entity.entity_id) is state
    house.registry.set_enabled(entity, True)
    house.connection.deliver("lamp/one/state", "ON")
    state = house.states.get(entity.entity_id)
    assert state is not None
    assert (state.value, state.available) == (True, True)


async def test_stopped_integrations_leave_nothing_that_looks_normal(house: House) -> None:
    house.add("lamp")
    await house.plugins.start({"lamp": {}})
    house.connection.deliver("lamp/one/state", "ON")
    (entity,) = house.registry.entities()
    await house.plugins.stop()
    state = house.states.get(entity.entity_id)
    assert state is not None
    assert (state.value, state.available) == (None, False)
    with pytest.raises(CommandRefused):
        await house.commands.call(PERSON, entity.entity_id, "turn_on")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("x = (", "can't be imported"),
        ("import no_such_module", "can't be imported"),
        ("Lamp = 7", "isn't an Integration"),
        (LAMP.replace('"lamp/one/set"', "7").replace("lamp/{", "door/{"), "NotDeclared"),
        (LAMP.replace("self.add(Switch", "1 / 0; self.add(Switch"), "ZeroDivisionError"),
    ],
)
async def test_one_that_fails_stops_no_other(house: House, code: str, reason: str) -> None:
    house.add("broken", code)
    house.add("lamp")
    await house.plugins.start({"broken": {}, "lamp": {}, "absent": {}})
    assert reason in house.plugins.failed["broken"]
    assert "absent" in house.plugins.failed
    assert list(house.plugins.running) == ["lamp"]


async def test_a_wrong_config_is_refused_with_its_reason(house: House) -> None:
    house.add("lamp")
    await house.plugins.start({"lamp": {"nmae": "x"}})
    assert "nmae" in house.plugins.failed["lamp"]


async def test_without_a_declared_connection_none_is_handed_over(house: House) -> None:
    house.add("lamp", connections={})
    await house.plugins.start({"lamp": {}})
    assert "TypeError" in house.plugins.failed["lamp"]


async def test_a_built_in_name_cant_be_taken_by_another_folder(house: House) -> None:
    from integrations.mqtt import discovery

    assert discovery.__name__.startswith("integrations.mqtt")
    house.add("mqtt")
    await house.plugins.start({"mqtt": {}})
    assert "another integration" in house.plugins.failed["mqtt"]
    await until(lambda: not house.plugins.running)
