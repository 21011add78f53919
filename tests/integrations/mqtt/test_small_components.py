"""Numbers, choices, texts, presses, happenings, locks, updates and trackers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from hub.testing import Harness
from integrations.mqtt.integration import MqttDiscovery
from integrations.mqtt.spec import Reading
from tests.integrations.mqtt.test_discovery import one

NEW = Reading(None)
SILENT = "says nothing"


@pytest.mark.parametrize(
    ("component", "payload", "text", "value"),
    [
        ("number", {}, "50", 50),
        ("number", {}, "50.0", 50.0),
        ("number", {}, "None", None),
        ("number", {"payload_reset": "off"}, "off", None),
        ("number", {}, " ", SILENT),
        ("select", {"options": ["a", "b"]}, "b", "b"),
        ("select", {"options": ["a", "b"]}, "none", None),
        ("select", {"options": ["a", "None"]}, "None", "None"),
        ("select", {"options": ["a", "b"]}, "", SILENT),
        ("text", {}, "", ""),
        ("text", {"min": 2}, "ab", "ab"),
        ("lock", {}, "LOCKED", "locked"),
        ("lock", {}, "JAMMED", "jammed"),
        ("lock", {"state_locked": "zu"}, "zu", "locked"),
        ("lock", {}, "None", None),
        ("lock", {}, "", SILENT),
        ("device_tracker", {"payload_home": "in"}, "in", "home"),
        ("device_tracker", {}, "not_home", "not_home"),
        ("device_tracker", {}, "Office", "Office"),
        ("device_tracker", {}, "None", None),
        ("device_tracker", {}, " ", SILENT),
        ("update", {}, "1.2", None),
        ("update", {}, "", SILENT),
    ],
)
def test_reads(component: str, payload: dict[str, Any], text: str, value: Any) -> None:
    reading = one(component, state_topic="s", command_topic="c", **payload).read(text, NEW)
    found = SILENT if reading is None else reading.value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("component", "payload", "text"),
    [
        ("number", {}, "101"),
        ("number", {}, "much"),
        ("number", {}, "nan"),
        ("select", {"options": ["a"]}, "A"),
        ("text", {"max": 2}, "abc"),
        ("lock", {}, "ajar"),
        ("device_tracker", {}, "x" * 256),
        ("update", {}, "{"),
        ("event", {"event_types": ["press"]}, "press"),
        ("event", {"event_types": ["press"]}, '{"event_type": "hold"}'),
        ("event", {"event_types": ["press"]}, "[1]"),
    ],
)
def test_refuses_to_read(component: str, payload: dict[str, Any], text: str) -> None:
    with pytest.raises(ParseProblem):
        one(component, state_topic="s", command_topic="c", **payload).read(text, NEW)


@pytest.mark.parametrize(
    ("component", "payload", "why"),
    [
        ("number", {}, "command_topic is missing"),
        ("number", {"command_topic": "c", "min": 5, "max": 4}, "max must not be below min"),
        ("number", {"command_topic": "c", "step": 0}, "step must be more than zero"),
        ("number", {"command_topic": "c", "mode": "knob"}, "mode must be"),
        ("select", {"command_topic": "c"}, "options is missing"),
        ("text", {"command_topic": "c", "max": 256}, "between 0 and 255"),
        ("text", {"command_topic": "c", "mode": "secret"}, "mode must be"),
        ("button", {}, "command_topic is missing"),
        ("event", {"state_topic": "s"}, "event_types is missing"),
        ("tag", {}, "topic is missing"),
        ("device_tracker", {}, "state_topic is missing"),
        (
            "device_automation",
            {
                "automation_type": "action",
                "topic": "s",
                "type": "a",
                "subtype": "b",
                "device": {"identifiers": "d"},
            },
            "automation_type must be trigger",
        ),
    ],
)
def test_refuses_the_announcement(component: str, payload: dict[str, Any], why: str) -> None:
    with pytest.raises(ParseProblem, match=why):
        one(component, **payload)


@pytest.mark.parametrize(
    ("component", "payload", "command", "args", "sent"),
    [
        ("number", {}, "set_value", {"value": 20.0}, "20"),
        ("number", {}, "set_value", {"value": 20.5}, "20.5"),
        (
            "number",
            {"command_template": '{"t": {{ value }}}'},
            "set_value",
            {"value": 7},
            '{"t": 7}',
        ),
        ("select", {"options": ["a", "b"]}, "select_option", {"option": "b"}, "b"),
        ("text", {}, "set_value", {"value": "hello"}, "hello"),
        ("button", {}, "press", {}, "PRESS"),
        ("button", {"payload_press": ""}, "press", {}, ""),
        ("scene", {}, "turn_on", {}, "ON"),
        ("notify", {}, "send_message", {"message": "dinner"}, "dinner"),
        ("lock", {}, "lock", {}, "LOCK"),
        ("lock", {"payload_unlock": "0"}, "unlock", {}, "0"),
        ("lock", {"payload_open": "OPEN"}, "open", {}, "OPEN"),
        (
            "lock",
            {"code_format": "^\\d+$", "command_template": "{{ value }} {{ code }}"},
            "unlock",
            {"code": "1234"},
            "UNLOCK 1234",
        ),
        ("update", {"payload_install": "go"}, "install", {}, "go"),
    ],
)
def test_sends(
    component: str, payload: dict[str, Any], command: str, args: dict[str, Any], sent: str
) -> None:
    spec = one(component, state_topic="s", command_topic="c", **payload)
    assert command in spec.commands()
    assert spec.messages(command, args, NEW) == (("c", sent),)


@pytest.mark.parametrize(
    ("component", "payload", "command", "args"),
    [
        ("number", {}, "set_value", {}),
        ("number", {}, "set_value", {"value": True}),
        ("number", {}, "set_value", {"value": 101}),
        ("select", {"options": ["a"]}, "select_option", {"option": "b"}),
        ("select", {"options": ["a"]}, "select_option", {}),
        ("text", {"max": 2}, "set_value", {"value": "abc"}),
        ("text", {}, "set_value", {"value": 1}),
        ("notify", {}, "send_message", {}),
        ("lock", {"code_format": "."}, "lock", {}),
        ("lock", {}, "lock", {"code": 1234}),
    ],
)
def test_refuses_to_send(
    component: str, payload: dict[str, Any], command: str, args: dict[str, Any]
) -> None:
    with pytest.raises(CommandProblem):
        one(component, command_topic="c", **payload).messages(command, args, NEW)


def test_what_a_device_cannot_do_is_no_command() -> None:
    assert one("update", state_topic="s").commands() == ()
    assert one("update", command_topic="c").commands() == ()
    assert "open" not in one("lock", command_topic="c").commands()


@pytest.mark.parametrize(
    ("installed", "latest", "value"),
    [
        ("1.2.3", "1.2.3", False),
        ("1.2.3", "1.10.0", True),
        ("1.10.0", "1.2.3", False),
        ("abc", "abd", True),
        (None, "1", None),
        (16, 17, True),
    ],
)
def test_an_update_compares_versions(installed: Any, latest: Any, value: bool | None) -> None:
    spec = one("update", state_topic="s")
    text = json.dumps({"installed_version": installed, "latest_version": latest, "title": "T"})
    reading = spec.read(text, NEW)
    assert reading is not None
    assert reading.value is value
    assert (reading.attributes or {})["title"] == "T"


def test_the_latest_version_may_come_on_its_own_topic() -> None:
    spec = one("update", state_topic="s", latest_version_topic="l")
    state, latest = spec.inputs()
    known = latest.read("2", NEW)
    assert known is not None
    assert known.value is None
    both = state.read("1", known)
    assert both is not None
    assert both.value is True
    assert spec.answered("install", {}, both.say(False))


async def test_what_happened_before_does_not_happen_again() -> None:
    home = Harness(MqttDiscovery)
    await home.start()
    home.mqtt.deliver("doorbell", '{"event_type": "press"}', retain=True)
    home.mqtt.deliver("reader", "04AB", retain=True)
    for component, payload in (
        ("event", {"state_topic": "doorbell", "event_types": ["press"], "unique_id": "d"}),
        ("tag", {"topic": "reader", "unique_id": "r"}),
    ):
        home.mqtt.deliver(f"homeassistant/{component}/x/config", json.dumps(payload))
    assert home.door.states["event.d"].value is None
    assert home.door.states["tag.r"].value is None
    home.mqtt.deliver("doorbell", '{"event_type": "press", "by": "hand"}')
    home.mqtt.deliver("reader", "04AB")
    assert str(home.door.states["event.d"].value).endswith("+00:00")
    assert home.door.states["event.d"].attributes == {
        "event_types": ["press"],
        "event_type": "press",
        "by": "hand",
    }
    assert home.door.states["tag.r"].attributes == {"tag_id": "04AB"}
    await home.stop()


async def test_a_press_is_sent_and_noted() -> None:
    home = Harness(MqttDiscovery)
    await home.start()
    home.mqtt.deliver("homeassistant/button/b/config", '{"command_topic": "c", "unique_id": "b"}')
    assert home.door.states["button.b"].value is None
    await home.command("button.b", "press")
    assert home.mqtt.published[-1][:2] == ("c", b"PRESS")
    assert str(home.door.states["button.b"].value).endswith("+00:00")
    await home.stop()


def test_a_trigger_is_the_announced_payload_alone() -> None:
    spec = one(
        "device_automation",
        automation_type="trigger",
        topic="z/button/action",
        payload="single",
        type="action",
        subtype="single",
        device={"identifiers": ["b"]},
    )
    assert spec.read("double", NEW) is None
    reading = spec.read("single", NEW)
    assert reading is not None
    assert str(reading.value).endswith("+00:00")
    assert spec.traits() == {"type": "action", "subtype": "single"}
    assert spec.name == "single action"
