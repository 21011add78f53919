"""The gateway with real cells, the real relay and real enrolment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.core import audit, roster, zones
from community.core.store import StoreError
from community.gateway import codes, intake
from community.incidents import rules, views
from privacy import cell
from privacy.pairing import Pairing, PairingCode, PairingError, PairingUnreachable, enrol
from privacy.relay import Relay, pair
from privacy.relay_store import RelayStore
from privacy.wire import Body, Flags, HazardClass, Severity, Status, slot_at
from tests.community.conftest import Running, until


def body(running: Running, seq: int = 0, status: Status = Status.RAISED, zone: int = 0) -> Body:
    return Body(
        flags=Flags.NONE,
        status=status,
        zone=zone,
        hazard=HazardClass.GAS,
        severity=Severity.CRITICAL,
        seq=seq,
        slot=slot_at(running.clock(), 0.2),
    )


def sealed(running: Running, said: Body | None, seed: bytes | None = None) -> bytes:
    key = running.community.gateway_public
    return cell.seal(key, cell.build(seed or os.urandom(32), said))


def enrol_in(session: Session, kind: roster.Kind, flat_id: int | None) -> None:
    hashed = os.urandom(32)
    roster.keep_code(session, kind, flat_id, hashed, at=1.0, by="test")
    roster.use_code(session, kind, hashed, os.urandom(32), at=2.0)


def pair_relay(session: Session) -> None:
    enrol_in(session, roster.RELAY, None)


async def code_for(running: Running, flat: str) -> PairingCode:
    """A printed code of a flat, in a community that has a relay."""

    def work(session: Session) -> str:
        if roster.relay_key(session) is None:
            pair_relay(session)
        number = roster.find_flat(session, flat)
        public = running.community.gateway_public
        return codes.home_codes(session, [number], public, at=running.clock(), by="test")[0].text

    return PairingCode.parse(await running.store.run(work))


async def enrolled(running: Running, flat: str) -> Pairing:
    return await enrol(await code_for(running, flat), Ed25519PrivateKey.generate(), None)


async def cards(running: Running) -> list[views.Card]:
    return await running.store.read(views.recent_cards)


async def counts(running: Running) -> dict[str, int]:
    return await running.community.gateway.counts()


@pytest.fixture
async def relay(running: Running, tmp_path: Path) -> AsyncIterator[Relay]:
    """The real relay, paired by its printed code and connected."""
    sheet = await running.store.run(
        lambda s: codes.relay_code(
            s, running.community.gateway_public, at=running.clock(), by="test"
        )
    )
    store = RelayStore(tmp_path / "relay")
    made = Relay(store, await pair(store, PairingCode.parse(sheet.text)))
    await made.start("127.0.0.1", 0)

    async def connected() -> bool:
        return running.community.gateway.connected

    await until(connected, "the relay to connect")
    yield made
    await made.stop()


async def test_a_home_enrols_once_with_its_printed_code(running: Running) -> None:
    code, key = await code_for(running, "3-1-502"), Ed25519PrivateKey.generate()
    pairing = await enrol(code, key, None)
    assert pairing.flat == ("3", "1", "502")
    assert pairing.gateway_key == running.community.gateway_public
    assert (await enrol(code, key, None)).flat == pairing.flat, "a lost answer is asked again"
    with pytest.raises(PairingError, match="does not accept"):
        await enrol(code, Ed25519PrivateKey.generate(), None)
    assert running.community.gateway.homes == 1


async def test_of_many_keys_at_once_one_enrols(running: Running) -> None:
    code = await code_for(running, "3-1-502")
    answers = await asyncio.gather(
        *(enrol(code, Ed25519PrivateKey.generate(), None) for _ in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Pairing) for answer in answers) == 1
    assert sum(isinstance(answer, PairingError) for answer in answers) == 7


async def test_a_new_code_ends_the_one_before_and_move_out_revokes(running: Running) -> None:
    old = await code_for(running, "3-1-502")
    await code_for(running, "3-1-502")
    with pytest.raises(PairingError):
        await enrol(old, Ed25519PrivateKey.generate(), None)
    await enrolled(running, "3-1-502")
    await enrolled(running, "3-1-502")
    assert running.community.gateway.homes == 1, "a flat has one hub"

    def move_out(session: Session) -> bool:
        flat = roster.find_flat(session, "3-1-502")
        return roster.revoke_home(session, flat, at=running.clock())

    assert await running.store.run(move_out)
    await running.community.gateway.refresh()
    assert running.community.gateway.homes == 0


async def test_an_old_code_is_refused(running: Running) -> None:
    code = await code_for(running, "3-1-502")
    running.clock.forward(roster.CODE_LIFETIME + 1)
    with pytest.raises(PairingError):
        await enrol(code, Ed25519PrivateKey.generate(), None)


async def test_an_event_through_the_real_relay_is_one_incident(
    running: Running, relay: Relay
) -> None:
    seed = os.urandom(32)
    for said in (body(running), body(running, 1, Status.UPDATED), body(running, 2, Status.CLEARED)):
        # A life-safety event goes in three slots; each copy is sealed anew.
        copies = [sealed(running, said, seed) for _ in range(3)]
        assert relay._spool.add(copies) is not None
        relay._upstream.wake()

    async def told() -> bool:
        found = await cards(running)
        return bool(found) and found[0].word == "cleared"

    await until(told, "the all-clear")
    (card,) = await cards(running)
    assert (card.hazard, card.level, card.status) == ("gas", 1, "raised")
    assert card.place_en == "The whole community"

    async def receipted() -> bool:
        return len(relay._spool) == 0

    await until(receipted, "the gateway's receipts")
    counted = await counts(running)
    assert (counted[intake.EVENTS], counted[intake.REPLAYED]) == (3, 6)


async def test_zones_reach_the_desk_and_name_no_flat(running: Running) -> None:
    def enrol_all(session: Session) -> None:
        for row in roster.flats(session):
            enrol_in(session, roster.HOME, row.id)
        table, changed = zones.freeze(session, at=running.clock(), by="test")
        assert changed
        assert len(table.zones) == 6
        assert not zones.freeze(session, at=running.clock(), by="test")[1]

    await running.store.run(enrol_all)
    frozen = await running.store.read(zones.current)
    assert frozen is not None
    zone = frozen.partition.zone_of(("3", "1", "502"))
    assert zone is not None
    said = sealed(running, body(running, zone=zone.id))
    await running.community.gateway.on_batch(b"", 1, [said])
    (card,) = await cards(running)
    assert (card.building, card.homes, card.place_zh) == ("3", 24, zone.name("zh_CN"))
    assert "502" not in str(card)


async def test_before_its_relay_no_home_enrols(running: Running) -> None:
    # A home pins the relay's key at pairing. Without one it would talk to anybody's.
    def work(session: Session) -> str:
        number = roster.find_flat(session, "3-1-502")
        public = running.community.gateway_public
        return codes.home_codes(session, [number], public, at=running.clock(), by="test")[0].text

    code = PairingCode.parse(await running.store.run(work))
    with pytest.raises(PairingUnreachable, match="503"):
        await enrol(code, Ed25519PrivateKey.generate(), None)
    await running.store.run(pair_relay)
    assert (await enrol(code, Ed25519PrivateKey.generate(), None)).relay_key is not None


async def zone_names(running: Running) -> list[tuple[str, int]]:
    frozen = await running.store.read(zones.current)
    assert frozen is not None
    return [(zone.name("en"), zone.homes) for zone in frozen.partition.zones]


async def test_zones_keep_their_floor_when_homes_move_out_and_in(running: Running) -> None:
    def fill(session: Session) -> list[int]:
        rows = [row for row in roster.flats(session) if row.path[0] in {"1", "2", "3"}]
        for row in rows[:-4]:  # building 3 has exactly 20
            enrol_in(session, roster.HOME, row.id)
        zones.freeze(session, at=running.clock(), by="test")
        return [row.id for row in rows]

    ids = await running.store.run(fill)
    before = await zone_names(running)
    assert [homes for _, homes in before] == [24, 24, 20]
    headers = await running.headers("manager")
    async with ClientSession(running.address, headers=headers) as client:
        for flat in (ids[0], ids[-5]):
            async with client.post("/roster/revoke", data={"flat": flat}) as answer:
                assert answer.status == 200
            now = await zone_names(running)
            if flat == ids[0]:
                assert now == before, "23 homes are enough"
    assert [homes for _, homes in now] == [66], "nobody names a zone of 19 homes"
    acts = [(line.actor, line.act) for line in await running.store.read(audit.lines)]
    assert acts.count(("roster", "zones coarsened")) == 1
    assert ("Demo manager", "roster look") in acts, "who looks at the flats is written down"


async def test_a_home_in_a_part_that_was_empty_gets_a_zone(running: Running) -> None:
    def fill(session: Session) -> None:
        for row in roster.flats(session):
            if row.path[0] in {"1", "2"}:
                enrol_in(session, roster.HOME, row.id)
        zones.freeze(session, at=running.clock(), by="test")

    await running.store.run(fill)
    pairing = await enrolled(running, "3-1-502")
    assert pairing.zones.zone_of(pairing.flat) is not None


async def test_everything_else_is_counted(running: Running) -> None:
    gateway, seed = running.community.gateway, os.urandom(32)
    dummy, good = sealed(running, None), sealed(running, body(running), seed)
    broken = dummy[:-1] + bytes([dummy[-1] ^ 1])
    await gateway.on_batch(b"", 1, [dummy, dummy])
    await gateway.on_batch(b"", 2, [dummy, broken, good])
    other = body(running, status=Status.CANCELLED)
    await gateway.on_batch(b"", 3, [sealed(running, other, seed)])
    running.clock.forward(600)
    old = Body(**{name: getattr(other, name) for name in Body.__slots__})
    await gateway.on_batch(b"", 4, [sealed(running, old)])
    counted = await counts(running)
    assert counted == {
        intake.BATCHES: 4,
        intake.DUMMY_BATCHES: 1,
        intake.INVALID: 1,
        intake.EVENTS: 2,
        intake.CONFLICTING: 1,
        intake.REPLAYED: 0,
        intake.LATE: 1,
    }
    assert [card.status for card in await cards(running)].count(rules.Status.RAISED) == 1


async def test_what_could_not_be_stored_gets_no_receipt(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    said = sealed(running, body(running))
    with monkeypatch.context() as patched:
        patched.setattr(running.store, "run", full)
        with pytest.raises(StoreError):
            await running.community.gateway.on_batch(b"", 1, [said])
    assert await cards(running) == []
    await running.community.gateway.on_batch(b"", 1, [said])
    assert len(await cards(running)) == 1
