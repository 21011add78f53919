"""Relay and home as real processes, killed with -9 at any moment."""

import asyncio
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import privacy
from privacy.pairing import RELAY
from tests.privacy.helpers import portal, until
from tests.privacy.streaming import GAS, Community, Home
from tests.privacy.test_egress import community
from tests.privacy.test_relay import Gateway, HomeEnd, gateway, relay_pairing

__all__ = ["community", "gateway"]

ROOT = Path(privacy.__file__).parents[1]


class Process:
    """``linli relay`` as people start it."""

    def __init__(self, folder: Path, *more: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "privacy.relay", "--data", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--listen", f"127.0.0.1:{port}", *more],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = port

    async def ready(self) -> None:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        self.port = int(line.rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


async def start_process(gateway: Gateway, folder: Path, upstream: int) -> Process:
    """A paired relay process."""
    with portal(gateway.key.public) as place:
        place.answer = relay_pairing(gateway, upstream).to_json()
        relay = Process(folder, "--pair", place.code(RELAY).qr_text)
        await relay.ready()
        gateway.relays.add(place.requests[0].key)
    return relay


async def passed(seconds: float) -> None:
    """Let that much of the other process's life go by."""
    moment = time.monotonic() + seconds
    await until(lambda: time.monotonic() > moment)


async def test_what_had_a_receipt_survives_kill_9(gateway: Gateway, tmp_path: Path) -> None:
    """The platform is down; the relay is killed; homes connect again without the platform."""
    upstream = await gateway.server.start("127.0.0.1", 0)
    relay = await start_process(gateway, tmp_path / "data", upstream)
    try:
        home = HomeEnd(gateway, relay.port, gateway.homes[0])
        await home.connected()
        await gateway.server.stop()
        gateway.batches.clear()
        for number in range(1, 6):
            home.send(number)
            await home.receipt(number)
        relay.kill()
        relay = Process(tmp_path / "data", port=relay.port)
        await relay.ready()
        await until(lambda: not home.uplink.connected)
        await home.connected()
        home.send(6)
        await until(lambda: 6 in home.receipts)
        relay.kill()
        relay = Process(tmp_path / "data", port=relay.port)
        await relay.ready()
        await gateway.server.start("127.0.0.1", upstream)
        await until(lambda: len(gateway.seqs()) >= 6, 15)
        assert gateway.seqs() == [1, 2, 3, 4, 5, 6], "all, once, in order"
        await home.close()
    finally:
        relay.kill()


async def test_process_is_small_and_ends_politely(gateway: Gateway, tmp_path: Path) -> None:
    upstream = await gateway.server.start("127.0.0.1", 0)
    relay = await start_process(gateway, tmp_path / "data", upstream)
    try:
        await until(lambda: len(gateway.batches) > 3)
        proc = Path(f"/proc/{relay.process.pid}/status")
        status = await asyncio.to_thread(proc.read_text)
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident is not None
        assert int(resident[1]) <= 40 * 1024
        start = time.monotonic()
        relay.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(relay.process.wait, 5) == 0
        assert time.monotonic() - start < 5
    finally:
        relay.kill()


HOME = """
import asyncio, sys
from pathlib import Path
from tests.privacy.streaming import GAS, Home

async def main():
    home = Home(Path(sys.argv[1]))
    await home.egress.start()
    await home.egress.offer(GAS, "tell_zone")
    print("offered", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def home_process(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", HOME, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", range(3))
async def test_a_home_killed_at_random_moments_tells_once(
    community: Community, tmp_path: Path, seed: int
) -> None:
    """Kills fall before, between and after the three messages; the event stays one event."""
    dice = random.Random(seed)
    home = Home(tmp_path / "home")
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await home.stop()
    for _ in range(5):
        process = home_process(tmp_path / "home")
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "offered\n"
        await passed(dice.uniform(0, 1.0))
        process.kill()
        process.communicate()
    home = Home(tmp_path / "home")
    await home.egress.start()
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: not home.egress.status()["queue"], 20)
    await until(lambda: community.copies()[2] >= 3)
    assert len({event.nonce for event in community.arrived}) == 1
    assert len({event.content for event in community.arrived}) == 3
    assert community.seen() == [("RAISED", 0), ("UPDATED", 1), ("UPDATED", 2)]
    assert home.ledger.verify() is None
    await home.stop()
