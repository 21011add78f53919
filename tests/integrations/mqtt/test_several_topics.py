"""Whatever is said on any topic of an entity, or asked of it: an answer, and nothing breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.api import CommandProblem, ParseProblem, TemplateProblem
from hub.core.kinds import KINDS
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_alarm_control_panel import alarm
from tests.integrations.mqtt.test_climate import climate
from tests.integrations.mqtt.test_cover import cover
from tests.integrations.mqtt.test_fan import fan
from tests.integrations.mqtt.test_humidifier import humidifier
from tests.integrations.mqtt.test_light import EVERY_MODE, json_light
from tests.integrations.mqtt.test_light_schemas import PARTS, basic, templated
from tests.integrations.mqtt.test_properties import RELAXED, VALUES
from tests.integrations.mqtt.test_robots import mower, vacuum
from tests.integrations.mqtt.test_water_heater import boiler

SPECS: list[Spec] = [
    alarm(code="1234"),
    basic(*PARTS, color_mode_state_topic="mode", effect_list=["a"]),
    basic(*PARTS, on_command_type="brightness", color_temp_kelvin=True),
    boiler(),
    climate(),
    cover(),
    cover(state_topic=None, position_open=0, position_closed=100),
    fan(),
    humidifier(),
    json_light(supported_color_modes=EVERY_MODE, effect=True, effect_list=["a"]),
    json_light(supported_color_modes=["rgbww"], brightness=False),
    mower(),
    templated(color_temp_template="{{ value }}", effect_template="{{ value }}"),
    vacuum(),
]
NUMBERS = ["0", "1", "-1", "255", "1e308", "1e-320", "nan", "-inf", "9" * 400, "0,0", "1,2,3,4"]
WORDS = ["ON", "off", "None", "none", "heat", "open", "stopped", "disarmed", "docked", "0.3,0"]
KEYS = [
    "state",
    "brightness",
    "color",
    "color_mode",
    "color_temp",
    "effect",
    "position",
    "tilt_position",
    "fan_speed",
    "battery_level",
]
FEWER = settings(parent=RELAXED, max_examples=80)  # for each of many entities
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from([*NUMBERS, *WORDS]),
    VALUES.map(json.dumps),
    st.lists(st.floats(), min_size=2, max_size=5).map(lambda all_: ",".join(map(str, all_))),
    st.dictionaries(
        st.sampled_from(KEYS),
        st.one_of(
            VALUES,
            st.sampled_from([*EVERY_MODE, "ON", "docked"]),
            st.dictionaries(st.sampled_from("hsrgbcwxy"), VALUES, max_size=5),
        ),
        max_size=5,
    ).map(json.dumps),
)
ARGUMENTS = sorted(
    {name for kind in KINDS.values() for names in kind.commands.values() for name in names}
)
ASKED = st.one_of(
    VALUES, st.floats(), st.sampled_from(["short", "a", "eco", "heat", 5, 50, 2700, [1, 1]])
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
@FEWER
@given(st.lists(st.tuples(st.integers(0, 30), TEXTS), max_size=4))
def test_any_text_on_any_topic(spec: Spec, said: list[tuple[int, str]]) -> None:
    reading = Reading(None)
    inputs = spec.inputs()
    words = KINDS[spec.kind].values
    for number, text in said:
        input_ = inputs[number % len(inputs)]
        try:
            new = input_.read(input_.template.render(text) if input_.template else text, reading)
        except (ParseProblem, TemplateProblem):
            continue
        reading = reading if new is None else new
        assert reading.value is None or reading.value in (words or (True, False))
        json.dumps(reading.attributes, allow_nan=False)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
@FEWER
@given(st.integers(0, 30), st.dictionaries(st.sampled_from(ARGUMENTS), ASKED, max_size=4))
def test_any_command_with_any_arguments(spec: Spec, number: int, args: dict[str, Any]) -> None:
    commands = spec.commands()
    command = commands[number % len(commands)]
    try:
        messages = spec.messages(command, args, Reading(None))
    except (CommandProblem, TemplateProblem):
        return
    assert messages
    assert all(isinstance(part, str) for message in messages for part in message)
    reached = spec.answer(command, args, Reading(None))
    assert spec.answered(command, args, Reading(None)) in (True, False)
    if reached is not None:
        assert spec.answered(command, args, reached)
        json.dumps(reached.attributes, allow_nan=False)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_commands_are_those_of_the_kind(spec: Spec) -> None:
    assert set(spec.commands()) <= KINDS[spec.kind].commands.keys()
    assert len(spec.inputs()) == len(set(spec.inputs()))
