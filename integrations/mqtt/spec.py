"""What a discovery payload describes: one entity, ready to read and to command. No I/O here."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, ClassVar

from hub.api import (
    Availability,
    AvailabilityMode,
    CommandProblem,
    DeviceInfo,
    ParseProblem,
    TemplateProblem,
    Value,
    Wire,
)
from integrations.mqtt.fields import Fields

NOTHING = "None"  # what a template renders for null: the state is known to be unknown
MAX_AVAILABILITY_TOPICS = 32
_WORD = re.compile(r"[a-z0-9_]{1,64}")
_MODES: dict[str, AvailabilityMode] = {"all": "all", "any": "any", "latest": "latest"}
_CATEGORIES = frozenset({"config", "diagnostic"})

Attributes = dict[str, object]


class Reading:
    """What one message says: the value, and attributes that belong to it."""

    __slots__ = ("attributes", "value")

    def __init__(self, value: Value, attributes: Attributes | None = None) -> None:
        self.value = value
        self.attributes = attributes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reading) and (self.value, self.attributes) == (
            other.value,
            other.attributes,
        )

    def __hash__(self) -> int:
        return hash(self.value)


class Spec(ABC):
    """One entity as discovered; each component has its own subclass with its own rules.

    ``where`` is the discovery topic's object id, the name of last resort.
    """

    kind: ClassVar[str] = ""
    template_key: ClassVar[str] = "value_template"
    writable: ClassVar[bool] = False
    __slots__ = (
        "attributes_template",
        "attributes_topic",
        "availability",
        "availability_mode",
        "category",
        "command_template",
        "command_topic",
        "device",
        "device_class",
        "enabled",
        "expire_after",
        "icon",
        "name",
        "off_delay",
        "optimistic",
        "qos",
        "retain",
        "state_template",
        "state_topic",
        "suggested_id",
        "unique_id",
        "unit",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        self.device = _device(fields)
        self.unique_id = fields.short("unique_id") or discovery_id
        self.name = fields.short("name")
        if not self.name and self.device is None:
            self.name = discovery_id
        self.device_class = _word(fields, "device_class")
        self.unit: str | None = None
        self.category = _word(fields, "entity_category")
        if self.category is not None and self.category not in _CATEGORIES:
            raise ParseProblem("entity_category must be config or diagnostic")
        self.enabled = fields.boolean("enabled_by_default", True)
        self.icon = fields.short("icon")
        wish = fields.short("default_entity_id").rpartition(".")[2] or fields.short("object_id")
        self.suggested_id = wish or None
        if fields.text("encoding", "utf-8").lower().replace("-", "") != "utf8":
            raise ParseProblem("only payloads in UTF-8 can be read")
        self.state_topic = fields.topic("state_topic")
        self.state_template = fields.template(self.template_key)
        self.attributes_topic = fields.topic("json_attributes_topic")
        self.attributes_template = fields.template("json_attributes_template")
        self.availability_mode, self.availability = _availability(fields)
        self.qos = fields.qos()
        self.retain = fields.boolean("retain", False)
        self.expire_after: float | None = None
        self.off_delay: float | None = None
        self.command_topic = fields.topic("command_topic", publish=True) if self.writable else None
        self.command_template = fields.template("command_template") if self.writable else None
        self.optimistic = self.writable and (
            self.state_topic is None or fields.boolean("optimistic", False)
        )

    @property
    def key(self) -> str:
        """The entity's key within this integration."""
        return f"{self.kind}.{self.unique_id}"

    @abstractmethod
    def read(self, text: str, before: Reading) -> Reading | None:
        """What a rendered state payload means; None when it says nothing.

        Raises:
            ParseProblem: It is not one of the payloads that the entity announced.
        """

    def commands(self) -> tuple[str, ...]:
        """Names of the commands it takes."""
        return ()

    def payload(self, _command: str, _args: dict[str, Any]) -> str:
        """The payload of a command; raises CommandProblem when it can't be made."""
        raise CommandProblem("This device takes no commands.")

    def answer(self, _command: str, _args: dict[str, Any]) -> Reading | None:
        """The state that an optimistic entity takes when the command has been sent."""
        return None

    def answered(self, _command: str, _args: dict[str, Any], _reading: Reading) -> bool:
        """Whether the device's state says that the command was carried out."""
        return True

    def states(self) -> dict[str, str]:
        """Rendered payload -> canonical word, for the wire; empty when words can't say it."""
        return {}

    def wire_template(self) -> str | None:
        """Source of the template that belongs to ``states``."""
        return self.state_template.source if self.state_template else None

    def wire(self) -> Wire | None:
        """How the hazard kernel reads and commands it without us; None when it can't."""
        states = self.states() if self.state_topic else {}
        commands: dict[str, str] = {}
        for command in self.commands():
            try:
                commands[command] = self.payload(command, {})
            except (CommandProblem, TemplateProblem):
                continue
        if not states and not commands:
            return None
        return Wire(
            state_topic=self.state_topic if states else None,
            state_template=self.wire_template() if states else None,
            states=states,
            command_topic=self.command_topic if commands else None,
            commands=commands,
            qos=self.qos,
            retain=self.retain,
            availability=self.availability,
            availability_mode=self.availability_mode,
        )

    def extra_json(self) -> dict[str, Any]:
        """What a component adds to ``to_json``."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """The whole description as plain data, as the snapshot tests keep it."""
        wire = self.wire()
        return {
            "kind": self.kind,
            "unique_id": self.unique_id,
            "name": self.name,
            "device": self.device.to_json() if self.device else None,
            "device_class": self.device_class,
            "unit": self.unit,
            "category": self.category,
            "enabled": self.enabled,
            "suggested_id": self.suggested_id,
            "state_topic": self.state_topic,
            "state_template": self.state_template.source if self.state_template else None,
            "attributes_topic": self.attributes_topic,
            "command_topic": self.command_topic,
            "commands": list(self.commands()),
            "optimistic": self.optimistic,
            "expire_after": self.expire_after,
            "off_delay": self.off_delay,
            "wire": wire.to_json() if wire else None,
            **self.extra_json(),
        }


class OnOffSpec(Spec):
    """Common to switch and siren: on, off or unknown, turned on and off."""

    writable = True
    __slots__ = ("payload_off", "payload_on", "state_off", "state_on")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        if self.command_topic is None:
            raise ParseProblem("command_topic is missing")
        self.payload_on = fields.text("payload_on", "ON")
        self.payload_off = fields.text("payload_off", "OFF")
        self.state_on = fields.text("state_on") or self.payload_on
        self.state_off = fields.text("state_off") or self.payload_off

    def commands(self) -> tuple[str, ...]:
        """Both."""
        return ("turn_on", "turn_off")

    def answer(self, command: str, _args: dict[str, Any]) -> Reading | None:
        """On after ``turn_on``, off after ``turn_off``."""
        return Reading(command == "turn_on")

    def answered(self, command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """The device says the state that was asked for."""
        return reading.value is (command == "turn_on")

    def states(self) -> dict[str, str]:
        """On and off."""
        return {self.state_off: "off", self.state_on: "on"}

    def on_off(self, text: str) -> bool | None:
        """The value of a state word; raises ParseProblem for any other."""
        if text == self.state_on:
            return True
        if text == self.state_off:
            return False
        if text == NOTHING:
            return None
        raise ParseProblem("the state is neither the announced on nor off")


def _word(fields: Fields, key: str) -> str | None:
    if not fields.has(key):
        return None
    word = fields.required_text(key)
    if not _WORD.fullmatch(word):
        raise ParseProblem(f"{key} must be a word of a-z, 0-9 and _")
    return word


def _device(fields: Fields) -> DeviceInfo | None:
    data = fields.data.get("device")
    if data is None:
        return None
    if not isinstance(data, dict):
        raise ParseProblem("device must be an object")
    inner = Fields(data)
    identifiers = list(inner.texts("identifiers"))
    connections = data.get("connections")
    for pair in connections if isinstance(connections, list) else []:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ParseProblem("device.connections must be a list of pairs")
        identifiers.append(":".join(str(part) for part in pair))
    if not identifiers:
        raise ParseProblem("device needs identifiers or connections")
    keys = ("name", "manufacturer", "model", "suggested_area", "sw_version")
    return _shared_device(tuple(identifiers), *(inner.short(key) for key in keys))


@lru_cache(maxsize=512)
def _shared_device(
    identifiers: tuple[str, ...], name: str, manufacturer: str, model: str, *more: str
) -> DeviceInfo:
    """One object for all entities of a device."""
    area, sw_version = more
    return DeviceInfo(
        identifiers,
        name=name,
        manufacturer=manufacturer,
        model=model,
        area=area,
        sw_version=sw_version,
    )


def _availability(fields: Fields) -> tuple[AvailabilityMode, tuple[Availability, ...]]:
    mode = _MODES.get(fields.text("availability_mode", "latest"))
    if mode is None:
        raise ParseProblem("availability_mode must be all, any or latest")
    found = []
    for entry in fields.objects("availability"):
        topic = entry.topic("topic")
        if topic is None:
            raise ParseProblem("availability needs a topic")
        found.append(_available_at(topic, entry, "value_template"))
    single = fields.topic("availability_topic")
    if single is not None:
        if found:
            raise ParseProblem("availability and availability_topic exclude each other")
        found.append(_available_at(single, fields, "availability_template"))
    if len(found) > MAX_AVAILABILITY_TOPICS:
        raise ParseProblem("availability has too many topics")
    return mode, tuple(found)


def _available_at(topic: str, fields: Fields, template_key: str) -> Availability:
    template = fields.template(template_key)
    return _shared_availability(
        topic,
        template.source if template else None,
        fields.text("payload_available", "online"),
        fields.text("payload_not_available", "offline"),
    )


@lru_cache(maxsize=512)
def _shared_availability(
    topic: str, template: str | None, online: str, offline: str
) -> Availability:
    """One object for all entities that share an availability topic."""
    return Availability(topic, template, online, offline)
