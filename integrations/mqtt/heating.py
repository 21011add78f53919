"""Common to climate and water heater: a mode, target temperatures, and power."""

from __future__ import annotations

from typing import Any, ClassVar

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import (
    SeveralTopics,
    attribute,
    feature,
    named,
    near,
    number_into,
    told,
    wanted_number,
    wanted_word,
    written,
)
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Attributes, Input, Message, Reading

OFF = "off"
_UNITS = {"C": "°C", "°C": "°C", "F": "°F", "°F": "°F"}


def _degrees(celsius: float, unit: str) -> float:
    return celsius if unit == "°C" else round(celsius * 9 / 5 + 32, 1)


class HeatingSpec(SeveralTopics):
    """The value is the mode; every temperature has topics of its own.

    The announced ``initial`` temperature isn't shown: nobody measured it and nobody set it.
    """

    all_modes: ClassVar[tuple[str, ...]] = ()
    default_modes: ClassVar[tuple[str, ...]] = ()
    first_modes: ClassVar[tuple[str, ...]] = ()  # what it is turned on with, the best first
    bounds_c: ClassVar[tuple[float, float]] = (0, 0)
    targets: ClassVar[dict[str, str]] = {"temperature": "temperature"}
    __slots__ = (
        "current",
        "fallback",
        "flagged",
        "highest",
        "lowest",
        "mode",
        "modes",
        "payload_off",
        "payload_on",
        "power",
        "step",
        "temperatures",
        "unit_shown",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.fallback = self.state_template
        self.flagged = fields.boolean("optimistic", False)
        self.mode = feature(fields, "mode", fallback=self.fallback)
        self.power = feature(fields, "power")
        self.payload_on = fields.text("payload_on", "ON")
        self.payload_off = fields.text("payload_off", "OFF")
        self.modes = tuple(
            mode for mode in named(fields, "modes", self.default_modes) if mode in self.all_modes
        )
        self.state_topic = self.mode.state_topic
        self.state_template = self.mode.state_template
        self.optimistic = self.flagged or self.mode.state_topic is None
        self.current = told(fields, "current_temperature", self.fallback)
        self.temperatures = {
            name: feature(fields, key, fallback=self.fallback) for name, key in self.targets.items()
        }
        unit = _UNITS.get(fields.text("temperature_unit", "C").upper())
        if unit is None:
            raise ParseProblem("temperature_unit must be C or F")
        self.unit_shown = unit
        self.lowest = fields.exact("min_temp", _degrees(self.bounds_c[0], unit))
        self.highest = fields.exact("max_temp", _degrees(self.bounds_c[1], unit))
        self.step = fields.exact("temp_step", 1)
        if self.highest < self.lowest or self.step <= 0:
            raise ParseProblem("max_temp must not be below min_temp, and temp_step above zero")

    def inputs(self) -> tuple[Input, ...]:
        """The mode, what is measured, and each target."""
        found = [
            *self.mode.inputs(self.read),
            *self.current.inputs(number_into("current_temperature")),
        ]
        for name, one in self.temperatures.items():
            found += one.inputs(number_into(name))
        return tuple(found)

    def read(self, text: str, before: Reading) -> Reading | None:
        """A mode; ``None`` is unknown, empty says nothing."""
        if text == NOTHING:
            return before.say(None)
        if not text:
            return None
        if text not in self.modes:
            raise ParseProblem("the mode is none of the announced modes")
        return before.say(text)

    def settable(self) -> tuple[str, ...]:
        """The target temperatures that can be set."""
        return tuple(name for name, one in self.temperatures.items() if one.command_topic)

    def commands(self) -> tuple[str, ...]:
        """Those that have a topic; a mode turns on and off where no power topic does."""
        found = []
        powered = self.power.command_topic is not None
        moded = self.mode.command_topic is not None
        if powered or (moded and self._first_mode() is not None):
            found.append("turn_on")
        if powered or (moded and OFF in self.modes):
            found.append("turn_off")
        if moded:
            found.append("set_mode")
        if self.settable():
            found.append("set_temperature")
        return tuple(found)

    def messages(self, command: str, args: dict[str, Any], _before: Reading) -> tuple[Message, ...]:
        """One message, or one for each temperature that is to be set."""
        if command == "set_temperature":
            wanted = self._wanted_temperatures(args)
            return tuple(
                self.temperatures[name].message(written(value)) for name, value in wanted.items()
            )
        if command != "set_mode" and self.power.command_topic is not None:
            on = command == "turn_on"
            return (self.power.message(self.payload_on if on else self.payload_off),)
        return (self.mode.message(self._wanted_mode(command, args)),)

    def assumes(self, command: str) -> bool:
        """Where the setting has no topic that tells it."""
        if command == "set_temperature":
            return self.flagged or any(
                self.temperatures[name].state_topic is None for name in self.settable()
            )
        return self.optimistic

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """What was asked for; power alone doesn't say in which mode it comes on."""
        if command == "set_temperature":
            return before.keep(**self._wanted_temperatures(args))
        if command == "turn_on" and self.power.command_topic is not None:
            return None
        return before.say(self._wanted_mode(command, args))

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says the mode, or each temperature that was asked for."""
        if command == "set_temperature":
            return all(
                near(attribute(reading, name), value, self.step / 2)
                for name, value in self._wanted_temperatures(args).items()
            )
        if command == "turn_on" and self.power.command_topic is not None:
            return reading.value not in (None, OFF)
        return reading.value == self._wanted_mode(command, args)

    def bounds(self) -> Attributes:
        """Between which temperatures, in which steps and which unit."""
        return {
            "min_temp": self.lowest,
            "max_temp": self.highest,
            "target_temp_step": self.step,
            "temperature_unit": self.unit_shown,
        }

    def _first_mode(self) -> str | None:
        known = [mode for mode in (*self.first_modes, *self.modes) if mode in self.modes]
        return next((mode for mode in known if mode != OFF), None)

    def _wanted_mode(self, command: str, args: dict[str, Any]) -> str:
        if command == "set_mode":
            return wanted_word(args, "mode", self.modes)
        mode = self._first_mode() if command == "turn_on" else OFF
        if mode is None:
            raise CommandProblem("This device can't do that.")
        return mode

    def _wanted_temperatures(self, args: dict[str, Any]) -> dict[str, float]:
        asked = [name for name in self.targets if args.get(name) is not None]
        if not asked:
            raise CommandProblem("This needs a number.")
        if not set(asked) <= set(self.settable()):
            raise CommandProblem("This device can't do that.")
        wanted = {name: wanted_number(args, name, self.lowest, self.highest) for name in asked}
        low, high = wanted.get("target_temp_low"), wanted.get("target_temp_high")
        if low is not None and high is not None and low > high:
            raise CommandProblem("The lower temperature must not be above the higher one.")
        return wanted
