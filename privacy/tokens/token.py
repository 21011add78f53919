"""Privacy Pass tokens of type 0x0002, blind RSA 2048 (RFC 9577, RFC 9578).

A token is 354 bytes: ``type 2 | nonce 32 | challenge digest 32 | key id 32 | signature 256``. Its
nonce is the SHA-256 of the event's one-time key, which binds token and content; who got a token
and who spends one can't be matched, since the issuer signed it blindly. The challenge is constant
for each class and its redemption context empty, so that a token may be spent at any time.
"""

from __future__ import annotations

import hashlib
import struct
from enum import StrEnum

from privacy.errors import PrivacyError
from privacy.tokens.blind_rsa import Blinded, BlindError, E, PublicKey, blind

TOKEN_TYPE = 2
TOKEN_LENGTH = 354
REQUEST_LENGTH = 259
RESPONSE_LENGTH = 256
NONCE_LENGTH = 32
_INPUT = 98
_N = 256
_REQUEST = struct.Struct(f">HB{_N}s")

# SubjectPublicKeyInfo of an RSASSA-PSS key with SHA-384, MGF1-SHA-384, salt 48 and a modulus of
# exactly 2,048 bits (RFC 9578 section 6.5): all but the modulus is fixed, so it is compared.
_SPKI_HEAD = bytes.fromhex(
    "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f7"
    "0d010108300b0609608648016503040202a2030201300382010f003082010a0282010100"
)
_SPKI_TAIL = bytes.fromhex("0203010001")
SPKI_LENGTH = len(_SPKI_HEAD) + _N + len(_SPKI_TAIL)


class TokenError(PrivacyError):
    """A key, a request or a token that is refused."""


class TokenClass(StrEnum):
    """What a token may be spent on. Every home gets the same number of each."""

    LIFE = "life"
    ROUTINE = "routine"
    RESERVE = "reserve"

    @property
    def budget(self) -> int:
        """Tokens of this class for one flat and one term of its key."""
        return BUDGET[self]

    @property
    def challenge(self) -> bytes:
        """The class's TokenChallenge: the same for everyone, always."""
        return token_challenge(b"linli", self.value.encode())

    @property
    def digest(self) -> bytes:
        """SHA-256 of the challenge, as tokens carry it."""
        return hashlib.sha256(self.challenge).digest()


BUDGET = {TokenClass.LIFE: 24, TokenClass.ROUTINE: 72, TokenClass.RESERVE: 8}


def token_challenge(issuer: bytes, origin: bytes, context: bytes = b"") -> bytes:
    """A TokenChallenge of type 0x0002 (RFC 9577 section 2.1.1).

    Args:
        issuer: the issuer's name.
        origin: what the token is for, names joined by commas, or nothing.
        context: the redemption context: 32 bytes, or nothing.
    """
    if len(context) not in (0, NONCE_LENGTH):
        raise TokenError("a redemption context has 32 bytes or none")
    return b"".join(
        (
            struct.pack(">HH", TOKEN_TYPE, len(issuer)) + issuer,
            bytes((len(context),)) + context,
            struct.pack(">H", len(origin)) + origin,
        )
    )


class IssuerKey:
    """An issuer's public key.

    Attributes:
        spki: its only encoding, 342 bytes.
        id: SHA-256 of that, as tokens carry it.
    """

    __slots__ = ("id", "public", "spki")

    def __init__(self, spki: bytes) -> None:
        """Read a key.

        Raises:
            TokenError: anything but a modulus of exactly 2,048 bits, odd, with exponent 65537.
        """
        modulus = spki[len(_SPKI_HEAD) : len(_SPKI_HEAD) + _N]
        n = int.from_bytes(modulus, "big")
        if spki != _SPKI_HEAD + modulus + _SPKI_TAIL or n.bit_length() != 8 * _N:
            raise TokenError("this is not an issuer's key of 2,048 bits with exponent 65537")
        try:
            self.public = PublicKey(n)
        except (BlindError, ValueError):
            raise TokenError("this modulus can't be an issuer's key") from None
        self.spki = spki
        self.id = hashlib.sha256(spki).digest()

    @classmethod
    def of(cls, n: int, e: int = E) -> IssuerKey:
        """The key with this modulus.

        Raises:
            TokenError: another exponent or size.
        """
        if e != E or n.bit_length() != 8 * _N:
            raise TokenError("an issuer's key has 2,048 bits and exponent 65537")
        return cls(_SPKI_HEAD + n.to_bytes(_N, "big") + _SPKI_TAIL)


