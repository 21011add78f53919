"""The issuer on both databases: one allotment for each flat and epoch; events need a token."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, func, select

from community.app import Community
from community.core import roster, token_keys
from community.core.store import Store
from community.gateway import intake
from community.issuer.service import forget_issuances
from community.issuer.tables import Issuance
from hub.core.settings import Listen
from privacy import cell
from privacy.act_seal import ActError, ActRefused, Recipient
from privacy.gateway import GatewayKey
from privacy.pairing import enrol
from privacy.tokens.epochs import AHEAD_S, EPOCH_S, KEPT_S, Allotment
from privacy.tokens.provision import SEAL, TOKENS_PATH, pack_ask
from privacy.tokens.purse import Asked, Token, Wanted, finished, requests
from privacy.tokens.ring import KeyRing
from privacy.tokens.signer_socket import SignerAway, SignerSocket
from privacy.tokens.token import TokenClass
from tests.community.conftest import Clock, Running, until
from tests.community.test_gateway import body, cards, code_for, counts
from tests.privacy.tokens.issuing import key_of, ring_at, sign

FLAT = "3-1-502"


class StockSigner:
    """A signer in this process, on the test's clock, with a stock of keys."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.away = False
        self.shift = 0

    async def keys(self) -> KeyRing:
        if self.away:
            raise SignerAway("away")
        named = ring_at(self.clock()).keys
        return KeyRing({name: key_of((name[0], name[1] + self.shift)).public for name in named})

    async def sign(self, allotment: Allotment, number: int, data: bytes) -> bytes:
        if self.away:
            raise SignerAway("away")
        return await asyncio.to_thread(sign, allotment, number, data)


