"""Brokers and waiting for the tests of this room."""

import asyncio
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hub.core.mqtt import MqttSettings
from hub.plugins import broker_users

ROOT = Path(__file__).parents[3]
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


async def until(condition: Callable[[], object], within: float = 15.0) -> None:
    """Return when the condition holds; fail after `within` seconds."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class EmbeddedBroker:
    """`linli broker` as a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.users = broker_users.load_or_create(folder)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "hub", "broker", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*words, "--data", str(self.folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def settings(self, user: str = "home") -> MqttSettings:
        return MqttSettings("127.0.0.1", self.port, username=user, password=self.users[user])


class Mosquitto:
    """Eclipse Mosquitto as a process, open to everyone on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None, "this test needs Mosquitto"
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 10
        while not listening(self.port):
            assert time.monotonic() < end, "Mosquitto did not start"

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(10)

    def settings(self, user: str = "home") -> MqttSettings:
        return MqttSettings("127.0.0.1", self.port, username=user)
