"""The program: simulated devices on a broker, and topics that play scenes with them.

``sim/<device>/set`` takes ``{"alarm": true}``, ``{"lost": true}`` and the same with ``false``.
Every device with commands keeps a retained count of those it received under
``linli-demo/<device>/commands``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from integrations.mqtt.simulator.device import Device
from integrations.mqtt.simulator.link import Address, Link
from integrations.mqtt.simulator.models import LANGUAGES, SETS, Model

PASSWORD_VARIABLE = "LINLI_MQTT_PASSWORD"  # noqa: S105 -- the variable's name, not its content
CONTROL = "sim"


class Memory:
    """The devices' states in a file, so that a restarted valve is where it was."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._changed = asyncio.Event()
        self.devices: list[Device] = []

    def load(self) -> dict[str, Any]:
        """What was remembered, by device; nothing when there is no file or a damaged one."""
        if self._path is None:
            return {}
        try:
            found = orjson.loads(self._path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def changed(self) -> None:
        """Have the file written soon."""
        self._changed.set()

    async def run(self) -> None:
        """Write the file after each change until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._path is not None:
                content = {device.model.key: device.remember() for device in self.devices}
                await asyncio.to_thread(_replace, self._path, orjson.dumps(content))


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)


class Simulator:
    """All devices of a set, and the connection on which scenes are ordered."""

    def __init__(self, models: Sequence[Model], address: Address, options: Any) -> None:
        self._memory = Memory(options.data / "simulator.json" if options.data else None)
        remembered = self._memory.load()
        self.devices = {
            model.key: Device(
                model,
                address,
                language=options.language,
                answer_s=options.answer_ms / 1000,
                remembered=remembered.get(model.key, {}),
                on_change=self._memory.changed,
            )
            for model in models
        }
        self._memory.devices = list(self.devices.values())
        self._every_s = options.every
        self._control = Link(
            address,
            f"linli-demo-control-{options.set}",
            will=None,
            on_connected=lambda: self._control.subscribe(f"{CONTROL}/+/set"),
            on_message=self._order,
        )

    async def run(self) -> None:
        """Run until cancelled; says ``ready`` when every device has announced itself."""
        links = [self._control, *(device.link for device in self.devices.values())]
        async with asyncio.TaskGroup() as group:
            for link in links:
                group.create_task(link.run())
            group.create_task(self._memory.run())
            for link in links:
                await link.connected.wait()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while True:
                await asyncio.sleep(self._every_s)
                for device in self.devices.values():
                    device.heartbeat()

    def _order(self, topic: str, payload: bytes) -> None:
        device = self.devices.get(topic.split("/")[1])
        if device is None:
            return
        try:
            order = orjson.loads(payload)
        except orjson.JSONDecodeError:
            order = None
        if isinstance(order, dict):
            device.control(order)
        else:
            sys.stderr.write(f"linli simulator: {topic} needs a JSON object\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="linli simulator", description=__doc__)
    parser.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    parser.add_argument("--username")
    parser.add_argument(
        "--password-file",
        type=Path,
        help=f"file whose first line is the password; else the variable {PASSWORD_VARIABLE}",
    )
    parser.add_argument("--set", choices=sorted(SETS), default="home", help="which devices")
    parser.add_argument("--devices", help="only these of the set, separated by commas")
    parser.add_argument("--language", choices=LANGUAGES, default="zh_CN")
    parser.add_argument("--answer-ms", type=float, default=50.0, help="time to answer a command")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between heartbeats")
    parser.add_argument("--data", type=Path, help="folder in which states are remembered")
    return parser


def _address(options: argparse.Namespace) -> Address:
    host, _, port = options.broker.rpartition(":")
    password = os.environ.get(PASSWORD_VARIABLE)
    if options.password_file is not None:
        password = options.password_file.read_text("utf-8").partition("\n")[0].strip()
    return Address(host.strip("[]") or "127.0.0.1", int(port), options.username, password)


async def _main(simulator: Simulator) -> None:
    task = asyncio.ensure_future(simulator.run())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(argv: Sequence[str]) -> int:
    """Parse the words, run until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(argv)
    models = SETS[options.set]
    if options.devices:
        wanted = set(options.devices.split(","))
        unknown = wanted - {model.key for model in models}
        if unknown:
            parser.error(f"no such device: {', '.join(sorted(unknown))}")
        models = tuple(model for model in models if model.key in wanted)
    try:
        address = _address(options)
    except (OSError, ValueError) as problem:
        parser.error(str(problem))
    if options.data:
        options.data.mkdir(parents=True, exist_ok=True)

    async def start() -> None:
        await _main(Simulator(models, address, options))

    asyncio.run(start())
    return 0