class Home:
    """A home that asks for tokens, as its community knows it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.key = Ed25519PrivateKey.generate()
        self.secret = os.urandom(32)

    async def enrol(self, flat: str = FLAT) -> None:
        await enrol(await code_for(self.running, flat), self.key, None)

    def asked(self, allotment: Allotment, number: int) -> list[Asked]:
        ring = KeyRing(
            {(kind, number): key_of((kind, number)).public for kind in allotment.classes}
        )
        return requests(ring, Wanted(allotment, number, 0.0), self.secret)

    async def fetch(
        self, allotment: Allotment = Allotment.EPOCH, number: int | None = None
    ) -> list[Token]:
        number = allotment.number_at(self.running.clock()) if number is None else number
        asked = await asyncio.to_thread(self.asked, allotment, number)
        said = pack_ask(allotment, number, b"".join(one.pending.request for one in asked))
        to = Recipient(self.running.address, None, self.running.community.gateway_public)
        answer = await asyncio.to_thread(SEAL.send, TOKENS_PATH, said, self.key, to, 60)
        return finished(asked, base64.b64decode(str(answer["signed"])))


@pytest.fixture
def signer(clock: Clock) -> StockSigner:
    return StockSigner(clock)


@pytest.fixture
async def issuing(
    store: Store, clock: Clock, signer: StockSigner, tmp_path: Path
) -> AsyncIterator[Running]:
    """A running community that issues tokens."""
    community = Community(
        store,
        Listen(),
        ("127.0.0.1", 0),
        GatewayKey.load_or_create(tmp_path / "keys"),
        slot_s=0.2,
        clock=clock,
        relay="127.0.0.1:1",
        signer=cast("SignerSocket", signer),
    )
    await store.run(lambda session: roster.import_flats(session, roster.demo_flats()))
    await community.start()

    async def told() -> bool:
        return bool(community.gateway._known.tokens)

    await until(told, "the keys")
    yield Running(community, clock)
    await community.stop()


@pytest.fixture
async def home(issuing: Running) -> Home:
    made = Home(issuing)
    await made.enrol()
    return made


async def test_a_flat_is_given_its_allotment(home: Home) -> None:
    tokens = await home.fetch()
    assert [one.kind for one in tokens] == [TokenClass.LIFE] * 24 + [TokenClass.ROUTINE] * 72
    assert len(await home.fetch(Allotment.RESERVE)) == 8


async def test_the_same_again_is_answered_again_and_mints_nothing(home: Home) -> None:
    assert await home.fetch() == await home.fetch()


async def test_once_a_flat_and_epoch_whoever_lives_there(home: Home) -> None:
    """Property 5: neither another request nor re-enrolling mints any."""
    await home.fetch()
    home.secret = os.urandom(32)
    with pytest.raises(ActRefused):
        await home.fetch()
    again = Home(home.running)
    await again.enrol()
    with pytest.raises(ActRefused):
        await again.fetch()
    with pytest.raises(ActRefused):
        await home.fetch(Allotment.RESERVE)
    assert len(await again.fetch(Allotment.RESERVE)) == 8
    home.running.clock.forward(EPOCH_S)
    assert len(await again.fetch()) == 96, "the next epoch is another"


async def test_of_many_at_once_one_is_given(home: Home) -> None:
    others = [Home(home.running) for _ in range(8)]
    for other in others:
        other.key = home.key
    answers = await asyncio.gather(*(one.fetch() for one in others), return_exceptions=True)
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, ActRefused) for answer in answers) == 7


async def test_the_next_epoch_in_its_48_hours_and_no_other(home: Home) -> None:
    """Property 5, across a boundary."""
    clock = home.running.clock
    current = Allotment.EPOCH.number_at(clock())
    clock.now = Allotment.EPOCH.start(current + 1) - AHEAD_S - 3600
    for wrong in (current - 1, current + 1, current + 2):
        with pytest.raises(ActError):
            await home.fetch(number=wrong)
    clock.now = Allotment.EPOCH.start(current + 1) - AHEAD_S
    assert len(await home.fetch(number=current + 1)) == 96


async def test_strangers_and_nonsense(issuing: Running) -> None:
    stranger = Home(issuing)
    with pytest.raises(ActRefused):
        await stranger.fetch()
    async with ClientSession(headers={"Origin": issuing.address}) as client:
        for said in ("", "{}", "[]", '{"sealed":"AAAA"}', "[" * 9_000):
            async with client.post(f"{issuing.address}{TOKENS_PATH}", data=said) as answer:
                assert answer.status == 400
        request, _ = SEAL.seal(
            b"\x01\0\0\0\x01short", stranger.key, issuing.community.gateway_public
        )
        async with client.post(f"{issuing.address}{TOKENS_PATH}", data=request) as answer:
            assert answer.status == 400

    def none(session: Session) -> int:
        return session.exec(select(func.count()).select_from(Issuance)).one()

    assert await issuing.store.read(none) == 0


async def test_a_community_without_an_issuer(running: Running) -> None:
    home = Home(running)
    await home.enrol()
    with pytest.raises(ActRefused):
        await home.fetch()


async def test_the_signer_away_is_no_loss(home: Home, signer: StockSigner) -> None:
    """Written down before it is signed; the same request is answered when the signer is back."""
    signer.away = True
    with pytest.raises(ActError) as failed:
        await home.fetch()
    assert not isinstance(failed.value, ActRefused)
    signer.away = False
    assert len(await home.fetch()) == 96


async def test_keys_that_homes_were_told_are_never_exchanged(
    home: Home, signer: StockSigner
) -> None:
    """Property 12: a signer that made others for the same epoch isn't believed."""
    issuer = home.running.community.issuer
    assert issuer is not None
    before = home.running.community.gateway._known
    signer.shift = 1000
    told = await signer.keys()
    assert await issuer._keep(told) == frozenset(told.keys)
    await home.running.community.gateway.refresh()
    assert home.running.community.gateway._known.same(before)
    issuer._others = frozenset(told.keys)
    assert await issuer.check() == "other keys"
    with pytest.raises(ActError):
        await home.fetch()
    home.running.clock.forward(2 * EPOCH_S)
    current = Allotment.EPOCH.number_at(home.running.clock())
    issuer._others = await issuer._keep(await signer.keys())
    assert not [name for name in issuer._others if name[1] == current], "new epochs, new keys"


async def test_an_event_needs_a_token(home: Home) -> None:
    running = home.running
    token = (await home.fetch())[0]
    key = running.community.gateway_public
    good = cell.seal(key, cell.build(token.seed, body(running), token.token))
    none = cell.seal(key, cell.build(os.urandom(32), body(running)))
    bound_elsewhere = cell.seal(key, cell.build(os.urandom(32), body(running), token.token))
    await running.community.gateway.on_batch(b"", 1, [none, bound_elsewhere, good, good])
    told = await counts(running)
    assert (told[intake.EVENTS], told[intake.INVALID], told[intake.REPLAYED]) == (1, 2, 1)
    assert len(await cards(running)) == 1


