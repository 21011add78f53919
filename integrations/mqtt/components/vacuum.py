"""The discovery component ``vacuum`` (home-assistant.io, "MQTT vacuum")."""

from __future__ import annotations

from typing import Any

import orjson

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import SeveralTopics, attribute, named, wanted_word
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import NOTHING, Attributes, Message, Reading

_STATES = frozenset({"cleaning", "docked", "paused", "idle", "returning", "error"})
# command -> the feature that announces it, for Home Assistant calls them otherwise here
_FEATURES = {
    "start": "start",
    "pause": "pause",
    "stop": "stop",
    "return_to_base": "return_home",
    "clean_spot": "clean_spot",
    "locate": "locate",
}
_DEFAULT = ("start", "stop", "return_home", "battery", "status", "clean_spot")
# Which states answer a command; the others are answered by whatever the robot says next.
_ANSWERS = {
    "start": ("cleaning",),
    "clean_spot": ("cleaning",),
    "pause": ("paused", "idle", "docked"),
    "stop": ("idle", "paused", "docked"),
    "return_to_base": ("returning", "docked"),
}
LONGEST_COMMAND = 255
MOST_PARAMS_BYTES = 16 * 1024


class VacuumSpec(SeveralTopics):
    """A cleaning robot: JSON tells what it does, its battery and how strong it sucks."""

    kind = "vacuum"
    __slots__ = ("features", "payloads", "send_topic", "speed_topic", "speeds")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.features = fields.texts("supported_features") or _DEFAULT
        self.payloads = {
            command: fields.text(f"payload_{command}", command) for command in _FEATURES
        }
        self.speed_topic = fields.topic("set_fan_speed_topic", publish=True)
        self.speeds = named(fields, "fan_speed_list")
        self.send_topic = fields.topic("send_command_topic", publish=True)

    def read(self, text: str, before: Reading) -> Reading | None:
        """JSON with ``state`` and perhaps ``fan_speed`` and ``battery_level``."""
        if not text:
            return None
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ParseProblem("the state isn't JSON") from None
        if not isinstance(data, dict):
            raise ParseProblem("the state isn't a JSON object")
        reading = before.keep(**self._attributes(data))
        if "state" not in data:
            return reading
        state = data["state"]
        if state in (None, NOTHING):
            return reading.say(None)
        if not isinstance(state, str) or state not in _STATES:
            raise ParseProblem("the state is none that a vacuum has")
        return reading.say(state)

    def _attributes(self, data: dict[str, Any]) -> Attributes:
        found: Attributes = {}
        speed = data.get("fan_speed")
        if speed is not None:
            if not isinstance(speed, str | int | float) or len(str(speed)) > LONGEST_COMMAND:
                raise ParseProblem("fan_speed must be a short text")
            found["fan_speed"] = str(speed)
        battery = data.get("battery_level")
        if battery is not None:
            known = isinstance(battery, int | float) and not isinstance(battery, bool)
            if not known or not 0 <= battery <= 100:
                raise ParseProblem("battery_level must be a number between 0 and 100")
            found["battery_level"] = battery
        return found

    def commands(self) -> tuple[str, ...]:
        """The supported ones that have a topic."""
        found: list[str] = []
        if self.command_topic is not None:
            found += [name for name, feature in _FEATURES.items() if feature in self.features]
        if self.speed_topic is not None and "fan_speed" in self.features:
            found.append("set_fan_speed")
        if self.send_topic is not None and "send_command" in self.features:
            found.append("send_command")
        return tuple(found)

    def messages(self, command: str, args: dict[str, Any], _before: Reading) -> tuple[Message, ...]:
        """The announced payload, the fan's speed, or the robot's own command."""
        if command == "set_fan_speed" and self.speed_topic is not None:
            return (Message(self.speed_topic, wanted_word(args, "fan_speed", self.speeds)),)
        if command == "send_command" and self.send_topic is not None:
            return (Message(self.send_topic, _own_command(args)),)
        if self.command_topic is None or command not in self.payloads:
            raise CommandProblem("This device can't do that.")
        return (Message(self.command_topic, self.payloads[command]),)

    def assumes(self, command: str) -> bool:
        """A robot's own command and a call to it have no state that tells of them."""
        return self.optimistic or command in ("send_command", "locate")

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The robot says that it does what was asked for."""
        if command == "set_fan_speed":
            return attribute(reading, "fan_speed") == args.get("fan_speed")
        return command not in _ANSWERS or reading.value in _ANSWERS[command]

    def traits(self) -> Attributes:
        """The speeds of the fan."""
        return {"fan_speed_list": list(self.speeds)} if self.speeds else {}


def _own_command(args: dict[str, Any]) -> str:
    command, params = args.get("command"), args.get("params")
    if not isinstance(command, str) or not 0 < len(command) <= LONGEST_COMMAND:
        raise CommandProblem("This needs a text.")
    if not params:
        return command
    if not isinstance(params, dict):
        raise CommandProblem("The command can't be put into the device's words.")
    try:
        payload = orjson.dumps({"command": command, **params})
    except (orjson.JSONEncodeError, TypeError) as error:
        raise CommandProblem("The command can't be put into the device's words.") from error
    if len(payload) > MOST_PARAMS_BYTES:
        raise CommandProblem("The text is longer or shorter than the device takes.")
    return payload.decode()
