"""The discovery component ``humidifier`` (home-assistant.io, "MQTT humidifier")."""

from __future__ import annotations

from typing import Any

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.feature import (
    attribute,
    feature,
    named,
    near,
    number_into,
    told,
    wanted_number,
    wanted_word,
    word_into,
    written,
)
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.onoff import OnOffSpec
from integrations.mqtt.spec import NOTHING, Attributes, Input, Message, Reading

_ACTIONS = ("off", "humidifying", "drying", "idle")
_CLASSES = frozenset({"humidifier", "dehumidifier"})


class HumidifierSpec(OnOffSpec):
    """On or off, with a humidity to reach and, for some, a mode."""

    kind = "humidifier"
    template_key = "state_value_template"
    __slots__ = (
        "action",
        "current",
        "driest",
        "flagged",
        "humidity",
        "mode",
        "modes",
        "reset_humidity",
        "reset_mode",
        "wettest",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "target_humidity_command_topic")
        self.device_class = self.device_class or "humidifier"
        if self.device_class not in _CLASSES:
            raise ParseProblem("device_class must be humidifier or dehumidifier")
        self.flagged = fields.boolean("optimistic", False)
        self.humidity = feature(fields, "target_humidity")
        self.mode = feature(fields, "mode")
        self.modes = named(fields, "modes")
        self.action = told(fields, "action")
        self.current = told(fields, "current_humidity")
        self.driest = fields.exact("min_humidity", 0)
        self.wettest = fields.exact("max_humidity", 100)
        if not 0 <= self.driest < self.wettest <= 100:
            raise ParseProblem("min_humidity must be below max_humidity, both between 0 and 100")
        self.reset_humidity = fields.text("payload_reset_humidity", NOTHING)
        self.reset_mode = fields.text("payload_reset_mode", NOTHING)

    def inputs(self) -> tuple[Input, ...]:
        """The state, what it does, what is measured, and the two settings."""
        return (
            *super().inputs(),
            *self.action.inputs(word_into("action", _ACTIONS)),
            *self.current.inputs(number_into("current_humidity")),
            *self.humidity.inputs(self._read_humidity),
            *self.mode.inputs(word_into("mode", self.modes, self.reset_mode)),
        )

    def read(self, text: str, before: Reading) -> Reading | None:
        """True, False, or None for ``None``; an empty payload says nothing."""
        return before.say(self.on_off(text)) if text else None

    def _read_humidity(self, text: str, before: Reading) -> Reading | None:
        if text == self.reset_humidity:
            return before.keep(humidity=None)
        if not text.strip():
            return None
        value = number_of(text)
        if not self.driest <= value <= self.wettest:
            raise ParseProblem("the humidity is outside the announced bounds")
        return before.keep(humidity=value)

    def commands(self) -> tuple[str, ...]:
        """On, off, the humidity, and the mode where it has one."""
        mode = ("set_mode",) if self.mode.command_topic and self.modes else ()
        return (*super().commands(), "set_humidity", *mode)

    def payload(self, command: str, _args: dict[str, Any]) -> str:
        """``payload_on`` or ``payload_off``; the settings go elsewhere."""
        if command not in super().commands():
            raise CommandProblem("This device can't do that.")
        word = self.payload_on if command == "turn_on" else self.payload_off
        return self.command_template.render(word) if self.command_template else word

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """The setting's own message."""
        if command == "set_humidity":
            return (self.humidity.message(written(self._wanted_humidity(args))),)
        if command == "set_mode":
            return (self.mode.message(wanted_word(args, "mode", self.modes)),)
        return super().messages(command, args, before)

    def assumes(self, command: str) -> bool:
        """Where the setting has no topic that tells it."""
        one = {"set_humidity": self.humidity, "set_mode": self.mode}.get(command)
        return self.optimistic if one is None else self.flagged or one.state_topic is None

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """What was asked for."""
        if command == "set_humidity":
            return before.keep(humidity=self._wanted_humidity(args))
        if command == "set_mode":
            return before.keep(mode=args["mode"])
        return before.say(command == "turn_on")

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """The device says what was asked for."""
        if command == "set_humidity":
            return near(attribute(reading, "humidity"), self._wanted_humidity(args), 0.5)
        if command == "set_mode":
            return attribute(reading, "mode") == args.get("mode")
        return super().answered(command, args, reading)

    def traits(self) -> Attributes:
        """Bounds and modes."""
        found: Attributes = {"min_humidity": self.driest, "max_humidity": self.wettest}
        return found | ({"available_modes": list(self.modes)} if self.modes else {})

    def _wanted_humidity(self, args: dict[str, Any]) -> float:
        return wanted_number(args, "humidity", self.driest, self.wettest)
