"""What every discovery payload says alike: the device, and how it is known to be reachable."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.api import Availability, AvailabilityMode, DeviceInfo, ParseProblem, Template
from integrations.mqtt.fields import Fields

MAX_AVAILABILITY_TOPICS = 32
_WORD = re.compile(r"[a-z0-9_]{1,64}")
_MODES: dict[str, AvailabilityMode] = {"all": "all", "any": "any", "latest": "latest"}


def word(fields: Fields, key: str) -> str | None:
    """A word of a-z, 0-9 and _, or None; raises ParseProblem for anything else."""
    if not fields.has(key):
        return None
    found = fields.required_text(key)
    if not _WORD.fullmatch(found):
        raise ParseProblem(f"{key} must be a word of a-z, 0-9 and _")
    return found


def device(fields: Fields) -> DeviceInfo | None:
    """The device that the entity belongs to, None for none; raises ParseProblem."""
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


def availability(fields: Fields) -> tuple[AvailabilityMode, tuple[Availability, ...]]:
    """How the topics count together, and the topics; raises ParseProblem."""
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
    if template is not None and not isinstance(template, Template):
        raise ParseProblem(f"{template_key} of the availability is too complicated")
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
