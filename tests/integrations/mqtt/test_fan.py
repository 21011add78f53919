"""Fans: on and off, speed, preset, oscillation, direction."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told

WAYS = ("command", "state")


def fan(**payload: Any) -> Spec:
    names = ("percentage", "preset_mode", "oscillation", "direction")
    topics = {f"{name}_{way}_topic": f"{name}/{way}" for name in names for way in WAYS}
    plain = {"command_topic": "c", "state_topic": "s", "preset_modes": ["auto", "sleep"]}
    return one("fan", **plain | topics | payload)


@pytest.mark.parametrize(
    ("text", "value"), [("ON", True), ("OFF", False), ("None", None), ("", True)]
)
def test_state_keeps_the_settings(text: str, value: bool | None) -> None:
    before = Reading(True, {"percentage": 5})
    assert tell(fan(), "s", text, before) == Reading(value, {"percentage": 5})


@pytest.mark.parametrize(
    ("lowest", "highest", "device", "percent"),
    [
        (1, 100, "50", 50),
        (1, 100, "0", 0),
        (1, 3, "1", 33),
        (1, 3, "3", 100),
        (1, 255, "128", 50),
        (3, 12, "2", 0),
        (3, 12, "12", 100),
    ],
)
def test_speed_both_ways(lowest: int, highest: int, device: str, percent: int) -> None:
    spec = fan(speed_range_min=lowest, speed_range_max=highest)
    assert told(spec, "percentage/state", device) == {"percentage": percent}
    assert sent(spec, "set_percentage", percentage=percent) == [("percentage/command", device)]
    assert spec.answered(
        "set_percentage", {"percentage": percent}, Reading(True, {"percentage": percent})
    )


@pytest.mark.parametrize(
    ("topic", "text", "attributes"),
    [
        ("percentage/state", "None", {"percentage": None}),
        ("percentage/state", "", {}),
        ("preset_mode/state", "sleep", {"preset_mode": "sleep"}),
        ("preset_mode/state", "None", {"preset_mode": None}),
        ("oscillation/state", "oscillate_on", {"oscillating": True}),
        ("oscillation/state", "oscillate_off", {"oscillating": False}),
        ("direction/state", "reverse", {"direction": "reverse"}),
    ],
)
def test_settings_are_read(topic: str, text: str, attributes: dict[str, Any]) -> None:
    assert told(fan(), topic, text) == attributes


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("s", "on"),
        ("percentage/state", "101"),
        ("percentage/state", "-1"),
        ("percentage/state", "1e307"),
        ("percentage/state", "fast"),
        ("preset_mode/state", "party"),
        ("oscillation/state", "on"),
        ("direction/state", "up"),
    ],
)
def test_refuses_what_was_not_announced(topic: str, text: str) -> None:
    with pytest.raises(ParseProblem):
        tell(fan(), topic, text)


@pytest.mark.parametrize(
    ("command", "args", "messages"),
    [
        ("turn_off", {}, [("c", "OFF")]),
        ("turn_on", {}, [("c", "ON")]),
        ("turn_on", {"percentage": 0}, [("c", "ON")]),
        (
            "turn_on",
            {"percentage": 30, "preset_mode": "auto"},
            [("c", "ON"), ("percentage/command", "30"), ("preset_mode/command", "auto")],
        ),
        ("set_preset_mode", {"preset_mode": "sleep"}, [("preset_mode/command", "sleep")]),
        ("oscillate", {"oscillating": True}, [("oscillation/command", "oscillate_on")]),
        ("set_direction", {"direction": "forward"}, [("direction/command", "forward")]),
    ],
)
def test_sends(command: str, args: dict[str, Any], messages: list[tuple[str, str]]) -> None:
    spec = fan()
    assert sent(spec, command, **args) == messages
    reached = spec.answer(command, args, NEW)
    assert reached is not None
    assert spec.answered(command, args, reached)
    assert not spec.assumes(command)


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("turn_on", {"percentage": 101}),
        ("set_percentage", {}),
        ("set_percentage", {"percentage": True}),
        ("set_preset_mode", {"preset_mode": "party"}),
        ("oscillate", {"oscillating": "yes"}),
        ("set_direction", {"direction": "up"}),
    ],
)
def test_refuses_to_send(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        fan().messages(command, args, NEW)


def test_a_plain_fan_is_on_or_off_and_the_kernel_can_read_and_switch_it() -> None:
    spec = one("fan", command_topic="c", state_topic="s")
    assert spec.commands() == ("turn_on", "turn_off")
    assert spec.traits() == {}
    with pytest.raises(CommandProblem):
        spec.messages("turn_on", {"percentage": 3}, NEW)
    for found in (spec.wire(), fan().wire()):
        assert found is not None
        assert found.states == {"ON": "on", "OFF": "off"}
        assert found.commands == {"turn_on": "ON", "turn_off": "OFF"}


def test_settings_that_nothing_tells_are_assumed() -> None:
    spec = fan(percentage_state_topic=None)
    assert spec.assumes("set_percentage")
    assert not spec.assumes("turn_on")
    assert spec.answered("turn_on", {"percentage": 30}, Reading(True))
    assert fan(optimistic=True).assumes("oscillate")
    assert spec.traits()["percentage_step"] == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"command_topic": None},
        {"speed_range_min": 0},
        {"speed_range_min": 5, "speed_range_max": 5},
        {"preset_modes": ["x" * 300]},
    ],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        fan(**payload)
