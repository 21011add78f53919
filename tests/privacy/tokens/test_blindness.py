"""Property 6: who asked for a token can't be told from the token."""

import os

import pytest

from privacy.tokens.blind_rsa import E, encode_pss
from privacy.tokens.signer import SigningKey, sign_request
from privacy.tokens.token import TokenClass, TokenRequest, ask

KEY = SigningKey.generate()
ISSUER = KEY.public
N = ISSUER.public.n


def issue() -> tuple[bytes, bytes, bytes]:
    """What the issuer saw, what it answered, and the token that came of it."""
    pending = ask(ISSUER, os.urandom(32), TokenClass.LIFE.digest, os.urandom(32))
    answer = sign_request(KEY, ISSUER, pending.request)
    return TokenRequest.unpack(pending.request).blinded, answer, pending.finish(answer)


def test_every_token_fits_every_issuance_equally() -> None:
    """For each token and each request there is exactly one blinding that makes them one.

    So a request says nothing about which token it became, whatever is computed from it.
    """
    seen = [issue() for _ in range(25)]
    for blinded, answer, _ in seen:
        for _, _, token in seen:
            signature = int.from_bytes(token[98:], "big")
            encoded = pow(signature, E, N)
            r = int.from_bytes(answer, "big") * pow(signature, -1, N) % N
            assert encoded * pow(r, E, N) % N == int.from_bytes(blinded, "big")


def test_the_signed_number_is_the_tokens_encoding() -> None:
    """What the last test calls encoded is EMSA-PSS of the token's own 98 bytes."""
    _, _, token = issue()
    encoded = pow(int.from_bytes(token[98:], "big"), E, N)
    hashed = encoded.to_bytes(256, "big")[207:255]
    assert encoded % 256 == 0xBC
    salt = _salt(encoded.to_bytes(256, "big"))
    assert encode_pss(token[:98], 2047, salt)[207:255] == hashed


def _salt(block: bytes) -> bytes:
    """The salt within an EMSA-PSS block (RFC 8017 section 9.1.2)."""
    from privacy.tokens.blind_rsa import _mgf1

    mask = _mgf1(block[207:255], 207)
    return bytes(a ^ b for a, b in zip(block[:207], mask, strict=True))[-48:]


@pytest.mark.long
def test_a_classifier_does_no_better_than_chance() -> None:
    """10,000 pairs that belong together against 10,000 that don't, by the bits they share."""
    seen = [issue() for _ in range(10_000)]
    scores = []
    for shift in (0, 1):
        for place, (blinded, answer, _) in enumerate(seen):
            token = seen[(place + shift) % len(seen)][2]
            apart = int.from_bytes(blinded, "big") ^ int.from_bytes(token[98:], "big")
            closer = int.from_bytes(answer, "big") ^ int.from_bytes(token[98:], "big")
            scores.append((min(apart.bit_count(), closer.bit_count()), shift))
    scores.sort()
    # The area under the curve by ranks (Mann and Whitney), ties at their middle rank.
    ranks: dict[int, list[int]] = {}
    for rank, (score, _) in enumerate(scores, 1):
        ranks.setdefault(score, []).append(rank)
    total = sum(sum(ranks[score]) / len(ranks[score]) for score, shift in scores if shift == 0)
    count = len(seen)
    area = (total - count * (count + 1) / 2) / count**2
    half_width = 2.576 * (1 / (6 * count)) ** 0.5  # of the 99 % interval under no difference
    assert 0.48 < area - half_width < area + half_width < 0.52
