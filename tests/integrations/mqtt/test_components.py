"""What each component reads, answers and puts on the wire."""

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem, WireReader
from integrations.mqtt.spec import Reading
from tests.integrations.mqtt.test_discovery import one

NEW = Reading(None)


@pytest.mark.parametrize(
    ("text", "value"), [("True", True), ("False", False), ("None", None), (" ", "nothing")]
)
def test_binary_sensor(text: str, value: Any) -> None:
    spec = one("binary_sensor", state_topic="a", payload_on=True, payload_off=False)
    reading = spec.read(text, NEW)
    assert (reading.value if reading else "nothing") == value
    with pytest.raises(ParseProblem):
        spec.read("true", NEW)


@pytest.mark.parametrize(
    ("payload", "text", "value"),
    [
        ({"unit_of_measurement": "W"}, "12.5", 12.5),
        ({"unit_of_measurement": "W"}, "None", None),
        ({"unit_of_measurement": "W"}, "1e3", 1000.0),
        ({}, "12.5", "12.5"),
        ({}, "", ""),
        ({"device_class": "enum", "options": ["a", "b"]}, "a", "a"),
        ({"device_class": "timestamp"}, "2026-11-23T10:00:00+08:00", "2026-11-23T10:00:00+08:00"),
        ({"device_class": "date"}, "2026-11-23", "2026-11-23"),
    ],
)
def test_sensor(payload: dict[str, Any], text: str, value: Any) -> None:
    reading = one("sensor", state_topic="a", **payload).read(text, NEW)
    assert reading == Reading(value)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"unit_of_measurement": "W"}, "much"),
        ({"unit_of_measurement": "W"}, "1e999"),
        ({"unit_of_measurement": "W"}, "nan"),
        ({"unit_of_measurement": "W"}, "9" * 5000),
        ({}, "x" * 256),
        ({"device_class": "enum", "options": ["a"]}, "c"),
        ({"device_class": "timestamp"}, "yesterday"),
    ],
)
def test_sensor_refuses(payload: dict[str, Any], text: str) -> None:
    with pytest.raises(ParseProblem):
        one("sensor", state_topic="a", **payload).read(text, NEW)


def test_switch_reads_and_commands_with_its_own_words() -> None:
    spec = one(
        "switch",
        command_topic="s",
        state_topic="a",
        payload_on="1",
        payload_off="0",
        state_on="an",
        state_off="aus",
        command_template='{"state": "{{ value }}"}',
    )
    assert spec.read("an", NEW) == Reading(True)
    assert spec.read("aus", NEW) == Reading(False)
    assert spec.read("", NEW) is None
    assert spec.payload("turn_off", {}) == '{"state": "0"}'
    wire = spec.wire()
    assert wire is not None
    assert wire.states == {"an": "on", "aus": "off"}
    assert wire.commands == {"turn_off": '{"state": "0"}', "turn_on": '{"state": "1"}'}


def test_siren_with_json_and_parameters() -> None:
    spec = one("siren", command_topic="s", state_topic="a", available_tones=["fire", "gas"])
    assert json.loads(spec.payload("turn_on", {"tone": "gas", "duration": 9})) == {
        "state": "ON",
        "tone": "gas",
        "duration": 9,
    }
    assert json.loads(spec.payload("turn_off", {"tone": "gas"})) == {"state": "OFF"}
    reading = spec.read('{"state":"ON","volume_level":0.5}', NEW)
    assert reading == Reading(True, {"volume_level": 0.5})
    for bad in ({"tone": "disco"}, {"volume_level": 2}, {"speed": 1}):
        with pytest.raises(CommandProblem):
            spec.payload("turn_on", bad)


def test_sirens_state_is_read_by_the_wire_as_word_and_as_json() -> None:
    wire = one("siren", command_topic="s", state_topic="a").wire()
    assert wire is not None
    reader = WireReader(wire)
    assert reader.state(b"ON") == "on"
    assert reader.state(b'{"state": "OFF", "duration": 3}') == "off"
    assert wire.commands == {"turn_on": '{"state":"ON"}', "turn_off": '{"state":"OFF"}'}


def test_siren_with_a_plain_template() -> None:
    spec = one("siren", command_topic="s", command_template="{{ value }}", payload_on="LOUD")
    assert spec.optimistic
    assert spec.payload("turn_on", {}) == "LOUD"
    assert spec.payload("turn_off", {}) == "OFF"


def test_valve_with_words() -> None:
    spec = one("valve", command_topic="s", state_topic="a", state_closed="zu", payload_stop="HALT")
    assert spec.commands() == ("open", "close", "stop")
    assert spec.read("zu", NEW) == Reading("closed")
    assert spec.read('{"state":"opening"}', NEW) == Reading("opening")
    assert spec.read("None", NEW) == Reading(None)
    with pytest.raises(ParseProblem):
        spec.read("closed", NEW)
    with pytest.raises(ParseProblem):
        spec.read('{"position":3}', NEW)
    wire = spec.wire()
    assert wire is not None
    assert wire.states["zu"] == "closed"
    assert wire.commands["close"] == "CLOSE"
    assert spec.answered("close", {}, Reading("closing"))
    assert not spec.answered("close", {}, Reading("open"))


@pytest.mark.parametrize(
    ("text", "before", "value", "position"),
    [
        ("0", None, "closed", 0),
        ("127", None, "open", 49),
        ("255", None, "open", 100),
        ("300", None, "open", 100),
        ("127", "closing", "closing", 49),
        ('{"position": 0, "state": "closing"}', None, "closing", 0),
        ('{"position": 255}', "opening", "open", 100),
    ],
)
def test_valve_with_a_position(text: str, before: Any, value: str, position: int) -> None:
    spec = one(
        "valve", command_topic="s", state_topic="a", reports_position=True, position_open=255
    )
    reading = spec.read(text, Reading(before))
    assert reading == Reading(value, {"current_position": position})


def test_valve_positions_out() -> None:
    spec = one(
        "valve", command_topic="s", state_topic="a", reports_position=True, position_open=255
    )
    assert spec.commands() == ("open", "close", "set_position")
    assert spec.payload("close", {}) == "0"
    assert spec.payload("open", {}) == "255"
    assert spec.payload("set_position", {"position": 50}) == "128"
    for bad in ({}, {"position": 101}, {"position": "half"}, {"position": True}):
        with pytest.raises(CommandProblem):
            spec.payload("set_position", bad)
    wire = spec.wire()
    assert wire is not None
    assert wire.commands == {"open": "255", "close": "0"}
    with pytest.raises(ParseProblem):
        spec.read("wide", NEW)
