"""The simulated devices end to end: a real broker, the real program, a real home."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.testing import until
from integrations.mqtt.discovery import parse, parse_topic
from integrations.mqtt.simulator.models import SETS
from integrations.mqtt.spec import Spec
from tests.hub.core.brokers import EmbeddedBroker
from tests.integrations.mqtt.conftest import Broker
from tests.integrations.mqtt.home import PERSON, Home

VALVE = "valve.demo_gas_valve_valve"
GAS = "binary_sensor.demo_gas_sensor_gas"


@asynccontextmanager
async def simulator(
    broker: Broker, folder: Path, *words: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ}
    user = "devices"
    if isinstance(broker, EmbeddedBroker):
        environment["LINLI_MQTT_PASSWORD"] = broker.users[user]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "simulator", "--broker", f"127.0.0.1:{broker.port}"),
        *("--username", user, "--data", str(folder), *words),
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) in {0, -9}


def watch_commands(home: Home, device: str) -> dict[str, Any]:
    """The retained count of received commands, kept up to date."""
    counted: dict[str, Any] = {}

    def count(_topic: str, payload: bytes, _retained: bool) -> None:
        counted.update(json.loads(payload))

    home.devices.subscribe(f"linli-demo/{device}/commands", count)
    return counted


async def order(home: Home, device: str, **what: bool) -> None:
    await home.say(f"sim/{device}/set", json.dumps(what))


async def test_alarm_valve_and_loss(home: Home, broker: Broker, tmp_path: Path) -> None:
    counted = watch_commands(home, "gas_valve")
    async with simulator(broker, tmp_path):
        await home.value(GAS, False)
        await home.value(VALVE, "open")
        await home.value("switch.demo_water_valve_switch", True)
        await home.value("sensor.demo_water_valve_battery", 76)
        await home.value("siren.demo_siren_siren", False)
        await home.value("sensor.demo_climate_humidity", 46)
        assert {device.name for device in home.registry.devices()} == {
            model.names["zh_CN"] for model in SETS["home"]
        }
        assert {device.area for device in home.registry.devices()} == {
            model.rooms["zh_CN"] for model in SETS["home"]
        }
        await order(home, "gas_sensor", alarm=True)
        await home.value(GAS, True)
        outcome = await home.commands.call(PERSON, VALVE, "close")
        assert 45 <= outcome.ms < 3000
        await home.value(VALVE, "closed")
        await until(lambda: counted == {"total": 1, "close": 1})
        await home.commands.call(PERSON, "switch.demo_water_valve_switch", "toggle")
        await home.value("switch.demo_water_valve_switch", False)
        await home.commands.call(PERSON, "siren.demo_siren_siren", "turn_on")
        await home.value("siren.demo_siren_siren", True)
        await order(home, "gas_sensor", alarm=False)
        await home.value(GAS, False)
        await order(home, "smoke_sensor", lost=True)
        await home.available("binary_sensor.demo_smoke_sensor_smoke", expected=False)
        await order(home, "smoke_sensor", lost=False)
        await home.value("binary_sensor.demo_smoke_sensor_smoke", False)
    await home.available(VALVE, expected=False)
    assert home.problems() == {}


async def test_a_killed_simulator_remembers_valve_and_count(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    counted = watch_commands(home, "gas_valve")
    async with simulator(broker, tmp_path) as process:
        await home.value(VALVE, "open")
        await home.commands.call(PERSON, VALVE, "close")
        remembered = tmp_path / "simulator.json"
        await until(lambda: '"closed"' in _read(remembered))
        process.kill()
        await process.wait()
    await home.available(VALVE, expected=False)
    counted.clear()
    async with simulator(broker, tmp_path):
        await home.value(VALVE, "closed")
        await until(lambda: counted == {"total": 1, "close": 1})


async def test_devices_announce_themselves_again_after_the_broker_was_lost(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    async with simulator(broker, tmp_path, "--devices", "gas_sensor,gas_valve"):
        await home.value(GAS, False)
        broker.stop()
        await home.available(GAS, expected=False)
        broker.start()
        await home.value(GAS, False)
        await home.value(VALVE, "open")


async def test_the_communitys_siren_and_bad_orders(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    words = ("--set", "community", "--language", "en")
    async with simulator(broker, tmp_path, *words):
        await home.value("siren.demo_community_siren_siren", False)
        assert home.registry.devices()[0].name == "Duty room siren (demo)"
        for payload in ("{", "7", '{"alarm": "yes"}', '{"lost": 1}'):
            await home.say("sim/community_siren/set", payload)
        await home.say("linli-demo/community_siren/set", "dance")
        await home.commands.call(PERSON, "siren.demo_community_siren_siren", "turn_on")


async def test_password_from_a_file_and_a_refused_one_is_told(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker")
    broker.start()
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    words = [
        *(sys.executable, "-m", "hub", "simulator", "--broker", f"127.0.0.1:{broker.port}"),
        *("--username", "devices", "--password-file", str(secret), "--devices", "plug"),
    ]
    try:
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), 20)
        assert b"refused" in line
        process.terminate()
        await process.wait()
        secret.write_text(broker.users["devices"] + "\n")
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        process.terminate()
        await process.wait()
    finally:
        broker.stop()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_announcement_is_understood_and_marked_as_a_demo(language: str) -> None:
    for model in [*SETS["home"], *SETS["community"]]:
        assert "演示" in model.names["zh_CN"]
        assert "demo" in model.names["en"]
        for topic, payload in model.discovery(language):
            place = parse_topic("homeassistant", topic)
            assert place is not None
            (spec,) = parse(place, json.dumps(payload).encode()).values()
            assert isinstance(spec, Spec)
            assert spec.kind == "sensor" or spec.wire() is not None


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