async def test_a_token_is_spent_once(home: Home) -> None:
    """Property 4: another event under the same token is another body under the same name."""
    running = home.running
    token = (await home.fetch())[0]
    key = running.community.gateway_public
    batches = [
        [cell.seal(key, cell.build(token.seed, body(running, zone=zone), token.token))]
        for zone in range(8)
    ]
    await asyncio.gather(
        *(running.community.gateway.on_batch(b"", n, batch) for n, batch in enumerate(batches))
    )
    told = await counts(running)
    assert (told[intake.EVENTS], told[intake.CONFLICTING]) == (1, 7)
    assert len(await cards(running)) == 1


async def test_when_all_keys_are_over_nothing_is_taken(home: Home, signer: StockSigner) -> None:
    """The signer away for weeks: the community doesn't fall back to taking everything."""
    running = home.running
    token = (await home.fetch())[0]
    signer.away = True
    running.clock.forward(9 * EPOCH_S)
    await running.community.gateway.refresh()
    key = running.community.gateway_public
    for sealed in (
        cell.seal(key, cell.build(token.seed, body(running), token.token)),
        cell.seal(key, cell.build(os.urandom(32), body(running))),
    ):
        await running.community.gateway.on_batch(b"", 1, [sealed])
    assert not await cards(running)


async def test_what_counts_for_nothing_is_forgotten(home: Home) -> None:
    running = home.running
    await home.fetch()
    await home.fetch(Allotment.RESERVE)

    def forget() -> int:
        return running.store.run_sync(lambda session: forget_issuances(session, running.clock()))

    assert forget() == 0
    over = Allotment.EPOCH.start(Allotment.EPOCH.number_at(running.clock()) + 1) + KEPT_S
    running.clock.now = over - 1
    assert forget() == 0
    running.clock.forward(EPOCH_S)
    assert forget() >= 1
    running.clock.forward(8 * EPOCH_S)
    forget()
    left = running.store.run_sync(
        lambda session: session.exec(select(func.count()).select_from(Issuance)).one()
    )
    assert left == 0


async def test_keys_outlive_their_epoch_in_the_database(issuing: Running) -> None:
    """Auditors may ask years later which key an old token was signed with."""
    issuing.clock.forward(20 * EPOCH_S)

    def kept(session: Session) -> tuple[int, KeyRing | None]:
        many = session.exec(select(func.count()).select_from(token_keys.TokenKey)).one()
        return many, token_keys.ring(session, issuing.clock())

    many, ring = await issuing.store.read(kept)
    assert many >= 6
    assert ring is not None
    assert not ring.keys


async def test_with_the_real_signer(store: Store, tmp_path: Path) -> None:
    """The signer's process, its socket, the portal and a home, on this machine's clock."""
    words = [sys.executable, "-m", "hub", "signer", "--data", str(tmp_path)]
    process = await asyncio.to_thread(subprocess.Popen, words)
    clock = cast("Clock", time.time)
    community = Community(
        store,
        Listen(),
        ("127.0.0.1", 0),
        GatewayKey.load_or_create(tmp_path / "keys"),
        clock=time.time,
        relay="127.0.0.1:1",
        signer=SignerSocket(tmp_path),
    )
    await store.run(lambda session: roster.import_flats(session, roster.demo_flats()))
    await community.start()
    try:

        async def told() -> bool:
            return bool(community.gateway._known.tokens)

        await until(told, "the signer's keys", 60)
        home = Home(Running(community, clock))
        await home.enrol()
        ring = community.gateway._known.tokens
        assert ring is not None
        wanted = Wanted(Allotment.EPOCH, Allotment.EPOCH.number_at(time.time()), 0.0)
        asked = await asyncio.to_thread(requests, ring, wanted, home.secret)
        said = pack_ask(*wanted[:2], b"".join(one.pending.request for one in asked))
        to = Recipient(home.running.address, None, community.gateway_public)
        answer = await asyncio.to_thread(SEAL.send, TOKENS_PATH, said, home.key, to, 60)
        assert len(finished(asked, base64.b64decode(str(answer["signed"])))) == 96
        assert json.loads(json.dumps(await community.health.ask()))["signer"] == "ok"
    finally:
        await community.stop()
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)
