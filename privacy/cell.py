"""The cell: one fixed-size sealed message per slot, event or dummy, built by one code path.

Plaintext, 1,024 bytes: ``schema 1 | kind 1 | token 354 | otpk 32 | body 64 | bg 448 | sig 64 |
zero pad 60``. The one-time Ed25519 signature (RFC 8032) covers all before it. A dummy's token is
zero, and an event's where the community issues none (`privacy.tokens`); whether a token counts is
the gateway's part. The locate-me envelopes ``bg`` come later: their bytes are checked to be zero.

Outer cell, 1,079 bytes: ``header 7 | enc 32 | ciphertext 1,024 | tag 16``: HPKE base mode
(RFC 9180) with DHKEM(X25519), HKDF-SHA256, AES-256-GCM, framed like an encapsulated request of
RFC 9458 section 4.3: key id and the three algorithm numbers, which are also part of ``info``.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.tokens.token import TOKEN_LENGTH
from privacy.wire import BODY_LENGTH, CELL_LENGTH, Body, WireError

PLAINTEXT_LENGTH = 1024
ENVELOPE_LENGTH = 448
SCHEMA = 1
DUMMY = 0
EVENT = 1

HEADER = bytes.fromhex("01002000010002")
"""Key id 1, KEM 0x0020, KDF 0x0001, AEAD 0x0002 (RFC 9180 section 7)."""
INFO = b"linli cell 1\0" + HEADER

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_TOKEN_AT = 2
_OTPK_AT = _TOKEN_AT + TOKEN_LENGTH
_BODY_AT = _OTPK_AT + 32
_ENVELOPE_AT = _BODY_AT + BODY_LENGTH
_SIG_AT = _ENVELOPE_AT + ENVELOPE_LENGTH
_PAD_AT = _SIG_AT + 64
NO_TOKEN = bytes(TOKEN_LENGTH)
_NO_ENVELOPE = bytes(ENVELOPE_LENGTH)
_NO_BODY = bytes(BODY_LENGTH)
_PAD = bytes(PLAINTEXT_LENGTH - _PAD_AT)


class CellError(WireError):
    """A cell that is refused; ``reason`` is one word, fit for a counter."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Opened:
    """A verified plaintext. ``body`` is None for a dummy. ``nonce`` is the event's only id.

    ``token`` is as it came, not checked; `NO_TOKEN` where there is none.
    """

    __slots__ = ("body", "nonce", "otpk", "token")

    def __init__(self, token: bytes, otpk: bytes, body: Body | None) -> None:
        self.token = token
        self.otpk = otpk
        self.nonce = hashlib.sha256(otpk).digest()
        self.body = body


def build(seed: bytes, body: Body | None, token: bytes = NO_TOKEN) -> bytes:
    """The signed 1,024 bytes of an event, or of a dummy when ``body`` is None.

    Args:
        seed: 32 secret bytes of the one-time key; fresh for a dummy, kept for an event.
        body: what the platform learns.
        token: 354 bytes, an event's; its nonce is the SHA-256 of the one-time public key.

    Raises:
        WireError: a token of another length.
    """
    if len(token) != TOKEN_LENGTH:
        raise WireError("a token has 354 bytes")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signed = b"".join(
        (
            bytes((SCHEMA, DUMMY if body is None else EVENT)),
            token,
            key.public_key().public_bytes_raw(),
            _NO_BODY if body is None else body.pack(),
            _NO_ENVELOPE,
        )
    )
    return signed + key.sign(signed) + _PAD


def seal(gateway_public: bytes, plaintext: bytes) -> bytes:
    """Seal 1,024 bytes to the gateway's X25519 key; 1,079 bytes come out.

    Raises:
        WireError: another length, or a key that X25519 refuses.
    """
    if len(plaintext) != PLAINTEXT_LENGTH:
        raise WireError("a cell's plaintext has 1,024 bytes")
    try:
        key = X25519PublicKey.from_public_bytes(gateway_public)
        return HEADER + _SUITE.encrypt(plaintext, key, info=INFO)
    except ValueError:
        raise WireError("this is not a usable X25519 key") from None


def open_cell(gateway_private: X25519PrivateKey, cell: bytes) -> bytes:
    """Open an outer cell into its 1,024 bytes (not yet verified, see `verify`).

    Raises:
        CellError: ``length``, ``header`` or ``seal``.
    """
    if len(cell) != CELL_LENGTH:
        raise CellError("length", "a cell has 1,079 bytes")
    if cell[: len(HEADER)] != HEADER:
        raise CellError("header", "the cell's header names another key or algorithm")
    try:
        return _SUITE.decrypt(cell[len(HEADER) :], gateway_private, info=INFO)
    except (InvalidTag, ValueError):
        raise CellError("seal", "the cell does not open with this key") from None


def is_dummy(plaintext: bytes) -> bool:
    """Whether an opened cell calls itself a dummy: nothing becomes of it, whatever it holds."""
    return plaintext[1] == DUMMY


def verify(plaintext: bytes) -> Opened:
    """Check every byte of a plaintext but an event's token, and read it.

    Raises:
        CellError: ``length``, ``schema``, ``reserved``, ``signature`` or ``body``.
    """
    if len(plaintext) != PLAINTEXT_LENGTH:
        raise CellError("length", "a plaintext has 1,024 bytes")
    schema, kind = plaintext[0], plaintext[1]
    if schema != SCHEMA or kind not in (DUMMY, EVENT):
        raise CellError("schema", "unknown schema or kind")
    token = plaintext[_TOKEN_AT:_OTPK_AT]
    if (
        (kind == DUMMY and token != NO_TOKEN)
        or plaintext[_ENVELOPE_AT:_SIG_AT] != _NO_ENVELOPE
        or plaintext[_PAD_AT:] != _PAD
    ):
        raise CellError("reserved", "bytes that must be zero are not")
    otpk = plaintext[_OTPK_AT:_BODY_AT]
    try:
        key = Ed25519PublicKey.from_public_bytes(otpk)
        key.verify(plaintext[_SIG_AT:_PAD_AT], plaintext[:_SIG_AT])
    except (InvalidSignature, ValueError):
        raise CellError("signature", "the one-time signature does not hold") from None
    return Opened(token, otpk, _read_body(kind, plaintext[_BODY_AT:_ENVELOPE_AT]))


def nonce_of(plaintext: bytes) -> bytes:
    """The event's only id: the SHA-256 of the one-time key of a plaintext that `build` made."""
    return hashlib.sha256(plaintext[_OTPK_AT:_BODY_AT]).digest()


def _read_body(kind: int, data: bytes) -> Body | None:
    if kind == DUMMY:
        if data != _NO_BODY:
            raise CellError("body", "a dummy carries no body")
        return None
    try:
        return Body.unpack(data)
    except WireError as error:
        raise CellError("body", str(error)) from None
