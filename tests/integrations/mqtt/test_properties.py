"""Whatever arrives, the parser answers with a description or one sentence, and never breaks."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.api import ParseProblem, TemplateProblem, Unrendered, Wire
from hub.testing import Harness
from integrations.mqtt.abbreviations import PAYLOAD
from integrations.mqtt.bound import render
from integrations.mqtt.components import TABLE
from integrations.mqtt.discovery import DiscoveryTopic, parse, parse_topic
from integrations.mqtt.integration import MqttDiscovery
from integrations.mqtt.spec import Reading, Spec
from tests.integrations.mqtt import captured

RELAXED = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
KEYS = sorted({*PAYLOAD, *PAYLOAD.values(), "~", "dev", "device", "cmps", "qos", "state_open"})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["~/a", "a/~", "#", "+/x", "{{ value_json.x }}", "{{ value }}", "ON", "None"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), inner, max_size=6),
    ),
    max_leaves=20,
)
PAYLOADS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12)
COMPONENTS = st.sampled_from([*TABLE, "device"])
CAPTURED = [
    (message["topic"], message["payload"])
    for name in captured.NAMES
    for message in captured.load(name)["discovery"]
    if message["topic"].split("/")[1] in TABLE
]


def survive(spec: Spec, state: bytes) -> None:
    """Everything that the integration does with a description."""
    wire = spec.wire()
    assert wire is None or Wire.from_json(wire.to_json()) == wire
    json.dumps(spec.to_json())
    for input_ in spec.inputs():
        try:
            reading = input_.read(render(input_.template, state), Reading(None))
        except (ParseProblem, TemplateProblem, Unrendered):
            continue
        assert reading is None or isinstance(reading.value, bool | int | float | str | None)


@RELAXED
@given(COMPONENTS, PAYLOADS, st.binary(max_size=40))
def test_any_json_object(component: str, payload: dict[str, Any], state: bytes) -> None:
    try:
        found = parse(DiscoveryTopic(component, "it"), json.dumps(payload).encode())
    except ParseProblem as refused:
        found = {"it": refused}
    for result in found.values():
        if isinstance(result, Spec):
            survive(result, state)
        else:
            assert len(str(result)) < 500


@RELAXED
@given(COMPONENTS, st.binary(max_size=200))
def test_any_bytes(component: str, payload: bytes) -> None:
    with contextlib.suppress(ParseProblem):
        parse(DiscoveryTopic(component, "it"), payload)


@RELAXED
@given(st.sampled_from(CAPTURED), st.sampled_from(KEYS), VALUES, st.binary(max_size=60))
def test_captured_announcements_with_one_field_broken(
    message: tuple[str, dict[str, Any]], key: str, value: Any, state: bytes
) -> None:
    topic, payload = message
    place = parse_topic("homeassistant", topic)
    assert place is not None
    try:
        found = parse(place, json.dumps({**payload, key: value}).encode())
    except ParseProblem:
        return
    for result in found.values():
        if isinstance(result, Spec):
            survive(result, state)


@RELAXED
@given(st.text(max_size=80))
def test_any_topic(topic: str) -> None:
    with contextlib.suppress(ParseProblem):
        parse_topic("homeassistant", f"homeassistant/{topic}/config")


@RELAXED
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["homeassistant/sensor/a/config", "homeassistant/valve/b/config", "s"]),
            st.one_of(st.binary(max_size=60), PAYLOADS.map(lambda p: json.dumps(p).encode())),
        ),
        max_size=12,
    )
)
async def test_any_messages_leave_the_others_working(messages: list[tuple[str, bytes]]) -> None:
    harness = Harness(MqttDiscovery)
    await harness.start()
    harness.mqtt.deliver(
        "homeassistant/binary_sensor/x/config", '{"unique_id": "x", "state_topic": "s"}'
    )
    for topic, payload in messages:
        harness.mqtt.deliver(topic, payload)
    harness.mqtt.deliver("s", "ON")
    assert harness.door.states["binary_sensor.x"].value is True
    assert "listener_failed" not in harness.door.problems.counts
    await harness.stop()
