"""The discovery component ``climate`` (home-assistant.io, "MQTT climate (HVAC)")."""

from __future__ import annotations

from typing import Any, ClassVar

from hub.api import ParseProblem
from integrations.mqtt.feature import (
    attribute,
    feature,
    named,
    near,
    number_into,
    told,
    wanted_number,
    wanted_word,
    word_into,
    written,
)
from integrations.mqtt.fields import Fields
from integrations.mqtt.heating import HeatingSpec
from integrations.mqtt.spec import NOTHING, Attributes, Input, Message, Reading

_ACTIONS = (
    "off",
    "preheating",
    "heating",
    "cooling",
    "drying",
    "fan",
    "idle",
    "defrosting",
)
NO_PRESET = "none"
# attribute -> its choices where none are announced; the keys are the attribute's name
_CHOICES = {
    "fan_mode": ("auto", "low", "medium", "high"),
    "swing_mode": ("on", "off"),
    "swing_horizontal_mode": ("on", "off"),
    "preset_mode": (),
}


class ClimateSpec(HeatingSpec):
    """Heating or cooling with up to three target temperatures, humidity, and choices of modes."""

    kind = "climate"
    all_modes = ("off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only")
    default_modes = ("auto", "off", "cool", "heat", "dry", "fan_only")
    first_modes = ("heat_cool", "heat", "cool")
    bounds_c = (7, 35)
    targets: ClassVar[dict[str, str]] = {
        "temperature": "temperature",
        "target_temp_low": "temperature_low",
        "target_temp_high": "temperature_high",
    }
    __slots__ = (
        "action",
        "choices",
        "current_humidity",
        "driest",
        "humidity",
        "options",
        "wettest",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.action = told(fields, "action", self.fallback)
        self.current_humidity = told(fields, "current_humidity", self.fallback)
        self.humidity = feature(fields, "target_humidity", fallback=self.fallback)
        self.driest = fields.exact("min_humidity", 30)
        self.wettest = fields.exact("max_humidity", 99)
        if self.wettest < self.driest:
            raise ParseProblem("max_humidity must not be below min_humidity")
        self.options = {}
        self.choices: dict[str, tuple[str, ...]] = {}
        for name, default in _CHOICES.items():
            template = "value_template" if name == "preset_mode" else "state_template"
            found = feature(fields, name, template=template, fallback=self.fallback)
            if found.command_topic is None and found.state_topic is None:
                continue
            self.options[name] = found
            self.choices[name] = named(fields, f"{name}s", default)
        if "preset_mode" in self.choices:
            if NO_PRESET in self.choices["preset_mode"]:
                raise ParseProblem(f"preset_modes must not have {NO_PRESET}")
            self.choices["preset_mode"] = (NO_PRESET, *self.choices["preset_mode"])

    def inputs(self) -> tuple[Input, ...]:
        """Those of every heating, the action, humidity and each choice."""
        found = [
            *super().inputs(),
            *self.action.inputs(word_into("hvac_action", _ACTIONS)),
            *self.current_humidity.inputs(number_into("current_humidity")),
            *self.humidity.inputs(number_into("humidity")),
        ]
        for name, one in self.options.items():
            read = word_into(name, self.choices[name])
            found += one.inputs(self._read_preset if name == "preset_mode" else read)
        return tuple(found)

    def _read_preset(self, text: str, before: Reading) -> Reading | None:
        known = word_into("preset_mode", self.choices["preset_mode"])
        return known(NO_PRESET if text == NOTHING else text, before)

    def commands(self) -> tuple[str, ...]:
        """Those that have a topic."""
        found = list(super().commands())
        if self.humidity.command_topic:
            found.append("set_humidity")
        found += [f"set_{name}" for name, one in self.options.items() if one.command_topic]
        return tuple(found)

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """The setting's own message."""
        if command == "set_humidity":
            return (self.humidity.message(written(self._wanted_humidity(args))),)
        name = command.removeprefix("set_")
        if name in self.options:
            return (self.options[name].message(self._wanted_choice(name, args)),)
        return super().messages(command, args, before)

    def assumes(self, command: str) -> bool:
        """Where the setting has no topic that tells it."""
        name = command.removeprefix("set_")
        one = self.humidity if name == "humidity" else self.options.get(name)
        if one is None:
            return super().assumes(command)
        return self.flagged or one.state_topic is None

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """What was asked for."""
        name = command.removeprefix("set_")
        if name == "humidity":
            return before.keep(humidity=self._wanted_humidity(args))
        if name in self.options:
            return before.keep(**{name: self._wanted_choice(name, args)})
        return super().answer(command, args, before)

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says what was asked for."""
        name = command.removeprefix("set_")
        if name == "humidity":
            return near(attribute(reading, name), self._wanted_humidity(args), 0.5)
        if name in self.options:
            return attribute(reading, name) == self._wanted_choice(name, args)
        return super().answered(command, args, reading)

    def traits(self) -> Attributes:
        """Modes, choices and bounds."""
        found: Attributes = {"hvac_modes": list(self.modes), **self.bounds()}
        if self.humidity.command_topic:
            found |= {"min_humidity": self.driest, "max_humidity": self.wettest}
        return found | {f"{name}s": list(words) for name, words in self.choices.items()}

    def _wanted_humidity(self, args: dict[str, Any]) -> float:
        return wanted_number(args, "humidity", self.driest, self.wettest)

    def _wanted_choice(self, name: str, args: dict[str, Any]) -> str:
        return wanted_word(args, name, self.choices[name])
