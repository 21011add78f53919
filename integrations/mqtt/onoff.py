"""Common to what is switched on and off: switch, siren, and others by their own rules."""

from __future__ import annotations

from typing import Any

from hub.api import ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Reading, Spec


class OnOffSpec(Spec):
    """Common to switch and siren: on, off or unknown, turned on and off."""

    writable = True
    __slots__ = ("payload_off", "payload_on", "state_off", "state_on")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        if self.command_topic is None:
            raise ParseProblem("command_topic is missing")
        self.payload_on = fields.text("payload_on", "ON")
        self.payload_off = fields.text("payload_off", "OFF")
        self.state_on = fields.text("state_on") or self.payload_on
        self.state_off = fields.text("state_off") or self.payload_off

    def commands(self) -> tuple[str, ...]:
        """Both."""
        return ("turn_on", "turn_off")

    def answer(self, command: str, _args: dict[str, Any], _before: Reading) -> Reading | None:
        """On after ``turn_on``, off after ``turn_off``."""
        return Reading(command == "turn_on")

    def answered(self, command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """The device says the state that was asked for."""
        return reading.value is (command == "turn_on")

    def states(self) -> dict[str, str]:
        """On and off."""
        return {self.state_off: "off", self.state_on: "on"}

    def on_off(self, text: str) -> bool | None:
        """The value of a state word; raises ParseProblem for any other."""
        if text == self.state_on:
            return True
        if text == self.state_off:
            return False
        if text == NOTHING:
            return None
        raise ParseProblem("the state is neither the announced on nor off")
