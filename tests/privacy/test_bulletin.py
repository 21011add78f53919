"""Bulletins: one length, one form, what a home makes of them, and that nothing is sent for them."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy.bulletin import ENTRIES, MOST_WAITING, Accepted, Bulletin, Head, entry
from privacy.cell import nonce_of
from privacy.transparency.tree import Tree
from privacy.wire import BULLETIN_LENGTH, WireError, slot_at
from tests.privacy.helpers import until
from tests.privacy.streaming import GAS, Community, Home
from tests.privacy.test_egress import community
from tests.privacy.test_sender import Bench

__all__ = ["community"]

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
EMPTY = Head(0, Tree().root())
messages = st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 2))


@given(
    st.lists(messages, max_size=30, unique=True),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_told_is_heard(
    told: list[tuple[bytes, int]], slot: int, size: int, root: bytes
) -> None:
    accepted = Accepted()
    accepted.add(told)
    data = accepted.bulletin(slot, Head(size, root)).sign(KEY.sign)
    assert len(data) == BULLETIN_LENGTH
    heard = Bulletin.read(data, PUBLIC)
    assert (heard.slot, heard.head) == (slot, Head(size, root))
    assert [heard.names(message) for message in told] == [
        place < ENTRIES for place in range(len(told))
    ]


@given(st.binary(max_size=400) | st.binary(min_size=BULLETIN_LENGTH, max_size=BULLETIN_LENGTH))
def test_any_bytes_as_bulletin(data: bytes) -> None:
    with pytest.raises(WireError):
        Bulletin.read(data, PUBLIC)


def test_every_bit_is_bound() -> None:
    data = bytearray(Accepted().bulletin(7, EMPTY).sign(KEY.sign))
    for bit in range(len(data) * 8):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(WireError):
            Bulletin.read(bytes(data), PUBLIC)
        data[bit // 8] ^= 1 << bit % 8


def test_another_version_is_refused_even_when_signed() -> None:
    body = bytes((2,)) + bytes(BULLETIN_LENGTH - 65)
    with pytest.raises(WireError, match="version"):
        Bulletin.read(body + KEY.sign(b"linli bulletin 1\0" + body), PUBLIC)


def test_no_entry_comes_twice_so_the_filler_is_not_told_apart() -> None:
    accepted, message = Accepted(), (os.urandom(32), 0)
    seen: set[bytes] = set()
    places = set()
    for slot in range(200):
        accepted.add([message, message])
        told = accepted.bulletin(slot, EMPTY)
        places.add(told.entries.index(entry(slot, message)))
        seen.update(told.entries)
    assert len(seen) == 200 * ENTRIES
    assert places == set(range(ENTRIES))


def test_more_than_eight_wait_and_the_oldest_give_way() -> None:
    accepted = Accepted()
    many = [(os.urandom(32), 0) for _ in range(MOST_WAITING + 3)]
    accepted.add(many)
    kept = many[3:]
    for slot in range(3):
        told = accepted.bulletin(slot, EMPTY)
        assert all(told.names(message) for message in kept[slot * 8 : slot * 8 + 8])
        assert not told.names(kept[slot * 8 + 8])


class Telling:
    """A community whose bulletins are made as the platform makes them, or withheld."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.accepted = Accepted()
        self.told = 0
        self.head = Head(3, os.urandom(32))
        community.log_key = PUBLIC.public_bytes_raw()

    async def run(self) -> None:
        known = 0
        while True:
            await asyncio.sleep(self.community.slot_s)
            fresh, known = self.community.arrived[known:], len(self.community.arrived)
            self.accepted.add((event.nonce, event.body.seq) for event in fresh)
            slot = slot_at(0, 1) + self.told
            self.community.upstream.tell(self.accepted.bulletin(slot, self.head).sign(KEY.sign))
            self.told += 1

    async def more(self, count: int) -> None:
        """Wait for so many bulletins."""
        goal = self.told + count
        await until(lambda: self.told >= goal)


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel, and wait until it is over."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("said", ["all", "nothing", "silence"])
def test_nothing_is_sent_or_left_out_because_of_a_bulletin(tmp_path: Path, said: str) -> None:
    bench = Bench(tmp_path)
    bench.sender.board.learn(PUBLIC.public_bytes_raw())
    bench.offer("a")
    cells, accepted = [], Accepted()
    for slot in range(16):
        cells.append(bench.step())
        if said == "all":
            sent = [line for line in bench.log() if not line["accepted_at"]]
            accepted.add((nonce_of(line["plaintext"]), line["body"]["seq"]) for line in sent)
        if said != "silence":
            bench.sender.bulletin(accepted.bulletin(slot, EMPTY).sign(KEY.sign))
    assert cells == [*["gas0"] * 3, "-", *["gas1"] * 3, "-", *["gas2"] * 3, *["-"] * 5]
    assert {bool(line["accepted_at"]) for line in bench.log()} == {said == "all"}
    assert bench.sender.board.heard == (3 if said == "all" else 0)


async def test_a_home_hears_what_the_platform_has(community: Community, tmp_path: Path) -> None:
    telling = Telling(community)
    home = Home(tmp_path / "home")
    home.ledger.give("tell_zone", "gas", "r1")
    await home.pair(community)
    task = asyncio.create_task(telling.run())
    try:
        await home.egress.offer(GAS, "tell_zone")
        await until(lambda: home.egress.status()["accepted"] == 3, 30)
        await until(lambda: not home.egress.status()["queue"], 30)
        lines = await home.sent()
        assert all(line["accepted_at"] for line in lines)
        await telling.more(10)
        assert len(await home.sent()) == len(lines)
        assert home.egress.status()["problem"] == ""
    finally:
        await ended(task)
        await home.stop()


async def test_another_key_or_log_is_noticed_and_heeded_in_nothing(
    community: Community, tmp_path: Path
) -> None:
    telling = Telling(community)
    home = Home(tmp_path / "home")
    await home.pair(community)
    task = asyncio.create_task(telling.run())

    def problem() -> object:
        return home.egress.status()["problem"]

    try:
        await telling.more(8)
        assert problem() == ""
        telling.head = Head(telling.head.size, os.urandom(32))
        await until(lambda: "lost or changed" in str(problem()))
        other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        community.log_key = other
        community.upstream.push()
        await until(lambda: "another key" in str(problem()))
        assert home.egress.status()["connected"]
    finally:
        await ended(task)
        await home.stop()
