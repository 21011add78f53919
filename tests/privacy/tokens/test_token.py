"""RFC 9577 and RFC 9578: vectors byte for byte; every bit of a token is checked."""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privacy.tokens.blind_rsa import blind_with
from privacy.tokens.signer import SignerError, SigningKey, sign_request
from privacy.tokens.token import (
    BUDGET,
    IssuerKey,
    PendingToken,
    TokenClass,
    TokenError,
    TokenRequest,
    ask,
    token_challenge,
    token_input,
    verify_token,
)
from tests import house

VECTORS = Path(__file__).parent.parent / "vectors"
RFC9577 = json.loads((VECTORS / "rfc9577_challenge_token.json").read_text())
RFC9578 = json.loads((VECTORS / "rfc9578_issuance.json").read_text())["type_0002_blind_rsa"]
KEY = SigningKey.generate()
ISSUER = KEY.public
OTHER = SigningKey.generate()
SEED = bytes(range(32))
NONCE = hashlib.sha256(b"a one-time key").digest()


def issued(nonce: bytes = NONCE, kind: TokenClass = TokenClass.LIFE) -> bytes:
    pending = ask(ISSUER, nonce, kind.digest, SEED)
    return pending.finish(sign_request(KEY, ISSUER, pending.request))


TOKEN = issued()


@pytest.mark.parametrize("vector", RFC9578, ids=lambda vector: f"B.2 {vector['n']}")
def test_rfc9578_appendix_b2(vector: dict[str, Any]) -> None:
    read = {name: bytes.fromhex(value) for name, value in vector.items() if name != "n"}
    private = load_pem_private_key(read["skS"], None)
    assert isinstance(private, RSAPrivateKey)
    key = SigningKey(private.private_numbers())
    issuer = IssuerKey(read["pkS"])
    assert key.public.spki == issuer.spki
    digest = hashlib.sha256(read["token_challenge"]).digest()
    message = token_input(issuer, read["nonce"], digest)
    blind = int.from_bytes(read["blind"], "big")
    pending = PendingToken(issuer, blind_with(issuer.public, message, read["salt"], blind))
    assert pending.request == read["token_request"]
    response = sign_request(key, issuer, pending.request)
    assert response == read["token_response"]
    assert pending.finish(response) == read["token"]
    assert verify_token(issuer, digest, read["token"]) == read["nonce"]


