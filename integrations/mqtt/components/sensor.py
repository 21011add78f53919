"""The discovery component ``sensor`` (home-assistant.io, "MQTT sensor")."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hub.api import ParseProblem
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.spec import NOTHING, Reading, Spec

MAX_STATE = 255  # characters of a text state, as in Home Assistant
_TEXT_CLASSES = frozenset({"date", "enum", "timestamp"})


class SensorSpec(Spec):
    """A number where the payload announces a unit or a numeric class, else a text."""

    kind = "sensor"
    __slots__ = ("numeric", "options", "state_class")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        if self.state_topic is None:
            raise ParseProblem("state_topic is missing")
        self.unit = fields.short("unit_of_measurement") or None
        self.state_class = fields.short("state_class") or None
        self.options = fields.texts("options")
        self.expire_after = fields.seconds("expire_after")
        self.numeric = self.device_class not in _TEXT_CLASSES and bool(
            self.unit
            or self.state_class
            or self.device_class
            or fields.has("suggested_display_precision")
        )
        if self.options and (self.numeric or self.unit):
            raise ParseProblem("options go with the device class enum only")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """A finite number or a checked text; ``None`` is unknown, empty says nothing."""
        if text == NOTHING:
            return Reading(None)
        if self.numeric:
            return Reading(number_of(text)) if text.strip() else None
        if not text and self.device_class in _TEXT_CLASSES:
            return None
        if len(text) > MAX_STATE:
            raise ParseProblem(f"the state is longer than {MAX_STATE} characters")
        if self.options and text not in self.options:
            raise ParseProblem("the state isn't one of the announced options")
        try:
            if self.device_class == "timestamp":
                datetime.fromisoformat(text)
            elif self.device_class == "date":
                date.fromisoformat(text)
        except ValueError:
            raise ParseProblem(f"the state isn't a {self.device_class}") from None
        return Reading(text)

    def plain(self) -> bool:
        """A number of a known class means the same to whoever reads the wire."""
        return self.numeric and self.device_class is not None

    def extra_json(self) -> dict[str, Any]:
        """What makes it numeric."""
        return {"numeric": self.numeric, "options": list(self.options)}
