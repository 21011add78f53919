"""The committee's list, what it signs, and what a home makes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy import committee
from privacy.attestation import (
    CHANGED_AT_MOST,
    AttestationError,
    Attested,
    RosterList,
    Statement,
    attest,
    committee_key,
    fingerprint,
    open_attestation,
    read_committee_key,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = committee_key(PRIVATE.public_key().public_bytes_raw())
HERE, SALT = b"g" * 16, b"s" * 16
FLATS = [("3", "1", "502"), ("3", "2", "1201"), ("花园", "1", "3,5")]
LIST = RosterList(HERE, SALT, FLATS)
PART = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12).filter(
    lambda part: part == part.strip()
)


@given(st.sets(st.tuples(PART, PART, PART), max_size=30))
def test_a_list_comes_back_as_it_was(flats: set[tuple[str, str, str]]) -> None:
    made = RosterList(HERE, SALT, flats)
    read = RosterList.parse(made.text)
    assert (read.flats, read.gateway_hash, read.digest) == (sorted(flats), HERE, made.digest)


def test_what_a_table_program_makes_of_it_is_the_same_list() -> None:
    lines = LIST.text.splitlines()
    saved = "\ufeff" + "\n".join([lines[0], *(f"{line}," for line in reversed(lines[1:])), ",,,"])
    assert RosterList.parse(saved).digest == LIST.digest


def test_another_salt_or_flat_is_another_list() -> None:
    others = [
        RosterList(HERE, b"t" * 16, FLATS),
        RosterList(HERE, SALT, FLATS[1:]),
        RosterList(HERE, SALT, [*FLATS, ("9", "9", "999")]),
    ]
    assert len({one.digest for one in (LIST, *others)}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "building,riser,flat\n3,1,502",
        LIST.text.replace("building", "floor"),
        LIST.text + "3,1,502\n",
        LIST.text + "3,,1\n",
        LIST.text + "3,1\n",
        '"\x00',
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(AttestationError):
        RosterList.parse(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (RosterList.parse, Statement.parse, read_committee_key):
        try:
            read(text)
        except AttestationError:
            continue


def test_a_signed_list_says_which_and_how_many() -> None:
    said = open_attestation(attest(LIST, PRIVATE, 1_800_000_000), KEY)
    assert (said.gateway_hash, said.homes, said.digest, said.at) == (
        HERE,
        3,
        LIST.digest,
        1_800_000_000,
    )


@given(st.integers(0, 300), st.characters(codec="ascii"))
def test_a_changed_character_is_noticed(place: int, other: str) -> None:
    note = attest(LIST, PRIVATE, 1_800_000_000)
    place %= len(note)
    forged = note[:place] + other + note[place + 1 :]
    if forged != note:
        with pytest.raises(AttestationError):
            open_attestation(forged, KEY)


def test_another_key_is_noticed() -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(AttestationError):
        open_attestation(attest(LIST, other, 1), KEY)
    told = {"key": KEY.text, "note": attest(LIST, other, 1), "changed": 0}
    assert Attested.from_json(told, HERE) is None


def test_a_key_goes_by_its_fingerprint_only() -> None:
    assert read_committee_key(f" {KEY.text}\n").text == KEY.text
    assert KEY.name == f"linli-committee/{fingerprint(KEY.public)}"
    assert re.fullmatch(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", fingerprint(KEY.public))
    with pytest.raises(AttestationError):
        read_committee_key(KEY.text.replace("linli", "lin1i"))


def test_a_home_counts_what_does_not_hold_as_none() -> None:
    told = Attested(KEY, attest(LIST, PRIVATE, 7), 1).to_json()
    read = Attested.from_json(json.loads(json.dumps(told)), HERE)
    assert read is not None
    assert read.to_json() == told
    assert Attested.from_json(told, b"h" * 16) is None, "it is about another community"
    off: list[object] = [None, [], {}]
    off += [told | {"changed": -1}, told | {"changed": True}, told | {"key": 3}]
    for wrong in off:
        assert Attested.from_json(wrong, HERE) is None


@pytest.mark.parametrize(
    ("changed", "enrolled", "holds"),
    [
        (0, 3, True),
        (CHANGED_AT_MOST, 3, True),
        (CHANGED_AT_MOST + 1, 3, False),
        (0, 3 + CHANGED_AT_MOST, True),
        # The community counts no change, and tells of more homes than were checked.
        (0, 4 + CHANGED_AT_MOST, False),
    ],
)
def test_it_counts_until_too_many_flats_changed(changed: int, enrolled: int, holds: bool) -> None:
    assert Attested(KEY, attest(LIST, PRIVATE, 7), changed).holds(enrolled) is holds


def test_the_committee_signs_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret, checked = tmp_path / "committee.key", tmp_path / "roster.csv"
    checked.write_text(LIST.text, encoding="utf-8")
    assert committee.main(["key", str(secret)]) == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    public = capsys.readouterr().out
    assert committee.main(["key", str(secret)]) == 0
    assert capsys.readouterr().out == public, "a key is made once"
    signing = ["attest", str(checked), "--key", str(secret), "--homes"]
    assert committee.main([*signing, "2"]) == 1
    refused = capsys.readouterr()
    assert (refused.out, "not signed" in refused.err) == ("", True)
    assert committee.main([*signing, "3"]) == 0
    said = open_attestation(capsys.readouterr().out, read_committee_key(public))
    assert said.digest == LIST.digest
    assert committee.main(["attest", str(secret), "--key", str(secret), "--homes", "3"]) == 1
