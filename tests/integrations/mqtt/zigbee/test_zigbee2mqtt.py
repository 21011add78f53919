"""Zigbee2MQTT on our broker, with a user of its own: its devices are ours, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.registry import Entity
from hub.plugins.broker_devices import DeviceUsers
from hub.testing import until
from tests.conftest import absent
from tests.hub.core.brokers import EmbeddedBroker
from tests.integrations.mqtt.home import PERSON, Home
from tests.integrations.mqtt.zigbee.peer import ALARM, QUIET, Zigbee2Mqtt, address
from tests.peers import Missing

pytestmark = pytest.mark.peers

# device -> the entity that matters: its kind, the end of its unique id, device class, unit
MATTERS: dict[str, tuple[str, str, str | None, str | None]] = {
    "plug": ("switch", "switch", None, None),
    "lamp": ("light", "light", None, None),
    "blind": ("cover", "cover", None, None),
    "door": ("lock", "lock", None, None),
    "heater": ("climate", "climate", None, None),
    "water": ("switch", "switch", None, None),
    "smoke": ("binary_sensor", "smoke", "smoke", None),
    "gas": ("binary_sensor", "gas", "gas", None),
    "leak": ("binary_sensor", "water_leak", "moisture", None),
    "window": ("binary_sensor", "contact", "door", None),
    "weather": ("sensor", "temperature", "temperature", "°C"),
    "key": ("event", "action", None, None),
}


class House:
    """A home, its own broker, and Zigbee2MQTT on it."""

    def __init__(self, home: Home, zigbee: Zigbee2Mqtt, broker: EmbeddedBroker) -> None:
        self.home = home
        self.zigbee = zigbee
        self.broker = broker

    def entity(self, device: str, end: str = "") -> Entity:
        """The entity that matters, or the sensor of this name."""
        kind, known, *_ = MATTERS[device]
        found = self.home.entity(
            "sensor" if end else kind, f"{address(device)}_{end or known}_zigbee2mqtt"
        )
        assert found is not None, (device, end)
        return found

    async def all_there(self) -> None:
        """Return when every device is there and within reach."""

        def there() -> bool:
            found = {
                (entity.kind, entity.unique_id)
                for entity in self.home.registry.entities()
                if self._available(entity.entity_id)
            }
            wanted = {
                (kind, f"{address(device)}_{end}_zigbee2mqtt")
                for device, (kind, end, *_) in MATTERS.items()
            }
            return wanted <= found

        await until(there, within=30)

    def _available(self, entity_id: str) -> bool:
        state = self.home.state(entity_id)
        return state is not None and state.available

    def attribute(self, entity: Entity, name: str) -> Any:
        state = self.home.state(entity.entity_id)
        return None if state is None else (state.attributes or {}).get(name)


@pytest.fixture
async def house(tmp_path: Path, memory: Path) -> AsyncIterator[House]:
    broker = EmbeddedBroker(tmp_path / "broker")
    users = DeviceUsers(tmp_path / "broker")
    user = ("zigbee2mqtt", users.give_password("zigbee2mqtt", new=True))
    try:
        zigbee = Zigbee2Mqtt(tmp_path / "zigbee", broker.port, user)
    except Missing as missing:
        absent(str(missing))
    broker.start()
    home = Home(tmp_path / "home", broker.settings("home"), broker.settings("devices"))
    await home.start()
    try:
        await zigbee.start()
        yield House(home, zigbee, broker)
    finally:
        await zigbee.stop()
        await home.stop()
        broker.stop()


async def test_devices_become_what_they_are(house: House) -> None:
    await house.all_there()
    for device, (kind, _end, device_class, unit) in MATTERS.items():
        entity = house.entity(device)
        assert (entity.kind, entity.device_class, entity.unit) == (kind, device_class, unit)
        known = house.home.registry.device(entity.device_id or "")
        assert known is not None
        assert known.name == device
        assert known.manufacturer
        assert known.model
    assert house.entity("weather", "battery").category == "diagnostic"
    assert house.home.problems() == {}


async def test_readings_come_from_the_air(house: House) -> None:
    await house.all_there()
    zigbee, home = house.zigbee, house.home
    for device in ("smoke", "gas", "leak", "window"):
        zigbee.tell(device, notify="ssIasZone", command="statusChangeNotification", values=ALARM)
    zigbee.tell("plug", report="haElectricalMeasurement", values={"activePower": 183})
    zigbee.tell("weather", report="msTemperatureMeasurement", values={"measuredValue": -85})
    zigbee.tell("heater", report="hvacThermostat", values={"localTemp": 2130})
    for device in ("smoke", "gas", "leak", "window"):
        await home.value(house.entity(device).entity_id, True)
    await home.value(house.entity("plug", "power").entity_id, 183)
    await home.value(house.entity("weather").entity_id, -0.85)
    heater = house.entity("heater")
    await until(lambda: house.attribute(heater, "current_temperature") == 21.3)
    zigbee.tell("gas", notify="ssIasZone", command="statusChangeNotification", values=QUIET)
    await home.value(house.entity("gas").entity_id, False)
    key = house.entity("key")
    zigbee.tell("key", press="genOnOff", command="on")
    await until(lambda: house.attribute(key, "event_type") == "on")
    assert home.problems() == {}


async def test_commands_reach_the_radio_and_the_device_answers(house: House) -> None:
    await house.all_there()
    call, zigbee, home = house.home.commands.call, house.zigbee, house.home
    plug, lamp, blind = (house.entity(name) for name in ("plug", "lamp", "blind"))
    await call(PERSON, plug.entity_id, "turn_on")
    await zigbee.hears("plug", "genOnOff", "on")
    await home.value(plug.entity_id, True)
    await call(PERSON, plug.entity_id, "turn_off")
    await zigbee.hears("plug", "genOnOff", "off")
    await home.value(plug.entity_id, False)
    await call(PERSON, lamp.entity_id, "turn_on", {"brightness": 100})
    await zigbee.hears("lamp", "genLevelCtrl", "moveToLevelWithOnOff", level=100)
    await home.value(lamp.entity_id, True)
    await until(lambda: house.attribute(lamp, "brightness") == 100)
    await call(PERSON, lamp.entity_id, "turn_on", {"color_temp_kelvin": 3333})
    await zigbee.hears("lamp", "lightingColorCtrl", "moveToColorTemp", colortemp=300)
    await call(PERSON, blind.entity_id, "set_position", {"position": 40})
    await zigbee.hears("blind", "closuresWindowCovering", "goToLiftPercentage")
    await until(lambda: house.attribute(blind, "current_position") == 40)
    door = house.entity("door")
    await call(PERSON, door.entity_id, "unlock")
    await zigbee.hears("door", "closuresDoorLock", "unlockDoor")
    await home.value(door.entity_id, "unlocked")
    await call(PERSON, house.entity("water").entity_id, "turn_on")
    await zigbee.hears("water", "genOnOff", "on")
    heater = house.entity("heater")
    await call(PERSON, heater.entity_id, "set_temperature", {"temperature": 21.5})
    await until(lambda: house.attribute(heater, "temperature") == 21.5)
    assert home.problems() == {}


async def test_it_ends_and_comes_back(house: House) -> None:
    await house.all_there()
    plug, home = house.entity("plug"), house.home
    house.zigbee.tell("plug", report="genOnOff", values={"onOff": 1})
    await home.value(plug.entity_id, True)
    for end in (house.zigbee.stop, house.zigbee.kill):
        await end()
        await home.available(plug.entity_id, expected=False)
        await house.zigbee.start()
        await home.value(plug.entity_id, True)
    assert house.entity("plug") is plug
    await home.commands.call(PERSON, plug.entity_id, "turn_off")
    await home.value(plug.entity_id, False)
    assert home.problems() == {}


async def test_a_device_out_of_reach_is_unavailable_alone(house: House) -> None:
    await house.all_there()
    home = house.home
    await house.zigbee.stop()
    await house.zigbee.start(silent=("lamp", "leak"))
    await home.available(house.entity("plug").entity_id, expected=True)
    for device in ("lamp", "leak"):
        await home.available(house.entity(device).entity_id, expected=False)
    house.zigbee.tell("lamp", report="genOnOff", values={"onOff": 1})
    house.zigbee.tell("leak", notify="ssIasZone", command="statusChangeNotification", values=ALARM)
    await home.value(house.entity("lamp").entity_id, True)
    await home.value(house.entity("leak").entity_id, True)


async def test_our_broker_ends_and_comes_back(house: House) -> None:
    await house.all_there()
    plug, home = house.entity("plug"), house.home
    house.broker.stop()
    await home.available(plug.entity_id, expected=False)
    house.broker.start()
    await house.all_there()
    await home.commands.call(PERSON, plug.entity_id, "turn_on")
    await house.zigbee.hears("plug", "genOnOff", "on")
    await home.value(plug.entity_id, True)
