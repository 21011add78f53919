"""The log as an outsider follows it, on both databases."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.app import Community
from community.core import log, roster, token_keys, witnesses, zones
from community.core.store import Store
from community.transparency.routes import LogKey
from hub.core.settings import Listen
from privacy.cell_keys import CellKeystore
from privacy.errors import PrivacyError
from privacy.gateway import GatewayKey
from privacy.handshake import key_hash
from privacy.parameters import Parameters
from privacy.tokens.epochs import AHEAD_S, Allotment
from privacy.tokens.token import TokenClass
from privacy.transparency.notes import Checkpoint, NoteKey, open_note, sign_note
from privacy.transparency.tree import LogError, Tree
from privacy.transparency.witness import Trust, Witness
from privacy.witnessed import Believer, Standing
from tests.community.conftest import Clock, Running
from tests.privacy.tokens.issuing import ring_at


@pytest.fixture
async def keeping(store: Store, clock: Clock, tmp_path: Path) -> AsyncIterator[Running]:
    """A running community that publishes its log."""
    community = Community(
        store,
        Listen(),
        ("127.0.0.1", 0),
        GatewayKey.load_or_create(tmp_path / "keys"),
        clock=clock,
        relay="127.0.0.1:1",
        log_key=LogKey.load_or_create(tmp_path / "keys"),
        cells=CellKeystore(tmp_path / "keys" / "cells"),
    )
    await store.run(lambda session: roster.import_flats(session, roster.demo_flats()))
    await community.start()
    yield Running(community, clock)
    await community.stop()


async def told(running: Running, seen: object = 0) -> dict[str, Any]:
    async with (
        ClientSession() as client,
        client.get(f"{running.address}/api/v1/log", params={"seen": str(seen)}) as answer,
    ):
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


class Follower:
    """Somebody outside with nothing but the log's key from its first answer: a witness."""

    def __init__(self, name: str = "witness/me") -> None:
        self.tree = Tree()
        self.seen: Checkpoint | None = None
        self.witness: Witness | None = None
        private = Ed25519PrivateKey.generate()
        self.private = private
        self.key = NoteKey(name, private.public_key().public_bytes_raw(), timed=True)

    async def follow(self, running: Running) -> list[dict[str, Any]]:
        """Look, check, sign; the new entries."""
        answer = await told(running, self.tree.size)
        if self.witness is None:
            self.witness = Witness(NoteKey.parse(answer["key"]), self.key, self.private)
        proof = [base64.b64decode(node) for node in answer["proof"]]
        signed = self.witness.cosign(self.seen, answer["checkpoint"], proof, 1_800_000_000)
        new = [base64.b64decode(entry) for entry in answer["entries"]]
        for entry in new:
            self.tree.append(entry)
        assert (self.tree.size, self.tree.root()) == (
            signed.checkpoint.size,
            signed.checkpoint.root,
        )
        assert open_note(answer["checkpoint"] + signed.line, [self.key]).signers
        self.seen = signed.checkpoint
        return [json.loads(entry) for entry in new]


async def test_keys_and_zones_stand_in_the_log(keeping: Running) -> None:
    follower = Follower()
    first = await follower.follow(keeping)
    assert [one["kind"] for one in first] == ["gateway key", "slot", "cell key", "cell key"]
    at = keeping.clock()

    def keys(session: Session) -> None:
        token_keys.keep(session, ring_at(at), at=at)

    await keeping.store.run(keys)
    found = await follower.follow(keeping)
    ring = ring_at(at)
    assert {(one["class"], one["number"], one["sha256"]) for one in found} == {
        (str(kind), number, key.id.hex()) for (kind, number), key in ring.keys.items()
    }
    await keeping.store.run(keys)
    assert await follower.follow(keeping) == [], "a key stands there once"
    _, changed = await keeping.store.run(lambda session: zones.freeze(session, at=at, by="test"))
    (zone,) = await follower.follow(keeping)
    assert changed
    assert (zone["kind"], zone["at"]) == ("zones", int(at))


