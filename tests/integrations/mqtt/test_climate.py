"""Climates: every topic read and commanded, what is refused, and the captured thermostats."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from hub.testing import Harness
from integrations.mqtt.integration import MqttDiscovery
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt import captured
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told

WAYS = ("command", "state")
SETTINGS = (
    "mode",
    "temperature",
    "temperature_low",
    "temperature_high",
    "target_humidity",
    "fan_mode",
    "swing_mode",
    "swing_horizontal_mode",
    "preset_mode",
)


def climate(**payload: Any) -> Spec:
    topics = {f"{name}_{way}_topic": f"{name}/{way}" for name in SETTINGS for way in WAYS}
    more = {
        "current_temperature_topic": "measured",
        "current_humidity_topic": "measured/humidity",
        "action_topic": "action",
        "preset_modes": ["eco", "away"],
        "modes": ["off", "heat", "cool", "heat_cool", "turbo"],
    }
    return one("climate", **topics | more | payload)


@pytest.mark.parametrize(
    ("topic", "text", "name", "value"),
    [
        ("temperature/state", "21.5", "temperature", 21.5),
        ("temperature/state", "None", "temperature", None),
        ("temperature_low/state", "18", "target_temp_low", 18),
        ("temperature_high/state", "25", "target_temp_high", 25),
        ("measured", "20.9", "current_temperature", 20.9),
        ("measured/humidity", "40", "current_humidity", 40),
        ("target_humidity/state", "55", "humidity", 55),
        ("fan_mode/state", "low", "fan_mode", "low"),
        ("swing_mode/state", "on", "swing_mode", "on"),
        ("swing_horizontal_mode/state", "off", "swing_horizontal_mode", "off"),
        ("preset_mode/state", "eco", "preset_mode", "eco"),
        ("preset_mode/state", "None", "preset_mode", "none"),
        ("action", "heating", "hvac_action", "heating"),
        ("action", "None", "hvac_action", None),
    ],
)
def test_reads_each_topic_into_its_attribute(
    topic: str, text: str, name: str, value: object
) -> None:
    before = Reading("heat", {"kept": 1})
    after = tell(climate(), topic, text, before)
    assert (after.value, after.attributes) == ("heat", {"kept": 1, name: value})


@pytest.mark.parametrize(("text", "value"), [("heat", "heat"), ("None", None), ("", "cool")])
def test_reads_the_mode(text: str, value: str | None) -> None:
    assert tell(climate(), "mode/state", text, Reading("cool")).value == value


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("mode/state", "dry"),
        ("mode/state", "turbo"),
        ("temperature/state", "warm"),
        ("measured", "nan"),
        ("fan_mode/state", "hurricane"),
        ("preset_mode/state", "party"),
        ("action", "burning"),
    ],
)
def test_refuses_what_was_not_announced(topic: str, text: str) -> None:
    with pytest.raises(ParseProblem):
        tell(climate(), topic, text)


@pytest.mark.parametrize(
    ("command", "args", "messages"),
    [
        ("set_mode", {"mode": "heat"}, [("mode/command", "heat")]),
        ("turn_on", {}, [("mode/command", "heat_cool")]),
        ("turn_off", {}, [("mode/command", "off")]),
        ("set_temperature", {"temperature": 21.0}, [("temperature/command", "21")]),
        ("set_temperature", {"temperature": 21.5}, [("temperature/command", "21.5")]),
        (
            "set_temperature",
            {"target_temp_low": 18, "target_temp_high": 25},
            [("temperature_low/command", "18"), ("temperature_high/command", "25")],
        ),
        ("set_humidity", {"humidity": 45}, [("target_humidity/command", "45")]),
        ("set_fan_mode", {"fan_mode": "high"}, [("fan_mode/command", "high")]),
        ("set_swing_mode", {"swing_mode": "on"}, [("swing_mode/command", "on")]),
        (
            "set_swing_horizontal_mode",
            {"swing_horizontal_mode": "on"},
            [("swing_horizontal_mode/command", "on")],
        ),
        ("set_preset_mode", {"preset_mode": "none"}, [("preset_mode/command", "none")]),
    ],
)
def test_sends_to_each_topic(
    command: str, args: dict[str, Any], messages: list[tuple[str, str]]
) -> None:
    spec = climate()
    assert sent(spec, command, **args) == messages
    assert not spec.assumes(command)
    reached = spec.answer(command, args, NEW)
    assert reached is not None
    assert spec.answered(command, args, reached)
    assert not spec.answered(command, args, Reading("dry"))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("set_mode", {"mode": "turbo"}),
        ("set_mode", {}),
        ("set_temperature", {}),
        ("set_temperature", {"temperature": 50}),
        ("set_temperature", {"temperature": "warm"}),
        ("set_temperature", {"temperature": True}),
        ("set_temperature", {"temperature": float("nan")}),
        ("set_temperature", {"target_temp_low": 26, "target_temp_high": 20}),
        ("set_humidity", {"humidity": 5}),
        ("set_fan_mode", {"fan_mode": "hurricane"}),
        ("set_preset_mode", {"preset_mode": 1}),
    ],
)
def test_refuses_to_send(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        climate().messages(command, args, NEW)


def test_power_has_a_topic_of_its_own() -> None:
    spec = climate(power_command_topic="power", payload_on="1", power_command_template="P{{value}}")
    assert sent(spec, "turn_on") == [("power", "P1")]
    assert sent(spec, "turn_off") == [("power", "POFF")]
    assert spec.answer("turn_on", {}, NEW) is None
    assert spec.answer("turn_off", {}, NEW) == Reading("off")
    assert spec.answered("turn_on", {}, Reading("cool"))
    assert not spec.answered("turn_on", {}, Reading("off"))


def test_each_setting_is_assumed_where_nothing_tells_it() -> None:
    spec = climate(temperature_state_topic=None, fan_mode_state_topic=None)
    assert spec.assumes("set_temperature")
    assert spec.assumes("set_fan_mode")
    assert not spec.assumes("set_mode")
    assert not spec.optimistic
    assert climate(optimistic=True).assumes("set_preset_mode")


def test_only_what_has_a_topic_is_a_command() -> None:
    spec = one("climate", current_temperature_topic="t")
    assert spec.commands() == ()
    with pytest.raises(CommandProblem):
        spec.messages("set_temperature", {"temperature": 20}, NEW)


def test_one_template_for_all_that_have_none() -> None:
    spec = climate(
        value_template="{{ value_json.v }}", fan_mode_state_template="{{ value_json.f }}"
    )
    assert told(spec, "temperature/state", {"v": 20}) == {"temperature": 20}
    assert told(spec, "measured", {"v": 19}) == {"current_temperature": 19}
    assert told(spec, "fan_mode/state", {"f": "low"}) == {"fan_mode": "low"}


def test_traits_and_units() -> None:
    traits = climate().traits()
    assert traits["hvac_modes"] == ["off", "heat", "cool", "heat_cool"]
    assert traits["preset_modes"] == ["none", "eco", "away"]
    assert traits["fan_modes"] == ["auto", "low", "medium", "high"]
    assert (traits["min_temp"], traits["max_temp"]) == (7, 35)
    assert (traits["target_temp_step"], traits["temperature_unit"]) == (1, "°C")
    american = climate(temperature_unit="F", temp_step=0.5).traits()
    assert (american["min_temp"], american["max_temp"]) == (44.6, 95.0)
    assert (american["target_temp_step"], american["temperature_unit"]) == (0.5, "°F")
    assert climate().wire() is None


@pytest.mark.parametrize(
    "payload",
    [
        {"min_temp": 30, "max_temp": 20},
        {"min_humidity": 90, "max_humidity": 20},
        {"temp_step": 0},
        {"temperature_unit": "K"},
        {"preset_modes": ["none"]},
        {"fan_modes": ["x" * 300]},
        {"modes": [{}]},
        {"mode_command_topic": "a/#"},
    ],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        climate(**payload)


@pytest.mark.parametrize(
    ("name", "value", "attributes", "target"),
    [
        ("z2m_trv_bedroom", None, {"current_temperature": 21.3, "temperature": 21}, 21),
        ("z2m_trv_tuya", "heat", {"current_temperature": None, "hvac_action": None}, 22),
    ],
)
async def test_a_captured_thermostat(
    name: str, value: str | None, attributes: dict[str, Any], target: float
) -> None:
    home = Harness(MqttDiscovery)
    await home.start()
    vector = captured.load(name)
    for message in (*vector["discovery"], *vector["state"]):
        home.mqtt.deliver(message["topic"], captured.text(message["payload"]), retain=True)
    home.mqtt.deliver(captured.BRIDGE, '{"state": "online"}', retain=True)
    (key,) = (key for key in home.door.states if key.startswith("climate."))
    state = home.door.states[key]
    assert (state.available, state.value) == (True, value)
    assert attributes.items() <= (state.attributes or {}).items()
    # Zigbee2MQTT takes {"<setting>": 21} at .../set and, as it announces, 21 at .../set/<setting>.
    (command,) = vector["command"]
    ((setting, number),) = command["payload"].items()
    answer = captured.text(vector["state"][-1]["payload"] | {setting: number})
    home.mqtt.answers[f"{command['topic']}/{setting}"] = lambda _: home.mqtt.deliver(
        vector["state"][-1]["topic"], answer
    )
    await home.command(key, "set_temperature", temperature=target)
    topic, payload, _, _ = home.mqtt.published[-1]
    assert (topic, payload) == (f"{command['topic']}/{setting}", str(number).encode())
    assert (home.door.states[key].attributes or {})["temperature"] == target
    await home.stop()
