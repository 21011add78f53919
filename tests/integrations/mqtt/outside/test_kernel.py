"""The hazard kernel on a guarded broker, by its own connection: it acts, or says why it can't."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub.bench.rig import SENSOR_TOPIC, VALVE_COMMAND, VALVE_STATE, bindings
from hub.core.mqtt import MqttConnection
from hub.core.mqtt_settings import PROBLEMS, Version
from hub.safety.client import SafetyClient
from hub.testing import until
from tests.integrations.mqtt.outside.conftest import PASSWORDS, Guarded

pytestmark = pytest.mark.peers
ROOT = Path(__file__).parents[4]


class Kernel:
    """``linli safety`` as a process, with what the environment says of the broker."""

    def __init__(self, folder: Path, broker: Guarded) -> None:
        folder.mkdir(mode=0o700)
        self.client = SafetyClient(folder / "run" / "safety.sock")
        self._words = ["--data", str(folder), "--broker", f"{broker.host}:{broker.port}"]
        self._environment = {
            **os.environ,
            "LINLI_BROKER_USER": "linli",
            "LINLI_BROKER_PASSWORD": PASSWORDS["linli"],
            "LINLI_BROKER_CA": str(broker.authority.file),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, **more: str) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "safety", *self._words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment, **more},
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        assert await asyncio.wait_for(self._process.stdout.readline(), 20) == b"ready\n"
        await self.client.start()
        await self.client.wait_connected(10)

    async def stop(self) -> str:
        """End it; returns what it wrote on standard error."""
        await self.client.stop()
        process, self._process = self._process, None
        if process is None:
            return ""
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), 20)
        return said.decode()

    async def status(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        await until(lambda: self.client.status is not None and wanted(self.client.status))


@pytest.fixture
async def kernel(guarded: Guarded, tmp_path: Path) -> AsyncIterator[Kernel]:
    made = Kernel(tmp_path / "data", guarded)
    yield made
    await made.stop()


async def test_it_closes_the_valve(kernel: Kernel, guarded: Guarded, version: Version) -> None:
    await kernel.start(LINLI_BROKER_MQTT=version)
    await kernel.status(lambda status: bool(status["broker_connected"]))
    assert (await kernel.client.bind(*bindings(30.0), 1))["problems"] == {}
    devices = MqttConnection(guarded.settings("linli", version))
    commands: list[bytes] = []
    devices.subscribe(VALVE_COMMAND, lambda _topic, payload, _old: commands.append(payload), 1)
    await devices.start()
    await devices.wait_connected()
    await devices.publish(VALVE_STATE, "open", 1, True)
    await devices.publish(SENSOR_TOPIC, '{"gas":true}', 1)
    await until(lambda: commands)
    assert commands[0] == b"CLOSE"
    await devices.publish(VALVE_STATE, "closed", 1, True)
    await devices.stop()
    assert await kernel.stop() == ""


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"LINLI_BROKER_PASSWORD": "wrong-word"}, "password"),
        ({"LINLI_BROKER_CA": "/nowhere.pem"}, "ca"),
        ({"LINLI_BROKER_CA": ""}, "silent"),
    ],
)
async def test_it_says_what_is_wrong(kernel: Kernel, wrong: dict[str, str], problem: str) -> None:
    await kernel.start(**wrong)
    await kernel.status(lambda status: status["broker_problem"] == problem)
    assert kernel.client.status is not None
    assert not kernel.client.status["broker_connected"]
    said = await kernel.stop()
    assert said.count(PROBLEMS[problem]) == 1
    assert "wrong-word" not in said
    assert "Traceback" not in said


async def test_a_version_that_there_is_not(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "safety", "--data", str(tmp_path)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LINLI_BROKER_MQTT": "4"},
        cwd=ROOT,
    )
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert said == b"linli safety: LINLI_BROKER_MQTT is 3.1.1 or 5\n"
