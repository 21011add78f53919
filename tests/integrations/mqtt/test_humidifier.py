"""Humidifiers: on and off, humidity, mode, action."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told


def humidifier(**payload: Any) -> Spec:
    found = {
        "command_topic": "c",
        "state_topic": "s",
        "target_humidity_command_topic": "h/set",
        "target_humidity_state_topic": "h",
        "mode_command_topic": "m/set",
        "mode_state_topic": "m",
        "modes": ["baby", "sleep"],
        "action_topic": "a",
        "current_humidity_topic": "now",
        "min_humidity": 30,
        "max_humidity": 80,
    }
    return one("humidifier", **found | payload)


@pytest.mark.parametrize(
    ("topic", "text", "attributes"),
    [
        ("h", "45", {"humidity": 45}),
        ("h", "None", {"humidity": None}),
        ("h", "", {}),
        ("m", "sleep", {"mode": "sleep"}),
        ("m", "None", {"mode": None}),
        ("a", "drying", {"action": "drying"}),
        ("now", "51.5", {"current_humidity": 51.5}),
    ],
)
def test_reads(topic: str, text: str, attributes: dict[str, Any]) -> None:
    assert told(humidifier(), topic, text) == attributes


def test_reads_on_and_off() -> None:
    assert tell(humidifier(), "s", "ON", Reading(None, {"humidity": 3})) == Reading(
        True, {"humidity": 3}
    )
    assert tell(humidifier(state_value_template="{{ value_json.s }}"), "s", {"s": "OFF"}) == (
        Reading(False)
    )


@pytest.mark.parametrize(
    ("topic", "text"), [("s", "on"), ("h", "20"), ("h", "wet"), ("m", "party"), ("a", "raining")]
)
def test_refuses(topic: str, text: str) -> None:
    with pytest.raises(ParseProblem):
        tell(humidifier(), topic, text)


@pytest.mark.parametrize(
    ("command", "args", "message"),
    [
        ("turn_on", {}, ("c", "ON")),
        ("turn_off", {}, ("c", "OFF")),
        ("set_humidity", {"humidity": 50.0}, ("h/set", "50")),
        ("set_mode", {"mode": "baby"}, ("m/set", "baby")),
    ],
)
def test_sends(command: str, args: dict[str, Any], message: tuple[str, str]) -> None:
    spec = humidifier()
    assert sent(spec, command, **args) == [message]
    reached = spec.answer(command, args, NEW)
    assert reached is not None
    assert spec.answered(command, args, reached)
    assert not spec.answered(command, args, NEW)


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("set_humidity", {"humidity": 10}),
        ("set_humidity", {}),
        ("set_mode", {"mode": "party"}),
    ],
)
def test_refuses_to_send(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        humidifier().messages(command, args, NEW)


def test_class_traits_and_assumed_settings() -> None:
    spec = humidifier(target_humidity_state_topic=None, device_class="dehumidifier")
    assert spec.device_class == "dehumidifier"
    assert humidifier().device_class == "humidifier"
    assert spec.traits() == {
        "min_humidity": 30,
        "max_humidity": 80,
        "available_modes": ["baby", "sleep"],
    }
    assert [spec.assumes(command) for command in spec.commands()] == [False, False, True, False]


@pytest.mark.parametrize(
    "payload",
    [
        {"target_humidity_command_topic": None},
        {"device_class": "kettle"},
        {"min_humidity": 80, "max_humidity": 30},
        {"max_humidity": 120},
    ],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        humidifier(**payload)
