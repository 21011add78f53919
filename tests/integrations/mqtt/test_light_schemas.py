"""Lights of the schemas basic and template: what they say, what they are told and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api import ParseProblem
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import sent, tell, told

PARTS = ("brightness", "color_temp", "effect", "hs", "rgb", "rgbw", "rgbww", "xy", "white")


def basic(*parts: str, **payload: Any) -> Spec:
    topics = {
        f"{part}_{way}_topic": f"{part}/{way}" for part in parts for way in ("command", "state")
    }
    return one("light", **{"command_topic": "c", "state_topic": "s"} | topics | payload)


@pytest.mark.parametrize(
    ("topic", "text", "attributes"),
    [
        ("brightness/state", "50", {"brightness": 128}),
        ("color_temp/state", "250", {"color_temp_kelvin": 4000, "color_mode": "color_temp"}),
        ("effect/state", "rainbow", {"effect": "rainbow"}),
        ("effect/state", "None", {"effect": None}),
        ("hs/state", "240, 100", {"hs_color": [240, 100], "color_mode": "hs"}),
        ("rgb/state", "255,0,0", {"rgb_color": [255, 0, 0]}),
        ("rgbw/state", "1,2,3,4", {"rgbw_color": [1, 2, 3, 4]}),
        ("rgbww/state", "1,2,3,4,5", {"rgbww_color": [1, 2, 3, 4, 5]}),
        ("xy/state", "0.3,0.3", {"xy_color": [0.3, 0.3]}),
    ],
)
def test_basic_reads_each_topic(topic: str, text: str, attributes: dict[str, Any]) -> None:
    spec = basic(*PARTS, brightness_scale=100)
    assert attributes.items() <= told(spec, topic, text).items()


def test_basic_state_words_and_templates() -> None:
    spec = basic(
        "brightness",
        payload_on="1",
        payload_off="0",
        state_value_template="{{ value_json.power }}",
        brightness_value_template="{{ value_json.level }}",
    )
    assert tell(spec, "s", {"power": 1}).value is True
    assert tell(spec, "s", {"power": 0}).value is False
    assert tell(spec, "s", {"power": None}).value is None
    assert told(spec, "brightness/state", {"level": 7}) == {"brightness": 7}
    with pytest.raises(ParseProblem):
        tell(spec, "s", {"power": "ON"})


def test_basic_colour_mode_has_a_topic_of_its_own() -> None:
    spec = basic("xy", "color_temp", color_mode_state_topic="m")
    mode = tell(spec, "m", "color_temp")
    assert told(spec, "xy/state", "0.3,0.3", mode)["color_mode"] == "color_temp"
    with pytest.raises(ParseProblem):
        tell(spec, "m", "disco")


def test_basic_colour_without_a_brightness_topic_says_the_brightness() -> None:
    found = told(basic("rgb"), "rgb/state", "100,50,0")
    assert (found["brightness"], found["rgb_color"]) == (100, [255, 128, 0])
    assert told(basic("rgb"), "rgb/state", "0,0,0") == {}


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("s", "on"),
        ("brightness/state", "half"),
        ("brightness/state", "-1"),
        ("color_temp/state", "0"),
        ("hs/state", "1"),
        ("hs/state", "1,2,3"),
        ("rgb/state", "1,2,300"),
        ("xy/state", "a,b"),
        ("effect/state", "disco"),
    ],
)
def test_basic_refuses(topic: str, text: str) -> None:
    with pytest.raises(ParseProblem):
        tell(basic(*PARTS, effect_list=["rainbow"]), topic, text)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, []),
        ({"brightness": 128}, [("brightness/command", "50")]),
        ({"color_temp_kelvin": 4000}, [("color_temp/command", "250")]),
        ({"effect": "a"}, [("effect/command", "a")]),
        ({"hs_color": [240, 50]}, [("hs/command", "240,50")]),
        (
            {"rgb_color": [9, 8, 7], "brightness": 255},
            [("rgb/command", "9,8,7"), ("brightness/command", "100")],
        ),
        ({"rgbw_color": [4, 3, 2, 1]}, [("rgbw/command", "4,3,2,1")]),
        ({"rgbww_color": [5, 4, 3, 2, 1]}, [("rgbww/command", "5,4,3,2,1")]),
        ({"xy_color": [0.3, 0.4]}, [("xy/command", "0.3,0.4")]),
        ({"white": 255}, [("white/command", "255")]),
    ],
)
def test_basic_sends_each_part_and_on_in_its_place(
    args: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    common: dict[str, Any] = {"effect_list": ["a"], "brightness_scale": 100}
    on = ("c", "ON")
    assert sent(basic(*PARTS, **common), "turn_on", **args) == [*expected, on]
    first = basic(*PARTS, on_command_type="first", **common)
    assert sent(first, "turn_on", **args) == [on, *expected]
    assert sent(first, "turn_off") == [("c", "OFF")]


def test_basic_lights_that_are_turned_on_by_their_brightness() -> None:
    spec = basic("brightness", on_command_type="brightness")
    assert sent(spec, "turn_on") == [("brightness/command", "255")]
    assert sent(spec, "turn_on", Reading(False, {"brightness": 40})) == [
        ("brightness/command", "40")
    ]
    assert sent(spec, "turn_on", brightness=9) == [("brightness/command", "9")]


def test_basic_colour_is_sent_again_darker_where_only_it_can_dim() -> None:
    spec = basic("rgb")
    assert sent(spec, "turn_on", brightness=51)[0] == ("rgb/command", "51,51,51")
    red = Reading(True, {"rgb_color": [255, 0, 0], "brightness": 255})
    assert sent(spec, "turn_on", red, brightness=51)[0] == ("rgb/command", "51,0,0")


def test_basic_templates_get_the_numbers_by_name() -> None:
    spec = basic("rgb", "brightness", rgb_command_template="#{{ '%02x' | format(red) }}{{ blue }}")
    assert sent(spec, "turn_on", rgb_color=[255, 0, 3])[0] == ("rgb/command", "#ff3")


# ---- template ----------------------------------------------------------------------------------


def templated(**payload: Any) -> Spec:
    return one(
        "light",
        **{
            "schema": "template",
            "command_topic": "c",
            "state_topic": "s",
            "command_on_template": "on,{{ brightness | default('-') }},{{ red | default('-') }}"
            "-{{ green | default('-') }}-{{ blue | default('-') }},{{ transition | default('-') }}",
            "command_off_template": "off,{{ transition | default('-') }}",
            "state_template": "{{ value.split(',')[0] }}",
            "brightness_template": "{{ value.split(',')[1] }}",
            "red_template": "{{ value.split(',')[2].split('-')[0] }}",
            "green_template": "{{ value.split(',')[2].split('-')[1] }}",
            "blue_template": "{{ value.split(',')[2].split('-')[2] }}",
        }
        | payload,
    )


def test_template_reads_every_part() -> None:
    found = tell(templated(), "s", "on,50,0-0-255")
    assert found.value is True
    assert found.attributes is not None
    assert found.attributes["brightness"] == 50
    assert (found.attributes["hs_color"], found.attributes["color_mode"]) == ([240, 100], "hs")


def test_template_sends_what_was_asked_for() -> None:
    spec = templated()
    assert sent(spec, "turn_on") == [("c", "on,-,-----,-")]
    asked: dict[str, Any] = {"hs_color": [240, 100], "brightness": 9, "transition": 2}
    assert sent(spec, "turn_on", **asked) == [("c", "on,9,0-0-255,2")]
    assert sent(spec, "turn_off", transition=2) == [("c", "off,2")]


@pytest.mark.parametrize("payload", ["maybe,1,0-0-0", "on,much,0-0-0", "on,1,0-0-900"])
def test_template_refuses(payload: str) -> None:
    with pytest.raises(ParseProblem):
        tell(templated(), "s", payload)


def test_template_modes_and_assumed_state() -> None:
    assert templated().traits()["supported_color_modes"] == ["hs"]
    plain = templated(red_template=None, color_temp_template="{{ value.split(',')[2] }}")
    assert plain.traits()["supported_color_modes"] == ["color_temp"]
    assert told(plain, "s", "on,5,250")["color_temp_kelvin"] == 4000
    assert templated(state_template=None).optimistic
