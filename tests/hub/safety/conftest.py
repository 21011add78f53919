from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.bench.rawmqtt import RawClient
from hub.bench.rig import SENSOR_TOPIC, VALVE_COMMAND, VALVE_STATE, Rig, bindings
from hub.safety.client import SafetyClient

GAS, QUIET = b'{"gas":true,"battery":97}', b'{"gas":false,"battery":97}'


class Site:
    """The kernel as a process with one gas sensor and one gas valve on a real broker."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.records: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.seen: list[dict[str, Any]] = []
        self.client: SafetyClient | None = None
        self.sensors: list[RawClient] = []

    async def connect(self, *, confirm: bool = True) -> SafetyClient:
        """A home's connection to the kernel."""
        client = SafetyClient(self.rig.socket_path)

        def keep(record: dict[str, Any], seq: int) -> None:
            self.seen.append(record)
            self.records.put_nowait(record)
            if confirm:
                client.confirm(seq)

        client.on_report = keep
        self.client = client
        await client.start()
        await client.wait_connected(10)
        return client

    async def disconnect(self) -> None:
        if self.client is not None:
            await self.client.stop()
            self.client = None

    async def bound(self, clear_s: float = 30.0) -> None:
        """Bind, wait until the kernel hears the broker, and disconnect."""
        client = await self.connect()
        assert (await client.bind(*bindings(clear_s), 1))["problems"] == {}
        await self.status(lambda status: bool(status["broker_connected"]))
        await self.disconnect()

    async def status(
        self, wanted: Callable[[dict[str, Any]], bool], within: float = 10.0
    ) -> dict[str, Any]:
        """The first status that is as wanted."""
        client = self.client
        assert client is not None
        found: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def look(status: dict[str, Any]) -> None:
            if wanted(status) and not found.done():
                found.set_result(status)

        client.on_status = look
        if client.status is not None:
            look(client.status)
        return await asyncio.wait_for(found, within)

    async def record(
        self, wanted: Callable[[dict[str, Any]], bool], within: float = 10.0
    ) -> dict[str, Any]:
        """The first reported record that is as wanted."""
        async with asyncio.timeout(within):
            while not wanted(record := await self.records.get()):
                pass
        return record

    def valve(self) -> RawClient:
        device = self.rig.device("test-valve")
        device.subscribe(VALVE_COMMAND, 1)
        return device

    def sense(self, payload: bytes = GAS, *, retain: bool = False) -> None:
        # It stays connected: what a client says and does not wait for may go with its connection.
        self.sensors.append(self.rig.device(f"test-sensor-{len(self.sensors)}"))
        self.sensors[-1].publish(SENSOR_TOPIC, payload, retain=retain, qos=1)


def commanded(valve: RawClient, within: float = 5.0) -> bytes | None:
    """The next command that reaches the valve, None in vain."""
    message = valve.message(within)
    return None if message is None else message[1]


def closes(valve: RawClient) -> None:
    """The valve gets its command, obeys and says so."""
    assert commanded(valve) == b"CLOSE"
    valve.publish(VALVE_STATE, b"closed", retain=True, qos=1)


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.peers)])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "home", request.param)
    try:
        made.start_broker()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def site(rig: Rig) -> AsyncIterator[Site]:
    made = Site(rig)
    rig.start_kernel()
    try:
        yield made
    finally:
        for sensor in made.sensors:
            sensor.close()
        with contextlib.suppress(Exception):
            await made.disconnect()
