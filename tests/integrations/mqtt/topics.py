"""An entity with several topics, told and commanded in tests without a broker."""

from __future__ import annotations

from typing import Any

from integrations.mqtt.bound import render
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt import captured

NEW = Reading(None)


def tell(spec: Spec, topic: str, payload: object, before: Reading = NEW) -> Reading:
    """The reading after a message, each input of the topic in its turn."""
    inputs = [one for one in spec.inputs() if one.topic == topic]
    assert inputs, f"nobody listens to {topic}"
    for one in inputs:
        reading = one.read(render(one.template, captured.text(payload).encode()), before)
        before = before if reading is None else reading
    return before


def told(spec: Spec, topic: str, payload: object, before: Reading = NEW) -> dict[str, Any]:
    """The attributes after a message."""
    return tell(spec, topic, payload, before).attributes or {}


def sent(spec: Spec, command: str, before: Reading = NEW, /, **args: Any) -> list[tuple[str, str]]:
    """Topics and payloads of a command, which must be one the entity offers."""
    assert command in spec.commands()
    return [(one.topic, one.payload) for one in spec.messages(command, args, before)]
