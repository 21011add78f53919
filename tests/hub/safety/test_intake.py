"""Too long, too many: what a mistake or an attack sends holds no hazard up."""

from __future__ import annotations

import logging
import time

import pytest

from hub.bench.rig import SENSOR, SENSOR_TOPIC, VALVE, bindings
from hub.safety.bindings import MAX_BINDINGS
from hub.safety.intake import LOG_EVERY_S, MAX_PAYLOAD, Intake
from tests.hub.safety.conftest import GAS, Site, closes

LONG = b'{"gas":true,"pad":"' + b"planted" * 20_000 + b'"}'


def test_counted_and_said_once_a_minute_without_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    intake = Intake()
    with caplog.at_level(logging.WARNING):
        assert not intake.too_long(b"x" * MAX_PAYLOAD, 0.0)
        assert [intake.too_long(LONG, at) for at in (0.0, 1.0, LOG_EVERY_S)] == [True] * 3
    assert intake.dropped == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"dropped a message of {len(LONG)} bytes, {n} so far" for n in (1, 3)
    ]


async def test_a_message_too_long_is_a_sign_of_life_and_no_state(site: Site) -> None:
    await site.bound()
    await site.connect()
    device = site.rig.device("talkative")  # stays connected: nothing waits for its acknowledgement
    device.publish(SENSOR_TOPIC, LONG, qos=1)
    status = await site.status(lambda one: one["messages_dropped"] == 1)
    assert status["open"] == []
    sensor = status["sensors"][SENSOR]
    assert (sensor["detects"], sensor["lost"]) == (None, False)
    assert sensor["seen_at"] is not None
    valve = site.valve()
    site.sense(GAS)
    closes(valve)
    device.publish(SENSOR_TOPIC, LONG, qos=1)  # it ends nothing either
    status = await site.status(lambda one: one["messages_dropped"] == 2)
    assert status["sensors"][SENSOR]["detects"] is True
    assert [one["hazard"] for one in status["open"]] == ["gas"]


async def test_too_many_bindings_disarm_nothing(site: Site) -> None:
    await site.bound()
    client = await site.connect()
    await site.status(lambda one: SENSOR in one["sensors"])
    sensors, actuators = bindings()
    more = [
        {
            **sensors[0],
            "entity_id": f"binary_sensor.more_{n}",
            "wire": {**sensors[0]["wire"], "state_topic": f"bench/more/{n}"},
        }
        for n in range(MAX_BINDINGS * 5)
    ]
    began = time.monotonic()
    reply = await client.bind([*more, *sensors], actuators, 2)
    assert time.monotonic() - began < 5
    assert reply["problems"]["*"] == f"more than {MAX_BINDINGS} bindings: the others are left out"
    status = await site.status(lambda one: one["bindings_version"] == 2)
    assert len(status["sensors"]) == MAX_BINDINGS - 1
    assert VALVE in status["actuators"]
    client.seen([(one["entity_id"], False, time.time()) for one in more[-10:]])  # left out
    valve = site.valve()
    site.sense()
    closes(valve)
