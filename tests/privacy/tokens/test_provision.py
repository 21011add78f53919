"""Fetching over the real link: home, relay, gateway and portal."""

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.act_seal import ActError
from privacy.tokens.epochs import Allotment
from privacy.tokens.provision import SEAL, TOKENS_PATH, pack_ask, unpack_ask
from privacy.tokens.signer import SigningKey, sign_request
from privacy.tokens.token import REQUEST_LENGTH
from tests.privacy.helpers import Portal, files_contain, portal, until
from tests.privacy.streaming import GAS, Community, Home
from tests.privacy.tokens.issuing import Desk, current_ring


class Place:
    """A community that issues tokens, its portal, and one home of it."""

    def __init__(self, community: Community, home: Home, there: Portal, desk: Desk) -> None:
        self.community = community
        self.home = home
        self.portal = there
        self.desk = desk

    @property
    def held(self) -> object:
        return self.home.egress.status()["tokens"]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    community, home = Community(tmp_path / "community"), Home(tmp_path / "home")
    community.tokens = current_ring(time.time())
    await community.start()
    await home.egress.start()
    with portal(community.key.public) as there:
        desk = Desk(community.key)
        there.more[TOKENS_PATH] = desk.take
        made = Place(community, home, there, desk)
        yield made
        await made.home.stop()
    await community.stop()


WHOLE = {"life": 24, "routine": 72, "reserve": 8}


async def test_a_home_that_pairs_has_its_tokens_and_spends_one(place: Place) -> None:
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.held == WHOLE)
    place.home.ledger.give("tell_zone", "gas", "r1")
    await place.home.egress.offer(GAS, "tell_zone")
    await until(lambda: place.community.copies()[2] >= 3, 20)
    assert place.community.seen() == [("RAISED", 0), ("UPDATED", 1), ("UPDATED", 2)]
    assert not place.community.invalid
    assert place.held == WHOLE | {"life": 23}
    assert len(place.desk.asked) == 2, "an epoch's, and the reserve"


async def test_an_event_waits_for_the_tokens_and_not_the_other_way_round(place: Place) -> None:
    """The issuer is away: dummies go on, nothing unverified leaves, nothing is asked for more."""
    place.desk.status = 503
    await place.home.pair_at(place.portal, place.community)
    place.home.ledger.give("tell_zone", "gas", "r1")
    await place.home.egress.offer(GAS, "tell_zone")
    await until(lambda: place.desk.asked)
    cells = place.community.cells
    await until(lambda: place.community.cells >= cells + 4)
    assert not place.community.arrived
    assert not place.community.invalid
    place.desk.status = 200
    await until(lambda: place.community.arrived, 30)
    assert len(place.desk.asked) > 2
    assert len(set(place.desk.asked)) == 2, "the same requests, so that nothing is issued twice"


async def test_an_allotment_that_is_refused_holds_up_no_other(place: Place) -> None:
    """A family that moved in: the flat's epoch was given out, its reserve not."""
    before = place.desk.take

    def refuse(request: object) -> tuple[int, bytes]:
        opened = SEAL.open(request, place.desk.gateway.private)
        if unpack_ask(opened.body)[0] is Allotment.EPOCH:
            return 409, b"{}"
        return before(request)

    place.portal.more[TOKENS_PATH] = refuse
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.held == {"life": 0, "routine": 0, "reserve": 8})


async def test_what_is_asked_for_is_logged_before_it_leaves(place: Place) -> None:
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.held == WHOLE)
    place.home.household.unlock(machine=place.home.machine)
    lines = place.home.egress.acts.lines(place.home.household.open_letter)
    place.home.household.lock()
    logged = [line["data"] for line in lines if line["purpose"] == "tokens"]
    assert logged == place.desk.asked


async def test_a_home_that_is_given_a_key_of_its_own_takes_nothing(place: Place) -> None:
    """Properties 6 and 12: the portal signs with another key than the relay told everyone."""
    own = SigningKey.generate()

    def partitioned(allotment: Allotment, number: int, data: bytes) -> bytes:
        parts = [data[at : at + REQUEST_LENGTH] for at in range(0, len(data), REQUEST_LENGTH)]
        blinded = [part[:2] + own.public.id[-1:] + part[3:] for part in parts]
        return b"".join(sign_request(own, own.public, one) for one in blinded)

    place.desk.sign = partitioned
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.desk.asked)
    cells = place.community.cells
    await until(lambda: place.community.cells >= cells + 4)
    assert place.held == dict.fromkeys(WHOLE, 0)


async def test_no_token_lies_open_on_the_disk(place: Place) -> None:
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.held == WHOLE)
    assert place.community.tokens is not None
    for key in place.community.tokens.keys.values():
        # Every token holds its key's id; the key itself is public and lies there as it is.
        assert not files_contain(place.home.folder, key.id)


async def test_tokens_survive_a_restart_and_are_not_fetched_again(place: Place) -> None:
    await place.home.pair_at(place.portal, place.community)
    await until(lambda: place.held == WHOLE)
    await place.home.stop()
    place.home = Home(place.home.folder)
    await place.home.egress.start()
    await until(lambda: place.home.egress.status()["connected"])
    assert place.held == WHOLE
    assert len(place.desk.asked) == 2


@settings(deadline=None)
@given(st.sampled_from(Allotment), st.integers(0, 2**32 - 1))
def test_an_ask_comes_back(allotment: Allotment, number: int) -> None:
    requests = bytes(allotment.request_length)
    assert unpack_ask(pack_ask(allotment, number, requests)) == (allotment, number, requests)


@settings(deadline=None)
@given(st.binary(max_size=3000) | st.integers(0, 25_000).map(bytes))
def test_any_ask_is_read_or_refused(body: bytes) -> None:
    if len(body) - 5 not in {24_864, 2_072} or body[0] not in (1, 2):
        with pytest.raises(ActError):
            unpack_ask(body)


def test_one_length_for_both() -> None:
    """Nobody on the way sees which allotment is fetched."""
    gateway = X25519PrivateKey.generate().public_key().public_bytes_raw()
    sizes = set()
    for allotment in Allotment:
        body = pack_ask(allotment, 1, bytes(allotment.request_length))
        request, _ = SEAL.seal(body, Ed25519PrivateKey.generate(), gateway)
        sizes.add(len(base64.b64decode(json.loads(request)["sealed"])))
    assert sizes == {25_088 + 48}
