"""The cell: layout, uniform size, every bit bound, HPKE against published vectors."""

import contextlib
import json
from pathlib import Path

import pyhpke
import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy import cell
from privacy.cell import CellError
from privacy.wire import CELL_LENGTH, Body, WireError
from tests.privacy.test_wire import bodies

VECTORS = Path(__file__).parent / "vectors"
GATEWAY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = GATEWAY.public_key().public_bytes_raw()
SEED = bytes(range(100, 132))


def a_body() -> Body:
    return Body.unpack(bytes.fromhex("0001000200010100" + "00000009" + "00" * 52))


@settings(max_examples=30)
@given(st.none() | bodies, st.binary(min_size=32, max_size=32))
def test_round_trip_and_one_length(body: Body | None, seed: bytes) -> None:
    plaintext = cell.build(seed, body)
    sealed = cell.seal(PUBLIC, plaintext)
    assert (len(plaintext), len(sealed)) == (1024, CELL_LENGTH)
    opened = cell.verify(cell.open_cell(GATEWAY, sealed))
    assert opened.body == body


def test_layout() -> None:
    plaintext = cell.build(SEED, a_body())
    assert plaintext[:2] == b"\x01\x01"
    assert plaintext[2:356] == bytes(354)
    assert plaintext[356:388] == cell.verify(plaintext).otpk
    assert plaintext[388:452] == a_body().pack()
    assert plaintext[452:900] == bytes(448)
    assert plaintext[964:] == bytes(60)
    assert cell.build(SEED, a_body()) == plaintext, "the same event is the same bytes"


def test_every_bit_of_an_outer_cell_is_bound() -> None:
    sealed = bytearray(cell.seal(PUBLIC, cell.build(SEED, a_body())))
    for bit in range(len(sealed) * 8):
        sealed[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(CellError):
            cell.open_cell(GATEWAY, bytes(sealed))
            # RFC 7748 section 5: the top bit of an X25519 point is ignored on input, but the
            # KEM context (RFC 9180 section 4.1) hashes the bytes as sent.
            pytest.fail(f"bit {bit} may be flipped")
        sealed[bit // 8] ^= 1 << bit % 8


def test_every_bit_of_a_plaintext_is_checked() -> None:
    for body in (None, a_body()):
        plaintext = bytearray(cell.build(SEED, body))
        for bit in range(len(plaintext) * 8):
            plaintext[bit // 8] ^= 1 << bit % 8
            with pytest.raises(CellError):
                cell.verify(bytes(plaintext))
            plaintext[bit // 8] ^= 1 << bit % 8


@given(st.binary(max_size=60) | st.binary(min_size=CELL_LENGTH, max_size=CELL_LENGTH))
def test_any_bytes_as_cell(data: bytes) -> None:
    for candidate in (data, cell.HEADER + data[len(cell.HEADER) :]):
        with pytest.raises(CellError):
            cell.open_cell(GATEWAY, candidate)


@given(st.binary(max_size=60) | st.binary(min_size=1024, max_size=1024))
def test_any_bytes_as_plaintext(data: bytes) -> None:
    for candidate in (data, b"\1\1" + bytes(354) + data[356:452] + bytes(448) + data[900:964]):
        with pytest.raises(CellError):
            cell.verify(candidate)


def test_a_signed_dummy_with_a_body_and_an_event_without_are_refused() -> None:
    event, dummy = cell.build(SEED, a_body()), cell.build(SEED, None)
    for first, rest in ((event, dummy), (dummy, event)):
        with pytest.raises(CellError):
            cell.verify(first[:2] + rest[2:])


def test_unusable_keys_are_refused() -> None:
    for public in (b"", bytes(31), bytes(32)):
        with pytest.raises(WireError):
            cell.seal(public, bytes(1024))
    with pytest.raises(WireError):
        cell.seal(PUBLIC, bytes(1023))


def test_reasons_are_words() -> None:
    with pytest.raises(CellError) as caught:
        cell.open_cell(X25519PrivateKey.generate(), cell.seal(PUBLIC, bytes(1024)))
    assert caught.value.reason == "seal"


def test_pyhpke_opens_and_seals_the_same() -> None:
    suite = pyhpke.CipherSuite.new(
        pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
    )
    private = suite.kem.deserialize_private_key(bytes(range(32)))
    public = suite.kem.deserialize_public_key(PUBLIC)
    plaintext = cell.build(SEED, a_body())
    ours = cell.seal(PUBLIC, plaintext)
    opener = suite.create_recipient_context(ours[7:39], private, info=cell.INFO)
    assert opener.open(ours[39:]) == plaintext
    enc, sealer = suite.create_sender_context(public, info=cell.INFO)
    assert cell.open_cell(GATEWAY, cell.HEADER + enc + sealer.seal(plaintext)) == plaintext


def test_rfc_9458_request_opens() -> None:
    values = json.loads((VECTORS / "rfc9458_ohttp_example.json").read_text())["values"]
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(values["gateway_sk"]))
    request = bytes.fromhex(values["encapsulated_request"])
    opened = suite.decrypt(request[7:], private, info=bytes.fromhex(values["hpke_info"]))
    assert opened.hex() == values["bhttp_request"]


def test_rfc_9180_first_messages_open() -> None:
    vectors = json.loads((VECTORS / "rfc9180_hpke_base_x25519.json").read_text())["vectors"]
    aeads = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}
    checked = 0
    for vector in vectors:
        if vector["aead_id"] not in aeads:
            continue
        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, aeads[vector["aead_id"]])
        first = vector["encryptions"][0]
        opened = openssl.hpke._decrypt_with_aad(
            suite,
            bytes.fromhex(vector["enc"] + first["ct"]),
            X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skRm"])),
            info=bytes.fromhex(vector["info"]),
            aad=bytes.fromhex(first["aad"]),
        )
        assert opened.hex() == first["pt"]
        checked += 1
    assert checked == 3
