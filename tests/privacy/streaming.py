"""A community and a home with the real ends of every stream, for the tests of the doors."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.consent import Ledger
from privacy.egress import Clock, Egress, SafetyEvent
from privacy.gateway import GatewayKey, OpenedEvent, TokenCheck, UpstreamServer, open_batch
from privacy.purposes import Purposes
from privacy.relay import Relay
from privacy.relay_store import RelayPairing, RelayStore
from privacy.tokens.ring import KeyRing
from privacy.vault import Household, MachineKey
from privacy.wire import CELL_LENGTH, HazardClass, Severity
from tests.privacy.helpers import (
    Portal,
    home_answer,
    parameters,
    portal,
    public,
    until,
)

SLOT = 0.15
GAS = SafetyEvent("hazard-1", HazardClass.GAS, Severity.CRITICAL)


class Community:
    """A gateway with storage in memory, and a relay, both in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = GatewayKey.load_or_create(folder / "keys")
        self.store = RelayStore(folder / "relay")
        self.roster: set[bytes] = set()
        self.slot_s = SLOT
        self.cells = 0
        self.arrived: list[OpenedEvent] = []
        self.invalid: Counter[str] = Counter()
        self.relay_port = 0
        self.tokens: KeyRing | None = None
        self.log_key: bytes | None = None
        self.upstream = UpstreamServer(
            self.key,
            allows=lambda key: key == public(self.store.key),
            on_batch=self.on_batch,
            roster=lambda: self.roster,
            parameters=self.parameters,
        )

    def parameters(self) -> bytes:
        return parameters(self.key.public, self.slot_s, tokens=self.tokens, log_key=self.log_key)

    async def on_batch(self, _relay: bytes, _number: int, cells: list[bytes]) -> None:
        assert all(len(cell) == CELL_LENGTH for cell in cells)
        self.cells += len(cells)
        check = None if self.tokens is None else TokenCheck(self.tokens, self.slot_s, time.time())
        opened = open_batch([self.key.private], cells, check)
        self.invalid += opened.invalid
        self.arrived += opened

    async def start(self) -> None:
        port = await self.upstream.start("127.0.0.1", 0)
        answer = {"gateway_key": home_answer(self.key.public, "")["gateway_key"]}
        answer |= {"upstream": f"127.0.0.1:{port}", "community": "demo"}
        self.pairing = RelayPairing(answer, "")
        await self.start_relay()

    async def start_relay(self) -> None:
        self.relay = Relay(self.store, self.pairing)
        self.relay_port = await self.relay.start("127.0.0.1", self.relay_port)
        await until(lambda: self.relay.health()["gateway"])

    async def stop(self) -> None:
        await self.relay.stop()
        await self.upstream.stop()

    def seen(self) -> list[tuple[str, int]]:
        """(status, seq) of the distinct messages, copies counted once, in order of arrival."""
        unique = {(event.nonce, event.body.seq): event for event in self.arrived}
        return [(event.body.status.name, event.body.seq) for event in unique.values()]

    def copies(self) -> Counter[int]:
        return Counter(event.body.seq for event in self.arrived)


class Home:
    """A home's egress with its keys and ledger."""

    def __init__(
        self,
        folder: Path,
        offsets: tuple[int, int] = (4, 8),
        clock: Clock | None = None,
        table: Purposes | None = None,
    ) -> None:
        self.folder = folder
        self.machine = MachineKey.load_or_create(folder / "keys")
        if Household.exists(folder / "keys"):
            self.household = Household.open(folder / "keys")
        else:
            self.household, _ = Household.create(folder / "keys", "machine", machine=self.machine)
        self.household.lock()
        key = Ed25519PrivateKey.from_private_bytes(self.machine.derive("consent"))
        path, box = folder / "consent.db", self.machine.box("consent")
        self.ledger = Ledger(path, box, key, table=table)
        self.egress = Egress(
            folder / "egress.db",
            machine=self.machine,
            letterbox=self.household.letterbox,
            ledger=self.ledger,
            offsets=offsets,
            clock=clock,
        )

    async def pair(self, community: Community) -> None:
        await self.egress.start()
        with portal(community.key.public) as place:
            await self.pair_at(place, community)

    async def pair_at(self, place: Portal, community: Community) -> None:
        relay = f"127.0.0.1:{community.relay_port}"
        place.answer = home_answer(community.key.public, relay, public(community.store.key), SLOT)
        place.answer["trust"] = place.trust and place.trust.to_json()
        await self.egress.enrol(place.code().text)
        community.roster.add(place.requests[-1].key)
        community.upstream.push()
        await until(lambda: self.egress.status()["connected"])

    async def sent(self) -> list[dict[str, Any]]:
        self.household.unlock(machine=self.machine)
        try:
            return await self.egress.sent(self.household.open_letter)
        finally:
            self.household.lock()

    async def stop(self) -> None:
        await self.egress.stop()
        self.ledger.close()
