"""The discovery component ``light`` (home-assistant.io, "MQTT light"): one of three schemas."""

from __future__ import annotations

from hub.api import ParseProblem
from integrations.mqtt.components.light_basic import BasicLightSpec
from integrations.mqtt.components.light_json import JsonLightSpec
from integrations.mqtt.components.light_template import TemplateLightSpec
from integrations.mqtt.fields import Fields
from integrations.mqtt.lighting import LightSpec

_SCHEMAS: dict[str, type[LightSpec]] = {
    "basic": BasicLightSpec,
    "json": JsonLightSpec,
    "template": TemplateLightSpec,
}


def light(fields: Fields, discovery_id: str) -> LightSpec:
    """The light that a payload describes, by its ``schema``; raises ParseProblem."""
    schema = _SCHEMAS.get(fields.text("schema", "basic").lower())
    if schema is None:
        raise ParseProblem("schema must be basic, json or template")
    return schema(fields, discovery_id)
