"""Real processes to measure: a broker, the hazard kernel, and a device at each end.

The tests of the kernel use the same rig.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.plugins import broker_users

from .rawmqtt import RawClient

_SBIN = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
READY_WITHIN_S = 20.0

SENSOR_TOPIC = "bench/gas"
VALVE_STATE = "bench/valve"
VALVE_COMMAND = "bench/valve/set"
SENSOR = "binary_sensor.bench_gas"
VALVE = "valve.bench_gas"
OWNER = "Bench"


class RigProblem(RuntimeError):
    """A process of the rig did not come up."""


def mosquitto_path() -> str | None:
    """Where Mosquitto is, None when it isn't installed."""
    return shutil.which("mosquitto", path=_SBIN)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bindings(clear_s: float = 30.0) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One gas sensor as Zigbee2MQTT shows it, one gas valve: sensors and actuators to bind."""
    plain = {"availability": [], "availability_mode": "latest", "qos": 0, "retain": False}
    sensor = {
        **plain,
        "state_topic": SENSOR_TOPIC,
        "state_template": '{{ value_json["gas"] }}',
        "states": {"True": "on", "False": "off"},
        "command_topic": None,
        "commands": {},
    }
    valve = {
        **plain,
        "state_topic": VALVE_STATE,
        "state_template": None,
        "states": {"open": "open", "closed": "closed", "closing": "closing"},
        "command_topic": VALVE_COMMAND,
        "commands": {"close": "CLOSE", "open": "OPEN"},
    }
    return (
        [
            {
                "entity_id": SENSOR,
                "hazard": "gas",
                "wire": sensor,
                "limit_s": 7200,
                "clear_s": clear_s,
            }
        ],
        [{"entity_id": VALVE, "role": "gas_valve", "command": "close", "wire": valve}],
    )


def announcements() -> list[tuple[str, dict[str, Any]]]:
    """Sensor and valve as they announce themselves to a home: topics and configs."""
    device = {"identifiers": ["linli_bench"], "name": "Bench"}
    sensor = {
        "name": "Gas",
        "default_entity_id": SENSOR,
        "device_class": "gas",
        "state_topic": SENSOR_TOPIC,
        "value_template": '{{ value_json["gas"] }}',
        "payload_on": True,
        "payload_off": False,
    }
    valve = {
        "name": "Gas valve",
        "default_entity_id": VALVE,
        "device_class": "gas",
        "state_topic": VALVE_STATE,
        "command_topic": VALVE_COMMAND,
    }
    return [
        (
            f"homeassistant/{entity_id.replace('.', '/')}/config",
            {**config, "device": device, "unique_id": entity_id},
        )
        for entity_id, config in ((SENSOR, sensor), (VALVE, valve))
    ]


class Rig:
    """A data folder, a broker on a free port and the kernel, each a process.

    Args:
        folder: the data folder, made if missing.
        broker: ``embedded`` or ``mosquitto``.
    """

    def __init__(self, folder: Path, broker: str = "embedded") -> None:
        self.folder = folder
        self.broker = broker
        self.port = free_port()
        self.password = secrets.token_urlsafe(12)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.users: Mapping[str, str] = broker_users.load_or_create(folder)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def socket_path(self) -> Path:
        """The kernel's socket."""
        return self.folder / "run" / "safety.sock"

    def start_broker(self) -> None:
        """Start the broker on this rig's port, again after :meth:`kill`; raises RigProblem."""
        if self.broker == "embedded":
            listen = f"127.0.0.1:{self.port}"
            words = ["-m", "hub", "broker", "--listen", listen, "--data", str(self.folder)]
            self._launch("broker", [sys.executable, *words])
            return
        program = mosquitto_path()
        if program is None:
            raise RigProblem("Mosquitto is not installed")
        settings = self.folder / "mosquitto.conf"
        root = "user root\n" if os.geteuid() == 0 else ""
        settings.write_text(
            f"listener {self.port} 127.0.0.1\n{root}set_tcp_nodelay true\nallow_anonymous true\n"
        )
        self._processes["broker"] = subprocess.Popen(  # noqa: S603 - a program found on PATH
            [program, "-c", str(settings)], stderr=subprocess.DEVNULL
        )
        self._await_port()

    def start_kernel(self, *options: str, **more: Any) -> None:
        """Start the kernel and wait for its socket; raises RigProblem."""
        words = ["-m", "hub", "safety", "--data", str(self.folder)]
        words += ["--broker", f"127.0.0.1:{self.port}", *options]
        self._launch("kernel", [sys.executable, *words], **more)

    def set_up_home(self, code: str = "") -> None:
        """A household that unlocks by itself, its gas valve bound; before :meth:`start_held_home`.

        Args:
            code: pairs it with a community, and gas may be told there.

        Raises:
            RigProblem: it could not be set up.
        """
        words = [sys.executable, "-m", "hub", "home", "init", "--data", str(self.folder)]
        words += ["--owner", OWNER, "--unlock", "machine", "--bind", f"gas_valve={VALVE}"]
        if code:
            words += ["--pair", "--choose", "gas=zone"]
        lines = f"{self.password}\n{code}\n".encode()
        done = subprocess.run(words, input=lines, capture_output=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise RigProblem(done.stderr.decode())

    def start_held_home(self, clear_s: float = 30.0) -> None:
        """The real home process with its loop held (:mod:`hub.bench.held`).

        Its devices announce themselves over the broker, and it binds them at the kernel.
        """
        device = self.device("announcer")
        for topic, config in announcements():
            device.publish(topic, json.dumps(config).encode(), retain=True, qos=1)
        words = ["-m", "hub.bench.held", "--data", str(self.folder)]
        words += ["--broker", f"127.0.0.1:{self.port}", "--clear-seconds", str(clear_s)]
        words += ["--listen", f"127.0.0.1:{free_port()}"]
        self._launch("home", [sys.executable, *words])
        device.close()

    def start_module(self, name: str, words: list[str], **more: Any) -> subprocess.Popen[bytes]:
        """Start one of our modules beside, without waiting for it."""
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LINLI_BENCH_USER": f"home:{self.users['home']}"},
            **more,
        )
        self._processes[name] = process
        return process

    def device(self, name: str) -> RawClient:
        """A device's connection to the broker."""
        return RawClient("127.0.0.1", self.port, name, ("devices", self.users["devices"]))

    def process(self, name: str) -> subprocess.Popen[bytes]:
        """``broker``, ``kernel`` or a module by name."""
        return self._processes[name]

    def kill(self, name: str) -> None:
        """``kill -9`` one process of the rig and wait until it is gone."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def stop_kernel(self) -> None:
        """End the kernel in order, as a restart of the machine does."""
        self._processes["kernel"].terminate()
        self._processes["kernel"].wait(timeout=10)
        self.kill("kernel")

    def stop(self) -> None:
        """End everything."""
        for name in reversed(list(self._processes)):
            process = self._processes[name]
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            self.kill(name)

    def _launch(self, name: str, words: list[str], **more: Any) -> None:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, **more)  # noqa: S603 - our own command
        self._processes[name] = process
        stream = process.stdout
        if stream is None or not select.select([stream], [], [], READY_WITHIN_S)[0]:
            raise RigProblem(f"{name} was not ready in {READY_WITHIN_S} s")
        if not stream.readline().startswith(b"ready"):
            raise RigProblem(f"{name} ended with {process.wait()}")

    def _await_port(self) -> None:
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RigProblem("the broker does not listen")


async def heard(queue: asyncio.Queue[dict[str, Any]], within: float = 10.0) -> dict[str, Any]:
    """The next record out of a queue that a client's ``on_report`` fills.

    Raises:
        TimeoutError: none came.
    """
    return await asyncio.wait_for(queue.get(), within)
