"""The discovery components that tell what happens: ``event``, ``device_automation``, ``tag``.

Source: home-assistant.io, "MQTT event", "MQTT device trigger", "MQTT tag scanner".
"""

from __future__ import annotations

import orjson

from hub.api import ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Attributes, Input, Reading, Spec, now


class _Happening(Spec):
    """The value is the time of the last one; a kept message tells nothing new."""

    topic_key = "topic"
    __slots__ = ()

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, self.topic_key)
        self.state_topic = fields.topic(self.topic_key)

    def inputs(self) -> tuple[Input, ...]:
        """Live messages only."""
        return tuple(one._replace(live=True) for one in super().inputs())


class EventSpec(_Happening):
    """JSON with ``event_type``, one of the announced, and attributes of this one event."""

    kind = "event"
    topic_key = "state_topic"
    __slots__ = ("event_types",)

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "event_types")
        self.event_types = fields.texts("event_types")

    def read(self, text: str, _before: Reading) -> Reading | None:
        """An event; an empty payload or an empty object is none."""
        if not text or text == "{}":
            return None
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ParseProblem("the event isn't JSON") from None
        if not isinstance(data, dict) or data.get("event_type") not in self.event_types:
            raise ParseProblem("the event isn't of an announced type")
        return Reading(now(), data)

    def states(self) -> dict[str, str]:
        """The announced types, where the payload is the event's JSON as it came."""
        return {} if self.state_template else {one: one for one in self.event_types}

    def wire_template(self) -> str:
        """What happened is one field of the payload."""
        return "{{ value_json.event_type }}"

    def traits(self) -> Attributes:
        """What can happen."""
        return {"event_types": list(self.event_types)}


class DeviceAutomationSpec(_Happening):
    """A device's trigger, such as a short press of its first button."""

    kind = "device_automation"
    __slots__ = ("payload_on", "subtype", "type")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "automation_type", "type", "subtype", "device")
        if fields.text("automation_type") != "trigger":
            raise ParseProblem("automation_type must be trigger")
        self.type = fields.short("type")
        self.subtype = fields.short("subtype")
        self.payload_on = fields.text("payload")
        self.name = self.name or f"{self.subtype} {self.type}"

    def read(self, text: str, _before: Reading) -> Reading | None:
        """It happened, when the payload is the announced one or none was announced."""
        if self.payload_on and text != self.payload_on:
            return None
        return Reading(now())

    def states(self) -> dict[str, str]:
        """The one payload that is this press, where one was announced."""
        return {self.payload_on: self.payload_on} if self.payload_on else {}

    def plain(self) -> bool:
        """Else every payload is a press."""
        return not self.payload_on

    def traits(self) -> Attributes:
        """Which press it is."""
        return {"type": self.type, "subtype": self.subtype}


class TagSpec(_Happening):
    """A reader of tags; the payload, or what the template finds in it, is the tag's id."""

    kind = "tag"
    __slots__ = ()

    def read(self, text: str, _before: Reading) -> Reading | None:
        """A tag was held to the reader."""
        return Reading(now(), {"tag_id": text}) if text else None
