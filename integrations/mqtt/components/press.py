"""The discovery components that only do something: ``button``, ``scene`` and ``notify``.

Source: home-assistant.io, "MQTT button", "MQTT scene", "MQTT notify".
"""

from __future__ import annotations

from typing import Any, ClassVar

from hub.api import CommandProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Reading, Spec, now

LONGEST_MESSAGE = 4096


class _Press(Spec):
    """One payload to one topic; the value is the time of the last one."""

    writable = True
    command: ClassVar[str] = ""
    payload_key: ClassVar[str] = ""
    default: ClassVar[str] = ""
    __slots__ = ("pressed",)

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic")
        self.state_topic = None
        self.optimistic = False
        self.pressed = fields.text(self.payload_key, self.default) if self.payload_key else ""

    def commands(self) -> tuple[str, ...]:
        """The only one."""
        return (self.command,)

    def payload(self, _command: str, _args: dict[str, Any]) -> str:
        """The announced payload, through the template."""
        if self.command_template is None:
            return self.pressed
        return self.command_template.render(self.pressed)

    def assumes(self, _command: str) -> bool:
        """No device says that its button was pressed."""
        return True

    def answer(self, _command: str, _args: dict[str, Any], _before: Reading) -> Reading | None:
        """Pressed now."""
        return Reading(now())


class ButtonSpec(_Press):
    """A button."""

    kind = "button"
    command = "press"
    payload_key = "payload_press"
    default = "PRESS"
    __slots__ = ()


class SceneSpec(_Press):
    """A scene."""

    kind = "scene"
    command = "turn_on"
    payload_key = "payload_on"
    default = "ON"
    __slots__ = ()


class NotifySpec(_Press):
    """A device that shows a message."""

    kind = "notify"
    command = "send_message"
    __slots__ = ()

    def payload(self, _command: str, args: dict[str, Any]) -> str:
        """The message, through the template."""
        message = args.get("message")
        if not isinstance(message, str) or len(message) > LONGEST_MESSAGE:
            raise CommandProblem("This needs a text.")
        if self.command_template is None:
            return message
        return self.command_template.render(message, message=message)
