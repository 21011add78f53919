"""TLS, password, both versions of MQTT, and what goes wrong: one line, and nothing breaks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from hub.core.commands import CommandRefused
from hub.core.mqtt import MqttConnection, MqttDenied
from hub.core.mqtt_settings import PROBLEMS, MqttSettings, Version
from hub.testing import until
from tests.certificates import Authority
from tests.integrations.mqtt.home import PERSON, Home
from tests.integrations.mqtt.outside.conftest import PASSWORDS, Guarded

pytestmark = pytest.mark.peers
Connect = Callable[[MqttSettings], Awaitable[MqttConnection]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    made: list[MqttConnection] = []

    async def start(settings: MqttSettings) -> MqttConnection:
        made.append(MqttConnection(settings))
        await made[-1].start()
        return made[-1]

    yield start
    for one in made:
        await one.stop()


def plug(topic: str = "kitchen/set") -> str:
    return json.dumps(
        {
            "unique_id": "plug",
            "default_entity_id": "switch.plug",
            "state_topic": "kitchen/state",
            "command_topic": topic,
            "availability_topic": "kitchen/online",
        }
    )


async def test_a_device_behind_tls_and_rules(
    guarded: Guarded, version: Version, tmp_path: Path
) -> None:
    home = Home(
        tmp_path / "home", guarded.settings("linli", version), guarded.settings("kitchen", version)
    )
    await home.start()
    try:
        await home.say("homeassistant/switch/kitchen/config", plug(), retain=True)
        await home.say("kitchen/online", "online", retain=True)
        await home.say("kitchen/state", "OFF", retain=True)
        await home.value("switch.plug", False)

        def device(_topic: str, payload: bytes, _retained: bool) -> None:
            home.devices.publish_now("kitchen/state", payload, 1, True)

        await home_listens(home, device)
        await home.commands.call(PERSON, "switch.plug", "turn_on")
        await home.value("switch.plug", True)
        # What the rules deny to a device stays with the broker; the home hears nothing of it.
        try:
            await home.devices.publish("homeassistant/switch/other/config", plug(), 1, True)
        except MqttDenied:
            assert version == "5"
        await home.say("kitchen/state", "OFF", retain=True)
        await home.value("switch.plug", False)
        assert len(home.registry.entities()) == 1
        assert home.hub.problem == ""
        guarded.stop()
        await home.available("switch.plug", expected=False)
        await until(lambda: home.hub.problem == "unreachable")
        guarded.start()
        await home.hub.wait_connected(20)
        assert home.hub.problem == ""
    finally:
        await home.stop()


async def home_listens(home: Home, device: Callable[[str, bytes, bool], None]) -> None:
    ready = asyncio.Event()
    home.devices.subscribe("kitchen/set", device, 1)
    home.devices.subscribe("kitchen/ready", lambda *_: ready.set(), 1)
    await home.devices.publish("kitchen/ready", "now", 1, True)
    await asyncio.wait_for(ready.wait(), 10)


async def test_what_the_rules_deny(guarded: Guarded, version: Version, tmp_path: Path) -> None:
    settings = guarded.settings("linli", version)
    home = Home(tmp_path / "home", settings, guarded.settings("kitchen", version))
    await home.start()
    try:
        config = json.loads(plug("secret/set"))
        config["optimistic"] = True
        await home.say("homeassistant/switch/kitchen/config", json.dumps(config), retain=True)
        await home.say("kitchen/online", "online", retain=True)
        await home.available("switch.plug", expected=True)
        if version == "5":
            with pytest.raises(CommandRefused, match="rules"):
                await home.commands.call(PERSON, "switch.plug", "turn_on")
            assert home.hub.problem == "denied"
        else:  # MQTT 3.1.1 has no word for it; docs/operator says so
            await home.commands.call(PERSON, "switch.plug", "turn_on")
            assert home.hub.problem == ""
        assert home.hub.connected
    finally:
        await home.stop()


async def test_large_messages_through_tls(guarded: Guarded, connect: Connect) -> None:
    home = await connect(guarded.settings("linli"))
    device = await connect(guarded.settings("kitchen"))
    sizes: list[int] = []
    home.subscribe("kitchen/big", lambda _, payload, __: sizes.append(len(payload)), 1)
    small: list[bytes] = []
    home.subscribe("kitchen/small", lambda _, payload, __: small.append(payload), 1)
    await home.wait_connected()
    await device.wait_connected()
    await until(lambda: device.publish_now("kitchen/small", b"ready", 1) and small)
    await device.publish("kitchen/big", b"x" * 10_000_000, 1)
    for number in range(500):  # Mosquitto keeps a thousand for a slow reader
        await device.publish("kitchen/small", str(number).encode(), 0)
    await device.publish("kitchen/small", b"end", 1)
    await until(lambda: small[-1] == b"end" and sizes == [10_000_000], within=30)
    assert small[-501:-1] == [str(number).encode() for number in range(500)]


def wrong_password(guarded: Guarded, _folder: Path) -> MqttSettings:
    settings = guarded.settings("linli")
    settings.password = "wrong-word"
    return settings


def wrong_ca(guarded: Guarded, folder: Path) -> MqttSettings:
    settings = guarded.settings("linli")
    settings.tls_ca = str(Authority(folder, "another").file)
    return settings


def no_ca(guarded: Guarded, folder: Path) -> MqttSettings:
    settings = guarded.settings("linli")
    settings.tls_ca = str(folder / "nowhere.pem")
    return settings


def ca_of_rubbish(guarded: Guarded, folder: Path) -> MqttSettings:
    settings = guarded.settings("linli")
    (folder / "rubbish.pem").write_text("rubbish")
    settings.tls_ca = str(folder / "rubbish.pem")
    return settings


def no_tls(guarded: Guarded, _folder: Path) -> MqttSettings:
    settings = guarded.settings("linli")
    settings.tls_ca = None
    return settings


def nobody_there(guarded: Guarded, _folder: Path) -> MqttSettings:
    guarded.stop()
    return guarded.settings("linli")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (wrong_password, "password"),
        (wrong_ca, "certificate"),
        (no_ca, "ca"),
        (ca_of_rubbish, "ca"),
        (no_tls, "silent"),
        (nobody_there, "unreachable"),
    ],
)
async def test_what_goes_wrong_is_said_once(
    guarded: Guarded,
    connect: Connect,
    version: Version,
    *,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    setting: Callable[[Guarded, Path], MqttSettings],
    problem: str,
) -> None:
    settings = setting(guarded, tmp_path)
    settings.version = version
    tries: list[int] = []
    connection = await connect(settings)
    opening = connection._open

    async def counted() -> None:
        tries.append(1)
        await opening()

    monkeypatch.setattr(connection, "_open", counted)
    await until(lambda: connection.problem == problem and len(tries) >= 3, within=30)
    lines = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    where = f"{settings.host}:{settings.port}"
    assert lines == [f"the MQTT broker at {where}: {PROBLEMS[problem]}"]
    assert not any(word in lines[0] for word in (*PASSWORDS.values(), "wrong-word"))
    good = guarded.settings("linli")
    settings.password, settings.tls_ca = good.password, good.tls_ca
    if problem == "unreachable":
        guarded.start()
    await connection.wait_connected(20)
    assert connection.problem == ""


async def test_a_certificate_for_another_host(connect: Connect, guarded: Guarded) -> None:
    settings = guarded.settings("linli")
    settings.host = "localhost"  # the certificate says 127.0.0.1
    connection = await connect(settings)
    await until(lambda: connection.problem == "certificate")


async def test_tls_where_there_is_none(
    connect: Connect, guarded: Guarded, mosquitto: Guarded
) -> None:
    settings = guarded.settings("linli")
    settings.port = mosquitto.port
    connection = await connect(settings)
    await until(lambda: connection.problem in {"tls", "unreachable"}, within=15)
