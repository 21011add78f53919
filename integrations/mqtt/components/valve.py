"""The discovery component ``valve`` (home-assistant.io, "MQTT valve")."""

from __future__ import annotations

import math
from typing import Any

import orjson

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import payload_or_none
from integrations.mqtt.fields import Fields
from integrations.mqtt.positions import Range
from integrations.mqtt.spec import NOTHING, Attributes, Reading, Spec

POSITION = "current_position"
_MOVING = ("opening", "closing")
# Which states answer a command: a slow valve says first that it has started to move.
_ANSWERS = {"open": ("open", "opening"), "close": ("closed", "closing")}


class ValveSpec(Spec):
    """Open or closed by state words, or by a position between two numbers."""

    kind = "valve"
    writable = True
    __slots__ = (
        "payload_close",
        "payload_open",
        "payload_stop",
        "range",
        "reports_position",
        "words",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.reports_position = fields.boolean("reports_position", False)
        self.range = Range(
            fields.integer("position_closed", 0), fields.integer("position_open", 100)
        )
        if self.range.span <= 0:
            raise ParseProblem("position_open must be greater than position_closed")
        fixed = ("payload_open", "payload_close", "state_open", "state_closed")
        if self.reports_position and any(key in fields.data for key in fixed):
            raise ParseProblem(f"a valve that reports its position can't have {', '.join(fixed)}")
        self.payload_open = payload_or_none(fields, "payload_open", "OPEN")
        self.payload_close = payload_or_none(fields, "payload_close", "CLOSE")
        self.payload_stop = fields.text("payload_stop") if fields.has("payload_stop") else None
        self.words = {
            fields.text(f"state_{word}", word): word
            for word in ("closed", "open", "closing", "opening")
        }

    def read(self, text: str, before: Reading) -> Reading | None:
        """A state word, a position, or JSON with ``state`` and ``position``."""
        if not text:
            return None
        state: object = text
        position: object = text
        if text.lstrip().startswith("{"):
            state, position = self._from_json(text)
        if self.reports_position:
            return self._read_position(state, position, before)
        if state == NOTHING:
            return Reading(None)
        word = self.words.get(str(state))
        if word is None:
            raise ParseProblem("the state is none of the announced words")
        return Reading(word)

    def _from_json(self, text: str) -> tuple[object, object]:
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ParseProblem("the state looks like JSON and isn't") from None
        needed = "position" if self.reports_position else "state"
        if needed not in data:
            raise ParseProblem(f"the JSON state needs {needed!r}")
        return data.get("state"), data.get("position")

    def _read_position(self, state: object, position: object, before: Reading) -> Reading:
        if state == NOTHING or (state is None and position is None):
            return Reading(None, {POSITION: None})
        moving = self.words.get(str(state))
        if moving in _MOVING and position == state:
            return Reading(moving, before.attributes)
        percent = self._percent(position)
        attributes: Attributes = {POSITION: percent}
        if moving in _MOVING:
            return Reading(moving, attributes)
        if before.value in _MOVING and 0 < percent < 100:
            return Reading(before.value, attributes)
        return Reading("closed" if percent == 0 else "open", attributes)

    def _percent(self, position: object) -> int:
        try:
            value = float(position) if isinstance(position, str | int | float) else math.nan
        except (ValueError, OverflowError):
            value = math.nan
        if not math.isfinite(value):
            raise ParseProblem("the position isn't a number")
        return self.range.percent(value)

    def commands(self) -> tuple[str, ...]:
        """Those whose payloads the device has."""
        if self.command_topic is None:
            return ()
        names = []
        if self.reports_position or self.payload_open is not None:
            names.append("open")
        if self.reports_position or self.payload_close is not None:
            names.append("close")
        if self.payload_stop is not None:
            names.append("stop")
        if self.reports_position:
            names.append("set_position")
        return tuple(names)

    def payload(self, command: str, args: dict[str, Any]) -> str:
        """The literal payload, or the position in the device's own range."""
        literal = {
            "open": self.payload_open,
            "close": self.payload_close,
            "stop": self.payload_stop,
        }.get(command)
        if command == "stop" or not self.reports_position:
            if literal is None:
                raise CommandProblem("This valve can't do that.")
            return self.command_template.render(literal) if self.command_template else literal
        percent = _wanted_percent(command, args)
        scaled = str(self.range.value(percent))
        if self.command_template is None:
            return scaled
        return self.command_template.render(
            scaled,
            position=percent,
            position_open=self.range.open,
            position_closed=self.range.closed,
        )

    def answer(self, command: str, args: dict[str, Any], _before: Reading) -> Reading | None:
        """Where it ends up; a stop leaves that unknown."""
        if command == "stop":
            return None
        if not self.reports_position:
            return Reading("open" if command == "open" else "closed")
        percent = _wanted_percent(command, args)
        return Reading("closed" if percent == 0 else "open", {POSITION: percent})

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The state asked for, or moving towards it."""
        if command == "set_position":
            position = (reading.attributes or {}).get(POSITION)
            return reading.value in _MOVING or position == _wanted_percent(command, args)
        return command == "stop" or reading.value in _ANSWERS[command]

    def states(self) -> dict[str, str]:
        """The words; a position only where its ends are, the rest is no word's matter."""
        if not self.reports_position:
            return dict(self.words)
        ends = {str(self.range.closed): "closed", str(self.range.open): "open"}
        return {word: state for word, state in self.words.items() if state in _MOVING} | ends

    def extra_json(self) -> dict[str, Any]:
        """How it tells its state."""
        return {"reports_position": self.reports_position, "words": self.words}


def _wanted_percent(command: str, args: dict[str, Any]) -> int:
    if command != "set_position":
        return 100 if command == "open" else 0
    position = args.get("position")
    if isinstance(position, bool) or not isinstance(position, int | float):
        raise CommandProblem("A position is a number between 0 and 100.")
    if not 0 <= position <= 100:
        raise CommandProblem("A position is a number between 0 and 100.")
    return int(position)