def of_our_type(vectors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [vector for vector in vectors if vector["token_type"] == "0002"]


@pytest.mark.parametrize("vector", of_our_type(RFC9577["challenge_redemption"]))
def test_rfc9577_appendix_a1(vector: dict[str, Any]) -> None:
    names = ("issuer_name", "origin_info", "redemption_context", "nonce", "token_key_id")
    issuer, origin, context, nonce, key_id = (bytes.fromhex(vector[name]) for name in names)
    digest = hashlib.sha256(token_challenge(issuer, origin, context)).digest()
    made = bytes.fromhex("0002") + nonce + digest + key_id
    assert made.hex() == vector["token_authenticator_input"]


def test_rfc9577_appendix_a2() -> None:
    """The challenge and key of the headers that name our type."""
    seen = 0
    for headers in RFC9577["http_headers"]:
        if headers["token-type-0"] == "0x0002":
            parts = headers["token-challenge-0"], headers["token-key-0"]
            challenge, key = (bytes.fromhex(part) for part in parts)
            assert base64.urlsafe_b64encode(challenge).decode() in headers["WWW-Authenticate"]
            context = challenge[2 + 2 + 14 + 1 :][:32]
            assert token_challenge(b"issuer.example", b"origin.example", context) == challenge
            assert IssuerKey(key).spki == key
            seen += 1
    assert seen == 2


def test_sizes_and_budgets() -> None:
    assert (len(TOKEN), len(ask(ISSUER, NONCE, bytes(32), SEED).request)) == (354, 259)
    assert BUDGET == {TokenClass.LIFE: 24, TokenClass.ROUTINE: 72, TokenClass.RESERVE: 8}
    assert len({kind.digest for kind in TokenClass}) == 3
    assert TokenClass.LIFE.challenge == bytes.fromhex("0002 0005 6c696e6c69 00 0004 6c696665")


def test_every_flipped_bit_of_a_token_is_refused() -> None:
    """Property 5."""
    assert verify_token(ISSUER, TokenClass.LIFE.digest, TOKEN) == NONCE
    accepted = []
    changed = bytearray(TOKEN)
    for bit in range(len(TOKEN) * 8):
        changed[bit // 8] ^= 1 << bit % 8
        try:
            verify_token(ISSUER, TokenClass.LIFE.digest, bytes(changed))
            accepted.append(bit)
        except TokenError:
            pass
        changed[bit // 8] ^= 1 << bit % 8
    assert (bit + 1, accepted) == (2832, [])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(bytes(354))
@example(TOKEN[:98] + b"\xff" * 256)
@example(TOKEN[:98] + bytes(255) + b"\x01")
def test_a_token_that_nobody_issued_is_refused(data: bytes) -> None:
    with pytest.raises(TokenError):
        verify_token(ISSUER, TokenClass.LIFE.digest, data)


def test_the_same_signature_written_otherwise_is_refused() -> None:
    """RFC 8017 section 5.2.2: a signature is below the modulus, so that it has one encoding."""
    for n in range(200):
        token = issued(hashlib.sha256(bytes((n,))).digest())
        other = int.from_bytes(token[98:], "big") + ISSUER.public.n
        if other.bit_length() <= 2048:
            break
    else:
        pytest.fail("no signature small enough was found")
    with pytest.raises(TokenError):
        verify_token(ISSUER, TokenClass.LIFE.digest, token[:98] + other.to_bytes(256, "big"))


def test_another_key_class_or_request_is_refused() -> None:
    with pytest.raises(TokenError):
        verify_token(OTHER.public, TokenClass.LIFE.digest, TOKEN)
    with pytest.raises(TokenError):
        verify_token(ISSUER, TokenClass.ROUTINE.digest, TOKEN)
    pending = ask(ISSUER, NONCE, TokenClass.LIFE.digest, SEED)
    foreign = ask(OTHER.public, NONCE, TokenClass.LIFE.digest, SEED)
    with pytest.raises(TokenError):
        pending.finish(sign_request(OTHER, OTHER.public, foreign.request))
    blinded = TokenRequest.unpack(pending.request).blinded
    with pytest.raises(TokenError):
        sign_request(KEY, ISSUER, TokenRequest(ISSUER.id[-1] ^ 1, blinded).pack())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
@example(bytes(259))
def test_the_signer_reads_any_bytes(data: bytes) -> None:
    with pytest.raises((TokenError, SignerError)):
        sign_request(KEY, ISSUER, data)


def test_keys_have_one_encoding() -> None:
    """Property 6: what a malformed or partitioned key would need, a home doesn't take."""
    spki = ISSUER.spki
    assert (len(spki), ISSUER.id) == (342, hashlib.sha256(spki).digest())
    n = ISSUER.public.n
    refused = [
        b"",
        spki + b"\0",
        spki[:-1],
        spki[:-1] + b"\x03",
        spki[:81] + (n - 1).to_bytes(256, "big") + spki[-5:],
        spki[:81] + (n >> 1 | 1).to_bytes(256, "big") + spki[-5:],
        spki[:81] + bytes(256) + spki[-5:],
    ]
    for data in refused:
        with pytest.raises(TokenError):
            IssuerKey(data)
    for wrong in ((n, 3), (n, 1), (n << 1, 65537), (n >> 8, 65537)):
        with pytest.raises(TokenError):
            IssuerKey.of(*wrong)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 342 * 8 - 1))
def test_a_flipped_bit_of_a_key_is_refused_or_another_key(bit: int) -> None:
    changed = bytearray(ISSUER.spki)
    changed[bit // 8] ^= 1 << bit % 8
    in_modulus = 81 <= bit // 8 < 81 + 256
    try:
        read = IssuerKey(bytes(changed))
    except TokenError:
        return
    assert in_modulus
    assert read.id != ISSUER.id


def test_what_the_room_stands_on() -> None:
    """The standard library and cryptography; gmpy2 in the signer, which no home runs."""
    files = house.python(house.files_of_the_house(), "privacy")
    names = {(one.importer, one.target.partition(".")[0]) for one in house.imports(files)}
    known = sys.stdlib_module_names | {"cryptography", "privacy"}
    assert {pair for pair in names if pair[1] not in known} == {("privacy.tokens.signer", "gmpy2")}
