"""The discovery component ``lock`` (home-assistant.io, "MQTT lock")."""

from __future__ import annotations

from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Attributes, Reading, Spec

_STATES = ("locked", "unlocked", "locking", "unlocking", "jammed", "open", "opening")
_ANSWERS = {
    "lock": ("locked", "locking"),
    "unlock": ("unlocked", "unlocking"),
    "open": ("open", "opening"),
}
LONGEST_CODE = 64


class LockSpec(Spec):
    """A lock with its own words for states and commands.

    The announced ``code_format`` is told to people and not run: a regular expression from the
    broker could hold the hub for ever.
    """

    kind = "lock"
    writable = True
    __slots__ = ("code_format", "payload_reset", "payloads", "words")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic")
        self.payloads = {
            "lock": fields.text("payload_lock", "LOCK"),
            "unlock": fields.text("payload_unlock", "UNLOCK"),
        }
        if fields.has("payload_open"):
            self.payloads["open"] = fields.text("payload_open")
        self.payload_reset = fields.text("payload_reset", "None")
        self.words = {fields.text(f"state_{word}", word.upper()): word for word in _STATES}
        self.code_format = fields.text("code_format") or None

    def read(self, text: str, _before: Reading) -> Reading | None:
        """One of the announced words; the reset payload is unknown, empty says nothing."""
        if text in self.words:
            return Reading(self.words[text])
        if text == self.payload_reset:
            return Reading(None)
        if not text:
            return None
        raise ParseProblem("the state is none of the announced words")

    def commands(self) -> tuple[str, ...]:
        """Those that the device has payloads for."""
        return tuple(self.payloads)

    def payload(self, command: str, args: dict[str, Any]) -> str:
        """The payload; the code goes into the template alone."""
        code = args.get("code")
        if code is not None and (not isinstance(code, str) or len(code) > LONGEST_CODE):
            raise CommandProblem("This needs a code.")
        if self.code_format and not code:
            raise CommandProblem("This needs a code.")
        if self.command_template is None:
            return self.payloads[command]
        return self.command_template.render(self.payloads[command], code=code)

    def answer(self, command: str, _args: dict[str, Any], _before: Reading) -> Reading | None:
        """Where it ends up."""
        return Reading(_ANSWERS[command][0])

    def answered(self, command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """There, or on the way."""
        return reading.value in _ANSWERS[command]

    def traits(self) -> Attributes:
        """What a code looks like, where one is needed."""
        return {"code_format": self.code_format} if self.code_format else {}
