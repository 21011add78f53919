"""Everything an integration may import from the hub; its tests add ``hub.testing``.

What is not here an integration can't rely on, and ``tests/test_house_rules.py`` keeps it out.
"""

from __future__ import annotations

from hub.core.template_worker import TemplateWorker
from hub.core.templates import (
    AnyTemplate,
    Template,
    TemplateProblem,
    Unrendered,
    template_of,
)
from hub.core.wire import Availability, AvailabilityMode, Wire, WireReader
from hub.plugins.config import Config, ConfigProblem, Reason, setting
from hub.plugins.connections.mqtt import Mqtt, MqttDenied, MqttUnavailable, NotDeclared
from hub.plugins.entities import (
    Attributes,
    CommandProblem,
    DeviceInfo,
    Door,
    Entity,
    Value,
)
from hub.plugins.entity_kinds import (
    CLASSES as ENTITY_CLASSES,
)
from hub.plugins.entity_kinds import (
    AlarmControlPanel,
    BinarySensor,
    Button,
    Climate,
    Cover,
    DeviceAutomation,
    DeviceTracker,
    Event,
    Fan,
    Humidifier,
    LawnMower,
    Light,
    Lock,
    Notify,
    Number,
    Scene,
    Select,
    Sensor,
    Siren,
    Switch,
    Tag,
    Text,
    Update,
    Vacuum,
    Valve,
    WaterHeater,
)
from hub.plugins.integration import Integration
from hub.plugins.problems import ParseProblem

__all__ = [
    "ENTITY_CLASSES",
    "AlarmControlPanel",
    "AnyTemplate",
    "Attributes",
    "Availability",
    "AvailabilityMode",
    "BinarySensor",
    "Button",
    "Climate",
    "CommandProblem",
    "Config",
    "ConfigProblem",
    "Cover",
    "DeviceAutomation",
    "DeviceInfo",
    "DeviceTracker",
    "Door",
    "Entity",
    "Event",
    "Fan",
    "Humidifier",
    "Integration",
    "LawnMower",
    "Light",
    "Lock",
    "Mqtt",
    "MqttDenied",
    "MqttUnavailable",
    "NotDeclared",
    "Notify",
    "Number",
    "ParseProblem",
    "Reason",
    "Scene",
    "Select",
    "Sensor",
    "Siren",
    "Switch",
    "Tag",
    "Template",
    "TemplateProblem",
    "TemplateWorker",
    "Text",
    "Unrendered",
    "Update",
    "Vacuum",
    "Value",
    "Valve",
    "WaterHeater",
    "Wire",
    "WireReader",
    "setting",
    "template_of",
]
