"""The neighbours of the demo: homes that only send their cell in every slot.

They enrol like any home and keep to the same slots, so the one home that is looked at is hidden
among them as it would be in life. They have no devices, so all their cells are dummies.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.core.settings import private_folder
from privacy import cell
from privacy.files import write_atomic
from privacy.handshake import key_hash
from privacy.pairing import Pairing, PairingCode, enrol
from privacy.parameters import Parameters
from privacy.uplink import Uplink
from privacy.wire import slot_at, slot_start

FILE = "neighbours.json"
AT_ONCE = 4


def flats() -> list[str]:
    """The demo community's flats, such as ``3-1-502``."""
    return [
        f"{building}-{riser}-{floor}0{side}"
        for building in range(1, 7)
        for riser in (1, 2)
        for floor in range(1, 7)
        for side in (1, 2)
    ]


async def enrol_all(folder: Path, codes: Sequence[str]) -> None:
    """Pair one home a code, and keep their keys in ``folder``.

    Raises:
        PrivacyError: the community refused one.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(text: str) -> dict[str, Any]:
        code, key = PairingCode.parse(text), Ed25519PrivateKey.generate()
        async with gate:
            pairing = await enrol(code, key, None)
        return {
            "key": base64.b64encode(key.private_bytes_raw()).decode(),
            "hash": code.key_hash.hex(),
            "pairing": pairing.to_json(),
        }

    rows = await asyncio.gather(*(one(text) for text in codes))
    await asyncio.to_thread(private_folder, folder)
    await asyncio.to_thread(write_atomic, folder / FILE, json.dumps(rows).encode())


class Neighbour:
    """One home that sends dummies."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._pairing = Pairing(row["pairing"], bytes.fromhex(row["hash"]))
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(row["key"]))
        self._uplink = Uplink(
            key, self._pairing, on_receipt=self._received, on_parameters=self._parameters
        )
        self._phase = random.random()  # noqa: S311 - spreads the demo's load, hides nothing

    async def run(self) -> None:
        """Send a cell in every slot until cancelled."""
        connecting = asyncio.create_task(self._uplink.run())
        counter = 0
        try:
            while True:
                slot_s = self._pairing.slot_s
                slot = slot_at(time.time(), slot_s) + 1
                moment = slot_start(slot, slot_s) + self._phase * slot_s / 2
                await asyncio.sleep(max(0.0, moment - time.time()))
                counter += 1
                plain = cell.build(os.urandom(32), None)
                self._uplink.send(
                    counter, cell.seal(self._pairing.seal_key(slot_start(slot, slot_s)), plain)
                )
        finally:
            connecting.cancel()

    async def _received(self, _counter: int) -> None:
        """A dummy's receipt matters to nobody."""

    async def _parameters(self, payload: bytes) -> None:
        pinned = key_hash(self._pairing.gateway_key)
        read = Parameters.read(payload, pinned)
        # What the witnesses say isn't looked at: a neighbour has nothing to tell.
        self._pairing.slot_s, self._pairing.cells = read.slot_s, read.cells


async def _run(folder: Path) -> None:
    rows = json.loads(await asyncio.to_thread((folder / FILE).read_bytes))
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    tasks = [asyncio.create_task(Neighbour(row).run()) for row in rows]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ending.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main(argv: Sequence[str]) -> int:
    """``linli neighbours``: send until told to stop."""
    parser = argparse.ArgumentParser(prog="linli neighbours", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    asyncio.run(_run(parser.parse_args(argv).data))
    return 0
