"""The discovery component ``number`` (home-assistant.io, "MQTT number")."""

from __future__ import annotations

from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.spec import Attributes, Reading, Spec

_MODES = frozenset({"auto", "box", "slider"})


class NumberSpec(Spec):
    """A number between two bounds, set by its text or through ``command_template``."""

    kind = "number"
    writable = True
    __slots__ = ("highest", "lowest", "mode", "payload_reset", "step")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic")
        self.unit = fields.short("unit_of_measurement") or None
        self.lowest = fields.exact("min", 1)
        self.highest = fields.exact("max", 100)
        self.step = fields.exact("step", 1)
        if self.highest < self.lowest or self.step <= 0:
            raise ParseProblem("max must not be below min, and step must be more than zero")
        self.mode = fields.text("mode", "auto")
        if self.mode not in _MODES:
            raise ParseProblem("mode must be auto, box or slider")
        self.payload_reset = fields.text("payload_reset", "None")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """A number within the bounds; the reset payload is unknown, empty says nothing."""
        if text == self.payload_reset:
            return Reading(None)
        if not text.strip():
            return None
        value = number_of(text)
        if not self.lowest <= value <= self.highest:
            raise ParseProblem("the state is outside the announced bounds")
        return Reading(value)

    def commands(self) -> tuple[str, ...]:
        """To be set."""
        return ("set_value",)

    def payload(self, _command: str, args: dict[str, Any]) -> str:
        """The number's text, through the template."""
        value = self._wanted(args)
        text = str(int(value) if float(value).is_integer() else value)
        return self.command_template.render(text, value=value) if self.command_template else text

    def answer(self, _command: str, args: dict[str, Any], _before: Reading) -> Reading | None:
        """What was asked for."""
        return Reading(self._wanted(args))

    def answered(self, _command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says this number, give or take half a step."""
        value = reading.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value - self._wanted(args)) <= self.step / 2

    def traits(self) -> Attributes:
        """Bounds and step."""
        return {"min": self.lowest, "max": self.highest, "step": self.step, "mode": self.mode}

    def _wanted(self, args: dict[str, Any]) -> float:
        value = args.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CommandProblem("This needs a number.")
        if not self.lowest <= value <= self.highest:
            raise CommandProblem("The number is outside what the device takes.")
        return value
