"""Property 12: keys that two of three witnesses don't vouch for are not used; service goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.cell_keys import CellKeys
from privacy.pairing import PairingCode
from privacy.parameters import Parameters
from privacy.tokens.epochs import Allotment
from privacy.tokens.ring import KeyRing
from privacy.tokens.token import TokenClass
from privacy.transparency.claims import CELL, TOKEN
from privacy.transparency.proof import OLDEST_S, Proof
from privacy.transparency.tree import LogError, Tree
from privacy.witnessed import QUIET_S, RUN_ON_S, Believer, Standing
from privacy.zones import Partition
from tests.privacy.helpers import neighbours
from tests.privacy.tokens.issuing import key_of, ring_at
from tests.privacy.vouching import Signer, Vouching

NOW = 1_800_000_000.0
DAY_S = 86_400
KEY = bytes(range(32))
EPOCH = Allotment.EPOCH.number_at(NOW)


def told(vouching: Vouching | None = None, now: float = NOW, **other: Any) -> Parameters:
    """What a community tells, vouched for as things stand; ``other`` replaces a field."""
    named: dict[str, Any] = {
        "gateway_key": KEY,
        "zones": Partition.freeze(neighbours()),
        "slot_s": 2.0,
        "roster_size": 25,
        "tokens": ring_at(NOW),
        "cells": CellKeys({EPOCH: KEY, EPOCH + 1: bytes(32)}),
        "proof": None if vouching is None else vouching.proof(now),
    }
    return Parameters(**named | other)


@pytest.fixture
def vouching() -> Vouching:
    """A log that says what is told, signed by all three."""
    made = Vouching()
    made.say(told(), NOW)
    made.sign(NOW)
    return made


def believer(vouching: Vouching, kept: list[bytes] | None = None) -> Believer:
    kept = [] if kept is None else kept
    return Believer(vouching.trust, kept[-1] if kept else None, kept.append)


def test_property_12_what_two_of_three_vouch_for_is_believed(vouching: Vouching) -> None:
    for dead in range(3):
        vouching.dead = {dead}
        vouching.sign(NOW)
        home = believer(vouching)
        assert home.standing(NOW) is Standing.WAITING
        assert home.believe(told(vouching), NOW)
        assert home.standing(NOW) is Standing.GOOD


def test_property_12_singly_signed_is_not(vouching: Vouching) -> None:
    vouching.dead = {0, 2}
    note = vouching.sign(NOW)
    single = Proof(note, "", 0, [], vouching.entries)
    home = believer(vouching)
    for proof in (single, None):
        assert not home.believe(told(proof=proof), NOW)
        assert home.standing(NOW) is Standing.WAITING
        assert not home.standing(NOW).tells


@pytest.mark.parametrize(
    "other",
    [
        {"gateway_key": bytes(32)},
        {"slot_s": 2.001},
        {"roster_size": 24},
        {"zones": Partition.freeze(neighbours(30))},
        {"zones": Partition.freeze([])},
        {"tokens": ring_at(NOW + 7 * DAY_S)},
        {"tokens": None},
        {"cells": CellKeys({EPOCH: KEY, EPOCH + 1: KEY})},
        {"cells": CellKeys({EPOCH: KEY})},
        {"cells": CellKeys()},
        {"tokens": KeyRing({(TokenClass.LIFE, 0): key_of((TokenClass.ROUTINE, 9)).public})},
    ],
    ids=[
        *("gateway", "slot", "roster", "zones", "no zones", "later keys", "no keys"),
        *("another cell key", "a cell key left out", "no cell keys", "a key of its own"),
    ],
)
def test_property_12_what_is_not_in_the_log_is_not_used(
    vouching: Vouching, other: dict[str, Any]
) -> None:
    """Also if only one of many keys is: then none of them is learned."""
    home = believer(vouching)
    assert not home.believe(told(vouching, **other), NOW)
    assert home.problem
    assert home.believe(told(vouching), NOW)
    assert not home.believe(told(vouching, **other), NOW)
    assert home.standing(NOW) is Standing.RUN_ON


def test_property_12_a_split_view_is_refused(vouching: Vouching) -> None:
    """Another history for one home alone, even with all three signatures under it."""
    kept: list[bytes] = []
    home = believer(vouching, kept)
    assert home.believe(told(vouching), NOW)
    honest = list(vouching.entries)
    for entries in (
        [*honest[:-1], b'{"at":1,"kind":"other"}'],
        [b'{"at":1,"kind":"other"}', *honest],
    ):
        vouching.entries = entries
        vouching.sign(NOW + 60)
        for again in (home, believer(vouching, kept)):
            assert not again.believe(told(vouching), NOW + 60)
            assert "history changed" in again.problem
            assert again.standing(NOW + 60) is Standing.RUN_ON
    vouching.entries = honest
    vouching.sign(NOW + 120)
    assert home.believe(told(vouching), NOW + 120)


def test_an_older_state_is_no_fault_and_changes_nothing(vouching: Vouching) -> None:
    """A relay that lost its gateway tells what it has."""
    before = told(vouching)
    vouching.add("roster", NOW + 60, homes=26)
    vouching.sign(NOW + 60)
    home = believer(vouching)
    assert home.believe(told(vouching, roster_size=26), NOW + 60)
    assert not home.believe(before, NOW + 60)
    assert home.standing(NOW + 60) is Standing.GOOD


def test_property_12_one_witness_dead_for_48_hours_and_service_goes_on(vouching: Vouching) -> None:
    home = believer(vouching)
    vouching.dead = {1}
    for hour in range(49):
        now = NOW + hour * 3600
        vouching.sign(now)
        assert home.believe(told(vouching, now), now)
        assert home.standing(now) is Standing.GOOD


def test_property_12_two_dead_and_the_home_runs_on_for_28_days(vouching: Vouching) -> None:
    kept: list[bytes] = []
    home = believer(vouching, kept)
    assert home.believe(told(vouching), NOW)
    old = told(vouching)
    for days, standing in (
        *((0.9, Standing.GOOD), (1.1, Standing.RUN_ON), (27.9, Standing.RUN_ON)),
        *((28.1, Standing.STOPPED), (400, Standing.STOPPED)),
    ):
        now = NOW + days * DAY_S
        home.believe(old, now)  # the relay still has it, with its old signatures
        assert home.standing(now) is standing
        assert home.standing(now).tells is (days < 28)
        assert believer(vouching, kept).standing(now) is standing, "also after a restart"
    assert (QUIET_S, RUN_ON_S) == (DAY_S, 28 * DAY_S)
    vouching.sign(now)
    assert home.believe(told(vouching, now), now)
    assert home.standing(now) is Standing.GOOD


def test_new_keys_and_tables_stand_for_48_hours_before_they_count(vouching: Vouching) -> None:
    later, fresh = NOW + 3 * DAY_S, Partition.freeze(neighbours(30))
    fresh.version = 2
    for part in range(0, 73, 6):
        vouching.sign(NOW + part * 3600)
    home = believer(vouching)
    assert home.believe(told(vouching, later), later)
    keys = ring_at(NOW + 14 * DAY_S)
    new = KeyRing({name: key for name, key in keys.keys.items() if name not in ring_at(NOW).keys})
    vouching.zones(fresh, later)
    vouching.keys(new, later)
    vouching.sign(later)
    for hours, ripe in ((0, False), (47.9, False), (48, True), (60, True)):
        now = later + hours * 3600
        vouching.sign(now)
        assert home.believe(told(vouching, now), now) is not ripe, "the table before"
        assert home.believe(told(vouching, now, zones=fresh), now) is ripe
        table = fresh if ripe else told().zones
        both = KeyRing(ring_at(NOW).keys | new.keys)
        assert home.believe(told(vouching, now, zones=table, tokens=both), now) is ripe


def test_the_first_set_of_its_kind_counts_at_once_and_only_from_the_beginning(
    vouching: Vouching,
) -> None:
    """What a log without its beginning shows first is not the first."""
    assert believer(vouching).believe(told(vouching), NOW)
    cut = vouching.proof(NOW, start=1)
    assert not believer(vouching).believe(told(proof=cut), NOW)
    later = NOW + 2 * DAY_S
    vouching.sign(later)
    assert not believer(vouching).believe(told(proof=vouching.proof(later, start=2)), later)


def test_what_stood_there_before_the_witnesses_counts_at_once() -> None:
    """A community that names its witnesses late doesn't wait two days for its newest table."""
    made, fresh = Vouching(), Partition.freeze(neighbours(30))
    made.say(told(), NOW - 90 * DAY_S)
    made.zones(fresh, NOW - DAY_S)
    made.add("witnesses", NOW, sha256="of others")
    made.sign(NOW)
    assert not believer(made).believe(told(made, zones=fresh), NOW)
    made.add("witnesses", NOW, sha256=made.trust.digest.hex())
    made.sign(NOW)
    assert believer(made).believe(told(made, zones=fresh), NOW)


