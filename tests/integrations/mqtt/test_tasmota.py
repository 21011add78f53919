"""Tasmota's own announcements, from the captured plug and with relays and switches."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.testing import Harness
from integrations.mqtt.integration import MqttDiscovery
from tests.integrations.mqtt import captured

MAC = "00000049A3BC"
CONFIG = f"tasmota/discovery/{MAC}/config"
SENSORS = f"tasmota/discovery/{MAC}/sensors"
RELAY = f"switch.{MAC}_switch_relay_1"


@pytest.fixture
async def home() -> AsyncIterator[Harness]:
    made = Harness(MqttDiscovery)
    await made.start()
    yield made
    await made.stop()


def config(**changes: Any) -> str:
    return json.dumps(captured.load("tasmota_plug_energy")["discovery"][0]["payload"] | changes)


def sensors() -> str:
    return json.dumps(captured.load("tasmota_plug_energy")["discovery"][1]["payload"])


def say(home: Harness, last: str, payload: object) -> None:
    home.mqtt.deliver(f"tasmota_49A3BC/{last}", captured.text(payload))


@pytest.mark.parametrize("order", [(CONFIG, SENSORS), (SENSORS, CONFIG)])
async def test_the_two_announcements_come_in_any_order(
    home: Harness, order: tuple[str, str]
) -> None:
    for topic in order:
        home.mqtt.deliver(topic, config() if topic == CONFIG else sensors(), retain=True)
    key = f"sensor.{MAC}_sensor_sensor_ENERGY_Total"
    entity = home.door.announced[key]
    assert (entity["device_class"], entity["unit"], entity["name"]) == (
        "energy",
        "kWh",
        "ENERGY Total",
    )
    assert entity["device"]["identifiers"] == ["mac:00:00:00:49:A3:BC"]
    assert (entity["device"]["name"], entity["device"]["model"]) == ("Tasmota", "Sonoff Basic")
    say(home, "tele/LWT", "Online")
    say(home, "tele/SENSOR", {"ENERGY": {"Total": 1.2}})
    assert (home.door.states[key].value, home.door.states[key].available) == (1.2, True)
    say(home, "stat/STATUS10", {"StatusSNS": {"ENERGY": {"Total": 1.3, "TotalTariff": [0, 1.3]}}})
    assert home.door.states[key].value == 1.3
    assert home.door.states[f"sensor.{MAC}_sensor_sensor_ENERGY_TotalTariff_1"].value == 1.3
    say(home, "tele/LWT", "Offline")
    assert not home.door.states[key].available
    assert home.door.problems.counts == {}


async def test_a_relay_is_a_switch_and_is_asked_for_its_state(home: Harness) -> None:
    home.mqtt.deliver(CONFIG, config(rl=[1, 0, 0, 0]))
    assert ("tasmota_49A3BC/cmnd/STATE", b"") in [one[:2] for one in home.mqtt.published]
    say(home, "tele/LWT", "Online")
    say(home, "tele/STATE", {"Uptime": "0T00:01", "POWER": "OFF"})
    assert home.door.states[RELAY].value is False
    home.mqtt.answers["tasmota_49A3BC/cmnd/POWER"] = lambda payload: say(
        home, "stat/RESULT", {"POWER": payload.decode()}
    )
    await home.command(RELAY, "turn_on")
    assert home.door.states[RELAY].value is True
    say(home, "stat/RESULT", {"PowerOnState": 3})  # another command's answer
    assert home.door.states[RELAY].value is True
    assert home.door.problems.counts == {}


async def test_several_relays_and_a_switch(home: Harness) -> None:
    home.mqtt.deliver(CONFIG, config(rl=[1, 1], swc=[0, -1], swn=["Hall", None]))
    names = {key: entity["name"] for key, entity in home.door.announced.items()}
    assert names == {
        RELAY: "Test",
        f"switch.{MAC}_switch_relay_2": "Beer",
        f"binary_sensor.{MAC}_binary_sensor_switch_1": "Hall",
    }
    say(home, "stat/RESULT", {"Switch1": {"Action": "ON"}})
    say(home, "tele/STATE", {"POWER1": "ON", "POWER2": "OFF"})
    assert home.door.states[f"binary_sensor.{MAC}_binary_sensor_switch_1"].value is True
    assert home.door.states[f"switch.{MAC}_switch_relay_2"].value is False
    home.mqtt.deliver(CONFIG, config(rl=[1, 0], swc=[-1]))
    assert list(home.door.announced) == [RELAY]
    home.mqtt.deliver(CONFIG, "")
    assert home.door.announced == {}


@pytest.mark.parametrize(
    "payload",
    [
        "{",
        "[]",
        config(mac="00000049A3BD"),
        config(tp=["cmnd"]),
        config(rl="none"),
        config(ft=1e999),
    ],
)
async def test_bad_announcements_are_counted(home: Harness, payload: str) -> None:
    home.mqtt.deliver(CONFIG, payload)
    assert home.door.announced == {}
    assert home.door.problems.counts == {"bad_discovery": 1}


async def test_bad_sensors_are_counted(home: Harness) -> None:
    home.mqtt.deliver(CONFIG, config())
    for bad in (
        "{",
        "{}",
        '{"sn": {"a\\"]": 1}}',
        json.dumps({"sn": {str(n): n for n in range(999)}}),
    ):
        home.mqtt.deliver(SENSORS, bad)
    assert home.door.announced == {}
    assert home.door.problems.counts == {"bad_discovery": 4}
