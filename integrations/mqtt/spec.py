"""What a discovery payload describes: one entity, ready to read and to command. No I/O here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from hub.api import (
    AnyTemplate,
    CommandProblem,
    ParseProblem,
    Template,
    TemplateProblem,
    Unrendered,
    Value,
    Wire,
)
from integrations.mqtt import described
from integrations.mqtt.fields import Fields

NOTHING = "None"  # what a template renders for null: the state is known to be unknown
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

    def keep(self, **attributes: object) -> Reading:
        """The same value with these attributes new or changed."""
        return Reading(self.value, {**(self.attributes or {}), **attributes})

    def say(self, value: Value) -> Reading:
        """Another value with the same attributes."""
        return Reading(value, self.attributes)


Read = Callable[[str, Reading], Reading | None]


class Input(NamedTuple):
    """A topic that an entity listens to, and what its rendered payload does to the reading."""

    topic: str
    template: AnyTemplate | None
    read: Read
    live: bool = False  # what happened before we listened, and was kept, doesn't count


class Also(NamedTuple):
    """A further topic that tells the state, with its own template."""

    topic: str
    template: AnyTemplate | None


class Message(NamedTuple):
    """What a command sends."""

    topic: str
    payload: str


def now() -> str:
    """The time of something that happens at this moment: ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Spec:
    """One entity as discovered; each component has its own subclass with its own rules.

    ``where`` is the discovery topic's object id, the name of last resort.
    """

    kind: ClassVar[str] = ""
    template_key: ClassVar[str] = "value_template"
    writable: ClassVar[bool] = False
    __slots__ = (
        "also",
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
        self.device = described.device(fields)
        self.unique_id = fields.short("unique_id") or discovery_id
        self.name = fields.short("name")
        if not self.name and self.device is None:
            self.name = discovery_id
        self.device_class = described.word(fields, "device_class")
        self.unit: str | None = None
        self.category = described.word(fields, "entity_category")
        if self.category is not None and self.category not in _CATEGORIES:
            raise ParseProblem("entity_category must be config or diagnostic")
        self.enabled = fields.boolean("enabled_by_default", True)
        self.icon = fields.short("icon")
        wish = fields.short("default_entity_id").rpartition(".")[2] or fields.short("object_id")
        self.suggested_id = wish or None
        if fields.text("encoding", "utf-8").lower().replace("-", "") != "utf8":
            raise ParseProblem("only payloads in UTF-8 can be read")
        self.state_topic = fields.topic("state_topic")
        self.also: tuple[Also, ...] = ()
        self.state_template = fields.template(self.template_key)
        self.attributes_topic = fields.topic("json_attributes_topic")
        self.attributes_template = fields.template("json_attributes_template")
        self.availability_mode, self.availability = described.availability(fields)
        self.qos = fields.qos()
        self.retain = fields.boolean("retain", False)
        self.expire_after: float | None = None
        self.off_delay: float | None = None
        self.command_topic = fields.topic("command_topic", publish=True) if self.writable else None
        self.command_template = fields.template("command_template") if self.writable else None
        self.optimistic = self.writable and (
            self.state_topic is None or fields.boolean("optimistic", False)
        )

    @staticmethod
    def needs(fields: Fields, *keys: str) -> None:
        """Raise ParseProblem when one of the keys is missing."""
        for key in keys:
            if not fields.has(key):
                raise ParseProblem(f"{key} is missing")

    @property
    def key(self) -> str:
        """The entity's key within this integration."""
        return f"{self.kind}.{self.unique_id}"

    def inputs(self) -> tuple[Input, ...]:
        """Where the entity listens; the state topic alone unless a component has more."""
        if self.state_topic is None:
            return ()
        places = (Also(self.state_topic, self.state_template), *self.also)
        return tuple(Input(topic, template, self.read) for topic, template in places)

    def read(self, text: str, _before: Reading) -> Reading | None:
        """What a rendered state payload means; None when it says nothing.

        Raises:
            ParseProblem: It is not one of the payloads that the entity announced.
        """
        raise ParseProblem(f"a {self.kind} can't read {len(text)} characters of state")

    def commands(self) -> tuple[str, ...]:
        """Names of the commands it takes."""
        return ()

    def payload(self, _command: str, _args: dict[str, Any]) -> str:
        """The payload of a command; raises CommandProblem when it can't be made."""
        raise CommandProblem("This device takes no commands.")

    def messages(self, command: str, args: dict[str, Any], _before: Reading) -> tuple[Message, ...]:
        """What a command sends to a device that reads so; raises CommandProblem if it can't."""
        if self.command_topic is None:
            raise CommandProblem("This device takes no commands.")
        return (Message(self.command_topic, self.payload(command, args)),)

    def assumes(self, _command: str) -> bool:
        """Whether the device never says that it carried the command out."""
        return self.optimistic

    def answer(self, _command: str, _args: dict[str, Any], _before: Reading) -> Reading | None:
        """The state that is assumed when such a command has been sent."""
        return None

    def answered(self, _command: str, _args: dict[str, Any], _reading: Reading) -> bool:
        """Whether the device's state says that the command was carried out."""
        return True

    def states(self) -> dict[str, str]:
        """Rendered payload -> canonical word, for the wire; empty when words can't say it."""
        return {}

    def plain(self) -> bool:
        """Whether the rendered payload itself is the state, for the wire: a number, a press."""
        return False

    def wire_template(self) -> str | None:
        """Source of the template that belongs to ``states``."""
        return self.state_template.source if self.state_template else None

    def wire(self) -> Wire | None:
        """How the hazard kernel reads and commands it without us; None when it can't."""
        quick = self.state_template is None or isinstance(self.state_template, Template)
        states = self.states() if self.state_topic and quick else {}
        told = bool(states) or (quick and self.state_topic is not None and self.plain())
        commands: dict[str, str] = {}
        for command in self.commands():
            try:
                commands[command] = self.payload(command, {})
            except (CommandProblem, TemplateProblem, Unrendered):
                continue
        if not told and not commands:
            return None
        return Wire(
            state_topic=self.state_topic if told else None,
            state_template=self.wire_template() if told else None,
            states=states,
            command_topic=self.command_topic if commands else None,
            commands=commands,
            qos=self.qos,
            retain=self.retain,
            availability=self.availability,
            availability_mode=self.availability_mode,
        )

    def traits(self) -> Attributes:
        """Attributes that never change: what the entity can do and between which bounds."""
        return {}

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
