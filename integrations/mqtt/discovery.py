"""Home Assistant's MQTT discovery as a pure parser: topic and payload in, descriptions out.

Source: home-assistant.io, "MQTT", section "MQTT discovery", both forms: one topic for each
entity, and one topic for a whole device.
"""

from __future__ import annotations

import re

import orjson

from hub.api import ParseProblem
from integrations.mqtt.abbreviations import DEVICE, PAYLOAD, expand
from integrations.mqtt.components import IGNORED, TABLE
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Spec

MAX_BYTES = 256 * 1024
MAX_COMPONENTS = 256
DEVICE_FORM = "device"
# What a component of the device form takes over from its device.
_SHARED = (
    "availability",
    "availability_mode",
    "availability_template",
    "availability_topic",
    "command_topic",
    "device",
    "encoding",
    "payload_available",
    "payload_not_available",
    "qos",
    "state_topic",
)
_ID = re.compile(r"[a-zA-Z0-9_-]{1,200}")
_COMPONENT = re.compile(r"[a-zA-Z0-9_]{1,64}")


class UnknownComponent(ParseProblem):
    """A discovery component that has no parser here."""

    def __init__(self, component: str) -> None:
        self.component = component
        super().__init__(f"the discovery component {component} isn't supported")


class IgnoredComponent(ParseProblem):
    """A discovery component that is known and becomes no entity."""

    def __init__(self, component: str) -> None:
        self.component = component
        super().__init__(IGNORED[component])


class DiscoveryTopic:
    """``<prefix>/<component>/[<node_id>/]<object_id>/config``, taken apart."""

    __slots__ = ("component", "discovery_id")

    def __init__(self, component: str, discovery_id: str) -> None:
        self.component = component
        self.discovery_id = discovery_id


Parsed = dict[str, Spec | ParseProblem | None]


def parse_topic(prefix: str, topic: str) -> DiscoveryTopic | None:
    """Take a topic apart; None when it isn't a discovery topic under the prefix.

    Raises:
        ParseProblem: It is meant to be one and has characters that aren't allowed.
    """
    if not topic.startswith(prefix + "/") or not topic.endswith("/config"):
        return None
    levels = topic[len(prefix) + 1 : -len("/config")].split("/")
    if len(levels) not in {2, 3}:
        return None
    component, *ids = levels
    if not _COMPONENT.fullmatch(component) or not all(map(_ID.fullmatch, ids)):
        raise ParseProblem("a discovery topic has characters that aren't allowed")
    return DiscoveryTopic(component, "_".join(ids))


def parse(topic: DiscoveryTopic, payload: bytes) -> Parsed:
    """What a discovery payload describes.

    Returns:
        Under the id of each entity: its description, None when it is removed, or what is wrong
        with it. One wrong entity of a device leaves the others alone.

    Raises:
        UnknownComponent: No parser for this component.
        IgnoredComponent: It is known and not shown.
        ParseProblem: Nothing of the payload can be used.
    """
    if topic.component != DEVICE_FORM:
        _check_component(topic.component)
    if not payload.strip():
        return {topic.discovery_id: None}
    raw = _load(payload)
    data = _expand(raw)
    if topic.component == DEVICE_FORM:
        return _parse_device(topic, data, {"~": raw["~"]} if "~" in raw else {})
    return {topic.discovery_id: _parse_one(topic.component, data, topic.discovery_id)}


def _check_component(component: str) -> None:
    if component in IGNORED:
        raise IgnoredComponent(component)
    if component not in TABLE:
        raise UnknownComponent(component)


def _load(payload: bytes) -> dict[str, object]:
    if len(payload) > MAX_BYTES:
        raise ParseProblem(f"a discovery payload is larger than {MAX_BYTES} bytes")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ParseProblem("a discovery payload isn't JSON") from None
    if not isinstance(data, dict):
        raise ParseProblem("a discovery payload isn't a JSON object")
    return data


def _expand(data: dict[str, object]) -> dict[str, object]:
    """Full keys everywhere, and ``~`` replaced by the base topic at a topic's start or end."""
    full = expand(data, PAYLOAD)
    device = full.get("device")
    if isinstance(device, dict):
        full["device"] = expand(device, DEVICE)
    entries = full.get("availability")
    items = entries if isinstance(entries, list) else [entries]
    if entries is not None:
        items = [expand(item, PAYLOAD) if isinstance(item, dict) else item for item in items]
        full["availability"] = items
    base = full.pop("~", None)
    if base is None:
        return full
    if not isinstance(base, str):
        raise ParseProblem("~ must be text")
    _replace_base(full, base)
    for item in items:
        if isinstance(item, dict):
            _replace_base(item, base)
    return full


def _replace_base(data: dict[str, object], base: str) -> None:
    for key, value in data.items():
        if not key.endswith("topic") or not isinstance(value, str) or "~" not in value:
            continue
        if value[0] == "~":
            data[key] = base + value[1:]
        elif value[-1] == "~":
            data[key] = value[:-1] + base


def _parse_one(component: str, data: dict[str, object], discovery_id: str) -> Spec:
    try:
        return TABLE[component](Fields(data), discovery_id)
    except ParseProblem as problem:
        raise ParseProblem(f"{component}: {problem}") from None


def _parse_device(
    topic: DiscoveryTopic, data: dict[str, object], base: dict[str, object]
) -> Parsed:
    components = data.get("components")
    if not isinstance(components, dict) or not components:
        raise ParseProblem("a device payload needs components")
    if len(components) > MAX_COMPONENTS:
        raise ParseProblem(f"a device payload has more than {MAX_COMPONENTS} components")
    shared = {key: data[key] for key in _SHARED if key in data}
    parsed: Parsed = {}
    for name, inner in components.items():
        discovery_id = f"{topic.discovery_id}_{name}"
        try:
            parsed[discovery_id] = _parse_component(inner, base, shared, discovery_id)
        except ParseProblem as problem:
            parsed[discovery_id] = problem
    return parsed


def _parse_component(
    inner: object, base: dict[str, object], shared: dict[str, object], discovery_id: str
) -> Spec | None:
    if not isinstance(inner, dict):
        raise ParseProblem("a component must be an object")
    data = _expand(base | inner)
    platform = Fields(data).required_text("platform")
    if set(data) == {"platform"}:
        return None
    _check_component(platform)
    return _parse_one(platform, shared | data, discovery_id)
