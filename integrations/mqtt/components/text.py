"""The discovery component ``text`` (home-assistant.io, "MQTT text")."""

from __future__ import annotations

from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.fields import MAX_TEXT, Fields
from integrations.mqtt.spec import Attributes, Reading, Spec

_MODES = frozenset({"text", "password"})


class TextSpec(Spec):
    """A text of bounded length.

    The announced ``pattern`` is told to people and not run: a regular expression from the
    broker could hold the hub for ever.
    """

    kind = "text"
    writable = True
    __slots__ = ("longest", "mode", "pattern", "shortest")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic")
        self.shortest = fields.integer("min", 0)
        self.longest = fields.integer("max", MAX_TEXT)
        if not 0 <= self.shortest <= self.longest <= MAX_TEXT:
            raise ParseProblem(f"min and max must lie between 0 and {MAX_TEXT}")
        self.mode = fields.text("mode", "text")
        if self.mode not in _MODES:
            raise ParseProblem("mode must be text or password")
        self.pattern = fields.text("pattern") or None

    def read(self, text: str, _before: Reading) -> Reading | None:
        """A text of the announced length."""
        if not self.shortest <= len(text) <= self.longest:
            raise ParseProblem("the state is longer or shorter than announced")
        return Reading(text)

    def commands(self) -> tuple[str, ...]:
        """To be set."""
        return ("set_value",)

    def payload(self, _command: str, args: dict[str, Any]) -> str:
        """The text, through the template."""
        text = self._wanted(args)
        return self.command_template.render(text) if self.command_template else text

    def answer(self, _command: str, args: dict[str, Any], _before: Reading) -> Reading | None:
        """The text asked for."""
        return Reading(self._wanted(args))

    def answered(self, _command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says this text."""
        return reading.value == args.get("value")

    def traits(self) -> Attributes:
        """Bounds, and whether it is to be hidden while typed."""
        return {
            "min": self.shortest,
            "max": self.longest,
            "mode": self.mode,
            "pattern": self.pattern,
        }

    def _wanted(self, args: dict[str, Any]) -> str:
        text = args.get("value")
        if not isinstance(text, str):
            raise CommandProblem("This needs a text.")
        if not self.shortest <= len(text) <= self.longest:
            raise CommandProblem("The text is longer or shorter than the device takes.")
        return text