async def test_a_rewritten_log_is_noticed(keeping: Running) -> None:
    """Property 10: whoever followed the log once sees that its history is another."""
    at, follower = keeping.clock(), Follower()
    await keeping.store.run(lambda session: token_keys.keep(session, ring_at(at), at=at) and None)
    await follower.follow(keeping)

    def rewrite(session: Session) -> None:
        session.get_one(log.LogEntry, 1).entry = b"{}"
        log.append(session, "zones", at=at, version=9, homes=1, sha256="00")

    await keeping.store.run(rewrite)
    with pytest.raises(LogError):
        await follower.follow(keeping)


@pytest.mark.parametrize("seen", ["-1", "99", "x", "9" * 12, ""])
async def test_nonsense_is_refused(keeping: Running, seen: str) -> None:
    async with (
        ClientSession() as client,
        client.get(f"{keeping.address}/api/v1/log", params={"seen": seen}) as answer,
    ):
        assert answer.status == 400


def test_the_key_stays_and_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    first = LogKey.load_or_create(tmp_path)
    assert LogKey.load_or_create(tmp_path).note.text == first.note.text
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "log.key").write_bytes(b"short")
    with pytest.raises(PrivacyError):
        LogKey.load_or_create(tmp_path)


class TestWitnesses:
    """Who may hand a signature over, and what becomes of two of three."""

    @staticmethod
    async def named(running: Running) -> list[Follower]:
        """Three witnesses with their keys named at the community."""
        three = [Follower(f"witness/{name}") for name in ("committee", "relay", "third")]
        key = NoteKey.parse((await told(running))["key"])
        at, keys = running.clock(), [one.key.text for one in three]
        await running.store.run(
            lambda db: witnesses.name(db, key, keys, at=at, by="test", instead=False)
        )
        return three

    @staticmethod
    async def give(running: Running, text: str, line: str) -> int:
        url = f"{running.address}/api/v1/log/cosignatures"
        body = {"checkpoint": text, "line": line}
        headers = {"Origin": running.address}
        async with ClientSession(headers=headers) as client, client.post(url, json=body) as answer:
            return answer.status

    async def sign(self, running: Running, witness: Follower) -> int:
        """Look, sign, hand over; the status of the answer."""
        await witness.follow(running)
        assert witness.seen is not None
        line = sign_note(witness.seen.text, witness.key, witness.private, int(running.clock()))
        return await self.give(running, witness.seen.text, line)

    async def test_two_of_three_make_a_note_for_the_homes(self, keeping: Running) -> None:
        first, second, third = await self.named(keeping)
        assert await keeping.store.read(witnesses.newest) is None
        assert await self.sign(keeping, first) == 200
        assert await keeping.store.read(witnesses.newest) is None
        keeping.clock.forward(60)
        assert await self.sign(keeping, second) == 200
        note = await keeping.store.read(lambda db: _note(witnesses.newest(db)))
        key = NoteKey.parse((await told(keeping))["key"])
        trust = Trust(key, [first.key, second.key, third.key])
        vouched = trust.vouched(note, keeping.clock())
        assert (vouched.checkpoint.size, vouched.at) == (5, int(keeping.clock()) - 60)
        shown = await keeping.store.read(witnesses.shown)
        assert [one.size for one in shown] == [5, 5, None]

    async def test_a_signature_that_does_not_count_is_refused(self, keeping: Running) -> None:
        first, *_ = await self.named(keeping)
        await first.follow(keeping)
        assert first.seen is not None
        text, now = first.seen.text, int(keeping.clock())
        stranger, good = Follower("witness/me"), sign_note(text, first.key, first.private, now)
        other = Checkpoint(first.seen.origin, 1, bytes(32)).text
        later = Checkpoint(first.seen.origin, 9, first.seen.root).text
        wrong = {
            403: [(text, sign_note(text, stranger.key, stranger.private, now)), (text, good * 2)],
            400: [
                (text, good.replace("A", "B")),
                (text, sign_note(text, first.key, first.private, now + 3600)),
                *((one, sign_note(one, first.key, first.private, now)) for one in (other, later)),
                (text, ""),
                ("x" * 3000, good),
            ],
        }
        for status, given in wrong.items():
            for checkpoint, line in given:
                assert await self.give(keeping, checkpoint, line) in {status, 413}
        assert [one.size for one in await keeping.store.read(witnesses.shown)] == [None] * 3
        assert await self.give(keeping, text, good) == 200

    async def test_a_stranger_has_to_wait(self, keeping: Running) -> None:
        await self.named(keeping)
        statuses = {await self.give(keeping, "x", "y") for _ in range(210)}
        assert statuses == {400, 429}

    async def test_others_are_named_only_when_it_is_said(self, keeping: Running) -> None:
        await self.named(keeping)
        key = NoteKey.parse((await told(keeping))["key"])
        keys, at = [Follower(f"witness/{name}").key.text for name in "abc"], keeping.clock()
        for given in (keys, keys[:2], [*keys[:2], "nonsense"]):
            with pytest.raises(LogError):
                await keeping.store.run(
                    partial(witnesses.name, log_key=key, keys=given, at=at, by="", instead=False)
                )
        await keeping.store.run(
            partial(witnesses.name, log_key=key, keys=keys, at=at, by="", instead=True)
        )
        assert [one.key for one in await keeping.store.read(witnesses.shown)] == sorted(keys)


