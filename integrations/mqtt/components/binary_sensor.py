"""The discovery component ``binary_sensor`` (home-assistant.io, "MQTT binary sensor")."""

from __future__ import annotations

from typing import Any

from hub.api import ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Reading, Spec


class BinarySensorSpec(Spec):
    """On or off by two literal payloads; ``off_delay`` and ``expire_after`` in seconds."""

    kind = "binary_sensor"
    __slots__ = ("payload_off", "payload_on")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        if self.state_topic is None:
            raise ParseProblem("state_topic is missing")
        self.payload_on = fields.text("payload_on", "ON")
        self.payload_off = fields.text("payload_off", "OFF")
        self.off_delay = fields.seconds("off_delay")
        self.expire_after = fields.seconds("expire_after")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """True, False, or None for ``None``; an empty payload says nothing."""
        if text == self.payload_on:
            return Reading(True)
        if text == self.payload_off:
            return Reading(False)
        if text == NOTHING:
            return Reading(None)
        if not text.strip():
            return None
        raise ParseProblem("the payload is neither the announced on nor off")

    def states(self) -> dict[str, str]:
        """On and off; on wins where a device gives both the same payload."""
        return {self.payload_off: "off", self.payload_on: "on"}

    def extra_json(self) -> dict[str, Any]:
        """The two payloads."""
        return {"payload_on": self.payload_on, "payload_off": self.payload_off}
