"""Lights that speak JSON, the captured ones too: what they say, are told, and refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from hub.testing import Harness
from integrations.mqtt.integration import MqttDiscovery
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt import captured
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told

EVERY_MODE = ["hs", "rgb", "rgbw", "rgbww", "xy", "color_temp", "white"]


def json_light(**payload: Any) -> Spec:
    found = {"schema": "json", "command_topic": "c", "state_topic": "s", "brightness": True}
    return one("light", **found | payload)


def json_sent(spec: Spec, command: str = "turn_on", **args: Any) -> dict[str, Any]:
    ((topic, payload),) = sent(spec, command, **args)
    assert topic == "c"
    found: dict[str, Any] = json.loads(payload)
    return found


# ---- the captured lights -----------------------------------------------------------------------


async def captured_light(name: str) -> Harness:
    harness = Harness(MqttDiscovery)
    await harness.start()
    vector = captured.load(name)
    for message in vector["discovery"]:
        payload = captured.text(message["payload"])
        harness.mqtt.deliver(message["topic"], payload, retain=True)
    harness.mqtt.deliver(captured.BRIDGE, '{"state": "online"}', retain=True)
    return harness


@pytest.mark.parametrize(
    ("name", "args", "value", "attributes"),
    [
        (
            "z2m_light_living",
            {"brightness": 201},
            True,
            {"brightness": 201, "color_mode": "color_temp", "color_temp_kelvin": 2702},
        ),
        (
            "z2m_light_rgb",
            {"xy_color": [0.3, 0.3]},
            True,
            {"color_mode": "xy", "xy_color": [0.3, 0.3]},
        ),
    ],
)
async def test_a_captured_light(
    name: str, args: dict[str, Any], value: bool, attributes: dict[str, Any]
) -> None:
    home = await captured_light(name)
    vector = captured.load(name)
    (key,) = (key for key in home.door.states if key.startswith("light."))
    for message in vector["state"]:
        home.mqtt.deliver(message["topic"], captured.text(message["payload"]))
    state = home.door.states[key]
    assert state.available
    assert state.value is value
    assert attributes.items() <= (state.attributes or {}).items()
    (command,) = vector["command"]
    answer = captured.text(vector["state"][-1]["payload"])
    topic = vector["state"][-1]["topic"]
    home.mqtt.answers[command["topic"]] = lambda _: home.mqtt.deliver(topic, answer)
    await home.command(key, "turn_on", **args)
    published, payload, _, _ = home.mqtt.published[-1]
    assert (published, json.loads(payload)) == (command["topic"], command["payload"])
    assert not {"bad_state", "template_failed"} & home.door.problems.counts.keys()
    await home.stop()


# ---- json --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "value"),
    [({"state": "ON"}, True), ({"state": "OFF"}, False), ({"state": None}, None), ({}, True)],
)
def test_json_state(payload: dict[str, Any], value: bool | None) -> None:
    assert tell(json_light(), "s", payload, Reading(True)).value is value


@pytest.mark.parametrize(
    ("scale", "device", "brightness"),
    [(255, 200, 200), (254, 200, 201), (100, 50, 128), (100, 1, 3), (1000, 1, 1), (100, 300, 255)],
)
def test_json_brightness_is_scaled(scale: int, device: int, brightness: int) -> None:
    spec = json_light(brightness_scale=scale)
    payload = {"state": "ON", "brightness": device}
    assert told(spec, "s", payload)["brightness"] == brightness


def test_json_brightness_of_zero_says_nothing() -> None:
    before = Reading(True, {"brightness": 7})
    assert told(json_light(), "s", {"brightness": 0}, before)["brightness"] == 7


@pytest.mark.parametrize(
    ("mode", "color", "attributes"),
    [
        ("hs", {"h": 240, "s": 100}, {"hs_color": [240, 100], "rgb_color": [0, 0, 255]}),
        ("rgb", {"r": 255, "g": 0, "b": 0}, {"rgb_color": [255, 0, 0], "hs_color": [0, 100]}),
        ("xy", {"x": 0.64, "y": 0.33}, {"xy_color": [0.64, 0.33]}),
        ("rgbw", {"r": 1, "g": 2, "b": 3, "w": 4}, {"rgbw_color": [1, 2, 3, 4]}),
        ("rgbww", {"r": 1, "g": 2, "b": 3, "c": 4, "w": 5}, {"rgbww_color": [1, 2, 3, 4, 5]}),
    ],
)
def test_json_colors_in_and_out(
    mode: str, color: dict[str, float], attributes: dict[str, Any]
) -> None:
    spec = json_light(supported_color_modes=EVERY_MODE)
    before = Reading(True, {"color_temp_kelvin": 2700, "color_mode": "color_temp"})
    found = told(spec, "s", {"state": "ON", "color_mode": mode, "color": color}, before)
    assert found["color_mode"] == mode
    assert "color_temp_kelvin" not in found
    assert attributes.items() <= found.items()
    asked: dict[str, Any] = {f"{mode}_color": list(color.values())}
    assert json_sent(spec, **asked) == {"state": "ON", "color": color}


@pytest.mark.parametrize(("in_kelvin", "device"), [(True, 4000), (False, 250)])
def test_json_color_temperature(in_kelvin: bool, device: int) -> None:
    spec = json_light(supported_color_modes=["color_temp"], color_temp_kelvin=in_kelvin)
    found = told(spec, "s", {"color_mode": "color_temp", "color_temp": device})
    assert (found["color_temp_kelvin"], found["color_mode"]) == (4000, "color_temp")
    assert json_sent(spec, color_temp_kelvin=4000)["color_temp"] == device


def test_json_commands_carry_all_that_was_asked_for() -> None:
    spec = json_light(
        supported_color_modes=["white", "rgb"],
        effect=True,
        effect_list=["rainbow"],
        brightness_scale=100,
        white_scale=10,
        flash_time_long=20,
    )
    asked: dict[str, Any] = {
        "brightness": 128,
        "effect": "rainbow",
        "flash": "long",
        "transition": 1.5,
    }
    assert json_sent(spec, **asked) == {
        "state": "ON",
        "brightness": 50,
        "effect": "rainbow",
        "flash": 20,
        "transition": 1.5,
    }
    assert json_sent(spec, white=255) == {"state": "ON", "white": 10}
    assert json_sent(spec, brightness=1) == {"state": "ON", "brightness": 1}
    assert json_sent(spec, "turn_off", transition=2) == {"state": "OFF", "transition": 2}


def test_json_without_a_brightness_of_its_own_dims_its_colour() -> None:
    spec = json_light(brightness=False, supported_color_modes=["rgb"])
    message = json_sent(spec, rgb_color=[200, 100, 0], brightness=128)
    assert message["color"] == {"r": 100, "g": 50, "b": 0}


@pytest.mark.parametrize(
    ("asked", "modes", "color"),
    [
        ({"rgb_color": [0, 0, 255]}, ["hs"], {"h": 240, "s": 100}),
        ({"hs_color": [240, 100]}, ["rgb"], {"r": 0, "g": 0, "b": 255}),
        ({"hs_color": [0, 100]}, ["xy"], {"x": 0.6401, "y": 0.33}),
        ({"xy_color": [0.6401, 0.33]}, ["rgb"], {"r": 255, "g": 0, "b": 0}),
        ({"rgb_color": [9, 8, 7]}, ["rgbww"], {"r": 9, "g": 8, "b": 7, "c": 0, "w": 0}),
    ],
)
def test_a_colour_is_said_in_the_lights_own_way(
    asked: dict[str, Any], modes: list[str], color: dict[str, float]
) -> None:
    assert json_sent(json_light(supported_color_modes=modes), **asked)["color"] == color


@pytest.mark.parametrize(
    "payload",
    [
        "ON",
        "[]",
        {"state": "on"},
        {"state": 1},
        {"state": []},
        {"brightness": "much"},
        {"brightness": True},
        {"brightness": -1},
        {"effect": 7},
    ],
)
def test_json_refuses_a_wrong_state(payload: object) -> None:
    spec = json_light(effect=True, effect_list=["a"])
    with pytest.raises(ParseProblem):
        tell(spec, "s", payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"color_mode": "disco"},
        {"color_mode": ["xy"]},
        {"color_mode": "xy", "color": [0.3, 0.3]},
        {"color_mode": "xy", "color": {"x": 0.3}},
        {"color_mode": "xy", "color": {"x": 0.3, "y": 2}},
        {"color_mode": "xy", "color": {"x": 0.3, "y": "0.3"}},
        {"color_mode": "color_temp", "color_temp": 0},
        {"color_mode": "color_temp", "color_temp": "warm"},
    ],
)
def test_a_wrong_colour_leaves_on_and_off_readable(payload: dict[str, Any]) -> None:
    spec = json_light(supported_color_modes=["xy", "color_temp"])
    state, color = spec.inputs()
    text = json.dumps({"state": "ON"} | payload)
    assert state.read(text, NEW) == Reading(True)
    with pytest.raises(ParseProblem):
        color.read(text, NEW)


@pytest.mark.parametrize(
    "args",
    [
        {"brightness": 0},
        {"brightness": 256},
        {"brightness": "half"},
        {"brightness": True},
        {"color_temp_kelvin": 100},
        {"color_temp_kelvin": "warm"},
        {"xy_color": [0.3]},
        {"xy_color": "red"},
        {"xy_color": [0.3, 1.5]},
        {"rgbw_color": [1, 2, 3, 4]},
        {"xy_color": [0.3, 0.3], "color_temp_kelvin": 3000},
        {"xy_color": [0.3, 0.3], "hs_color": [1, 1]},
        {"white": 10},
        {"effect": "disco"},
        {"effect": 3},
        {"flash": "once"},
        {"transition": -1},
        {"transition": float("nan")},
    ],
)
def test_turn_on_refuses(args: dict[str, Any]) -> None:
    spec = json_light(supported_color_modes=["xy", "color_temp"], effect=True, effect_list=["a"])
    with pytest.raises(CommandProblem):
        spec.messages("turn_on", args, NEW)


def test_a_light_that_only_switches_takes_no_brightness_and_changes_at_once() -> None:
    spec = json_light(brightness=False, flash=False, transition=False)
    assert spec.traits()["supported_color_modes"] == ["onoff"]
    assert json_sent(spec, transition=3) == {"state": "ON"}
    for args in ({"brightness": 5}, {"flash": "short"}, {"hs_color": [1, 1]}):
        with pytest.raises(CommandProblem):
            spec.messages("turn_on", args, NEW)


@pytest.mark.parametrize(
    ("args", "attributes", "answered"),
    [
        ({}, {}, True),
        ({"brightness": 200}, {}, True),
        ({"brightness": 200}, {"brightness": 201}, True),
        ({"brightness": 200}, {"brightness": 90}, False),
        ({"brightness": 200, "transition": 5}, {"brightness": 90}, True),
        ({"xy_color": [0.3, 0.3]}, {"color_mode": "color_temp"}, False),
        ({"xy_color": [0.3, 0.3]}, {"color_mode": "xy"}, True),
        (
            {"color_temp_kelvin": 3000},
            {"color_mode": "color_temp", "color_temp_kelvin": 3003},
            True,
        ),
        (
            {"color_temp_kelvin": 3000},
            {"color_mode": "color_temp", "color_temp_kelvin": 4000},
            False,
        ),
        ({"color_temp_kelvin": 3000}, {"color_mode": "xy"}, False),
    ],
)
def test_when_a_light_has_answered(
    args: dict[str, Any], attributes: dict[str, Any], answered: bool
) -> None:
    spec = json_light(supported_color_modes=["xy", "color_temp"])
    assert spec.answered("turn_on", args, Reading(True, attributes)) is answered
    assert not spec.answered("turn_on", args, Reading(False, attributes))
    assert spec.answered("turn_off", {}, Reading(False))


def test_an_optimistic_light_is_taken_to_be_as_asked() -> None:
    spec = json_light(state_topic=None, supported_color_modes=["hs", "color_temp"])
    assert spec.assumes("turn_on")
    lit = spec.answer("turn_on", {"hs_color": [240, 100], "brightness": 9}, NEW)
    assert lit is not None
    assert lit.value is True
    assert lit.attributes is not None
    assert (lit.attributes["rgb_color"], lit.attributes["brightness"]) == ([0, 0, 255], 9)
    warm = spec.answer("turn_on", {"color_temp_kelvin": 3000}, lit)
    assert warm == Reading(
        True, {"brightness": 9, "color_temp_kelvin": 3000, "color_mode": "color_temp"}
    )
    assert spec.answer("turn_off", {}, lit) == lit.say(False)


def test_kelvin_bounds() -> None:
    traits = json_light(supported_color_modes=["color_temp"]).traits()
    assert (traits["min_color_temp_kelvin"], traits["max_color_temp_kelvin"]) == (2000, 6535)
    spec = json_light(supported_color_modes=["color_temp"], min_kelvin=2500, max_mireds=500)
    assert spec.traits()["min_color_temp_kelvin"] == 2500


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"schema": "disco", "command_topic": "c"},
        {"schema": "json", "command_topic": "c", "supported_color_modes": ["disco"]},
        {"schema": "json", "command_topic": "c", "brightness_scale": 0},
        {"schema": "json", "command_topic": "c", "min_kelvin": 5000, "max_kelvin": 3000},
        {"schema": "json", "command_topic": "c", "max_mireds": -1},
        {"schema": "template", "command_topic": "c"},
        {"command_topic": "c", "on_command_type": "middle"},
        {"command_topic": "c", "effect_list": ["x" * 300]},
    ],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        one("light", **payload)