def test_a_home_is_not_held_back_at_an_earlier_table(vouching: Vouching) -> None:
    """An older checkpoint that is too old says nothing of what has ripened since."""
    fresh = Partition.freeze(neighbours(30))
    vouching.zones(fresh, NOW + 1)
    vouching.sign(NOW + 1)
    now = NOW + OLDEST_S + DAY_S
    vouching.sign(now)
    right, held = vouching.proof(now), vouching.proof(now)
    held.elder = vouching.notes[0][2]
    assert not believer(vouching).believe(told(proof=held), now)
    assert believer(vouching).believe(told(proof=right, zones=fresh), now)


def test_away_for_weeks_it_compares_what_it_can(vouching: Vouching) -> None:
    """Within what is told a changed history shows; before that it believes two witnesses."""
    away = believer(vouching)
    assert away.believe(told(vouching), NOW)
    size, now = len(vouching.entries), NOW + 20 * DAY_S
    vouching.say(told(), NOW + DAY_S)
    vouching.sign(NOW + DAY_S)
    vouching.sign(now)
    for start in (0, 1, size):
        proof = vouching.proof(now, start)
        assert away.believe(told(proof=proof), now)
    forged = [b'{"at":1,"kind":"other"}', *vouching.entries[1:]]
    vouching.entries = forged
    vouching.sign(now)
    newcomer = believer(vouching)
    proof = vouching.proof(now, size)
    assert not away.believe(told(proof=proof), now)
    proof.elder = ""
    assert not newcomer.believe(told(proof=proof), now)


