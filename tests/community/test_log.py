"""The log as an outsider follows it, on both databases."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.app import Community
from community.core import log, roster, token_keys, zones
from community.core.store import Store
from community.transparency.routes import LogKey
from hub.core.settings import Listen
from privacy.errors import PrivacyError
from privacy.gateway import GatewayKey
from privacy.transparency.notes import Checkpoint, NoteKey, open_note
from privacy.transparency.tree import LogError, Tree
from privacy.transparency.witness import Witness
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

    def __init__(self) -> None:
        self.tree = Tree()
        self.seen: Checkpoint | None = None
        self.witness: Witness | None = None
        private = Ed25519PrivateKey.generate()
        self.private = private
        self.key = NoteKey("witness/me", private.public_key().public_bytes_raw(), timed=True)

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
    assert await follower.follow(keeping) == []
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


@pytest.mark.parametrize("seen", ["-1", "1", "x", "9" * 12, ""])
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
