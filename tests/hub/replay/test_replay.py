"""``linli replay``: captured devices as programs and people read them, and files that aren't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.replay.cli import main
from tests.integrations.mqtt.captured import FOLDER, NAMES, load


def replay(capsys: pytest.CaptureFixture[str], path: Path) -> list[dict[str, Any]]:
    assert main(["mqtt", str(path), "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["devices"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_announcement_of_a_capture_becomes_an_entity(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replay(capsys, FOLDER / f"{name}.json")
    entities = {e["unique_id"]: e for device in found for e in device["entities"]}
    announced = [
        one for one in load(name)["discovery"] if one["topic"].startswith("homeassistant/")
    ]
    for message in announced:
        payload = message["payload"]
        unique_id = payload.get("unique_id")
        if unique_id is None:
            continue
        entity = entities[unique_id]
        assert entity["kind"] == message["topic"].split("/")[1]
        assert entity["device_class"] == payload.get("device_class")
        assert entity["unit"] == payload.get("unit_of_measurement")
    kinds = [e["kind"] for e in entities.values()]
    if not name.startswith("tasmota"):
        assert len(kinds) == len(announced)


def test_states_attributes_and_devices(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    capture = load("z2m_plug_fridge")
    online = {"topic": "zigbee2mqtt/bridge/state", "payload": {"state": "online"}}
    capture["state"].insert(0, online)
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture))
    (device,) = replay(capsys, path)
    assert device["identifiers"] == ["zigbee2mqtt_0x00158d0001000001"]
    assert (device["name"], device["manufacturer"]) == ("plug_fridge", "Aqara")
    states = {e["unique_id"].split("_", 1)[1]: e for e in device["entities"]}
    assert states["switch_zigbee2mqtt"]["state"] == "off"
    assert states["energy_zigbee2mqtt"]["state"] == "1234"
    assert states["voltage_zigbee2mqtt"]["state"] == "unknown"
    assert states["overload_protection_zigbee2mqtt"]["attributes"] == {
        "min": 100,
        "max": 2300,
        "step": 1,
        "mode": "auto",
    }
    assert all(e["available"] for e in device["entities"])


def test_words_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mqtt", str(FOLDER / "ha_docs_shared_state.json")]) == 0
    assert "  sensor sensorBedroomT: 23.2 °C\n" in capsys.readouterr().out
    assert main(["mqtt", str(FOLDER / "frigate_event.json")]) == 0
    assert capsys.readouterr().out == "nothing was announced\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read"),
        ("{", "isn't JSON"),
        ("[]", "has neither discovery nor state"),
        ('{"state": 1}', "state isn't a list"),
        ('{"state": [{"topic": "a"}, {}]}', "message 2 of state has no topic"),
    ],
)
def test_what_is_no_capture(
    content: str | None, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "capture.json"
    if content is not None:
        path.write_text(content)
    assert main(["mqtt", str(path)]) == 2
    assert why in capsys.readouterr().err
