"""Epochs' keys: made ahead, destroyed 49 hours after; an event goes on over a change of keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.cell_keys import CellKeys, CellKeystore
from privacy.errors import PrivacyError
from privacy.gateway import open_batch
from privacy.tokens.epochs import EPOCH_S, KEPT_S, Allotment
from privacy.wire import slot_at
from tests.privacy.test_sender import Bench

START = Allotment.EPOCH.start(48)


def numbers(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.key"))


def test_they_are_made_an_epoch_ahead_and_destroyed_49_hours_after(tmp_path: Path) -> None:
    keys, folder = CellKeystore(tmp_path / "cells"), tmp_path / "cells"
    keys.maintain(START + 5)
    assert numbers(folder) == [48, 49]
    first = keys.public().keys[49]
    keys.maintain(START + EPOCH_S + KEPT_S - 1)
    assert numbers(folder) == [48, 49, 50]
    keys.maintain(START + EPOCH_S + KEPT_S + 1)
    assert numbers(folder) == [49, 50]
    again = CellKeystore(folder)
    again.maintain(START + EPOCH_S + KEPT_S + 1)
    assert again.public().keys == keys.public().keys
    assert again.public().keys[49] == first
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_damaged_one_is_never_replaced(tmp_path: Path) -> None:
    keys = CellKeystore(tmp_path)
    keys.maintain(START)
    (tmp_path / "48.key").write_bytes(b"short")
    with pytest.raises(PrivacyError):
        CellKeystore(tmp_path).maintain(START)
    assert (tmp_path / "48.key").read_bytes() == b"short"


def test_the_slot_selects_the_key(tmp_path: Path) -> None:
    keys = CellKeystore(tmp_path)
    keys.maintain(START)
    told = CellKeys.from_json(keys.public().to_json())
    assert told.at(START - 1) is None
    assert told.at(START) == told.at(START + EPOCH_S - 1) == told.keys[48]
    assert told.at(START + EPOCH_S) == told.keys[49]
    likeliest = keys.privates(START + EPOCH_S)[0].public_key().public_bytes_raw()
    assert likeliest == told.keys[49]


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=10)
            | st.dictionaries(st.sampled_from(("number", "key")), inner, max_size=2)
        ),
        max_leaves=20,
    )
)
def test_any_data_ends_in_one_error_or_in_keys(data: object) -> None:
    try:
        read = CellKeys.from_json(data)
    except PrivacyError:
        return
    assert CellKeys.from_json(read.to_json()).keys == read.keys


def test_an_event_half_sent_across_a_change_keeps_its_token_and_one_time_key(
    tmp_path: Path,
) -> None:
    """Its copies and follow-ups are equal plaintexts, sealed to whichever key their slot has."""
    bench = Bench(tmp_path / "home")
    store = CellKeystore(tmp_path / "cells")
    store.maintain(START)
    bench.pairing.cells = store.public()
    bench.slot = slot_at(START + EPOCH_S, bench.pairing.slot_s) - 3
    bench.offer("a")
    opened = []
    for _ in range(16):
        bench.slot += 1
        sealed = bench.sender.prepare(bench.slot, bench.slot, bench.pairing, online=True)
        bench.sender.receipt(bench.slot)
        by = [n for n in (48, 49) if open_batch([_private(tmp_path, n)], [sealed])]
        batch = open_batch(store.privates(START + EPOCH_S), [sealed])
        assert not batch.invalid, "whichever it is, the gateway opens it"
        opened += [(by, event.nonce, event.body.seq, event.content) for event in batch]
        assert not open_batch([bench.gateway.private], [sealed]), "not under the lasting key"
    assert [by for by, *_ in opened] == [[48]] * 2 + [[49]] * 7
    assert len({nonce for _, nonce, *_ in opened}) == 1
    assert [seq for _, _, seq, _ in opened] == [0] * 3 + [1] * 3 + [2] * 3
    assert len({content for *_, content in opened}) == 3


def test_without_a_key_for_the_epoch_the_lasting_one_is_used(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.pairing.cells = CellKeys({1: bytes(32)})
    assert bench.step() == "-"


def _private(folder: Path, number: int) -> X25519PrivateKey:
    data = (folder / "cells" / f"{number}.key").read_bytes()
    return X25519PrivateKey.from_private_bytes(data)
