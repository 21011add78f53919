"""One setting of a device that has several: the topic that commands it and the one that tells it.

Also what reads such a setting into an attribute, and what checks a command's argument for it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hub.api import AnyTemplate, CommandProblem, ParseProblem, Wire
from integrations.mqtt.fields import MAX_TEXT, Fields, number_of
from integrations.mqtt.spec import NOTHING, Input, Message, Read, Reading, Spec


class Feature(NamedTuple):
    """A setting; a topic is None where the device can't be told it, or doesn't tell it."""

    command_topic: str | None
    command_template: AnyTemplate | None
    state_topic: str | None
    state_template: AnyTemplate | None

    def message(self, payload: str, **names: Any) -> Message:
        """What sets it; raises CommandProblem when nothing can.

        Args:
            payload: The payload, or ``value`` of the template.
            **names: What else the template may use.
        """
        if self.command_topic is None:
            raise CommandProblem("This device can't do that.")
        template = self.command_template
        return Message(
            self.command_topic, template.render(payload, **names) if template else payload
        )

    def inputs(self, read: Read) -> tuple[Input, ...]:
        """Where it is told, if it is."""
        if self.state_topic is None:
            return ()
        return (Input(self.state_topic, self.state_template, read),)


def feature(
    fields: Fields,
    name: str,
    *,
    template: str = "state_template",
    fallback: AnyTemplate | None = None,
) -> Feature:
    """The setting of that name, such as ``fan_mode``.

    Args:
        fields: The discovery payload.
        name: What its keys begin with.
        template: What the key of its state's template ends with.
        fallback: The template of a state that has none of its own.
    """
    return Feature(
        fields.topic(f"{name}_command_topic", publish=True),
        fields.template(f"{name}_command_template"),
        fields.topic(f"{name}_state_topic"),
        fields.template(f"{name}_{template}") or fallback,
    )


def told(fields: Fields, name: str, fallback: AnyTemplate | None = None) -> Feature:
    """Something that is only told, such as ``current_temperature``."""
    template = fields.template(f"{name}_template") or fallback
    return Feature(None, None, fields.topic(f"{name}_topic"), template)


class SeveralTopics(Spec):
    """A device with topics of their own for its settings, which no plain words can say."""

    writable = True
    __slots__ = ()

    def wire(self) -> Wire | None:
        """None."""
        return None

    def extra_json(self) -> dict[str, Any]:
        """What it can, and where it listens."""
        return {"traits": self.traits(), "topics": [one.topic for one in self.inputs()]}


def number_into(attribute: str, reset: str = NOTHING) -> Read:
    """Reads a number into an attribute; the reset payload is unknown, empty says nothing."""

    def read(text: str, before: Reading) -> Reading | None:
        if text == reset:
            return before.keep(**{attribute: None})
        if not text.strip():
            return None
        return before.keep(**{attribute: number_of(text)})

    return read


def word_into(attribute: str, words: tuple[str, ...], reset: str = NOTHING) -> Read:
    """Reads one of the words into an attribute; the reset payload is unknown."""

    def read(text: str, before: Reading) -> Reading | None:
        if text == reset:
            return before.keep(**{attribute: None})
        if not text:
            return None
        if text not in words:
            raise ParseProblem(f"{attribute} is none of the announced words")
        return before.keep(**{attribute: text})

    return read


def named(fields: Fields, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A list of names that people see; raises ParseProblem for a name that is too long."""
    found = fields.texts(key) if fields.has(key) else default
    if any(len(name) > MAX_TEXT for name in found):
        raise ParseProblem(f"{key} has a name of more than {MAX_TEXT} characters")
    return found


def payload_or_none(fields: Fields, key: str, default: str) -> str | None:
    """A payload; None when it was announced as null, which says that there is none."""
    if key in fields.data and fields.data[key] is None:
        return None
    return fields.text(key, default)


def attribute(reading: Reading, name: str) -> object:
    """An attribute of a reading, None when it wasn't told."""
    return (reading.attributes or {}).get(name)


def near(one: object, other: float, tolerance: float) -> bool:
    """Whether it is a number that lies so near to the other."""
    if isinstance(one, bool) or not isinstance(one, int | float):
        return False
    return abs(one - other) <= tolerance


def wanted_number(args: dict[str, Any], name: str, lowest: float, highest: float) -> float:
    """A command's number between two bounds; raises CommandProblem for anything else."""
    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandProblem("This needs a number.")
    if not lowest <= value <= highest:
        raise CommandProblem("The number is outside what the device takes.")
    return value


def wanted_word(args: dict[str, Any], name: str, words: tuple[str, ...]) -> str:
    """A command's choice among words; raises CommandProblem for anything else."""
    value = args.get(name)
    if not isinstance(value, str) or value not in words:
        raise CommandProblem("This isn't one of the choices.")
    return value


def written(value: float) -> str:
    """A number as devices read it: a whole one without a decimal point."""
    return str(int(value) if float(value).is_integer() else value)
