"""The discovery component ``cover`` (home-assistant.io, "MQTT cover")."""

from __future__ import annotations

from typing import Any

import orjson

from hub.api import AnyTemplate, CommandProblem, ParseProblem
from integrations.mqtt.feature import attribute, near, payload_or_none, told
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.positions import Range
from integrations.mqtt.spec import NOTHING, Input, Message, Reading, Spec

POSITION, TILT = "current_position", "current_tilt_position"
STOPPED = "stopped"
_MOVING = ("opening", "closing")
_ANSWERS = {"open": ("open", "opening"), "close": ("closed", "closing")}


class CoverSpec(Spec):
    """State words, a position or both; tilting slats by a topic of their own."""

    kind = "cover"
    writable = True
    __slots__ = (
        "payloads",
        "position",
        "range",
        "set_template",
        "set_topic",
        "stop_tilt",
        "tilt",
        "tilt_assumed",
        "tilt_ends",
        "tilt_range",
        "tilt_template",
        "tilt_topic",
        "words",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.position = told(fields, "position")
        self.range = _range(fields, "position_closed", "position_open")
        self.set_topic = fields.topic("set_position_topic", publish=True)
        self.set_template: AnyTemplate | None = fields.template("set_position_template")
        if self.set_topic is not None and self.position.state_topic is None:
            raise ParseProblem("set_position_topic needs position_topic")
        self.optimistic = fields.boolean("optimistic", False) or (
            self.state_topic is None and self.position.state_topic is None
        )
        self.payloads = {
            "open": payload_or_none(fields, "payload_open", "OPEN"),
            "close": payload_or_none(fields, "payload_close", "CLOSE"),
            "stop": payload_or_none(fields, "payload_stop", "STOP"),
        }
        self.words = {
            fields.text(f"state_{word}", word): word
            for word in (STOPPED, "closed", "open", "closing", "opening")
        }
        self.tilt = told(fields, "tilt_status")
        self.tilt_topic = fields.topic("tilt_command_topic", publish=True)
        self.tilt_template: AnyTemplate | None = fields.template("tilt_command_template")
        self.tilt_range = _range(fields, "tilt_min", "tilt_max")
        self.tilt_ends = {
            "open_tilt": fields.integer("tilt_opened_value", 100),
            "close_tilt": fields.integer("tilt_closed_value", 0),
        }
        self.stop_tilt = payload_or_none(fields, "payload_stop_tilt", "STOP")
        self.tilt_assumed = self.tilt.state_topic is None or fields.boolean(
            "tilt_optimistic", False
        )

    def inputs(self) -> tuple[Input, ...]:
        """The state, the position, and the slats."""
        return (
            *super().inputs(),
            *self.position.inputs(self._read_position),
            *self.tilt.inputs(self._read_tilt),
        )

    def read(self, text: str, before: Reading) -> Reading | None:
        """A state word; stopped is open or closed by where it is or was going."""
        if not text:
            return None
        if text == NOTHING:
            return before.say(None)
        word = self.words.get(text)
        if word is None:
            raise ParseProblem("the state is none of the announced words")
        if word != STOPPED:
            return before.say(word)
        position = attribute(before, POSITION)
        if position is not None:
            return before.say("closed" if position == 0 else "open")
        return before.say("closed" if before.value in ("closed", "closing") else "open")

    def _read_position(self, text: str, before: Reading) -> Reading | None:
        """A number, or JSON with ``position`` and ``tilt_position``."""
        if not text.strip():
            return None
        position: object = text
        if text.lstrip().startswith("{"):
            data = _load(text)
            if "position" not in data:
                raise ParseProblem("the JSON position needs 'position'")
            position = data["position"]
            if data.get("tilt_position") is not None:
                before = self._tilted(str(data["tilt_position"]), before)
        if position in (None, NOTHING):
            return before.keep(**{POSITION: None})
        percent = self.range.percent(number_of(str(position)))
        reading = before.keep(**{POSITION: percent})
        if self.state_topic is not None:
            return reading
        return reading.say("closed" if percent == 0 else "open")

    def _read_tilt(self, text: str, before: Reading) -> Reading | None:
        return self._tilted(text, before) if text.strip() else None

    def _tilted(self, text: str, before: Reading) -> Reading:
        if text == NOTHING:
            return before.keep(**{TILT: None})
        value = number_of(text)
        if not min(self.tilt_range) <= value <= max(self.tilt_range):
            raise ParseProblem("the tilt is outside the announced range")
        return before.keep(**{TILT: self.tilt_range.percent(value)})

    def commands(self) -> tuple[str, ...]:
        """Those that have a topic and a payload."""
        found: list[str] = []
        if self.command_topic is not None:
            found += [name for name, payload in self.payloads.items() if payload is not None]
        if self.set_topic is not None:
            found.append("set_position")
        if self.tilt_topic is not None:
            found += [*self.tilt_ends, "set_tilt_position"]
            if self.stop_tilt is not None:
                found.append("stop_tilt")
        return tuple(found)

    def payload(self, command: str, _args: dict[str, Any]) -> str:
        """The literal payload of ``open``, ``close`` and ``stop``."""
        literal = self.payloads.get(command) if self.command_topic else None
        if literal is None:
            raise CommandProblem("This device can't do that.")
        return literal

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """The literal payload, or a position in the device's own range."""
        if command == "set_position" and self.set_topic is not None:
            percent = _wanted_percent(args, "position")
            text = str(self.range.value(percent))
            names = self._names(position=percent)
            template = self.set_template
            return (Message(self.set_topic, template.render(text, **names) if template else text),)
        if command.endswith(("_tilt", "_tilt_position")) and self.tilt_topic is not None:
            return (Message(self.tilt_topic, self._tilt_payload(command, args)),)
        return super().messages(command, args, before)

    def _tilt_payload(self, command: str, args: dict[str, Any]) -> str:
        if command == "stop_tilt":
            if self.stop_tilt is None:
                raise CommandProblem("This device can't do that.")
            return self.stop_tilt
        value = self.tilt_ends.get(command)
        if value is None:
            value = self.tilt_range.value(_wanted_percent(args, "tilt_position"))
        if self.tilt_template is None:
            return str(value)
        return self.tilt_template.render(str(value), **self._names(tilt_position=value))

    def _names(self, **more: float) -> dict[str, float]:
        return {
            "position_open": self.range.open,
            "position_closed": self.range.closed,
            "tilt_min": self.tilt_range.closed,
            "tilt_max": self.tilt_range.open,
            **more,
        }

    def assumes(self, command: str) -> bool:
        """Where neither state nor position is told, or the slats aren't."""
        return self.tilt_assumed if "tilt" in command else self.optimistic

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """Where it ends up; a stop leaves that unknown."""
        if command in ("stop", "stop_tilt"):
            return None
        if "tilt" in command:
            return before.keep(**{TILT: self._tilt_percent(command, args)})
        if command == "set_position":
            percent = _wanted_percent(args, "position")
            return before.keep(**{POSITION: percent}).say("closed" if percent == 0 else "open")
        end = 100 if command == "open" else 0
        known = {POSITION: end} if self.position.state_topic else {}
        return before.keep(**known).say("open" if command == "open" else "closed")

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The state asked for, or moving towards it."""
        if command in ("stop", "stop_tilt"):
            return True
        if "tilt" in command:
            percent = self._tilt_percent(command, args)
            return near(attribute(reading, TILT), percent, self.tilt_range.tolerance)
        if command == "set_position":
            percent = _wanted_percent(args, "position")
            there = near(attribute(reading, POSITION), percent, self.range.tolerance)
            return there or reading.value in _MOVING
        return reading.value in _ANSWERS[command]

    def _tilt_percent(self, command: str, args: dict[str, Any]) -> float:
        if command in self.tilt_ends:
            return self.tilt_range.percent(self.tilt_ends[command])
        return _wanted_percent(args, "tilt_position")

    def states(self) -> dict[str, str]:
        """The words; what stopped means is no word's matter."""
        return {word: state for word, state in self.words.items() if state != STOPPED}

    def extra_json(self) -> dict[str, Any]:
        """How it tells and takes its position."""
        return {
            "position_topic": self.position.state_topic,
            "set_position_topic": self.set_topic,
            "tilt_command_topic": self.tilt_topic,
            "words": self.words,
        }


def _range(fields: Fields, closed: str, opened: str) -> Range:
    found = Range(fields.integer(closed, 0), fields.integer(opened, 100))
    if found.span == 0:
        raise ParseProblem(f"{closed} and {opened} must not be the same")
    return found


def _load(text: str) -> dict[str, Any]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ParseProblem("the position looks like JSON and isn't") from None
    return data if isinstance(data, dict) else {}


def _wanted_percent(args: dict[str, Any], name: str) -> float:
    percent = args.get(name)
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        raise CommandProblem("A position is a number between 0 and 100.")
    if not 0 <= percent <= 100:
        raise CommandProblem("A position is a number between 0 and 100.")
    return percent
