"""How an act travels: signed by the home's enrolment key, sealed to the gateway's, answered sealed.

The signature covers the hash of the gateway key that the printed code vouched for, so that it
counts for this community alone. The plaintext is padded to one length for each kind of act. The
answer is sealed under a key that only the opened act holds, so that nobody else can give it.
"""

from __future__ import annotations

import base64
import json
import os
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.box import KEY_LENGTH, Box, VaultError
from privacy.errors import PrivacyError
from privacy.handshake import key_hash
from privacy.portal import post

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PUBLIC, _SIGNATURE, _SIZE = 32, 64, 2
_HEAD = KEY_LENGTH + _PUBLIC + _SIGNATURE + _SIZE


class ActError(PrivacyError):
    """The act was not taken; the text says why, without what it said."""


class ActRefused(ActError):
    """The community won't have it from this home; the same again is no use."""


class Opened(NamedTuple):
    """An act as it was opened: the home's key, what it says, and the key for the answer."""

    key: bytes
    body: bytes
    reply: bytes


class Recipient(NamedTuple):
    """Where an act goes: the portal, its pinned certificate if any, and the gateway's key."""

    address: str
    certificate: str | None
    gateway_public: bytes


class ActSeal:
    """The seal of one kind of act.

    Args:
        label: names the kind; part of everything that is signed and sealed.
        length: of every plaintext, bytes.
    """

    def __init__(self, label: str, length: int) -> None:
        self._label = label
        self._info = f"linli {label} 1".encode()
        self._signed = self._info + b"\0"
        self._answer = f"linli {label} answer 1".encode()
        self.length = length

    def seal(
        self, body: bytes, key: Ed25519PrivateKey, gateway_public: bytes
    ) -> tuple[bytes, bytes]:
        """Sign and seal; returns the JSON request and the key that opens its answer.

        Raises:
            ActError: the body is too long, or the gateway's key can't be used.
        """
        signature = key.sign(self._signed + key_hash(gateway_public) + body)
        reply = os.urandom(KEY_LENGTH)
        public = key.public_key().public_bytes_raw()
        plain = reply + public + signature + len(body).to_bytes(_SIZE, "big") + body
        if len(plain) > self.length:
            raise ActError("the act is too long")
        try:
            gateway = X25519PublicKey.from_public_bytes(gateway_public)
            sealed = _SUITE.encrypt(plain.ljust(self.length, b"\0"), gateway, info=self._info)
        except ValueError:
            raise ActError("the gateway's key can't be used") from None
        return json.dumps({"sealed": _text(sealed)}).encode(), reply

    def open(self, request: object, private: X25519PrivateKey) -> Opened:
        """Open and check an act; whether its key is enrolled is the caller's part.

        Raises:
            ActError: malformed, sealed to another key, or a signature that does not hold.
        """
        try:
            return self._read(request, private)
        except (KeyError, ValueError, TypeError, InvalidTag, InvalidSignature):
            raise ActError("the act is malformed or not meant for this community") from None

    def _read(self, request: object, private: X25519PrivateKey) -> Opened:
        if not isinstance(request, dict):
            raise TypeError("no object")
        sealed = base64.b64decode(str(request["sealed"]), validate=True)
        plain = _SUITE.decrypt(sealed, private, info=self._info)
        reply, rest = plain[:KEY_LENGTH], plain[KEY_LENGTH:]
        public, signature = rest[:_PUBLIC], rest[_PUBLIC : _PUBLIC + _SIGNATURE]
        size = int.from_bytes(plain[_HEAD - _SIZE : _HEAD], "big")
        body, padding = plain[_HEAD : _HEAD + size], plain[_HEAD + size :]
        if len(plain) != self.length or len(body) != size or padding.strip(b"\0"):
            raise ValueError("length")
        signed = self._signed + key_hash(private.public_key().public_bytes_raw()) + body
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
        return Opened(public, body, reply)

    def answer(self, reply: bytes, fields: dict[str, object]) -> bytes:
        """The JSON answer that only the sender can open."""
        sealed = Box(reply).seal(json.dumps(fields).encode(), self._answer)
        return json.dumps({"answer": _text(sealed)}).encode()

    def send(
        self, path: str, body: bytes, key: Ed25519PrivateKey, to: Recipient, timeout_s: float = 5
    ) -> dict[str, object]:
        """Send an act and return the community's answer. Blocking; log the body first.

        Raises:
            ActRefused: the community doesn't take it from this home.
            ActError: an answer that isn't the community's own.
            PortalUnreachable: no answer; the same act may be sent again.
        """
        request, reply = self.seal(body, key, to.gateway_public)
        status, data = post(to.address, path, request, to.certificate, timeout_s)
        if status in (400, 403, 404, 409):
            raise ActRefused(f"the community does not take this act (HTTP {status})")
        if status != 200:
            raise ActError(f"the community had a problem (HTTP {status})")
        try:
            sealed = base64.b64decode(str(json.loads(data)["answer"]), validate=True)
            answer = json.loads(Box(reply).open(sealed, self._answer))
        except (ValueError, KeyError, TypeError, VaultError):
            raise ActError("the answer is not the community's own") from None
        if not isinstance(answer, dict):
            raise ActError("the answer is malformed")
        return answer


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
