"""What another broker's announcements would become here, before anything of them is taken over.

The integration itself reads them, with a door that only takes notes: what the preview says is
what adding them would do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hub.adding.survey import Retained
from hub.core.registry import Registry
from hub.plugins.config import Reason
from hub.plugins.connections.mqtt import Mqtt
from hub.plugins.integration import Integration
from hub.plugins.manifest import Manifest
from hub.testing import FakeConnection, RecordingDoor


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


IGNORED = _("this hub shows none of this kind: %(kind)s")
UNSUPPORTED = _("this kind isn't known here: %(kind)s")
TWICE = _("announced twice; the first counts")
UNREADABLE = _("the announcement can't be read")
NOTHING = _("it announces nothing")
SLICE = 20  # messages read in one go; then others on the loop have their turn


class Candidate:
    """A device that could be taken over.

    Attributes:
        name: what its announcement calls it.
        made: manufacturer and model.
        entities: (kind, name) of each.
        topics: the retained messages that make it.
        known: whether the home has it already.
        left_out: what of it would not be shown, and why.
    """

    __slots__ = ("entities", "identifiers", "known", "left_out", "made", "name", "topics")

    def __init__(self, identifiers: set[str], name: str, made: str, *, known: bool) -> None:
        self.identifiers = identifiers
        self.name = name
        self.made = made
        self.known = known
        self.entities: list[tuple[str, str]] = []
        self.topics: list[str] = []
        self.left_out: list[Reason] = []


class Preview(NamedTuple):
    """The devices, and how many messages were left out for each reason."""

    devices: tuple[Candidate, ...]
    left_out: tuple[tuple[Reason, int], ...]


class _Notes(RecordingDoor):
    """Notes which entities and problems the message that is read just now brings."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[str] = []
        self.wrong: list[Reason] = []

    def announce(self, key: str, entity: dict[str, Any]) -> None:
        super().announce(key, entity)
        self.fresh.append(key)

    def problem(self, kind: str, text: str, *values: object) -> None:  # noqa: ARG002 -- RecordingDoor's; the text is for logs
        word, _sep, rest = kind.partition("_")
        if word == "ignored":
            self.wrong.append(Reason(IGNORED, kind=rest))
        elif word == "unsupported":
            self.wrong.append(Reason(UNSUPPORTED, kind=rest))
        else:
            self.wrong.append(Reason(TWICE if kind == "duplicate_unique_id" else UNREADABLE))


async def preview(
    made: type[Integration[Any]],
    manifest: Manifest,
    config: Any,
    messages: Sequence[Retained],
    registry: Registry,
) -> Preview:
    """Let the integration read the messages and say what came of them.

    Args:
        made: the integration's class.
        manifest: its manifest.
        config: its checked config.
        messages: what another broker holds.
        registry: what the home has already.
    """
    door, connection = _Notes(), FakeConnection()
    integration = made(door)
    mqtt = Mqtt(connection, **manifest.connections["mqtt"])
    await integration.connect(config, mqtt=mqtt)
    known = {one for device in registry.devices() for one in device.identifiers}
    found: list[Candidate] = []
    alone: list[tuple[str, list[Reason]]] = []
    try:
        # By topic, so that a device's config comes before what belongs to it.
        for number, message in enumerate(sorted(messages), 1):
            door.fresh, door.wrong = [], []
            connection.deliver(message.topic, message.payload)
            if not _note(found, message.topic, door, known):
                alone.append((message.topic, door.wrong or [Reason(NOTHING)]))
            if number % SLICE == 0:
                await asyncio.sleep(0)
    finally:
        await integration.close()
        mqtt.close()
    left: Counter[Reason] = Counter()
    for topic, reasons in alone:
        if not _partner(found, topic, reasons):
            left.update(reasons)
    found.sort(key=lambda one: (one.known, one.name))
    return Preview(tuple(found), tuple(sorted(left.items())))


def _note(found: list[Candidate], topic: str, door: _Notes, known: set[str]) -> bool:
    """Put what one message brought to its device; False when that was no entity."""
    devices = []
    for key in dict.fromkeys(door.fresh):
        entity = door.announced.get(key)
        if entity is not None:
            device = _place(found, entity, key, known)
            device.entities.append((entity["kind"], entity["name"] or ""))
            devices.append(device)
    for device in dict.fromkeys(devices):
        device.topics.append(topic)
        device.left_out += door.wrong
    return bool(devices)


def _partner(found: Iterable[Candidate], topic: str, wrong: list[Reason]) -> bool:
    """Whether the message belongs to a device that another message of its folder made."""
    folder = topic.rpartition("/")[0] + "/"
    owner = next((one for one in found if any(t.startswith(folder) for t in one.topics)), None)
    if owner is None or folder.count("/") < 3:
        return False
    owner.topics.append(topic)
    owner.left_out += [one for one in wrong if one.text != NOTHING]
    return True


def _place(found: list[Candidate], entity: dict[str, Any], key: str, known: set[str]) -> Candidate:
    facts = entity["device"] or {"identifiers": [key], "name": entity["name"] or key}
    identifiers = set(facts["identifiers"])
    for one in found:
        if one.identifiers & identifiers:
            one.identifiers |= identifiers
            return one
    made = " ".join(filter(None, (facts.get("manufacturer"), facts.get("model"))))
    name = facts.get("name") or sorted(identifiers)[0]
    device = Candidate(identifiers, name, made, known=bool(identifiers & known))
    found.append(device)
    return device
