"""Tokens at home and at the gateway: bound to one event, one class, one epoch, one budget."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from privacy import cell
from privacy.gateway import OpenedBatch, TokenCheck, open_batch
from privacy.outbox import Outbox
from privacy.tokens.epochs import AHEAD_S, EPOCH_S, KEPT_S, Allotment
from privacy.tokens.purse import Purse, finished, requests
from privacy.tokens.ring import KeyName, KeyRing
from privacy.tokens.signer import sign_request
from privacy.tokens.token import TokenClass, TokenError, ask
from privacy.wire import (
    SLOT_ORIGIN,
    Body,
    Flags,
    HazardClass,
    Severity,
    Status,
    slot_at,
    slot_start,
)
from tests.privacy.test_cell import a_body
from tests.privacy.test_sender import Bench
from tests.privacy.tokens.issuing import key_of, provide, ring_at

EPOCH = 44
START = SLOT_ORIGIN + EPOCH * EPOCH_S


class TokenBench(Bench):
    """A sender whose community issues tokens, early in epoch 44 (term 11)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.slot = round((START + 3600 - SLOT_ORIGIN) / self.pairing.slot_s)
        self.outbox.purse.learn(ring_at(START), START)

    @property
    def purse(self) -> Purse:
        return self.outbox.purse

    @property
    def now(self) -> float:
        return slot_start(self.slot, self.pairing.slot_s)

    def opened(self, *, receipt: bool = True, ring: KeyRing | None = None) -> OpenedBatch:
        """One slot's cell, as the gateway reads it."""
        self.slot += 1
        sealed = self.sender.prepare(self.slot, self.slot, self.pairing, online=True)
        if receipt:
            self.sender.receipt(self.slot)
        check = TokenCheck(ring or ring_at(self.now), self.pairing.slot_s, self.now)
        return open_batch([self.gateway.private], [sealed], check)

    def step(self, *, online: bool = True, receipt: bool = True) -> str:
        assert online
        batch = self.opened(receipt=receipt)
        assert not batch.invalid
        return f"{batch[0].body.hazard.word}{batch[0].body.seq}" if batch else "-"

    def quiet(self) -> None:
        """Until the queue is empty."""
        while self.sender.queue():
            self.step()


@pytest.fixture
def bench(tmp_path: Path) -> TokenBench:
    return TokenBench(tmp_path)


def test_without_a_token_nothing_unverified_leaves(bench: TokenBench) -> None:
    bench.offer("a")
    assert bench.steps(6) == ["-"] * 6
    assert provide(bench.purse, bench.now) == [Allotment.EPOCH, Allotment.RESERVE]
    assert not bench.purse.spent()
    assert bench.steps(4) == ["gas0", "gas0", "gas0", "-"]


def test_one_token_for_all_that_is_said_of_one_event(bench: TokenBench) -> None:
    provide(bench.purse, bench.now)
    bench.offer("a")
    nonces = {event.nonce for _ in range(20) for event in bench.opened()}
    assert len(nonces) == 1
    assert bench.purse.left() == {"life": 23, "routine": 72, "reserve": 8}


def test_one_home_has_its_budget_and_no_more(bench: TokenBench) -> None:
    """Property 5: 24 life-safety events and 8 of the reserve, 72 routine ones, in an epoch."""
    provide(bench.purse, bench.now)
    told: set[bytes] = set()
    for number in range(40):
        bench.offer(f"gas {number}")
        bench.offer(f"plug {number * 2}", HazardClass.ELECTRICAL)
        for _ in range(20):
            told |= {event.nonce for event in bench.opened()}
    assert bench.purse.left()["life"] == bench.purse.left()["reserve"] == 0
    assert bench.purse.spent()
    life = sum(line["kind"] == "cell" and line["body"]["class"] == "gas" for line in bench.log())
    assert life == 9 * 32, "three messages of three copies each"
    assert len(told) == 32 + 40
    waiting = [event["class"] for event in bench.sender.queue()]
    assert waiting == ["gas"] * 8
    assert provide(bench.purse, bench.now) == [], "there is no topping up"
    bench.slot += round(EPOCH_S / bench.pairing.slot_s)
    bench.purse.learn(ring_at(bench.now), bench.now)
    assert provide(bench.purse, bench.now) == [Allotment.EPOCH], "the reserve is for four epochs"


