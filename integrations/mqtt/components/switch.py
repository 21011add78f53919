"""The discovery component ``switch`` (home-assistant.io, "MQTT switch")."""

from __future__ import annotations

from typing import Any

from integrations.mqtt.onoff import OnOffSpec
from integrations.mqtt.spec import Reading


class SwitchSpec(OnOffSpec):
    """On or off, switched by two literal payloads, through ``command_template`` if given."""

    kind = "switch"
    __slots__ = ()

    def read(self, text: str, _before: Reading) -> Reading | None:
        """True, False, or None for ``None``; an empty payload says nothing."""
        return Reading(self.on_off(text)) if text else None

    def payload(self, command: str, _args: dict[str, Any]) -> str:
        """``payload_on`` or ``payload_off``."""
        payload = self.payload_on if command == "turn_on" else self.payload_off
        return self.command_template.render(payload) if self.command_template else payload