def test_two_keys_for_one_class_and_epoch_are_a_fault(vouching: Vouching) -> None:
    name = next(iter(ring_at(NOW).keys))
    other = key_of((TokenClass.LIFE, 99)).public
    said: dict[str, str | int] = {"class": str(name[0]), "sha256": other.id.hex()}
    vouching.add(TOKEN, NOW, number=name[1], **said)
    vouching.sign(NOW)
    home = believer(vouching)
    assert not home.believe(told(vouching), NOW)
    assert "two keys" in home.problem


def test_a_lost_cell_key_is_taken_back_by_the_log(vouching: Vouching) -> None:
    """Then nobody seals to it, and nobody can be made to."""
    vouching.add(CELL, NOW, number=EPOCH, sha256="")
    vouching.sign(NOW)
    home = believer(vouching)
    assert not home.believe(told(vouching), NOW)
    assert home.believe(told(vouching, cells=CellKeys({EPOCH + 1: bytes(32)})), NOW)


def test_of_other_witnesses_nothing_is_believed(vouching: Vouching) -> None:
    vouching.three = [Signer(one.key.name, timed=True) for one in vouching.three]
    vouching.sign(NOW)
    assert not believer(vouching).believe(told(vouching), NOW)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_changed_proof_is_noticed(data: st.DataObject) -> None:
    """One byte of the proof changed: nothing else is ever believed because of it."""
    made = _SHARED
    shown = json.dumps(made.proof(NOW).to_json())
    place = data.draw(st.integers(0, len(shown) - 1))
    letter = data.draw(st.sampled_from('09aZ+/=",:{}[] '))
    changed = shown[:place] + letter + shown[place + 1 :]
    try:
        proof = Proof.from_json(json.loads(changed))
    except (LogError, ValueError):
        return
    home = believer(made)
    home.believe(told(proof=proof), NOW)
    assert home.seen is None or home.seen.root == Tree(made.entries).root()


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(("note", "elder", "start", "edge", "entries")), inner, max_size=5
            )
        ),
        max_leaves=20,
    )
)
def test_any_data_ends_in_one_error(data: object) -> None:
    with pytest.raises(LogError):
        believer(_SHARED)._vouched(told(proof=Proof.from_json(data)), NOW)


_SHARED = Vouching()
_SHARED.say(told(), NOW)
_SHARED.sign(NOW)


def test_the_printed_code_pins_gateway_log_and_witnesses(vouching: Vouching) -> None:
    """An answer without witnesses, with others, or with another log is somebody in between."""
    code = PairingCode.new("http://127.0.0.1:1", KEY, trust=vouching.trust)
    assert PairingCode.parse(code.text).key_hash == code.key_hash
    plain = PairingCode.new("http://127.0.0.1:1", KEY)
    hashes = {code.key_hash, plain.key_hash}
    hashes.add(PairingCode.new("http://127.0.0.1:1", KEY, trust=Vouching().trust).key_hash)
    hashes.add(PairingCode.new("http://127.0.0.1:1", bytes(32), trust=vouching.trust).key_hash)
    assert len(hashes) == 4
