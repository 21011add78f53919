"""Real homes on lines that lose cells: their own sending code, their own tokens.

``python -m hub.bench.lossy FILE`` pairs one `Egress` a printed code, through a proxy that
throws away some of their cells on the way to the relay, and offers one smoke hazard after another
at random moments: a JSON line each, with the zone that it names and when it was offered.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.bench.conditions import BenchProblem
from privacy.addresses import client_tls, split_address
from privacy.consent import TELL_ZONE, Ledger
from privacy.egress import Egress, SafetyEvent
from privacy.vault import Household, MachineKey
from privacy.wire import FrameParser, FrameType, HazardClass, Severity, WireError, frame

_POLL_S = 0.05
_WITHIN_S = 120.0
_CHUNK = 64 * 1024


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds.

    Raises:
        BenchProblem: it didn't in time.
    """
    for _ in range(round(_WITHIN_S / _POLL_S)):
        if condition():
            return
        await asyncio.sleep(_POLL_S)
    raise BenchProblem("a home waited in vain")


class Proxy:
    """Plain towards the homes, TLS towards the relay; drops a share of the cells.

    Args:
        relay: host:port.
        certificate: PEM that the relay must show.
        loss: 0 to 1.
    """

    def __init__(self, relay: str, certificate: str, loss: float) -> None:
        self._relay = split_address(relay)
        self._tls = client_tls(self._relay[0], certificate)
        self._loss = loss
        self._server: asyncio.Server | None = None
        self.passed = 0
        self.dropped = 0

    async def start(self, port: int) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            above, below = await asyncio.open_connection(*self._relay, ssl=self._tls)
        except OSError:
            writer.close()
            return
        down = asyncio.create_task(self._down(above, writer))
        try:
            parser = FrameParser(FrameType.AUTH, FrameType.CELL)
            while data := await reader.read(_CHUNK):
                for kind, payload in parser.feed(data):
                    if kind is FrameType.CELL and random.random() < self._loss:  # noqa: S311 - a line's luck
                        self.dropped += 1
                        continue
                    self.passed += kind is FrameType.CELL
                    below.write(frame(kind, payload))
        except (OSError, WireError):
            pass
        finally:
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)
            below.close()
            writer.close()

    async def _down(self, above: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await above.read(_CHUNK):
            writer.write(data)
        writer.close()


class Home:
    """One home's events door, with a resident who said yes to smoke."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        machine = MachineKey.load_or_create(folder / "keys")
        household, _ = Household.create(folder / "keys", "machine", machine=machine)
        key = Ed25519PrivateKey.from_private_bytes(machine.derive("consent signature"))
        ledger = Ledger(folder / "egress.db", machine.box("consent"), key)
        ledger.give(TELL_ZONE, HazardClass.SMOKE.word, "bench")
        self._egress = Egress(
            folder / "egress.db", machine=machine, letterbox=household.letterbox, ledger=ledger
        )

    async def pair(self, code: str) -> None:
        """Enrol, and wait until cells go out, a zone is known and tokens are there."""
        await self._egress.start()
        await self._egress.enrol(code)
        await until(self._ready)

    def _ready(self) -> bool:
        status: dict[str, Any] = self._egress.status()
        tokens = status["tokens"]
        return bool(status["connected"] and status["zone"] and tokens and tokens["life"])

    async def raise_hazards(self, slot_s: float) -> None:
        """One after another, each once the copies of the one before have left."""
        number = 0
        while True:
            # Out of step with the slots, as hazards are.
            await asyncio.sleep(random.uniform(0, 2 * slot_s))  # noqa: S311 - no secret
            number += 1
            name, status = f"bench-{number}", self._egress.status()
            zone: Any = status["zone"]
            at = time.time()
            event = SafetyEvent(name, HazardClass.SMOKE, Severity.CRITICAL)
            await self._egress.offer(event, TELL_ZONE)
            sys.stdout.write(json.dumps({"zone": zone["id"], "at": at}) + "\n")
            sys.stdout.flush()
            await until(lambda: self._told(name))  # noqa: B023 - awaited at once

    def _told(self, name: str) -> bool:
        queue: Any = self._egress.status()["queue"]
        return not any(one["event_id"] == name and one["receipts"][0] < 3 for one in queue)


async def _run(told: dict[str, Any]) -> None:
    proxy = Proxy(told["relay"], told["certificate"], told["loss"])
    await proxy.start(told["proxy_port"])
    folder = Path(told["folder"])
    homes = [Home(folder / f"home{number}") for number in range(len(told["codes"]))]
    await asyncio.gather(
        *(home.pair(code) for home, code in zip(homes, told["codes"], strict=True))
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    tasks = [asyncio.create_task(home.raise_hazards(told["slot_s"])) for home in homes]
    await asyncio.to_thread(sys.stdin.readline)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, BenchProblem):
            raise ended
    sys.stdout.write(json.dumps({"passed": proxy.passed, "dropped": proxy.dropped}) + "\n")
    sys.stdout.flush()
    # What was offered last still has to leave.
    await asyncio.to_thread(sys.stdin.readline)


def main(argv: Sequence[str]) -> int:
    """Three lines on standard input: begin, offer no more, end."""
    asyncio.run(_run(json.loads(Path(argv[0]).read_bytes())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
