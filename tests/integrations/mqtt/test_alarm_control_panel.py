"""Burglar alarms: states, arming and disarming, and the code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from hub.core.kinds import KINDS
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell

ARM = [name for name in KINDS["alarm_control_panel"].commands if name.startswith("arm_")]


def alarm(**payload: Any) -> Spec:
    return one("alarm_control_panel", **{"command_topic": "c", "state_topic": "s"} | payload)


@pytest.mark.parametrize("state", KINDS["alarm_control_panel"].values)
def test_reads_every_state(state: str) -> None:
    assert tell(alarm(), "s", state).value == state


def test_unknown_silent_and_wrong_states() -> None:
    assert tell(alarm(), "s", "None", Reading("disarmed")).value is None
    assert tell(alarm(), "s", "", Reading("disarmed")).value == "disarmed"
    for text in ("armed", "DISARMED"):
        with pytest.raises(ParseProblem):
            tell(alarm(), "s", text)


@pytest.mark.parametrize("command", KINDS["alarm_control_panel"].commands)
def test_sends_every_command(command: str) -> None:
    assert sent(alarm(), command) == [("c", command.upper())]
    assert sent(alarm(**{f"payload_{command}": "X"}), command) == [("c", "X")]


def test_a_template_gets_the_action_and_the_code() -> None:
    spec = alarm(
        code="REMOTE_CODE", command_template='{"action": "{{ action }}", "code": "{{ code }}"}'
    )
    ((_, payload),) = sent(spec, "arm_away", code="0123")
    assert json.loads(payload) == {"action": "ARM_AWAY", "code": "0123"}


@pytest.mark.parametrize(
    ("payload", "command", "args"),
    [
        ({"code": "1234"}, "disarm", {}),
        ({"code": "1234"}, "disarm", {"code": "4321"}),
        ({"code": "1234"}, "disarm", {"code": 1234}),
        ({"code": "1234"}, "arm_home", {"code": ""}),
        ({"code": "1234"}, "trigger", {"code": "\ud800"}),
        ({"code": "REMOTE_CODE"}, "disarm", {}),
        ({}, "disarm", {"code": "x" * 100}),
    ],
)
def test_refuses_without_the_right_code(
    payload: dict[str, Any], command: str, args: dict[str, Any]
) -> None:
    with pytest.raises(CommandProblem):
        alarm(**payload).messages(command, args, NEW)


def test_the_right_code_and_where_none_is_needed() -> None:
    spec = alarm(code="1234", code_arm_required=False, code_trigger_required=False)
    assert sent(spec, "disarm", code="1234") == [("c", "DISARM")]
    assert sent(spec, "arm_night") == [("c", "ARM_NIGHT")]
    assert sent(spec, "trigger") == [("c", "TRIGGER")]
    assert sent(alarm(code="1234", code_disarm_required=False), "disarm") == [("c", "DISARM")]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("1234", "number"),
        ("sesame", "text"),
        ("REMOTE_CODE", "number"),
        ("REMOTE_CODE_TEXT", "text"),
    ],
)
def test_people_learn_what_a_code_looks_like_and_never_the_code(code: str, shown: str) -> None:
    spec = alarm(code=code)
    assert spec.traits() == {"code_format": shown, "code_arm_required": True}
    assert code not in json.dumps(spec.to_json())
    assert "code_format" not in alarm().traits()


@pytest.mark.parametrize(
    ("command", "states"),
    [
        ("disarm", {"disarmed", "disarming"}),
        ("arm_away", {"armed_away", "arming", "pending"}),
        ("arm_custom_bypass", {"armed_custom_bypass", "arming", "pending"}),
        ("trigger", {"triggered", "pending"}),
    ],
)
def test_which_states_answer(command: str, states: set[str]) -> None:
    every = KINDS["alarm_control_panel"].values
    assert {s for s in every if alarm().answered(command, {}, Reading(s))} == states


def test_supported_features_and_the_kernel_that_keeps_away() -> None:
    assert alarm(supported_features=["arm_home"]).commands() == ("disarm", "arm_home")
    assert alarm(supported_features=[]).commands() == ("disarm",)
    assert set(ARM) < set(alarm().commands())
    assert alarm().wire() is None
    assert not alarm().assumes("disarm")


@pytest.mark.parametrize(
    "payload",
    [{"state_topic": None}, {"command_topic": None}, {"supported_features": ["arm_moon"]}],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        alarm(**payload)
