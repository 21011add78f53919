"""Captured devices replayed through real brokers become devices, entities and states."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.testing import until
from tests.integrations.mqtt import captured
from tests.integrations.mqtt.conftest import Broker
from tests.integrations.mqtt.home import PERSON, Home

# vector -> the entity that matters, its device class, and its values as the messages come
SENSORS: dict[str, tuple[str, str, list[bool | None]]] = {
    "z2m_gas_kitchen": ("gas", "gas", [True, False]),
    "z2m_gas_lumi": ("gas", "gas", [True]),
    "z2m_gas_tuya": ("gas", "gas", [True]),
    "z2m_smoke_kitchen": ("smoke", "smoke", [True, False]),
    "z2m_smoke_heiman": ("smoke", "smoke", [True]),
    "z2m_smoke_lumi": ("smoke", "smoke", [True]),
    "z2m_leak_bath": ("water_leak", "moisture", [True, False]),
    "z2m_leak_sonoff": ("water_leak", "moisture", [True]),
}
SWITCHES: dict[str, tuple[str, list[bool | None], str]] = {
    "z2m_plug_fridge": ("switch.plug_fridge", [True, True, True, False], "turn_off"),
    "z2m_plug_tuya": ("switch.plug_tuya", [True, True, True], "turn_on"),
    "z2m_valve_water": ("switch.valve_water", [True, True, False], "turn_off"),
    "z2m_valve_tuya": ("switch.valve_tuya_state", [True], "turn_off"),
    "z2m_switch_wall2": ("switch.switch_wall2_left", [None, None, True], "turn_on"),
}


async def announce(home: Home, vector: dict[str, Any]) -> None:
    for message in vector["discovery"]:
        await home.say(message["topic"], captured.text(message["payload"]), retain=True)
    await home.say(captured.BRIDGE, '{"state":"online"}', retain=True)


def supported(vector: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {"binary_sensor", "sensor", "switch"}
    return [one for one in vector["discovery"] if one["topic"].split("/")[1] in kinds]


async def all_there(home: Home, vector: dict[str, Any]) -> None:
    wanted = [
        (message["topic"].split("/")[1], message["payload"]["unique_id"])
        for message in supported(vector)
    ]
    await until(lambda: all(home.entity(*one) is not None for one in wanted))


@pytest.mark.parametrize("name", [*SENSORS, *SWITCHES])
async def test_captured_devices_through_a_broker(home: Home, name: str) -> None:
    vector = captured.load(name)
    await announce(home, vector)
    await all_there(home, vector)
    device = home.registry.devices()[0]
    expected = vector["discovery"][0]["payload"]["device"]
    assert (device.name, device.manufacturer, device.model) == (
        expected["name"],
        expected["manufacturer"],
        expected["model"],
    )
    assert {entity.device_id for entity in home.registry.entities()} == {device.id}
    if name in SENSORS:
        suffix, device_class, values = SENSORS[name]
        entity_id = f"binary_sensor.{vector['id']}_{suffix}"
        entity = home.registry.get(entity_id)
        assert entity is not None
        assert entity.device_class == device_class
        assert entity.wire is not None
        assert entity.wire.states == {"True": "on", "False": "off"}
    else:
        entity_id, values, _ = SWITCHES[name]
    await home.available(entity_id, expected=True)
    for message, value in zip(vector["state"], values, strict=True):
        await home.say(message["topic"], captured.text(message["payload"]))
        await home.value(entity_id, value)
    await home.say(captured.BRIDGE, '{"state":"offline"}', retain=True)
    await home.available(entity_id, expected=False)
    assert home.problems() == {}


@pytest.mark.parametrize("name", list(SWITCHES))
async def test_commands_go_out_as_captured_and_the_devices_state_answers(
    home: Home, name: str
) -> None:
    vector = captured.load(name)
    entity_id, _, command = SWITCHES[name]
    await announce(home, vector)
    await all_there(home, vector)
    (found,) = [
        message["payload"]
        for message in supported(vector)
        if message["payload"]["default_entity_id"] == entity_id
    ]
    received = asyncio.get_running_loop().create_future()

    def device(topic: str, payload: bytes, _retained: bool) -> None:
        received.set_result(payload.decode())
        key = "state_left" if name == "z2m_switch_wall2" else "state"
        home.devices.publish_now(found["state_topic"], json.dumps({key: payload.decode()}))

    await home.device_listens(found["command_topic"], device)
    await home.available(entity_id, expected=True)
    outcome = await home.commands.call(PERSON, entity_id, command)
    assert outcome.line > 0
    literal = await received
    assert literal == ("ON" if command == "turn_on" else "OFF")
    # Zigbee2MQTT takes the word on its own and inside JSON alike; the captured form is JSON.
    assert literal in json.dumps(vector["command"][0]["payload"])
    await home.value(entity_id, command == "turn_on")


async def test_gas_valve_and_siren_by_their_own_components(home: Home) -> None:
    device = {"identifiers": ["d"], "name": "Kitchen"}
    shared = {"device": device, "availability_topic": "d/online"}
    valve = {"unique_id": "v", "command_topic": "v/set", "state_topic": "v", "device_class": "gas"}
    siren = {"unique_id": "s", "command_topic": "s/set", "state_topic": "s"}
    await home.say("homeassistant/valve/v/config", json.dumps(valve | shared), retain=True)
    await home.say("homeassistant/siren/s/config", json.dumps(siren | shared), retain=True)
    await home.say("d/online", "online", retain=True)
    await until(lambda: len(home.registry.entities()) == 2)

    def answer(topic: str, _payload: bytes, _retained: bool) -> None:
        state = "closed" if topic == "v/set" else '{"state":"ON"}'
        home.devices.publish_now(topic.removesuffix("/set"), state)

    await home.device_listens("+/set", answer)
    entity = home.entity("valve", "v")
    sounder = home.entity("siren", "s")
    assert entity is not None
    assert sounder is not None
    await home.available(entity.entity_id, expected=True)
    await home.commands.call(PERSON, entity.entity_id, "close")
    await home.commands.call(PERSON, sounder.entity_id, "turn_on")
    await home.value(entity.entity_id, "closed")
    await home.value(sounder.entity_id, True)


async def test_broker_lost_and_back(home: Home, broker: Broker) -> None:
    vector = captured.load("z2m_gas_kitchen")
    await announce(home, vector)
    await home.available("binary_sensor.gas_kitchen_gas", expected=True)
    await home.say(vector["state"][0]["topic"], captured.text(vector["state"][0]["payload"]))
    await home.value("binary_sensor.gas_kitchen_gas", True)
    broker.stop()
    await home.available("binary_sensor.gas_kitchen_gas", expected=False)
    broker.start()
    await home.devices.wait_connected(20)
    await home.hub.wait_connected(20)
    await announce(home, vector)
    await home.value("binary_sensor.gas_kitchen_gas", True)


async def test_bad_messages_through_a_broker_leave_the_alarm_working(home: Home) -> None:
    vector = captured.load("z2m_gas_kitchen")
    await announce(home, vector)
    await home.available("binary_sensor.gas_kitchen_gas", expected=True)
    for payload in (
        "{",
        "[1]",
        '{"gas": {"a": 1}}',
        '{"gas": 1e400}',
        '{"gas": ' + "9" * 5000 + "}",
    ):
        await home.say("zigbee2mqtt/gas_kitchen", payload)
    await home.devices.publish("zigbee2mqtt/gas_kitchen", b"\xff\xfe\x00", 1)
    await home.devices.publish("zigbee2mqtt/gas_kitchen", b"x" * 10_000_000, 1)
    await home.say("homeassistant/sensor/bad/config", "{not json")
    await home.say("homeassistant/sensor/évil/config", "{}")
    await home.say("zigbee2mqtt/gas_kitchen", '{"gas": true}')
    await home.value("binary_sensor.gas_kitchen_gas", True)
    counts = home.problems()
    assert counts["payload_too_large"] == 1
    assert counts["bad_discovery"] == 2
    assert counts["template_failed"] >= 1
    assert counts["bad_state"] >= 1


async def test_a_removed_device_keeps_its_entity_id(home: Home) -> None:
    vector = captured.load("z2m_gas_kitchen")
    await announce(home, vector)
    await home.available("binary_sensor.gas_kitchen_gas", expected=True)
    topic = next(m["topic"] for m in vector["discovery"] if m["topic"].endswith("/gas/config"))
    await home.say(topic, "", retain=True)
    entity = home.registry.get("binary_sensor.gas_kitchen_gas")
    assert entity is not None
    await until(lambda: not entity.present)
    await home.available(entity.entity_id, expected=False)
    await announce(home, vector)
    await until(lambda: entity.present)
    assert home.registry.get("binary_sensor.gas_kitchen_gas") is entity
