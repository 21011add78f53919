"""The discovery component ``select`` (home-assistant.io, "MQTT select")."""

from __future__ import annotations

from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Attributes, Reading, Spec


class SelectSpec(Spec):
    """One of the announced options."""

    kind = "select"
    writable = True
    __slots__ = ("options",)

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic", "options")
        self.options = fields.texts("options")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """An option; ``None`` is unknown, empty says nothing."""
        if text in self.options:
            return Reading(text)
        if text.lower() == NOTHING.lower():
            return Reading(None)
        if not text:
            return None
        raise ParseProblem("the state isn't one of the announced options")

    def commands(self) -> tuple[str, ...]:
        """To be chosen."""
        return ("select_option",)

    def payload(self, _command: str, args: dict[str, Any]) -> str:
        """The option, through the template."""
        option = self._wanted(args)
        return self.command_template.render(option) if self.command_template else option

    def answer(self, _command: str, args: dict[str, Any], _before: Reading) -> Reading | None:
        """The option asked for."""
        return Reading(self._wanted(args))

    def answered(self, _command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says this option."""
        return reading.value == args.get("option")

    def traits(self) -> Attributes:
        """The options."""
        return {"options": list(self.options)}

    def _wanted(self, args: dict[str, Any]) -> str:
        option = args.get("option")
        if not isinstance(option, str) or option not in self.options:
            raise CommandProblem("This isn't one of the choices.")
        return option
