"""RFC 9474: its vectors byte for byte, what a client refuses, what the signer refuses."""

import json
import os
from pathlib import Path
from typing import Any

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.tokens import blind_rsa
from privacy.tokens.blind_rsa import BlindError, PublicKey, blind, blind_with
from privacy.tokens.signer import SignerError, SigningKey
from privacy.tokens.token import IssuerKey

VECTORS = Path(__file__).parent.parent / "vectors"
RFC9474 = json.loads((VECTORS / "rfc9474_blind_rsa.json").read_text())["vectors"]
KEY = SigningKey.generate()
PUBLIC = KEY.public.public


def numbers(vector: dict[str, Any]) -> rsa.RSAPrivateNumbers:
    p, q, n, e, d = (int(vector[name], 16) for name in ("p", "q", "n", "e", "d"))
    halves = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *halves, rsa.RSAPublicNumbers(e, n))


@pytest.mark.parametrize("vector", RFC9474, ids=[vector["name"] for vector in RFC9474])
def test_rfc9474_appendix_a(vector: dict[str, Any]) -> None:
    key = PublicKey(int(vector["n"], 16), int(vector["e"], 16), int(vector["sLen"], 16))
    message, salt = bytes.fromhex(vector["input_msg"]), bytes.fromhex(vector["salt"])
    assert message == bytes.fromhex(vector["msg_prefix"] + vector["msg"])
    r = pow(int(vector["inv"], 16), -1, key.n)
    blinded = blind_with(key, message, salt, r)
    assert blinded.request.hex() == vector["blinded_msg"]
    answer = SigningKey(numbers(vector)).blind_sign(blinded.request)
    assert answer.hex() == vector["blind_sig"]
    signature = blinded.finalize(answer)
    assert signature.hex() == vector["sig"]
    key.verify(message, signature)


def test_every_vector_of_the_rfc_is_here() -> None:
    assert len(RFC9474) == 4


def test_the_same_message_blinds_to_numbers_with_nothing_in_common() -> None:
    seen = {blind(PUBLIC, b"a message", os.urandom(32)).request for _ in range(20)}
    assert len(seen) == 20
    assert {len(request) for request in seen} == {256}


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=200))
def test_any_message_is_signed_blindly_and_verifies(message: bytes) -> None:
    blinded = blind(PUBLIC, message, os.urandom(32))
    signature = blinded.finalize(KEY.blind_sign(blinded.request))
    PUBLIC.verify(message, signature)
    with pytest.raises(BlindError):
        PUBLIC.verify(message + b"!", signature)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_an_answer_that_was_not_signed_finishes_nothing(answer: bytes) -> None:
    with pytest.raises(BlindError):
        blind(PUBLIC, b"a message", os.urandom(32)).finalize(answer)


def test_the_answer_to_another_request_finishes_nothing() -> None:
    mine, other = blind(PUBLIC, b"one", os.urandom(32)), blind(PUBLIC, b"other", os.urandom(32))
    with pytest.raises(BlindError):
        mine.finalize(KEY.blind_sign(other.request))


def test_keys_that_a_client_refuses() -> None:
    n = PUBLIC.n
    wrong = [(n, 3), (n, 1), (n, 65539), (n - 1, 65537), (n >> 1 | 1, 65537), (0, 65537)]
    for modulus, exponent in [*wrong, (-n, 65537), (1 << 1023 | 1, 65537)]:
        with pytest.raises(BlindError):
            PublicKey(modulus, exponent)


def test_a_modulus_with_a_factor_that_shows_is_refused() -> None:
    """A malicious key may try to make blinding fail in a way that tells; it ends at once."""
    n = (1 << 2047) | 1
    while n % 3 or n % 2 == 0:
        n += 1
    with pytest.raises(BlindError):
        blind_with(PublicKey(n), b"a message", bytes(48), 3)


def test_the_encoded_message_fits_its_bits() -> None:
    for bits in (2047, 2040, 4095):
        encoded = blind_rsa.encode_pss(b"a message", bits, bytes(48))
        assert len(encoded) == (bits + 7) // 8
        assert int.from_bytes(encoded, "big").bit_length() <= bits


class TestSigner:
    """What the signer refuses, and what never leaves it."""

    @pytest.mark.parametrize("size", [0, 1, 255, 257, 4096])
    def test_another_length(self, size: int) -> None:
        with pytest.raises(SignerError):
            KEY.blind_sign(bytes(size))

    def test_a_number_that_is_no_residue(self) -> None:
        for number in (PUBLIC.n, PUBLIC.n + 1, (1 << 2048) - 1):
            with pytest.raises(SignerError):
                KEY.blind_sign(number.to_bytes(256, "big"))
        assert KEY.blind_sign((PUBLIC.n - 1).to_bytes(256, "big"))

    def test_an_injected_fault_lets_no_signature_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Property 12. One wrong bit in either half would factor the key."""
        true = gmpy2.powmod_sec
        request = blind(PUBLIC, b"a message", os.urandom(32)).request
        halves = (KEY.numbers.p, KEY.numbers.q)
        for half in halves:
            for bit in (0, 1, 511, 1000):

                def faulty(base: gmpy2.mpz, exponent: gmpy2.mpz, modulus: gmpy2.mpz) -> gmpy2.mpz:
                    wrong = 1 << bit if modulus == half else 0  # noqa: B023  called in this round
                    return true(base, exponent, modulus) ^ wrong

                monkeypatch.setattr(gmpy2, "powmod_sec", faulty)
                with pytest.raises(SignerError):
                    KEY.blind_sign(request)
        monkeypatch.undo()
        assert KEY.blind_sign(request)

    def test_the_base_is_blinded_afresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bases: list[int] = []
        true = gmpy2.powmod_sec

        def watched(base: gmpy2.mpz, exponent: gmpy2.mpz, modulus: gmpy2.mpz) -> gmpy2.mpz:
            bases.append(int(base))
            return true(base, exponent, modulus)

        monkeypatch.setattr(gmpy2, "powmod_sec", watched)
        request = blind(PUBLIC, b"a message", os.urandom(32)).request
        answers = {KEY.blind_sign(request) for _ in range(5)}
        assert len(answers) == 1, "the result is the same"
        assert len(set(bases)) == len(bases) == 10, "what it is computed from never is"

    def test_the_key_comes_back_from_the_disk(self) -> None:
        again = SigningKey.from_der(KEY.to_der())
        assert again.public.spki == KEY.public.spki
        assert isinstance(again.public, IssuerKey)

    @settings(max_examples=15, deadline=None)
    @given(st.data())
    def test_damaged_keys_are_refused(self, data: st.DataObject) -> None:
        whole = KEY.to_der()
        cut = data.draw(st.integers(0, len(whole) - 1))
        with pytest.raises(SignerError):
            SigningKey.from_der(whole[:cut])

    def test_a_key_of_another_size_is_refused(self) -> None:
        other = SigningKey(rsa.generate_private_key(65537, 3072).private_numbers())
        with pytest.raises(SignerError):
            SigningKey.from_der(other.to_der())
