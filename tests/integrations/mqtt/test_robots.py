"""Vacuums and lawn mowers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from hub.testing import Harness
from integrations.mqtt.integration import MqttDiscovery
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell

ALL = [
    "start",
    "stop",
    "pause",
    "return_home",
    "battery",
    "status",
    "locate",
    "clean_spot",
    "fan_speed",
    "send_command",
]


def vacuum(**payload: Any) -> Spec:
    found = {
        "command_topic": "c",
        "state_topic": "s",
        "set_fan_speed_topic": "f",
        "send_command_topic": "own",
        "fan_speed_list": ["low", "high"],
        "supported_features": ALL,
    }
    return one("vacuum", **found | payload)


@pytest.mark.parametrize(
    ("payload", "reading"),
    [
        ({"state": "cleaning"}, Reading("cleaning", {})),
        ({"state": None}, Reading(None, {})),
        (
            {"state": "docked", "battery_level": 61, "fan_speed": "low"},
            Reading("docked", {"battery_level": 61, "fan_speed": "low"}),
        ),
        ({"fan_speed": 3}, Reading(None, {"fan_speed": "3"})),
        ({"battery_level": 5.5}, Reading(None, {"battery_level": 5.5})),
    ],
)
def test_vacuum_reads(payload: dict[str, Any], reading: Reading) -> None:
    assert tell(vacuum(), "s", payload) == reading


@pytest.mark.parametrize(
    "payload",
    [
        "cleaning",
        "[]",
        {"state": "dancing"},
        {"state": ["docked"]},
        {"battery_level": 101},
        {"battery_level": "full"},
        {"battery_level": True},
        {"fan_speed": ["low"]},
        {"fan_speed": "x" * 300},
    ],
)
def test_vacuum_refuses(payload: object) -> None:
    with pytest.raises(ParseProblem):
        tell(vacuum(), "s", payload)


@pytest.mark.parametrize(
    ("command", "args", "message"),
    [
        ("start", {}, ("c", "start")),
        ("pause", {}, ("c", "pause")),
        ("stop", {}, ("c", "stop")),
        ("return_to_base", {}, ("c", "HOME")),
        ("clean_spot", {}, ("c", "clean_spot")),
        ("locate", {}, ("c", "locate")),
        ("set_fan_speed", {"fan_speed": "high"}, ("f", "high")),
        ("send_command", {"command": "mop"}, ("own", "mop")),
    ],
)
def test_vacuum_sends(command: str, args: dict[str, Any], message: tuple[str, str]) -> None:
    assert sent(vacuum(payload_return_to_base="HOME"), command, **args) == [message]


def test_vacuums_own_command_with_parameters_is_json() -> None:
    ((_, payload),) = sent(vacuum(), "send_command", command="mop", params={"room": 3})
    assert json.loads(payload) == {"command": "mop", "room": 3}


async def test_vacuums_own_command_through_the_integration() -> None:
    home = Harness(MqttDiscovery)
    await home.start()
    payload = {"unique_id": "v", "send_command_topic": "own", "supported_features": ALL}
    home.mqtt.deliver("homeassistant/vacuum/v/config", json.dumps(payload), retain=True)
    await home.command("vacuum.v", "send_command", command="mop")
    assert home.mqtt.published[-1][:2] == ("own", b"mop")
    await home.stop()


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("set_fan_speed", {"fan_speed": "hurricane"}),
        ("send_command", {}),
        ("send_command", {"command": "x" * 300}),
        ("send_command", {"command": "mop", "params": [1]}),
        ("send_command", {"command": "mop", "params": {"a": object()}}),
        ("send_command", {"command": "mop", "params": {"a": "x" * 20_000}}),
    ],
)
def test_vacuum_refuses_to_send(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        vacuum().messages(command, args, NEW)


def test_vacuum_offers_what_it_supports() -> None:
    assert vacuum(supported_features=None).commands() == (
        "start",
        "stop",
        "return_to_base",
        "clean_spot",
    )
    silent = one("vacuum", state_topic="s", supported_features=ALL)
    assert silent.commands() == ()
    with pytest.raises(CommandProblem):
        silent.messages("start", {}, NEW)


@pytest.mark.parametrize(
    ("command", "state", "answered"),
    [
        ("start", "cleaning", True),
        ("start", "docked", False),
        ("return_to_base", "returning", True),
        ("pause", "cleaning", False),
        ("locate", "docked", True),
    ],
)
def test_when_a_vacuum_has_answered(command: str, state: str, answered: bool) -> None:
    assert vacuum().answered(command, {}, Reading(state)) is answered


def test_a_fan_speed_is_answered_by_the_speed_and_a_call_by_nothing() -> None:
    spec = vacuum()
    fast = Reading("docked", {"fan_speed": "high"})
    assert spec.answered("set_fan_speed", {"fan_speed": "high"}, fast)
    assert not spec.answered("set_fan_speed", {"fan_speed": "low"}, fast)
    assert spec.assumes("locate")
    assert not spec.assumes("start")
    assert spec.traits() == {"fan_speed_list": ["low", "high"]}
    assert spec.wire() is None


def mower(**payload: Any) -> Spec:
    found = {
        "activity_state_topic": "s",
        "start_mowing_command_topic": "start",
        "pause_command_topic": "pause",
        "dock_command_topic": "dock",
    }
    return one("lawn_mower", **found | payload)


@pytest.mark.parametrize("state", ["mowing", "docked", "paused", "returning", "error"])
def test_mower_reads(state: str) -> None:
    assert tell(mower(), "s", state).value == state
    spec = mower(activity_value_template="{{ value_json.a }}")
    assert tell(spec, "s", {"a": state}).value == state


def test_mower_unknown_silent_and_wrong_states() -> None:
    assert tell(mower(), "s", "none", Reading("mowing")).value is None
    assert tell(mower(), "s", "", Reading("mowing")).value == "mowing"
    with pytest.raises(ParseProblem):
        tell(mower(), "s", "grazing")


@pytest.mark.parametrize(
    ("command", "topic", "state"),
    [
        ("start_mowing", "start", "mowing"),
        ("pause", "pause", "paused"),
        ("dock", "dock", "docked"),
    ],
)
def test_mower_sends(command: str, topic: str, state: str) -> None:
    assert sent(mower(), command) == [(topic, command)]
    spec = mower(**{f"{command}_command_template": "do {{ value }}"})
    assert sent(spec, command) == [(topic, f"do {command}")]
    assert spec.answer(command, {}, NEW) == Reading(state)
    assert spec.answered(command, {}, Reading(state))
    assert not spec.answered(command, {}, Reading("error"))
    assert mower(activity_state_topic=None).assumes(command)


def test_mower_offers_what_has_a_topic() -> None:
    spec = mower(pause_command_topic=None)
    assert spec.commands() == ("start_mowing", "dock")
    with pytest.raises(CommandProblem):
        spec.messages("pause", {}, NEW)
    assert spec.answered("dock", {}, Reading("returning"))
