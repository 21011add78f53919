"""Discovery, a mark, the kernel and back: a plug that carries too much, a pressed button."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hub.home import watch
from hub.home.runtime import Home
from hub.home.views import SensorView
from tests.hub.core.brokers import until
from tests.hub.home.conftest import OWNER, PASSWORD
from tests.hub.home.test_life import PATIENCE_S, Place, newest, place

__all__ = ["place"]

KETTLE = {"identifiers": ["kettle"], "name": "Kettle"}
BUTTON = {"identifiers": ["button"], "name": "Button"}
POWER, PLUG = "sensor.kettle_power", "switch.kettle"
DEVICES: dict[str, dict[str, Any]] = {
    "sensor/kettle_power": {
        "unique_id": "kettle_power",
        "default_entity_id": POWER,
        "device_class": "power",
        "unit_of_measurement": "W",
        "state_topic": "kettle",
        "value_template": "{{ value_json.power }}",
        "device": KETTLE,
    },
    "switch/kettle": {
        "unique_id": "kettle",
        "default_entity_id": PLUG,
        "state_topic": "kettle/relay",
        "command_topic": "kettle/set",
        "device": KETTLE,
    },
    "device_automation/button": {
        "automation_type": "trigger",
        "topic": "button/action",
        "type": "action",
        "subtype": "emergency",
        "payload": "emergency",
        "device": BUTTON,
    },
}


async def furnished(place: Place) -> Home:
    home = await place.home()
    await home.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
    for name, payload in DEVICES.items():
        topic = f"homeassistant/{name}/config"
        await place.devices.publish(topic, json.dumps(payload), 1, retain=True)
    await until(lambda: home.markable("sos") and home.registry.get(PLUG), PATIENCE_S)
    return home


def seen_of(home: Home, hazard: str) -> SensorView:
    (found,) = (one for one in home.supervision() if one.hazard == hazard)
    return found


async def watching(home: Home, hazard: str) -> None:
    def is_watched() -> bool:
        rows = (home.watch.client.status or {}).get("sensors", {})
        return any(row["hazard"] == hazard for row in rows.values())

    await until(is_watched, PATIENCE_S)


async def test_an_overload_is_seen_acted_upon_and_over(place: Place) -> None:
    home = await furnished(place)
    told: list[bytes] = []
    place.devices.subscribe("kettle/set", lambda _topic, payload, _kept: told.append(payload))
    await home.bind("socket", PLUG, OWNER)
    await home.mark("overload", POWER, OWNER, limit=1000, for_s=0)
    await watching(home, "overload")
    await place.devices.publish("kettle", '{"power": 900}', 1)
    await place.devices.publish("kettle", '{"power": 1800}', 1)
    await until(lambda: told == [b"OFF"], PATIENCE_S)
    await place.devices.publish("kettle/relay", "OFF", 1)
    await until(lambda: newest(home) and newest(home).did(str)[0].result == "confirmed", PATIENCE_S)
    assert (newest(home).hazard, newest(home).question) == ("overload", None)
    assert [one.text for one in newest(home).did(str)] == ["Kettle is switched off."]
    await until(lambda: seen_of(home, "overload").watch == "watching", PATIENCE_S)
    await place.devices.publish("kettle", '{"power": 0}', 1)
    await until(lambda: not newest(home).active, PATIENCE_S)


async def test_a_press_for_help_is_asked_about_and_taken_back(place: Place) -> None:
    home = await furnished(place)
    ((button, _name),) = home.markable("sos")
    await home.mark("sos", button, OWNER)
    await watching(home, "sos")
    await place.devices.publish("button/action", "single", 1)
    await place.devices.publish("button/action", "emergency", 1)
    await until(lambda: newest(home) and newest(home).question, PATIENCE_S)
    assert newest(home).hazard == "sos"
    await home.end_call(newest(home).id, OWNER)
    await until(lambda: not newest(home).active, PATIENCE_S)
    await until(lambda: newest(home).question.answer == "dont", PATIENCE_S)
    assert not newest(home).question.told
    assert len(home.hazards()) == 1
    assert seen_of(home, "sos").tested_at is not None


async def test_a_press_while_the_kernel_was_down(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home heard it on its own connection, and hands it over once."""
    home = await furnished(place)
    ((button, _name),) = home.markable("sos")
    await home.mark("sos", button, OWNER)
    await watching(home, "sos")
    seen: list[Any] = []

    def keep(sensors: Sequence[Any], _records: Sequence[Any] = ()) -> None:
        seen.extend(one for one in sensors if one[0] == button)

    monkeypatch.setattr(home.watch.client, "seen", keep)
    await place.devices.publish("button/action", "emergency", 1)
    await until(lambda: seen != [], PATIENCE_S)
    assert [value for _, value, _ in seen] == [True]
    home.watch._hand_over()
    assert len(seen) == 2
    monkeypatch.setattr(watch, "PRESS_COUNTS_S", 0.0)
    home.watch._hand_over()
    assert len(seen) == 2, "by now it calls for nobody"
