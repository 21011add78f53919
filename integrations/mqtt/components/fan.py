"""The discovery component ``fan`` (home-assistant.io, "MQTT fan")."""

from __future__ import annotations

import math
from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import (
    attribute,
    feature,
    named,
    wanted_number,
    wanted_word,
    word_into,
)
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.onoff import OnOffSpec
from integrations.mqtt.spec import NOTHING, Attributes, Input, Message, Reading

_DIRECTIONS = ("forward", "reverse")
# command -> its argument, which is the attribute's name too
_ARGUMENTS = {
    "set_percentage": "percentage",
    "set_preset_mode": "preset_mode",
    "oscillate": "oscillating",
    "set_direction": "direction",
}
_KEYS = {
    "percentage": "percentage",
    "preset_mode": "preset_mode",
    "oscillating": "oscillation",
    "direction": "direction",
}


class FanSpec(OnOffSpec):
    """On or off, and as far as it can: speed, preset, oscillation, direction."""

    kind = "fan"
    template_key = "state_value_template"
    __slots__ = (
        "features",
        "flagged",
        "oscillation",
        "presets",
        "reset_percentage",
        "reset_preset",
        "slowest",
        "steps",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.flagged = fields.boolean("optimistic", False)
        self.slowest = fields.integer("speed_range_min", 1)
        fastest = fields.integer("speed_range_max", 100)
        if not 0 < self.slowest < fastest:
            raise ParseProblem("speed_range_min must be above zero and below speed_range_max")
        self.steps = fastest - self.slowest + 1
        self.features = {
            name: feature(fields, key, template="value_template") for name, key in _KEYS.items()
        }
        self.presets = named(fields, "preset_modes")
        self.oscillation = {
            fields.text("payload_oscillation_on", "oscillate_on"): True,
            fields.text("payload_oscillation_off", "oscillate_off"): False,
        }
        self.reset_percentage = fields.text("payload_reset_percentage", NOTHING)
        self.reset_preset = fields.text("payload_reset_preset_mode", NOTHING)

    def inputs(self) -> tuple[Input, ...]:
        """The state and each setting."""
        readers = {
            "percentage": self._read_percentage,
            "preset_mode": word_into("preset_mode", self.presets, self.reset_preset),
            "oscillating": self._read_oscillation,
            "direction": word_into("direction", _DIRECTIONS),
        }
        found = list(super().inputs())
        for name, read in readers.items():
            found += self.features[name].inputs(read)
        return tuple(found)

    def read(self, text: str, before: Reading) -> Reading | None:
        """True, False, or None for ``None``; an empty payload says nothing."""
        return before.say(self.on_off(text)) if text else None

    def _read_percentage(self, text: str, before: Reading) -> Reading | None:
        if text == self.reset_percentage:
            return before.keep(percentage=None)
        if not text.strip():
            return None
        percent = (number_of(text) - self.slowest + 1) * 100 / self.steps
        if not 0 <= percent < 101:
            raise ParseProblem("the speed is outside the announced range")
        return before.keep(percentage=math.floor(percent))

    def _read_oscillation(self, text: str, before: Reading) -> Reading | None:
        if not text:
            return None
        if text == NOTHING:
            return before.keep(oscillating=None)
        if text not in self.oscillation:
            raise ParseProblem("the oscillation is neither the announced on nor off")
        return before.keep(oscillating=self.oscillation[text])

    def commands(self) -> tuple[str, ...]:
        """On, off, and those that have a topic."""
        more = [
            command
            for command, name in _ARGUMENTS.items()
            if self.features[name].command_topic is not None
        ]
        return (*super().commands(), *more)

    def payload(self, command: str, _args: dict[str, Any]) -> str:
        """``payload_on`` or ``payload_off``; the settings go elsewhere."""
        if command not in super().commands():
            raise CommandProblem("This device can't do that.")
        word = self.payload_on if command == "turn_on" else self.payload_off
        return self.command_template.render(word) if self.command_template else word

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """The setting's message; turned on, what it is to be set to follows."""
        wanted = self._wanted(command, args)
        settings = tuple(
            self.features[name].message(self._payload(name, value))
            for name, value in wanted.items()
        )
        if command in _ARGUMENTS:
            return settings
        return (*super().messages(command, args, before), *settings)

    def assumes(self, command: str) -> bool:
        """Where the setting has no topic that tells it."""
        name = _ARGUMENTS.get(command)
        if name is None:
            return self.optimistic
        return self.flagged or self.features[name].state_topic is None

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """What was asked for."""
        wanted = self._wanted(command, args)
        value = before.value if command in _ARGUMENTS else command == "turn_on"
        return before.keep(**wanted).say(value) if wanted else before.say(value)

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says what was asked for, its speed to the step."""
        if command not in _ARGUMENTS and not super().answered(command, args, reading):
            return False
        for name, value in self._wanted(command, args).items():
            if self.features[name].state_topic is None:
                continue
            told = attribute(reading, name)
            if name != "percentage":
                if told != value:
                    return False
            elif not isinstance(told, int) or self._payload(name, told) != self._payload(
                name, value
            ):
                return False
        return True

    def traits(self) -> Attributes:
        """Presets, and how many percent one step of speed is."""
        found: Attributes = {}
        if self.features["percentage"].command_topic is not None:
            found["percentage_step"] = 100 / min(self.steps, 100)
        if self.features["preset_mode"].command_topic is not None:
            found["preset_modes"] = list(self.presets)
        return found

    def _step(self, percent: float) -> int:
        return math.ceil(self.steps * percent / 100)

    def _payload(self, name: str, value: Any) -> str:
        if name == "percentage":
            return str(self._step(value) + self.slowest - 1)
        if name == "oscillating":
            return next(word for word, on in self.oscillation.items() if on is value)
        return str(value)

    def _wanted(self, command: str, args: dict[str, Any]) -> Attributes:
        """What is to be set, by attribute; raises CommandProblem when that can't be."""
        if command in _ARGUMENTS:
            names = [_ARGUMENTS[command]]
        elif command == "turn_on":
            # As in Home Assistant, a speed of zero says nothing to a fan that is turned on.
            names = [name for name in ("percentage", "preset_mode") if args.get(name)]
        else:
            return {}
        return {name: self._checked(name, args) for name in names}

    def _checked(self, name: str, args: dict[str, Any]) -> object:
        if self.features[name].command_topic is None:
            raise CommandProblem("This device can't do that.")
        if name == "percentage":
            return wanted_number(args, name, 0, 100)
        if name == "oscillating":
            value = args.get(name)
            if not isinstance(value, bool):
                raise CommandProblem("This isn't one of the choices.")
            return value
        return wanted_word(args, name, self.presets if name == "preset_mode" else _DIRECTIONS)
