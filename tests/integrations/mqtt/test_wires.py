"""What the hazard kernel can read without the integration: figures and presses."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.wire import WireReader
from tests.integrations.mqtt.test_discovery import LOOP, one

SENSOR = {"state_topic": "s", "device_class": "power", "unit_of_measurement": "W"}
TRIGGER = {
    "topic": "button/action",
    "automation_type": "trigger",
    "type": "action",
    "subtype": "emergency",
    "device": {"identifiers": ["b"]},
}
EVENT = {"state_topic": "doorbell", "event_types": ["single", "double"]}


def read(component: str, payload: dict[str, Any], message: str) -> str | None:
    wire = one(component, **payload).wire()
    assert wire is not None
    return WireReader(wire).state(message)


def test_a_figure_is_the_rendered_payload() -> None:
    assert read("sensor", SENSOR, "21.5") == "21.5"
    assert read("sensor", {**SENSOR, "value_template": "{{ value_json.p }}"}, '{"p":7}') == "7"


@pytest.mark.parametrize(
    "more",
    [{"device_class": None}, {"value_template": LOOP}, {"device_class": "enum"}],
    ids=["of what", "too slow", "no figure"],
)
def test_what_cannot_be_read_has_no_wire(more: dict[str, Any]) -> None:
    payload = {key: value for key, value in {**SENSOR, **more}.items() if value is not None}
    if more.get("device_class") == "enum":
        del payload["unit_of_measurement"]
    assert one("sensor", **payload).wire() is None


def test_a_press_is_its_announced_payload_or_any() -> None:
    assert read("device_automation", {**TRIGGER, "payload": "emergency"}, "emergency") == (
        "emergency"
    )
    assert read("device_automation", {**TRIGGER, "payload": "emergency"}, "single") is None
    assert read("device_automation", TRIGGER, "anything") == "anything"


def test_an_event_is_its_type() -> None:
    assert read("event", EVENT, '{"event_type":"double"}') == "double"
    assert read("event", EVENT, '{"event_type":"hold"}') is None
    assert one("event", **EVENT, value_template="{{ value_json.x }}").wire() is None
