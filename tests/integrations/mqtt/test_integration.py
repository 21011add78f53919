"""The integration at work, with a broker in memory: states, availability, timers, commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.api import CommandProblem
from hub.core import template_worker
from hub.testing import Harness, until
from integrations.mqtt.integration import MqttDiscovery

SENSOR = "binary_sensor.s"
SWITCH = "switch.w"


@pytest.fixture
async def home() -> AsyncIterator[Harness]:
    harness = Harness(MqttDiscovery)
    await harness.start()
    yield harness
    await harness.stop()


def announce(home: Harness, component: str, unique_id: str, **payload: Any) -> None:
    topic = f"homeassistant/{component}/{unique_id}/config"
    home.mqtt.deliver(topic, json.dumps({"unique_id": unique_id, **payload}), retain=True)


def value(home: Harness, key: str) -> Any:
    state = home.door.states[key]
    return state.value if state.available else "unavailable"


async def test_birth_message_on_every_connection(home: Harness) -> None:
    home.mqtt.change(connected=False)
    home.mqtt.change(connected=True)
    births = [one for one in home.mqtt.published if one[0] == "homeassistant/status"]
    assert births == [("homeassistant/status", b"online", 0, False)] * 2


async def test_one_message_reaches_every_entity_of_its_topic(home: Harness) -> None:
    for key in ("temperature", "humidity"):
        announce(
            home,
            "sensor",
            key,
            state_topic="room",
            unit_of_measurement="u",
            value_template="{{ value_json." + key + " }}",
        )
    home.mqtt.deliver("room", '{"temperature": 21.5, "humidity": 40}')
    assert value(home, "sensor.temperature") == 21.5
    assert value(home, "sensor.humidity") == 40


async def test_broken_broker_makes_all_unavailable_and_back_restores(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a")
    announce(home, "binary_sensor", "t", state_topic="b", availability_topic="t/online")
    home.mqtt.deliver("t/online", "online", retain=True)
    home.mqtt.deliver("a", "ON")
    home.mqtt.deliver("b", "OFF")
    assert [value(home, SENSOR), value(home, "binary_sensor.t")] == [True, False]
    home.mqtt.change(connected=False)
    assert [value(home, SENSOR), value(home, "binary_sensor.t")] == ["unavailable"] * 2
    home.mqtt.change(connected=True)
    assert [value(home, SENSOR), value(home, "binary_sensor.t")] == [True, False]


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("all", [False, False, True, False]),
        ("any", [False, True, True, True]),
        ("latest", [False, True, True, False]),
    ],
)
async def test_availability_modes(home: Harness, mode: str, seen: list[bool]) -> None:
    announce(
        home,
        "binary_sensor",
        "s",
        state_topic="a",
        availability_mode=mode,
        availability=[
            {"topic": "one"},
            {"topic": "two", "value_template": "{{ value_json.state }}"},
        ],
    )
    found = [home.door.states[SENSOR].available]
    for topic, payload in (
        ("one", "online"),
        ("two", '{"state":"online"}'),
        ("one", "offline"),
    ):
        home.mqtt.deliver(topic, payload)
        found.append(home.door.states[SENSOR].available)
    assert found == seen


async def test_a_shared_availability_topic_counts_for_entities_announced_later(
    home: Harness,
) -> None:
    announce(home, "binary_sensor", "s", state_topic="a", availability_topic="bridge")
    home.mqtt.deliver("bridge", "online")
    announce(home, "binary_sensor", "t", state_topic="a", availability_topic="bridge")
    assert home.door.states["binary_sensor.t"].available


async def test_off_delay_and_expire_after(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a", off_delay=0.02)
    announce(home, "sensor", "n", state_topic="b", expire_after=0.05)
    assert value(home, "sensor.n") == "unavailable"
    home.mqtt.deliver("a", "ON")
    home.mqtt.deliver("b", "7")
    assert value(home, SENSOR) is True
    assert value(home, "sensor.n") == "7"
    await until(lambda: value(home, SENSOR) is False)
    await until(lambda: value(home, "sensor.n") == "unavailable")
    home.mqtt.deliver("b", "8")
    assert value(home, "sensor.n") == "8"


async def test_json_attributes(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a", json_attributes_topic="more")
    home.mqtt.deliver("a", "ON")
    home.mqtt.deliver("more", '{"voltage": 3.1}')
    assert home.door.states[SENSOR].attributes == {"voltage": 3.1}
    home.mqtt.deliver("more", "[]")
    home.mqtt.deliver("more", "{")
    assert home.door.states[SENSOR].attributes == {"voltage": 3.1}
    assert home.door.problems.counts["bad_attributes"] == 2


async def test_a_command_is_answered_by_the_devices_state(home: Harness) -> None:
    announce(home, "switch", "w", command_topic="set", state_topic="a", qos=1, retain=True)
    home.mqtt.deliver("a", "OFF")
    home.mqtt.answers["set"] = lambda payload: home.mqtt.deliver("a", payload)
    await home.command(SWITCH, "turn_on")
    assert home.mqtt.published[-1] == ("set", b"ON", 1, True)
    assert value(home, SWITCH) is True


async def test_a_silent_device_doesnt_count_as_an_answer(home: Harness) -> None:
    announce(home, "switch", "w", command_topic="set", state_topic="a")
    home.mqtt.deliver("a", "OFF")
    task = asyncio.ensure_future(home.command(SWITCH, "turn_on"))
    await until(lambda: any(one[0] == "set" for one in home.mqtt.published))
    home.mqtt.deliver("a", "OFF")
    done, _ = await asyncio.wait((task,), timeout=0.05)
    assert not done
    assert value(home, SWITCH) is False
    home.mqtt.deliver("a", "ON")
    await task


async def test_a_device_that_is_there_already_need_not_answer(home: Harness) -> None:
    announce(home, "switch", "w", command_topic="set", state_topic="a")
    home.mqtt.deliver("a", "ON")
    await home.command(SWITCH, "turn_on")


async def test_commands_without_broker_or_device_are_refused(home: Harness) -> None:
    announce(home, "switch", "w", command_topic="set", state_topic="a")
    home.mqtt.change(connected=False)
    with pytest.raises(CommandProblem, match="broker"):
        await home.command(SWITCH, "turn_on")
    with pytest.raises(CommandProblem):
        await home.command("switch.none", "turn_on")


async def test_optimistic_devices_take_what_was_asked_for(home: Harness) -> None:
    announce(home, "switch", "w", command_topic="set")
    announce(home, "valve", "v", command_topic="v/set", state_topic="v/a", optimistic=True)
    await home.command(SWITCH, "turn_on")
    await home.command("valve.v", "close")
    assert value(home, SWITCH) is True
    assert value(home, "valve.v") == "closed"
    assert home.door.states[SWITCH].attributes == {"assumed_state": True}


async def test_emptied_announcement_withdraws_and_a_new_one_returns(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a")
    home.mqtt.deliver("a", "ON")
    home.mqtt.deliver("homeassistant/binary_sensor/s/config", b"")
    assert home.door.withdrawn == [SENSOR]
    home.mqtt.deliver("a", "OFF")
    assert SENSOR not in home.door.states
    announce(home, "binary_sensor", "s", state_topic="a")
    home.mqtt.deliver("a", "ON")
    assert value(home, SENSOR) is True


async def test_changed_announcement_keeps_the_state_and_a_repeated_one_does_nothing(
    home: Harness,
) -> None:
    announce(home, "binary_sensor", "s", state_topic="a")
    home.mqtt.deliver("a", "ON")
    before = len(home.door.history)
    announce(home, "binary_sensor", "s", state_topic="a")
    assert len(home.door.history) == before
    announce(home, "binary_sensor", "s", state_topic="b", name="New")
    assert value(home, SENSOR) is True
    assert home.door.announced[SENSOR]["name"] == "New"
    home.mqtt.deliver("a", "OFF")
    assert value(home, SENSOR) is True
    home.mqtt.deliver("b", "OFF")
    assert value(home, SENSOR) is False
    assert home.door.withdrawn == []


async def test_the_same_unique_id_twice_is_refused(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a")
    home.mqtt.deliver(
        "homeassistant/binary_sensor/other/config", '{"unique_id":"s","state_topic":"b"}'
    )
    home.mqtt.deliver("b", "ON")
    assert value(home, SENSOR) is None
    assert home.door.problems.counts == {"duplicate_unique_id": 1}


async def test_wildcards_in_a_state_topic(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="room/+/state")
    home.mqtt.deliver("room/kitchen/state", "ON")
    assert value(home, SENSOR) is True


async def test_entities_disabled_by_their_device_stay_silent(home: Harness) -> None:
    announce(home, "binary_sensor", "s", state_topic="a", enabled_by_default=False)
    home.mqtt.deliver("a", "ON")
    assert SENSOR not in home.door.states
    home.integration.handle_enabled(SENSOR, enabled=True)
    assert value(home, SENSOR) is True
    home.integration.handle_enabled(SENSOR, enabled=False)
    home.mqtt.deliver("a", "OFF")
    assert value(home, SENSOR) is True


async def test_bad_input_is_counted_and_everything_else_goes_on(
    home: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    announce(home, "sensor", "n", state_topic="a", value_template="{{ value_json.x }}")
    announce(home, "sensor", "m", state_topic="a", unit_of_measurement="W")
    announce(home, "binary_sensor", "s", state_topic="a")
    for payload in (b"{", b"\xff\xfe", b"1" * 20_000, b"ON"):
        home.mqtt.deliver("a", payload)
    home.mqtt.deliver("a", b"x" * 10_000_000)
    home.mqtt.deliver("homeassistant/sensor/huge/config", b"x" * 10_000_000)
    for component in ("toaster", "camera", "toaster", "image", "image"):
        home.mqtt.deliver(f"homeassistant/{component}/x/config", b'{"name": "x"}')
    assert value(home, SENSOR) is True
    counts = home.door.problems.counts
    assert counts["payload_too_large"] == 1
    assert counts["bad_discovery"] == 1
    assert counts["unsupported_toaster"] == 2
    assert counts["ignored_camera"] == 1
    assert counts["ignored_image"] == 2
    assert "a picture's component is not shown by this hub" in caplog.text
    assert counts["template_failed"] >= 4
    assert counts["bad_state"] >= 4
    assert len(caplog.records) == len(counts)
    assert not any("xxx" in record.getMessage() for record in caplog.records)


async def test_templates_that_loop_keep_the_order_of_messages(
    home: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_worker, "DEADLINE_S", 2.0)  # the machine is shared
    announce(
        home,
        "sensor",
        "n",
        state_topic="a",
        value_template="{% for one in value_json.list %}{{ one }}{% endfor %}",
    )
    for number in range(5):
        home.mqtt.deliver("a", json.dumps({"list": [number, "x"]}))
    await until(lambda: value(home, "sensor.n") == "4x")
    seen = [told for key, told, _ in home.door.history if key == "sensor.n" and told]
    assert seen == ["0x", "1x", "2x", "3x", "4x"]
    assert home.door.problems.counts == {}


async def test_a_command_whose_template_loops(
    home: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_worker, "DEADLINE_S", 2.0)
    announce(
        home,
        "switch",
        "s",
        command_topic="c",
        command_template="{% for one in value %}{{ one }}-{% endfor %}",
    )
    await home.command("switch.s", "turn_on")
    assert home.mqtt.published[-1][:2] == ("c", b"O-N-")
    assert value(home, "switch.s") is True
