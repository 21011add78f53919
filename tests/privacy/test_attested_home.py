"""The committee's attestation at home: it comes with the parameters, and stops nothing."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.attestation import Attested, RosterList, attest, committee_key
from privacy.handshake import key_hash
from privacy.pairing import Pairing
from tests.privacy.helpers import home_answer, parameters, public, until
from tests.privacy.streaming import Community, Home
from tests.privacy.test_egress import community, home

__all__ = ["community", "home"]  # fixtures

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def told(gateway: bytes, attested: object) -> bytes:
    return json.dumps(json.loads(parameters(gateway)) | {"attested": attested}).encode()


async def test_it_reaches_the_home_and_a_forged_one_counts_as_none(
    community: Community, home: Home
) -> None:
    await home.pair(community)
    assert home.egress.status()["attested"] is None
    gateway = community.key.public
    roster = RosterList(key_hash(gateway), b"s" * 16, [("1", "1", str(n)) for n in range(3)])
    made = Attested(committee_key(public(PRIVATE)), attest(roster, PRIVATE, 7), 0)
    community.relay._homes.set_parameters(told(gateway, made.to_json()))
    await until(lambda: home.egress.status()["attested"] is not None)
    found = home.egress.status()["attested"]
    assert isinstance(found, Attested)
    assert (found.said.homes, found.said.at, found.holds(3)) == (3, 7, True)
    forged = made.to_json() | {"note": made.note.replace("\n3\n", "\n4\n")}
    community.relay._homes.set_parameters(told(gateway, forged))
    await until(lambda: home.egress.status()["attested"] is None)
    assert home.egress.status()["connected"], "what doesn't hold counts as none, and no more"


def test_it_is_kept_with_the_pairing() -> None:
    gateway = public(Ed25519PrivateKey.generate())
    roster = RosterList(key_hash(gateway), b"s" * 16, [("1", "1", "1")])
    made = Attested(committee_key(public(PRIVATE)), attest(roster, PRIVATE, 7), 2)
    pairing = Pairing(home_answer(gateway, "127.0.0.1:1"), key_hash(gateway))
    assert pairing.attested is None, "what was stored before there were any"
    pairing.attested = made
    again = Pairing(json.loads(json.dumps(pairing.to_json())), key_hash(gateway))
    assert again.attested is not None
    assert again.attested.to_json() == made.to_json()
