"""Floods through the real broker: an alarm of another device is heard in the middle of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.mqtt import MqttConnection
from hub.testing import until
from tests.hub.core.brokers import EmbeddedBroker
from tests.integrations.mqtt.conftest import Broker, settings
from tests.integrations.mqtt.home import PERSON, Home

ALARM = "binary_sensor.alarm"
SANE_S = 3.0
"""Far more than an alarm ever takes, far less than the floods last if it had to wait for them."""
LOOP = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
GROWS = (
    "{% set n = namespace(s=value) %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}"
)


async def announce(home: Home, kind: str, name: str, **config: object) -> None:
    config = {"unique_id": name, "default_entity_id": f"{kind}.{name}", **config}
    await home.say(f"homeassistant/{kind}/{name}/config", json.dumps(config), retain=True)


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[MqttConnection]:
    """A device of its own connection, so that its messages don't queue behind the flood's."""
    made = MqttConnection(settings(broker, "devices"))
    await made.start()
    await made.wait_connected()
    yield made
    await made.stop()


@pytest.fixture
async def alarm(home: Home) -> Home:
    await announce(home, "binary_sensor", "alarm", state_topic="alarm/state")
    await home.say("alarm/state", "OFF", retain=True)
    await home.value(ALARM, False)
    return home


@contextlib.asynccontextmanager
async def alarms_are_heard(home: Home, other: MqttConnection) -> AsyncIterator[list[float]]:
    """While the block runs an alarm comes and goes; each change must arrive within SANE_S."""
    took: list[float] = []
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def ring() -> None:
        for on in itertools.cycle((True, False)):
            if over.is_set():
                return
            began = loop.time()
            await other.publish("alarm/state", b"ON" if on else b"OFF", 1)

            def there(wanted: bool = on) -> bool:
                state = home.state(ALARM)
                return state is not None and state.value is wanted

            await until(there, within=SANE_S)
            took.append(loop.time() - began)
            with contextlib.suppress(TimeoutError):  # its pace, so that it doesn't flap itself
                await asyncio.wait_for(over.wait(), 0.05)

    ringing = asyncio.create_task(ring())
    try:
        yield took
        await until(lambda: len(took) > 1 or ringing.done(), within=10)
    finally:
        over.set()
        await ringing


@contextlib.asynccontextmanager
async def commands_are_answered(home: Home, other: MqttConnection) -> AsyncIterator[list[float]]:
    """While the block runs a lamp is switched; it must answer each time within SANE_S."""
    await announce(home, "switch", "lamp", state_topic="lamp/state", command_topic="lamp/set")

    def answer(_topic: str, data: bytes, _retained: bool) -> None:
        other.publish_now("lamp/state", data)

    other.subscribe("lamp/set", answer)
    for _turn in range(2):  # the filter leaves at the end of this turn, and is known after it
        await other.publish("pace", b"", 1)
    await until(lambda: home.entity("switch", "lamp") is not None)
    took: list[float] = []
    over = asyncio.Event()

    async def press() -> None:
        for command in itertools.cycle(("turn_on", "turn_off")):
            if over.is_set():
                return
            async with asyncio.timeout(SANE_S):
                took.append((await home.commands.call(PERSON, "switch.lamp", command)).ms)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.05)

    pressing = asyncio.create_task(press())
    try:
        yield took
    finally:
        over.set()
        await pressing


async def test_ten_thousand_announcements_at_once(alarm: Home, other: MqttConnection) -> None:
    async with alarms_are_heard(alarm, other) as took, commands_are_answered(alarm, other) as done:
        for number in range(10_000):
            config = {"unique_id": f"s{number}", "state_topic": f"s/{number}"}
            assert alarm.devices.publish_now(
                f"homeassistant/sensor/s{number}/config", json.dumps(config), 1
            )
            if number % 100 == 0:
                await asyncio.sleep(0)
        await until(lambda: alarm.entity("sensor", "s9999") is not None, within=60)
    assert len(took) > 1
    assert len(done) > 1
    await alarm.say("s/9999", "21")
    entity = alarm.entity("sensor", "s9999")
    assert entity is not None
    await until(lambda: alarm.state(entity.entity_id) is not None)
    assert alarm.problems() == {}


async def test_thousands_of_retained_announcements_when_the_home_comes(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker")
    broker.start()
    devices = MqttConnection(broker.settings("devices"))
    await devices.start()
    await devices.wait_connected()
    for number in range(3000):
        config = json.dumps({"unique_id": f"s{number}", "state_topic": f"s/{number}"})
        topic = f"homeassistant/sensor/s{number}/config"
        assert devices.publish_now(topic, config, 0, True)
        assert devices.publish_now(f"s/{number}", str(number), 0, True)
        if number % 100 == 0:
            await devices.publish("pace", b"", 1)
    home = Home(tmp_path / "home", broker.settings("home"), broker.settings("devices"))
    await home.start()

    def there() -> bool:
        entity = home.entity("sensor", "s2999")
        state = home.state(entity.entity_id) if entity else None
        return state is not None and state.value == "2999"

    await until(there, within=30)
    assert home.problems() == {}
    await home.stop()
    await devices.stop()
    broker.stop()


async def test_a_device_that_flaps(
    alarm: Home, other: MqttConnection, caplog: pytest.LogCaptureFixture
) -> None:
    await announce(alarm, "binary_sensor", "mad", state_topic="mad")
    await until(lambda: alarm.entity("binary_sensor", "mad") is not None)
    async with alarms_are_heard(alarm, other):
        while "flapping" not in alarm.problems():
            for word in ("ON", "OFF") * 50:
                alarm.devices.publish_now("mad", word)
            await asyncio.sleep(0.01)
        await alarm.devices.publish("mad", b"ON", 1)
        await alarm.value("binary_sensor.mad", True)
    lines = [one.getMessage() for one in caplog.records if "flapping" in one.getMessage()]
    assert lines == ["flapping: binary_sensor.mad tells more than 50 states a second"]


async def test_large_and_wrong_messages(alarm: Home, other: MqttConnection) -> None:
    await announce(alarm, "sensor", "power", state_topic="power", unit_of_measurement="W")
    await announce(alarm, "sensor", "time", state_topic="time", device_class="timestamp")
    await until(lambda: alarm.entity("sensor", "time") is not None)
    async with alarms_are_heard(alarm, other):
        for _ in range(3):
            await alarm.devices.publish("power", b"9" * 10_000_000, 1)
            await alarm.devices.publish(
                "homeassistant/sensor/huge/config", b"{" * 10_000_000, 1, True
            )
        for number in range(2000):
            await alarm.devices.publish("power", bytes((0x80 + number % 128,)), 1)
            await alarm.say(f"homeassistant/toaster/{number}/config", '{"name": "x"}')
        for clock in ("1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "4e99"):
            await alarm.say("time", clock)
        await alarm.say("power", "7")
        await alarm.value("sensor.power", 7)
    counts = alarm.problems()
    assert counts["payload_too_large"] == 3
    assert counts["bad_discovery"] == 3
    assert counts["unsupported_toaster"] == 2000
    assert counts["template_failed"] + counts.get("bad_state", 0) >= 2000
    (row,) = [one for domain, one in alarm.plugins.noted() if one.kind == "unsupported_toaster"]
    assert row.times == 2000
    assert "homeassistant/toaster/0/config" in row.line


async def test_templates_that_raise_loop_and_grow(alarm: Home, other: MqttConnection) -> None:
    for name, template in {
        "raises": "{{ 1 / 0 }}",
        "loops": LOOP,
        "grows": GROWS + "{{ n.s }}",
    }.items():
        await announce(alarm, "sensor", name, state_topic="t", value_template=template)
    await announce(alarm, "sensor", "sane", state_topic="t")
    await until(lambda: alarm.entity("sensor", "sane") is not None)
    async with alarms_are_heard(alarm, other):
        for number in range(300):
            await alarm.say("t", str(number))
        await alarm.value("sensor.sane", "299")
        await until(lambda: alarm.problems().get("template_failed", 0) >= 300)
    for name in ("raises", "loops", "grows"):
        state = alarm.state(f"sensor.{name}")
        assert state is None or state.value is None


async def test_the_same_id_from_a_hundred_devices(alarm: Home) -> None:
    for number in range(100):
        config = {
            "unique_id": "twin",
            "state_topic": f"twin/{number}",
            "device": {"identifiers": [f"d{number}"]},
        }
        await alarm.say(f"homeassistant/sensor/twin{number}/config", json.dumps(config))
    await until(lambda: alarm.problems().get("duplicate_unique_id") == 99)
    entity = alarm.entity("sensor", "twin")
    assert entity is not None
    await alarm.say("twin/5", "wrong")
    await alarm.say("twin/0", "right")
    await alarm.value(entity.entity_id, "right")


async def test_retained_rubbish_before_the_home_comes(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker")
    broker.start()
    devices = MqttConnection(broker.settings("devices"))
    await devices.start()
    await devices.wait_connected()
    for number in range(300):
        rubbish = (b"\xff\xfe", b"{", b"[]", b'{"device": 1}', b"null")[number % 5]
        topic = f"homeassistant/{('sensor', 'device', 'light')[number % 3]}/r{number}/config"
        await devices.publish(topic, rubbish, 1, True)
    good = json.dumps({"unique_id": "good", "state_topic": "good"})
    await devices.publish("homeassistant/sensor/good/config", good, 1, True)
    await devices.publish("good", "1", 1, True)
    home = Home(tmp_path / "home", broker.settings("home"), broker.settings("devices"))
    await home.start()
    await until(lambda: home.entity("sensor", "good") is not None)
    await until(lambda: home.problems().get("bad_discovery", 0) >= 250)
    entity = home.entity("sensor", "good")
    assert entity is not None
    await home.value(entity.entity_id, "1")
    await home.stop()
    await devices.stop()
    broker.stop()
