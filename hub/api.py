"""Everything an integration may import from the hub; its tests add ``hub.testing``.

What is not here an integration can't rely on, and ``tests/test_house_rules.py`` keeps it out.
"""

from __future__ import annotations

from hub.core.templates import Template, TemplateProblem
from hub.core.wire import Availability, AvailabilityMode, Wire, WireReader
from hub.plugins.config import Config, ConfigProblem, setting
from hub.plugins.connections.mqtt import Mqtt, MqttUnavailable, NotDeclared
from hub.plugins.entities import (
    CLASSES as ENTITY_CLASSES,
)
from hub.plugins.entities import (
    Attributes,
    BinarySensor,
    CommandProblem,
    DeviceInfo,
    Door,
    Entity,
    Sensor,
    Siren,
    Switch,
    Value,
    Valve,
)
from hub.plugins.integration import Integration
from hub.plugins.problems import ParseProblem

__all__ = [
    "ENTITY_CLASSES",
    "Attributes",
    "Availability",
    "AvailabilityMode",
    "BinarySensor",
    "CommandProblem",
    "Config",
    "ConfigProblem",
    "DeviceInfo",
    "Door",
    "Entity",
    "Integration",
    "Mqtt",
    "MqttUnavailable",
    "NotDeclared",
    "ParseProblem",
    "Sensor",
    "Siren",
    "Switch",
    "Template",
    "TemplateProblem",
    "Value",
    "Valve",
    "Wire",
    "WireReader",
    "setting",
]
