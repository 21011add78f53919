"""The discovery component ``device_tracker`` (home-assistant.io, "MQTT device tracker")."""

from __future__ import annotations

from hub.api import ParseProblem
from integrations.mqtt.fields import MAX_TEXT, Fields
from integrations.mqtt.spec import Attributes, Reading, Spec


class DeviceTrackerSpec(Spec):
    """At home, away, or at a place with a name; coordinates stay attributes."""

    kind = "device_tracker"
    __slots__ = ("payload_reset", "source_type", "words")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        if self.state_topic is None and self.attributes_topic is None:
            raise ParseProblem("state_topic is missing")
        self.words = {
            fields.text("payload_home", "home"): "home",
            fields.text("payload_not_home", "not_home"): "not_home",
        }
        self.payload_reset = fields.text("payload_reset", "None")
        self.source_type = fields.short("source_type", "gps")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """One of the two words, the reset payload, or a place's name."""
        if not text.strip():
            return None
        if text == self.payload_reset:
            return Reading(None)
        if len(text) > MAX_TEXT:
            raise ParseProblem(f"the state is longer than {MAX_TEXT} characters")
        return Reading(self.words.get(text, text))

    def traits(self) -> Attributes:
        """How it knows."""
        return {"source_type": self.source_type}