class TokenRequest:
    """What one token's request says: 259 bytes (RFC 9578 section 6.1)."""

    __slots__ = ("blinded", "short_id")

    def __init__(self, short_id: int, blinded: bytes) -> None:
        self.short_id = short_id
        self.blinded = blinded

    def pack(self) -> bytes:
        """The 259 bytes."""
        return _REQUEST.pack(TOKEN_TYPE, self.short_id, self.blinded)

    @classmethod
    def unpack(cls, data: bytes) -> TokenRequest:
        """Read 259 bytes; whose key is meant, the caller compares.

        Raises:
            TokenError: another length or type.
        """
        if len(data) != REQUEST_LENGTH:
            raise TokenError("a token request has 259 bytes")
        kind, short_id, blinded = _REQUEST.unpack(data)
        if kind != TOKEN_TYPE:
            raise TokenError("a token request of another type")
        return cls(short_id, blinded)


class PendingToken:
    """A token that waits for its signature."""

    __slots__ = ("_blinded", "request")

    def __init__(self, key: IssuerKey, blinded: Blinded) -> None:
        self._blinded = blinded
        self.request = TokenRequest(key.id[-1], blinded.request).pack()

    def finish(self, response: bytes) -> bytes:
        """The token of 354 bytes from the issuer's 256 (RFC 9578 section 6.3).

        Raises:
            TokenError: not a signature of this key over this token.
        """
        try:
            return self._blinded.message + self._blinded.finalize(response)
        except BlindError:
            raise TokenError("the issuer's answer does not verify") from None


def token_input(key: IssuerKey, nonce: bytes, digest: bytes) -> bytes:
    """The 98 bytes that are signed.

    Raises:
        TokenError: a nonce or digest that hasn't 32 bytes.
    """
    if len(nonce) != NONCE_LENGTH or len(digest) != NONCE_LENGTH:
        raise TokenError("nonce and challenge digest have 32 bytes")
    return struct.pack(">H", TOKEN_TYPE) + nonce + digest + key.id


def ask(key: IssuerKey, nonce: bytes, digest: bytes, seed: bytes) -> PendingToken:
    """Begin a token.

    Args:
        key: the issuer's, checked against the log by the caller.
        nonce: SHA-256 of a one-time public key that nobody has seen yet.
        digest: of the class (`TokenClass.digest`).
        seed: 32 random bytes for this token only; the same seed makes the same request.

    Raises:
        TokenError: a key that betrays itself as malformed, or a wrong length.
    """
    message = token_input(key, nonce, digest)
    try:
        return PendingToken(key, blind(key.public, message, seed))
    except BlindError:
        raise TokenError("the issuer's key is malformed") from None


def verify_token(key: IssuerKey, digest: bytes, token: bytes) -> bytes:
    """Check a token against one key and one class; its nonce. Whether it is spent: the caller's.

    Raises:
        TokenError: any bit is not as issued.
    """
    if len(token) != TOKEN_LENGTH:
        raise TokenError("a token has 354 bytes")
    nonce = token[2 : 2 + NONCE_LENGTH]
    if token[:_INPUT] != token_input(key, nonce, digest):
        raise TokenError("the token is of another type, class or key")
    try:
        key.public.verify(token[:_INPUT], token[_INPUT:])
    except BlindError:
        raise TokenError("the token's signature does not hold") from None
    return nonce
