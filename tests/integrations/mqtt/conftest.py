"""Homes on real brokers: the embedded one everywhere, Mosquitto where it is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.core.mqtt import MqttSettings
from tests.hub.core.brokers import EmbeddedBroker
from tests.integrations.mqtt.home import Home
from tests.peers import Mosquitto

Broker = EmbeddedBroker | Mosquitto


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.peers)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A running broker; ``stop`` and ``start`` lose it and bring it back."""
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto")
        return
    embedded = EmbeddedBroker(tmp_path / "broker")
    embedded.start()
    yield embedded
    if embedded.process is not None and embedded.process.poll() is None:
        embedded.stop()


def settings(broker: Broker, user: str) -> MqttSettings:
    """How a user of the home connects to it."""
    if isinstance(broker, EmbeddedBroker):
        return broker.settings(user)
    return MqttSettings(broker.host, broker.port, username=user)


@pytest.fixture
async def home(broker: Broker, tmp_path: Path) -> AsyncIterator[Home]:
    """A home with the MQTT integration, connected."""
    made = Home(tmp_path / "home", settings(broker, "home"), settings(broker, "devices"))
    await made.start()
    yield made
    await made.stop()