class TestTold:
    """What the community tells is what a home believes, week after week."""

    async def look(self, running: Running, three: list[Follower], home: Believer) -> Parameters:
        """Two sign, the gateway tells, the home believes; what was told."""
        await running.community.gateway.refresh()
        for one in three[:2]:
            await TestWitnesses().sign(running, one)
        await running.community.gateway.refresh()
        told = Parameters.read(
            running.community.gateway.parameters(),
            key_hash(running.community.gateway_public),
            floor=0,
        )
        assert home.believe(told, running.clock()), home.problem
        return told

    async def test_keys_of_every_week_come_in_time(self, keeping: Running) -> None:
        """Six weeks: each epoch has its cell key from its first second, and no key is lost."""
        three = await TestWitnesses.named(keeping)
        trust = await keeping.store.read(witnesses.trust)
        assert trust is not None
        kept: list[bytes] = []
        home = Believer(trust, None, kept.append)
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        await keeping.store.run(lambda db: _enrolled(db, key, keeping.clock()))
        sizes = []
        for _ in range(6 * 7 * 2):
            at = keeping.clock()
            await keeping.store.run(partial(_keep_keys, at=at))
            told = await self.look(keeping, three, home)
            epoch = Allotment.EPOCH.number_at(at)
            assert told.cells.at(at) is not None
            assert told.tokens is not None
            assert (TokenClass.LIFE, epoch) in told.tokens.keys
            if Allotment.EPOCH.start(epoch + 1) - at < AHEAD_S:
                assert (TokenClass.LIFE, epoch + 1) in told.tokens.keys
                assert epoch + 1 in told.cells.keys
            assert home.standing(at) is Standing.GOOD
            sizes.append(len(told.to_bytes()))
            keeping.clock.forward(12 * 3600)
        assert max(sizes) < 24_000

    async def test_the_first_table_counts_at_once_and_the_next_after_two_days(
        self, keeping: Running
    ) -> None:
        three = await TestWitnesses.named(keeping)
        trust = await keeping.store.read(witnesses.trust)
        assert trust is not None
        home = Believer(trust, None, lambda _: None)
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        await keeping.store.run(lambda db: _enrolled(db, key, keeping.clock()))
        first = await self.look(keeping, three, home)
        assert first.zones.undivided
        await keeping.store.run(lambda db: zones.freeze(db, at=keeping.clock(), by="test") and None)
        second = await self.look(keeping, three, home)
        assert second.zones.version > first.zones.version, "the first table counts at once"
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        await keeping.store.run(lambda db: _enrolled(db, key, keeping.clock(), place=1))
        await keeping.store.run(lambda db: zones.freeze(db, at=keeping.clock(), by="test") and None)
        for hours in (0, 24, 23.8, 0.4):
            keeping.clock.forward(hours * 3600)
            third = await self.look(keeping, three, home)
            newer = third.zones.version > second.zones.version
            assert newer is (hours == 0.4), "and the home believed each"


def _keep_keys(session: Session, at: float) -> None:
    token_keys.keep(session, ring_at(at), at=at)


def _enrolled(session: Session, key: bytes, at: float, place: int = 0) -> None:
    flat = roster.flats(session)[place].id
    secret = hashlib.sha256(key).digest()
    roster.keep_code(session, roster.HOME, flat, secret, at=at, by="test")
    roster.use_code(session, roster.HOME, secret, key, at=at)


def _note(row: witnesses.WitnessedNote | None) -> str:
    assert row is not None
    return row.note
