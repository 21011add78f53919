"""The discovery component ``lawn_mower`` (home-assistant.io, "MQTT lawn mower")."""

from __future__ import annotations

from typing import Any

from hub.api import ParseProblem
from integrations.mqtt.feature import Feature, SeveralTopics
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Message, Reading

_STATES = frozenset({"mowing", "docked", "paused", "returning", "error"})
_COMMANDS = ("start_mowing", "pause", "dock")
_ANSWERS = {
    "start_mowing": ("mowing",),
    "pause": ("paused",),
    "dock": ("docked", "returning"),
}


class LawnMowerSpec(SeveralTopics):
    """A mowing robot with a topic for each command."""

    kind = "lawn_mower"
    template_key = "activity_value_template"
    __slots__ = ("features",)

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.state_topic = fields.topic("activity_state_topic")
        self.optimistic = self.state_topic is None or fields.boolean("optimistic", False)
        self.features = {
            name: Feature(
                fields.topic(f"{name}_command_topic", publish=True),
                fields.template(f"{name}_command_template"),
                None,
                None,
            )
            for name in _COMMANDS
        }

    def read(self, text: str, before: Reading) -> Reading | None:
        """What it does; ``None`` is unknown, empty says nothing."""
        if not text:
            return None
        if text.lower() == NOTHING.lower():
            return before.say(None)
        if text not in _STATES:
            raise ParseProblem("the activity is none that a lawn mower has")
        return before.say(text)

    def commands(self) -> tuple[str, ...]:
        """Those that have a topic."""
        return tuple(name for name, one in self.features.items() if one.command_topic)

    def messages(
        self, command: str, _args: dict[str, Any], _before: Reading
    ) -> tuple[Message, ...]:
        """The command's own name, through its template."""
        return (self.features[command].message(command),)

    def answer(self, command: str, _args: dict[str, Any], before: Reading) -> Reading | None:
        """What it does in the end."""
        return before.say(_ANSWERS[command][0])

    def answered(self, command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """It does it, or is on its way."""
        return reading.value in _ANSWERS[command]
