"""What a home makes of the committee's attestation that everybody is told."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.home.left import pairing_view
from privacy.attestation import CHANGED_AT_MOST, Attested, RosterList, attest, committee_key

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = committee_key(PRIVATE.public_key().public_bytes_raw())
FLATS = [("1", "1", str(number)) for number in range(12)]
STATUS = {
    "paired": True,
    "community": "阳光花园",
    "slot_s": 2.0,
    "roster_size": 12,
    "zone": None,
    "anonymity_claimed": False,
    "standing": "none",
    "tokens": {"life": 24, "routine": 72, "reserve": 8},
}


@pytest.mark.parametrize("enrolled", [12, 12 + CHANGED_AT_MOST, 13 + CHANGED_AT_MOST])
def test_it_counts_against_the_homes_enrolled_now(enrolled: int) -> None:
    note = attest(RosterList(b"g" * 16, b"s" * 16, FLATS), PRIVATE, 1_800_000_000)
    told = STATUS | {"attested": Attested(KEY, note, 0), "roster_size": enrolled}
    seen = pairing_view(told, acts=True)
    assert seen is not None
    assert seen.attested is not None
    assert (seen.attested.at, seen.attested.homes) == (1_800_000_000, 12)
    assert seen.attested.holds is (enrolled <= 12 + CHANGED_AT_MOST)
    assert KEY.name.endswith(seen.attested.fingerprint)
    assert (seen.tokens, seen.homes, seen.claimed, seen.acts) == (32, enrolled, False, True)


def test_without_one_there_is_none() -> None:
    seen = pairing_view(STATUS | {"attested": None}, acts=False)
    assert seen is not None
    assert seen.attested is None
    assert pairing_view({"paired": False}, acts=False) is None
