"""Zigbee2MQTT as a test object: a program of its own, on our broker, with the radio of radio.js.

It is GPL-3.0: started, never imported.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from hub.testing import until
from tests.peers import node_path, node_program

HERE = Path(__file__).parent
DEVICES: list[dict[str, Any]] = json.loads((HERE / "devices.json").read_text("utf-8"))
ALARM = {"zonestatus": 1, "extendedstatus": 0, "zoneID": 1, "delay": 0}
QUIET = {**ALARM, "zonestatus": 0}


def address(name: str) -> str:
    """The Zigbee address of a device, as radio.js numbers them."""
    index = next(i for i, device in enumerate(DEVICES) if device["name"] == name)
    return f"0x00158d00{0x1000001 + index:08x}"


class Zigbee2Mqtt:
    """One instance with its own data folder.

    Args:
        folder: its data.
        port: of the broker on loopback.
        user: its name and password there.

    Raises:
        Missing: Zigbee2MQTT or Node is not on this machine.
    """

    def __init__(self, folder: Path, port: int, user: tuple[str, str]) -> None:
        self._program = node_program("zigbee2mqtt")
        self._node = node_path()
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.lines: list[str] = []
        self.heard: list[dict[str, Any]] = []
        folder.mkdir(parents=True)
        # JSON is YAML, and that is what it wants.
        (folder / "configuration.yaml").write_text(json.dumps(self._settings(port, user)))

    @staticmethod
    def _settings(port: int, user: tuple[str, str]) -> dict[str, Any]:
        return {
            "version": 5,
            "mqtt": {
                "base_topic": "zigbee2mqtt",
                "server": f"mqtt://127.0.0.1:{port}",
                "user": user[0],
                "password": user[1],
            },
            "serial": {"port": "/dev/null", "adapter": "zstack"},
            "homeassistant": {"enabled": True, "experimental_event_entities": True},
            "frontend": {"enabled": False},
            "availability": {"enabled": True},
            # What a device is, it says itself: a state never comes from the command.
            "device_options": {"optimistic": False},
            "ota": {"disable_automatic_update_check": True},
            "advanced": {
                "log_output": ["console"],
                "log_level": "info",
                "network_key": list(range(16)),
                "pan_id": 6754,
                "ext_pan_id": list(range(1, 9)),
                "channel": 11,
            },
            "devices": {address(one["name"]): {"friendly_name": one["name"]} for one in DEVICES},
        }

    async def start(self, *, silent: tuple[str, ...] = ()) -> None:
        """Start it and return when it says so; ``silent`` devices are out of reach for long."""
        self.lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(self._node, "--require", str(HERE / "radio.js"), str(self._program / "index.js")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,
            env={
                **os.environ,
                "NO_COLOR": "1",
                "RADIO_MODULES": str(self._program.parent),
                "RADIO_SILENT": ",".join(silent),
                "ZIGBEE2MQTT_DATA": str(self._folder),
            },
            limit=1024 * 1024,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        await until(lambda: self._says("Zigbee2MQTT started!") or self._ended, within=60)
        assert not self._ended, "\n".join(self.lines[-20:])

    async def stop(self) -> None:
        """End it as a service manager does."""
        if self._process is None or self._reading is None:
            return
        if not self._ended:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading
        self._process = None

    async def kill(self) -> None:
        """End it at once, as a pulled plug would."""
        if self._process is not None and not self._ended:
            self._process.kill()
        await self.stop()

    def tell(self, device: str, **what: Any) -> None:
        """Let a device say something by itself; see radio.js."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"device": device, **what}).encode() + b"\n")

    async def hears(self, device: str, cluster: str, command: str, **values: Any) -> None:
        """Return when a device has been sent this command over the air, with these values."""

        def there() -> bool:
            return any(
                (one["device"], one["cluster"], one["command"]) == (device, cluster, command)
                and values.items() <= one["values"].items()
                for one in self.heard
            )

        await until(there, within=20)

    @property
    def _ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    def _says(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self.lines.append(line)
            if line.startswith("RADIO "):
                self.heard.append(json.loads(line.removeprefix("RADIO ")))
