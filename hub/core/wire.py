"""How an entity looks on the broker: topics, templates and payloads as plain data.

An integration writes a `Wire` for an entity; whoever has a broker connection (the hazard
kernel above all) can read the entity's state and command it without the integration's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hub.core.templates import Template, TemplateProblem

AvailabilityMode = Literal["all", "any", "latest"]
MODES: tuple[AvailabilityMode, ...] = ("all", "any", "latest")


class WireProblem(ValueError):
    """The JSON given is not a wire."""


class Availability:
    """One topic that says whether an entity can be reached.

    Attributes:
        topic: the topic to listen on.
        template: source of a `Template`, or None to take the payload as it is.
        online: the rendered payload that means reachable.
        offline: the rendered payload that means not reachable; any other is ignored.
    """

    __slots__ = ("offline", "online", "template", "topic")

    def __init__(
        self,
        topic: str,
        template: str | None = None,
        online: str = "online",
        offline: str = "offline",
    ) -> None:
        self.topic = topic
        self.template = template
        self.online = online
        self.offline = offline

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Availability) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.topic, self.template, self.online, self.offline))

    def to_json(self) -> dict[str, Any]:
        """The data for JSON; `from_json` is its inverse."""
        return {
            "topic": self.topic,
            "template": self.template,
            "online": self.online,
            "offline": self.offline,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Availability:
        """Read what `to_json` wrote; raises WireProblem."""
        return cls(
            _text(data, "topic"),
            _optional(data, "template"),
            _text(data, "online"),
            _text(data, "offline"),
        )


class Wire:
    """What a broker connection needs to read and to command one entity.

    Attributes:
        state_topic: where the state comes, or None for an entity that only takes commands.
        state_template: source of a `Template` applied to the payload, or None.
        states: rendered payload -> canonical state ("on", "off", "open", "closed" ...);
            empty when the rendered payload is the state itself (a sensor).
        command_topic: where commands go, or None.
        commands: command name ("turn_off", "close" ...) -> the literal payload.
        qos: MQTT quality of service for commands and subscription, 0 to 2.
        retain: whether commands are published retained.
        availability: topics that say whether the entity can be reached; none = always.
        availability_mode: "all" topics online, "any" of them, or the "latest" message counts.
    """

    __slots__ = (
        "availability",
        "availability_mode",
        "command_topic",
        "commands",
        "qos",
        "retain",
        "state_template",
        "state_topic",
        "states",
    )

    def __init__(
        self,
        state_topic: str | None = None,
        *,
        state_template: str | None = None,
        states: Mapping[str, str] | None = None,
        command_topic: str | None = None,
        commands: Mapping[str, str] | None = None,
        qos: int = 0,
        retain: bool = False,
        availability: tuple[Availability, ...] = (),
        availability_mode: AvailabilityMode = "latest",
    ) -> None:
        self.state_topic = state_topic
        self.state_template = state_template
        self.states = dict(states or {})
        self.command_topic = command_topic
        self.commands = dict(commands or {})
        self.qos = qos
        self.retain = retain
        self.availability = tuple(availability)
        self.availability_mode: AvailabilityMode = availability_mode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wire) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.state_topic, self.command_topic, self.availability))

    def to_json(self) -> dict[str, Any]:
        """The data for JSON; `from_json` is its inverse."""
        return {
            "state_topic": self.state_topic,
            "state_template": self.state_template,
            "states": dict(self.states),
            "command_topic": self.command_topic,
            "commands": dict(self.commands),
            "qos": self.qos,
            "retain": self.retain,
            "availability": [one.to_json() for one in self.availability],
            "availability_mode": self.availability_mode,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Wire:
        """Read what `to_json` wrote; raises WireProblem."""
        if not isinstance(data, Mapping):
            raise WireProblem("a wire is a JSON object")
        qos, retain, mode = data.get("qos"), data.get("retain"), data.get("availability_mode")
        if isinstance(qos, bool) or not isinstance(qos, int) or qos not in {0, 1, 2}:
            raise WireProblem("qos is 0, 1 or 2")
        if not isinstance(retain, bool):
            raise WireProblem("retain is true or false")
        if mode not in MODES:
            raise WireProblem(f"availability_mode is one of {', '.join(MODES)}")
        availability = data.get("availability")
        if not isinstance(availability, list) or not all(
            isinstance(one, Mapping) for one in availability
        ):
            raise WireProblem("availability is a list of objects")
        return cls(
            _optional(data, "state_topic"),
            state_template=_optional(data, "state_template"),
            states=_texts(data, "states"),
            command_topic=_optional(data, "command_topic"),
            commands=_texts(data, "commands"),
            qos=qos,
            retain=retain,
            availability=tuple(Availability.from_json(one) for one in availability),
            availability_mode=mode,
        )


class WireReader:
    """Reads one entity's messages by its wire; keeps what the availability topics said last.

    Raises TemplateProblem when made from a template that is not allowed.
    """

    __slots__ = ("_heard", "_latest", "_state", "_topics", "wire")

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._state = None if wire.state_template is None else Template(wire.state_template)
        self._topics = [
            (one, None if one.template is None else Template(one.template))
            for one in wire.availability
        ]
        self._heard: list[bool | None] = [None] * len(self._topics)
        self._latest: bool | None = None

    def state(self, payload: bytes | str) -> str | None:
        """The canonical state a payload means; None when it means none of ours.

        Raises:
            TemplateProblem: the payload can't be rendered (not JSON, not UTF-8 ...).
        """
        text = render(self._state, payload)
        return self.wire.states.get(text) if self.wire.states else text

    def hear(self, topic: str, payload: bytes | str) -> bool:
        """Take in a message of an availability topic; True when it was one and was understood."""
        understood = False
        for index, (one, template) in enumerate(self._topics):
            if one.topic != topic:
                continue
            try:
                text = render(template, payload)
            except TemplateProblem:
                continue
            if text in (one.online, one.offline):
                self._heard[index] = self._latest = text == one.online
                understood = True
        return understood

    def forget(self) -> None:
        """Drop what was heard, as after the broker was lost."""
        self._heard = [None] * len(self._topics)
        self._latest = None

    @property
    def available(self) -> bool:
        """Whether the entity can be reached; nothing heard yet means it can't."""
        if not self._topics:
            return True
        mode = self.wire.availability_mode
        if mode == "latest":
            return self._latest is True
        return (all if mode == "all" else any)(heard is True for heard in self._heard)


def render(template: Template | None, payload: bytes | str) -> str:
    """The payload as text, through the template where there is one; raises TemplateProblem."""
    if template is not None:
        return template.render(payload)
    if isinstance(payload, str):
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise TemplateProblem("the payload is not UTF-8") from error


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise WireProblem(f"{key} is a text")
    return value


def _optional(data: Mapping[str, Any], key: str) -> str | None:
    return None if data.get(key) is None else _text(data, key)


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    if not isinstance(value, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) for k, v in value.items()
    ):
        raise WireProblem(f"{key} is an object of texts")
    return dict(value)
