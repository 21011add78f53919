"""Bulletins from the real gateway through the real relay to real homes, on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.app import Community
from community.core import log, roster, settings, zones
from community.core.store import Store
from community.gateway import codes
from community.transparency.routes import LogKey
from hub.core.settings import Listen
from privacy.bulletin import Bulletin, Head
from privacy.consent import Ledger
from privacy.egress import Egress, SafetyEvent
from privacy.gateway import GatewayKey
from privacy.pairing import PairingCode, enrol
from privacy.relay import Relay, pair
from privacy.relay_store import RelayStore
from privacy.transparency.tree import Tree
from privacy.uplink import Uplink
from privacy.vault import Household, MachineKey
from privacy.wire import BULLETIN_LENGTH, HazardClass, Severity
from tests.community.conftest import until
from tests.community.test_gateway import enrol_in

SLOT = 0.3


class Place:
    """A community with a log, its relay, and 25 enrolled homes."""

    def __init__(self, community: Community, log_key: LogKey) -> None:
        self.community = community
        self.log_key = log_key

    async def code(self, flat: str) -> str:
        public = self.community.gateway_public

        def work(session: Session) -> str:
            number = roster.find_flat(session, flat)
            return codes.home_codes(session, [number], public, at=time.time(), by="test")[0].text

        return await self.community.store.run(work)


@pytest.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[Place]:
    key = GatewayKey.load_or_create(tmp_path / "keys")
    log_key = LogKey.load_or_create(tmp_path / "keys")
    community = Community(
        store, Listen(), ("127.0.0.1", 0), key, slot_s=SLOT, relay="127.0.0.1:1", log_key=log_key
    )
    await store.run(lambda session: roster.import_flats(session, roster.demo_flats()))
    await community.start()
    sheet = await store.run(
        lambda session: codes.relay_code(session, key.public, at=time.time(), by="test")
    )
    relay_store = RelayStore(tmp_path / "relay")
    relay = Relay(relay_store, await pair(relay_store, PairingCode.parse(sheet.text)))
    port = await relay.start("127.0.0.1", 0)

    def settle(session: Session) -> None:
        settings.write(session, {settings.RELAY_ADDRESS: f"127.0.0.1:{port}"})
        for row in roster.flats(session)[:60]:
            enrol_in(session, roster.HOME, row.id)
        zones.freeze(session, at=time.time(), by="test")

    await store.run(settle)
    await community.gateway.refresh()
    yield Place(community, log_key)
    await relay.stop()
    await community.stop()


class Ear:
    """A home that only listens."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self, place: Place, flat: str) -> None:
        key = Ed25519PrivateKey.generate()
        pairing = await enrol(PairingCode.parse(await place.code(flat)), key, None)
        uplink = Uplink(
            key,
            pairing,
            on_receipt=self._ignored,
            on_parameters=self._ignored,
            on_bulletin=self._hear,
        )
        self._task = asyncio.create_task(uplink.run())

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _ignored(self, _what: object) -> None:
        pass

    async def _hear(self, payload: bytes) -> None:
        self.heard.append(payload)


def home_in(folder: Path) -> tuple[Egress, Household]:
    machine = MachineKey.load_or_create(folder / "keys")
    household, _ = Household.create(folder / "keys", "machine", machine=machine)
    signing = Ed25519PrivateKey.from_private_bytes(machine.derive("consent"))
    ledger = Ledger(folder / "egress.db", machine.box("consent"), signing)
    ledger.give("tell_zone", "gas", "r1")
    letterbox = household.letterbox
    egress = Egress(
        folder / "egress.db", machine=machine, letterbox=letterbox, ledger=ledger, offsets=(4, 8)
    )
    return egress, household


async def test_a_home_hears_that_its_event_is_committed_and_others_the_same_bytes(
    place: Place, tmp_path: Path
) -> None:
    ears = [Ear(), Ear()]
    for ear, flat in zip(ears, ("1-1-101", "2-1-101"), strict=True):
        await ear.start(place, flat)
    egress, household = home_in(tmp_path / "home")
    await egress.start()
    await egress.enrol(await place.code("3-1-502"))

    async def connected() -> bool:
        return bool(egress.status()["connected"] and egress.status()["zone"])

    await until(connected, "the home to connect")
    event = SafetyEvent("h1", HazardClass.GAS, Severity.CRITICAL)
    await egress.offer(event, "tell_zone")

    async def accepted() -> bool:
        return egress.status()["accepted"] == 3

    await until(accepted, "three messages to be told", 30)
    lines = await egress.sent(household.open_letter)
    assert all(line["accepted_at"] for line in lines)
    for ear in ears:
        await ear.stop()
    await egress.stop()
    shared = set(ears[0].heard) & set(ears[1].heard)
    assert len(shared) >= min(len(ear.heard) for ear in ears) - 2, "the same but at the ends"
    public = place.log_key.private.public_key()
    entries = await place.community.store.read(log.entries)
    for data in shared:
        assert len(data) == BULLETIN_LENGTH
        said = Bulletin.read(data, public)
        assert said.head == Head(len(entries), Tree(entries).root())
