"""Covers: state words, positions, slats; what is sent, assumed and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt.test_discovery import one
from tests.integrations.mqtt.topics import NEW, sent, tell, told


def cover(**payload: Any) -> Spec:
    found = {
        "command_topic": "c",
        "state_topic": "s",
        "position_topic": "p",
        "set_position_topic": "p/set",
        "tilt_command_topic": "t/set",
        "tilt_status_topic": "t",
    }
    return one("cover", **found | payload)


@pytest.mark.parametrize("word", ["open", "opening", "closed", "closing"])
def test_state_words(word: str) -> None:
    assert tell(cover(), "s", word).value == word
    assert tell(cover(**{f"state_{word}": "X"}), "s", "X").value == word


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Reading("closing"), "closed"),
        (Reading("closed"), "closed"),
        (Reading("opening"), "open"),
        (Reading(None), "open"),
        (Reading("closing", {"current_position": 40}), "open"),
        (Reading("opening", {"current_position": 0}), "closed"),
    ],
)
def test_stopped_is_open_or_closed_by_where_it_is(before: Reading, after: str) -> None:
    assert tell(cover(), "s", "stopped", before).value == after


def test_unknown_and_silent_states() -> None:
    assert tell(cover(), "s", "None", Reading("open")).value is None
    assert tell(cover(), "s", "", Reading("open")).value == "open"


@pytest.mark.parametrize(
    ("closed", "opened", "device", "percent"),
    [
        (0, 100, "0", 0),
        (0, 100, "37", 37),
        (0, 255, "255", 100),
        (100, 0, "100", 0),
        (100, 0, "0", 100),
        (100, 0, "30", 70),
        (0, 100, "140", 100),
    ],
)
def test_positions_both_ways(closed: int, opened: int, device: str, percent: int) -> None:
    spec = cover(state_topic=None, position_closed=closed, position_open=opened)
    found = tell(spec, "p", device)
    assert found == Reading("closed" if percent == 0 else "open", {"current_position": percent})
    if device != "140":
        assert sent(spec, "set_position", position=percent) == [("p/set", device)]


def test_a_position_leaves_the_state_to_its_own_topic() -> None:
    assert tell(cover(), "p", "0", Reading("closing")) == Reading(
        "closing", {"current_position": 0}
    )


def test_a_position_in_json_brings_the_slats_along() -> None:
    found = told(cover(), "p", {"position": 20, "tilt_position": 60})
    assert found == {"current_position": 20, "current_tilt_position": 60}
    assert told(cover(), "p", {"position": None}) == {"current_position": None}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("s", "wide"),
        ("p", "wide"),
        ("p", "nan"),
        ("p", '{"tilt_position": 3}'),
        ("p", '{"position": "x"}'),
        ("p", '{"position": 5, "tilt_position": 300}'),
        ("p", "{"),
        ("t", "101"),
        ("t", "flat"),
    ],
)
def test_refuses(topic: str, payload: str) -> None:
    with pytest.raises(ParseProblem):
        tell(cover(), topic, payload)


@pytest.mark.parametrize(
    ("command", "args", "message"),
    [
        ("open", {}, ("c", "OPEN")),
        ("close", {}, ("c", "CLOSE")),
        ("stop", {}, ("c", "STOP")),
        ("set_position", {"position": 0}, ("p/set", "0")),
        ("open_tilt", {}, ("t/set", "100")),
        ("close_tilt", {}, ("t/set", "0")),
        ("stop_tilt", {}, ("t/set", "STOP")),
        ("set_tilt_position", {"tilt_position": 25}, ("t/set", "25")),
    ],
)
def test_sends(command: str, args: dict[str, Any], message: tuple[str, str]) -> None:
    spec = cover()
    assert sent(spec, command, **args) == [message]
    assert not spec.assumes(command)
    reached = spec.answer(command, args, NEW)
    assert (reached is None) is command.startswith("stop")
    assert spec.answered(command, args, reached or NEW)


def test_moving_towards_it_is_an_answer() -> None:
    spec = cover()
    assert spec.answered("open", {}, Reading("opening"))
    assert not spec.answered("open", {}, Reading("closing"))
    assert spec.answered("set_position", {"position": 5}, Reading("closing"))
    assert spec.answered("set_position", {"position": 5}, Reading("open", {"current_position": 6}))
    assert not spec.answered(
        "set_position", {"position": 5}, Reading("open", {"current_position": 50})
    )
    assert not spec.answered("open_tilt", {}, Reading("open", {"current_tilt_position": 3}))


def test_slats_have_a_range_of_their_own() -> None:
    spec = cover(tilt_min=-90, tilt_max=90, tilt_opened_value=0, tilt_closed_value=-90)
    assert told(spec, "t", "0") == {"current_tilt_position": 50}
    assert sent(spec, "open_tilt") == [("t/set", "0")]
    assert sent(spec, "set_tilt_position", tilt_position=100) == [("t/set", "90")]
    assert spec.answered("open_tilt", {}, Reading("open", {"current_tilt_position": 50}))


def test_templates_get_both_ranges() -> None:
    spec = cover(
        set_position_template='{"p": {{ position }}, "v": {{ value }}, "o": {{ position_open }}}',
        position_open=200,
        tilt_command_template="{{ tilt_position }}/{{ tilt_max }}",
    )
    ((_, payload),) = sent(spec, "set_position", position=50)
    assert json.loads(payload) == {"p": 50, "v": 100, "o": 200}
    assert sent(spec, "set_tilt_position", tilt_position=10) == [("t/set", "10/100")]


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("set_position", {}),
        ("set_position", {"position": 101}),
        ("set_position", {"position": True}),
        ("set_tilt_position", {"tilt_position": "flat"}),
    ],
)
def test_refuses_to_send(command: str, args: dict[str, Any]) -> None:
    with pytest.raises(CommandProblem):
        cover().messages(command, args, NEW)


def test_only_what_has_a_topic_and_a_payload_is_a_command() -> None:
    plain = one("cover", command_topic="c", payload_stop=None)
    assert plain.commands() == ("open", "close")
    for command in ("stop", "stop_tilt", "set_position", "open_tilt"):
        with pytest.raises(CommandProblem):
            plain.messages(command, {"position": 3}, NEW)
    assert one("cover", state_topic="s").commands() == ()
    assert "stop_tilt" not in cover(payload_stop_tilt=None).commands()


def test_what_nothing_tells_is_assumed() -> None:
    plain = one("cover", command_topic="c", tilt_command_topic="t")
    assert plain.assumes("open")
    assert plain.answer("close", {}, NEW) == Reading("closed", {})
    assert plain.assumes("open_tilt")
    assert not cover(state_topic=None).assumes("open")
    assert cover(state_topic=None).answer("close", {}, NEW) == Reading(
        "closed", {"current_position": 0}
    )
    assert cover(tilt_optimistic=True).assumes("open_tilt")


def test_the_kernel_reads_the_words_and_sends_the_payloads() -> None:
    wire = cover(payload_close="ZU").wire()
    assert wire is not None
    assert wire.states == {
        "closed": "closed",
        "open": "open",
        "closing": "closing",
        "opening": "opening",
    }
    assert wire.commands == {"open": "OPEN", "close": "ZU", "stop": "STOP"}
    by_position = cover(state_topic=None).wire()
    assert by_position is not None
    assert by_position.state_topic is None


@pytest.mark.parametrize(
    "payload",
    [
        {"position_topic": None},
        {"position_open": 5, "position_closed": 5},
        {"tilt_min": 0, "tilt_max": 0},
        {"position_open": 1.5},
        {"set_position_topic": "a/+"},
    ],
)
def test_wrong_announcements(payload: dict[str, Any]) -> None:
    with pytest.raises(ParseProblem):
        cover(**payload)
