"""Boilers: mode, target temperature, power."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told


def boiler(**payload: Any) -> Spec:
    found = {
        "mode_command_topic": "m/set",
        "mode_state_topic": "m",
        "temperature_command_topic": "t/set",
        "temperature_state_topic": "t",
        "current_temperature_topic": "now",
    }
    return one("water_heater", **found | payload)


def test_reads() -> None:
    spec = boiler()
    assert tell(spec, "m", "heat_pump").value == "heat_pump"
    assert tell(spec, "m", "None").value is None
    assert told(spec, "t", "55") == {"temperature": 55}
    assert told(spec, "now", "48.5") == {"current_temperature": 48.5}
    for topic, text in (("m", "boil"), ("t", "hot"), ("now", "inf")):
        with pytest.raises(ParseProblem):
            tell(spec, topic, text)


def test_sends() -> None:
    spec = boiler(temperature_command_template='{"t": {{ value }}}')
    assert sent(spec, "set_mode", mode="gas") == [("m/set", "gas")]
    assert sent(spec, "set_temperature", temperature=50) == [("t/set", '{"t": 50}')]
    assert sent(spec, "turn_on") == [("m/set", "eco")]
    assert sent(spec, "turn_off") == [("m/set", "off")]
    assert sent(boiler(power_command_topic="p"), "turn_off") == [("p", "OFF")]
    assert spec.answered("set_temperature", {"temperature": 50}, Reading(None, {"temperature": 50}))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("set_mode", {"mode": "boil"}),
        ("set_temperature", {"temperature": 99}),
        ("set_temperature", {"target_temp_low": 50}),
    ],
)
def test_refuses(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        boiler().messages(command, args, NEW)


def test_traits() -> None:
    traits = boiler(modes=["off", "eco"], temperature_unit="F").traits()
    assert traits["operation_list"] == ["off", "eco"]
    assert (traits["min_temp"], traits["max_temp"]) == (109.9, 140.0)
    assert boiler().traits()["min_temp"] == 43.3
