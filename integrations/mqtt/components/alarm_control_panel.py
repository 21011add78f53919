"""The discovery component ``alarm_control_panel``.

Source: home-assistant.io, "MQTT alarm control panel".
"""

from __future__ import annotations

import hmac
from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import SeveralTopics
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Attributes, Reading

_ARMED = ("home", "away", "night", "vacation", "custom_bypass")
_STATES = frozenset(
    {
        "disarmed",
        "pending",
        "triggered",
        "arming",
        "disarming",
        *(f"armed_{mode}" for mode in _ARMED),
    }
)
_COMMANDS = ("disarm", *(f"arm_{mode}" for mode in _ARMED), "trigger")
# The device checks the code itself; a number or a text.
_REMOTE = {"REMOTE_CODE": "number", "REMOTE_CODE_TEXT": "text"}
LONGEST_CODE = 64


class AlarmControlPanelSpec(SeveralTopics):
    """A burglar alarm; the code is checked here against the announced one, or by the device.

    The announced code itself is told to nobody.
    """

    kind = "alarm_control_panel"
    __slots__ = ("code", "features", "needs_code", "payloads")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic", "state_topic")
        self.optimistic = False
        announced = fields.texts("supported_features")
        listed = fields.data.get("supported_features") is not None
        if not set(announced) <= set(_COMMANDS):
            raise ParseProblem("supported_features has a word that no alarm has")
        self.features = announced if listed else _COMMANDS
        self.payloads = {
            command: fields.text(f"payload_{command}", command.upper()) for command in _COMMANDS
        }
        self.code = fields.text("code") or None
        arm = fields.boolean("code_arm_required", True)
        self.needs_code = {
            "disarm": fields.boolean("code_disarm_required", True),
            "trigger": fields.boolean("code_trigger_required", True),
            **{f"arm_{mode}": arm for mode in _ARMED},
        }

    def read(self, text: str, before: Reading) -> Reading | None:
        """One of an alarm's states; ``None`` is unknown, empty says nothing."""
        if not text.strip():
            return None
        if text == NOTHING:
            return before.say(None)
        if text not in _STATES:
            raise ParseProblem("the state is none that an alarm has")
        return before.say(text)

    def commands(self) -> tuple[str, ...]:
        """To disarm, and the supported ones."""
        return tuple(name for name in _COMMANDS if name == "disarm" or name in self.features)

    def payload(self, command: str, args: dict[str, Any]) -> str:
        """The action, through the template, which may use the code."""
        code = args.get("code")
        self._check(command, code)
        action = self.payloads[command]
        if self.command_template is None:
            return action
        return self.command_template.render(action, action=action, code=code)

    def _check(self, command: str, code: object) -> None:
        if code is not None and (not isinstance(code, str) or len(code) > LONGEST_CODE):
            raise CommandProblem("This needs a code.")
        if self.code is None or not self.needs_code[command]:
            return
        if not code:
            raise CommandProblem("This needs a code.")
        # Compared in constant time, so that how long it takes tells nothing of the code.
        right = hmac.compare_digest(str(code).encode("utf-8", "replace"), self.code.encode())
        if self.code not in _REMOTE and not right:
            raise CommandProblem("This isn't the right code.")

    def answered(self, command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """It is in the state asked for, or on the way."""
        if command == "disarm":
            return reading.value in ("disarmed", "disarming")
        if command == "trigger":
            return reading.value in ("triggered", "pending")
        return reading.value in (command.replace("arm_", "armed_"), "arming", "pending")

    def traits(self) -> Attributes:
        """What a code looks like, and whether arming needs it."""
        found: Attributes = {"code_arm_required": self.needs_code["arm_home"]}
        if self.code is None:
            return found
        plain = "number" if self.code.isdecimal() else "text"
        return found | {"code_format": _REMOTE.get(self.code, plain)}
