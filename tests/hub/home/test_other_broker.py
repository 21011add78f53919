"""A home goes over to a broker of the household's own and back, its kernel with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.mqtt import MqttConnection, MqttSettings
from hub.home.broker import mqtt_settings
from hub.home.runtime import Home
from hub.plugins.config import ConfigProblem
from tests.conftest import absent
from tests.hub.adding.secure import PASSWORD, USER, certificate, other_broker
from tests.hub.core.brokers import EmbeddedBroker, until
from tests.hub.home.test_life import process
from tests.peers import Missing, Mosquitto

OWNER = "Demo owner"


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Mosquitto]:
    try:
        broker = other_broker(tmp_path / "theirs", certificate(tmp_path / "ca"))
    except Missing as missing:
        absent(str(missing))
    broker.start()
    yield broker
    broker.stop()


async def announce(settings: MqttSettings, name: str) -> None:
    writer = MqttConnection(settings)
    await writer.start()
    await writer.wait_connected()
    config = {"unique_id": name, "state_topic": name, "device": {"identifiers": [name]}}
    await writer.publish(f"homeassistant/sensor/{name}/config", json.dumps(config), 1, True)
    await writer.stop()


@pytest.mark.peers
async def test_over_to_another_broker_and_back(tmp_path: Path, theirs: Mosquitto) -> None:
    data = tmp_path / "home"
    ours = EmbeddedBroker(data)
    ours.start()

    def reach() -> MqttSettings:
        return mqtt_settings(data, "127.0.0.1", ours.port)

    home = Home(data, reach(), broker=reach)
    log = tmp_path / "theirs" / "mosquitto" / "mosquitto.log"
    try:
        await home.start()
        await home.setup(name=OWNER, password="a long demo password", unlock={"mode": "machine"})
        assert home.mqtt is not None
        await home.mqtt.wait_connected()
        assert (home.broker.ours, home.broker.address) == (True, f"127.0.0.1:{ours.port}")
        with process("safety", "--data", str(data), "--broker", f"127.0.0.1:{ours.port}"):
            form = {
                "host": "127.0.0.1",
                "port": theirs.port,
                "tls": "own",
                "ca": (tmp_path / "ca" / "cert.pem").read_text(),
                "username": USER,
                "password": "wrong",
                "version": "5",
            }
            with pytest.raises(ConfigProblem):
                await home.adding.use_broker(form)
            assert home.mqtt.connected
            assert home.mqtt.settings.port == ours.port

            await home.adding.use_broker({**form, "password": PASSWORD})
            await home.mqtt.wait_connected()
            assert (home.broker.ours, home.broker.address) == (False, f"127.0.0.1:{theirs.port}")
            assert home.adding.outside is not None
            await announce(home.adding.outside.settings("test"), "there")
            await until(lambda: home.registry.of_source("mqtt", "sensor", "there"))
            await until(lambda: "as linli-safety-" in log.read_text())

            await home.adding.use_own_broker()
            await home.mqtt.wait_connected()
            assert home.broker.ours
            await announce(ours.settings("devices"), "here")
            await until(lambda: home.registry.of_source("mqtt", "sensor", "here"))
    finally:
        await home.stop()
        ours.stop()


@pytest.mark.peers
async def test_a_chosen_broker_is_used_after_a_restart(tmp_path: Path, theirs: Mosquitto) -> None:
    data = tmp_path / "home"
    home = Home(data, None, broker=lambda: mqtt_settings(data, "127.0.0.1", 1))
    await home.start()
    await home.setup(name=OWNER, password="a long demo password", unlock={"mode": "machine"})
    await home.adding.use_broker(
        {
            "host": "127.0.0.1",
            "port": theirs.port,
            "tls": "own",
            "ca": (tmp_path / "ca" / "cert.pem").read_text(),
            "username": USER,
            "password": PASSWORD,
        }
    )
    await home.stop()
    again = Home(data, mqtt_settings(data, "127.0.0.1", 1))
    await again.start()
    try:
        assert again.mqtt is not None
        await again.mqtt.wait_connected()
        assert not again.broker.ours
    finally:
        await again.stop()