def test_the_slot_selects_the_epoch(bench: TokenBench) -> None:
    """Both epochs' tokens are in the purse; the boundary is the slot's, to the slot."""
    slot_s = bench.pairing.slot_s
    boundary = round((START + EPOCH_S - SLOT_ORIGIN) / slot_s)
    provide(bench.purse, bench.now)
    bench.slot = boundary - 6
    assert Allotment.EPOCH in provide(bench.purse, START + EPOCH_S - 1)
    bench.offer("before", HazardClass.ELECTRICAL)
    bench.offer("after", HazardClass.SUPERVISION)
    spent = []
    for _ in range(9):
        before = dict(bench.purse._held)
        bench.step()
        after = bench.purse._held
        spent += [(name, bench.slot) for name in before if before[name] != after[name]]
    assert [name for name, _ in spent] == [(TokenClass.ROUTINE, EPOCH)] * 2
    bench.offer("new", HazardClass.ELECTRICAL)
    assert bench.step() == "electrical0"
    assert bench.purse._held[TokenClass.ROUTINE, EPOCH + 1] == 71


def test_a_crash_between_token_and_first_sealing(
    bench: TokenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is lost, and never spent twice."""
    provide(bench.purse, bench.now)
    bench.offer("a")
    with monkeypatch.context() as patch:

        def broken(*_: object) -> int:
            raise sqlite3.OperationalError("database or disk is full")

        patch.setattr(Outbox, "save", broken)
        assert bench.step() == "-"
    bench.outbox.close()
    bench.open()
    assert bench.purse.left()["life"] == 23
    assert bench.steps(4) == ["gas0", "gas0", "gas0", "-"]
    assert bench.purse.left()["life"] == 22


def test_a_full_disk_spends_nothing(bench: TokenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(bench.purse, bench.now)
    bench.offer("a")

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "arm", broken)
        assert bench.step() == "-"
    assert bench.purse.left()["life"] == 24
    assert bench.step() == "gas0"


def test_leaving_the_community_deletes_the_tokens(bench: TokenBench) -> None:
    provide(bench.purse, bench.now)
    bench.outbox.forget()
    assert (bench.purse.required, bench.purse.left()["life"]) == (False, 0)
    bench.outbox.close()
    bench.open()
    assert (bench.purse.required, bench.purse.left()["life"]) == (False, 0)


def _past(names: Iterable[KeyName]) -> list[KeyName]:
    """Names of the epoch and term before ours: nothing was fetched under them."""
    return [name for name in names if name[1] in (EPOCH - 1, 10)]


class TestPurse:
    """When what is fetched, and from whom it is believed."""

    def test_the_next_epoch_at_a_moment_of_its_last_48_hours(self, tmp_path: Path) -> None:
        """Uniform, the same after a restart, the same whatever was spent."""
        parts = []
        for number in range(60):
            folder = tmp_path / str(number)
            folder.mkdir()
            bench = TokenBench(folder)
            for allotment in (Allotment.EPOCH, Allotment.RESERVE):
                bench.purse.fill(allotment, EPOCH if allotment is Allotment.EPOCH else 11, [])
            wanted = bench.purse.wanted(START)
            assert wanted is not None
            assert (wanted.allotment, wanted.number) == (Allotment.EPOCH, EPOCH + 1)
            parts.append((START + EPOCH_S - wanted.at) / AHEAD_S)
            bench.outbox.close()
            bench.open()
            assert bench.purse.wanted(START + 100) == wanted
            bench.outbox.close()
        assert all(0 <= part <= 1 for part in parts)
        # Kolmogorov and Smirnov: beyond this a uniform sample of 60 lies once in ten thousand.
        parts.sort()
        worst = max(max(part - n / 60, (n + 1) / 60 - part) for n, part in enumerate(parts))
        assert worst < 0.29

    def test_the_same_request_until_it_is_answered(self, bench: TokenBench) -> None:
        wanted = bench.purse.wanted(bench.now)
        assert wanted is not None

        def asked() -> list[bytes]:
            secret = bench.purse.secret(wanted.allotment, wanted.number)
            assert secret is not None
            return [one.pending.request for one in requests(bench.purse.ring, wanted, secret)]

        before = asked()
        bench.outbox.close()
        bench.open()
        assert asked() == before
        assert len(set(before)) == len(before)

    def test_another_key_than_everyones_gives_no_token(self, bench: TokenBench) -> None:
        """Properties 6 and 12: a home that is told a key of its own notices it here."""
        wanted = bench.purse.wanted(bench.now)
        assert wanted is not None
        secret = bench.purse.secret(wanted.allotment, wanted.number)
        assert secret is not None
        own = {name: key_of((name[0], name[1] + 1000)).public for name in bench.purse.ring.keys}
        asked = requests(bench.purse.ring, wanted, secret)
        mine = requests(KeyRing(own), wanted, secret)
        responses = b"".join(
            key_of((one.kind, wanted.number + 1000)).blind_sign(one.pending.request[3:])
            for one in mine
        )
        with pytest.raises(TokenError):
            finished(asked, responses)

    def test_a_key_with_tokens_is_never_exchanged(self, bench: TokenBench) -> None:
        provide(bench.purse, bench.now)
        for number, allotment in ((EPOCH + 1, Allotment.EPOCH), (12, Allotment.RESERVE)):
            bench.purse.fill(allotment, number, [])
        before = {name: key.id for name, key in bench.purse.ring.keys.items()}
        swapped = {name: key_of((name[0], name[1] + 1000)).public for name in before}
        bench.purse.learn(KeyRing(swapped), bench.now)
        now = {name: key.id for name, key in bench.purse.ring.keys.items()}
        ours = {name for name in before if name not in {*_past(before)}}
        assert {name: now[name] for name in ours} == {name: before[name] for name in ours}
        bench.purse.learn(ring_at(START + EPOCH_S), START + EPOCH_S)
        after = {name: key.id for name, key in bench.purse.ring.keys.items()}
        assert (TokenClass.LIFE, EPOCH + 2) in after
        assert all(after[name] == before[name] for name in after.keys() & ours)

    def test_wrong_keys_of_a_relay_last_only_until_the_right_ones_come(
        self, bench: TokenBench
    ) -> None:
        right = bench.purse.ring
        wrong = {name: key_of((name[0], name[1] + 1000)).public for name in right.keys}
        bench.purse.learn(KeyRing(wrong), bench.now)
        bench.outbox.close()
        bench.open()
        assert bench.purse.ring.to_json() == KeyRing(wrong).to_json()
        bench.purse.learn(right, bench.now)
        assert provide(bench.purse, bench.now) == [Allotment.EPOCH, Allotment.RESERVE]

    def test_what_is_over_goes(self, bench: TokenBench) -> None:
        provide(bench.purse, bench.now)
        late = START + EPOCH_S + KEPT_S + 1
        bench.purse.learn(ring_at(late), late)
        assert bench.purse.left() == {"life": 0, "routine": 0, "reserve": 8}
        assert (TokenClass.LIFE, EPOCH) not in bench.purse.ring.keys
        rows = bench.outbox._db.execute("SELECT count(*) FROM token").fetchone()
        assert rows == (8,)


class Platform:
    """A gateway, and a purse to take tokens out of by hand."""

    def __init__(self, bench: TokenBench) -> None:
        self.bench = bench
        self.slot_s = bench.pairing.slot_s
        provide(bench.purse, bench.now)
        self.seed, self.token = self.take(TokenClass.LIFE)

    def take(self, kind: TokenClass) -> tuple[bytes, bytes]:
        number = 11 if kind is TokenClass.RESERVE else EPOCH
        taken = self.bench.purse.take((kind, number))
        self.bench.purse.taken((kind, number))
        return taken

    def refuses(
        self,
        token: bytes,
        *,
        seed: bytes = b"",
        hazard: HazardClass = HazardClass.GAS,
        seq: int = 0,
        at: float = START + 60,
        now: float = START + 60,
    ) -> bool:
        body = Body(
            flags=Flags.NONE,
            status=Status.RAISED,
            zone=0,
            hazard=hazard,
            severity=Severity.HIGH,
            seq=seq,
            slot=slot_at(at, self.slot_s),
        )
        sealed = cell.seal(self.bench.gateway.public, cell.build(seed or self.seed, body, token))
        check = TokenCheck(ring_at(START), self.slot_s, now)
        batch = open_batch([self.bench.gateway.private], [sealed], check)
        assert len(batch) + batch.invalid["token"] == 1
        return not batch


@pytest.fixture
def platform(bench: TokenBench) -> Platform:
    return Platform(bench)


class TestGateway:
    """What the gateway refuses although the one-time signature holds."""

    def test_the_real_one_is_taken(self, platform: Platform) -> None:
        assert not platform.refuses(platform.token)

    def test_every_flipped_bit_of_the_token(self, platform: Platform) -> None:
        """Property 5, in the cell: 2,832 bits, each signed anew by the home that holds the key."""
        taken = []
        for bit in range(354 * 8):
            changed = bytearray(platform.token)
            changed[bit // 8] ^= 1 << bit % 8
            if not platform.refuses(bytes(changed)):
                taken.append(bit)
        assert taken == []

    def test_no_token_and_anothers(self, platform: Platform) -> None:
        seed, token = platform.take(TokenClass.LIFE)
        assert platform.refuses(cell.NO_TOKEN)
        assert platform.refuses(token), "it is bound to another event's key"
        assert not platform.refuses(token, seed=seed)

    def test_another_class(self, platform: Platform) -> None:
        """A token for life-safety buys no routine event; the reserve is for life-safety."""
        plug = HazardClass.ELECTRICAL
        assert platform.refuses(platform.token, hazard=plug)
        for kind, life, routine in (
            (TokenClass.ROUTINE, False, True),
            (TokenClass.RESERVE, True, False),
        ):
            seed, token = platform.take(kind)
            assert platform.refuses(token, seed=seed) is not life
            assert platform.refuses(token, seed=seed, hazard=plug) is not routine

    def test_another_epoch(self, platform: Platform) -> None:
        token = platform.token
        assert platform.refuses(token, at=START - 1)
        assert not platform.refuses(token, at=START + EPOCH_S - platform.slot_s)
        assert platform.refuses(token, at=START + EPOCH_S)
        assert not platform.refuses(token, at=START + EPOCH_S + 60, seq=1), "a follow-up"
        assert platform.refuses(token, at=START + 2 * EPOCH_S, seq=1)

    def test_an_epoch_that_is_over(self, platform: Platform) -> None:
        last = START + EPOCH_S + KEPT_S
        assert not platform.refuses(platform.token, now=last)
        assert platform.refuses(platform.token, now=last + 1)

    def test_an_outsiders_key(self, platform: Platform) -> None:
        """Whoever isn't the issuer mints nothing, though everything else is right."""
        key = key_of((TokenClass.LIFE, EPOCH + 1000))
        nonce = platform.token[2:34]
        pending = ask(key.public, nonce, TokenClass.LIFE.digest, bytes(32))
        forged = pending.finish(sign_request(key, key.public, pending.request))
        assert platform.refuses(forged)
        assert platform.refuses(platform.token[:98] + forged[98:])

    def test_without_an_issuer_a_token_is_refused(self, platform: Platform) -> None:
        """It would be a mark that homes without tokens don't carry."""
        sealed = cell.seal(
            platform.bench.gateway.public, cell.build(platform.seed, a_body(), platform.token)
        )
        batch = open_batch([platform.bench.gateway.private], [sealed])
        assert batch.invalid == {"token": 1}
