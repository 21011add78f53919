"""The acts door's link: a resident tells the community something on purpose, as themselves.

An act names its home, and means to. It is a JSON body ``{act, id, status, at}``, signed by the
home's enrolment key over the hash of the gateway key that the printed code vouched for, sealed
to that key (HPKE base mode, RFC 9180) and padded to one length: nobody on the way reads who
acts, what, or how it ends, whatever becomes of the TLS around it. The community knows the flat
by the enrolment key; no name and no flat is in the message. The answer is sealed under a key that
only the opened act holds, so that nobody else can say "received".

``{act, id}`` names one thing for ever: sent again it changes nothing, so that a home may repeat
itself until it is answered.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.box import KEY_LENGTH, Box, VaultError
from privacy.errors import PrivacyError
from privacy.handshake import key_hash
from privacy.portal import post

ACT_PATH = "/api/v1/acts"
SOS = "sos"
ACTS = (SOS,)

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"linli act 1"
_SIGNED = b"linli act 1\0"
_ANSWER = b"linli act answer 1"
_PUBLIC, _SIGNATURE, _SIZE = 32, 64, 2
_HEAD = KEY_LENGTH + _PUBLIC + _SIGNATURE + _SIZE
LENGTH = 512
_ID = 32  # hex characters


class ActStatus(StrEnum):
    """What a home says about something it told; ``asked`` changes nothing."""

    RAISED = "raised"
    ASKED = "asked"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


class ActError(PrivacyError):
    """The act was not taken; the text says why, without what it said."""


class ActRefused(ActError):
    """The community won't have it from this home; the same again is no use."""


class Act:
    """An act as the community reads it.

    Attributes:
        key: the home's enrolment key, 32 bytes; whose flat it is, the roster knows.
        act: what, one of `ACTS`.
        id: names it, 32 hex characters.
        status: a word of `ActStatus`.
        at: when, by the home's clock, Unix seconds.
    """

    __slots__ = ("_reply", "act", "at", "id", "key", "status")

    def __init__(self, key: bytes, body: dict[str, object], reply: bytes) -> None:
        self.key = key
        self.act = str(body["act"])
        self.id = str(body["id"])
        self.status = ActStatus(str(body["status"]))
        self.at = float(str(body["at"]))
        self._reply = reply
        if self.act not in ACTS or len(self.id) != _ID or set(self.id) - set("0123456789abcdef"):
            raise ValueError("unknown act")

    def answer(self, fields: dict[str, object]) -> bytes:
        """The JSON answer that only the sender can open."""
        sealed = Box(self._reply).seal(json.dumps(fields).encode(), _ANSWER)
        return json.dumps({"answer": _text(sealed)}).encode()


def act_id(public: bytes, hazard_id: str) -> str:
    """The same id for the same hazard of the same home, which says neither."""
    return hashlib.sha256(b"linli act id 1\0" + public + hazard_id.encode()).hexdigest()[:_ID]


def act_body(act: str, named: str, status: ActStatus, at: float) -> bytes:
    """What an act says: what is logged at home, signed and sealed."""
    return json.dumps({"act": act, "id": named, "status": status, "at": round(at)}).encode()


def seal_act(body: bytes, key: Ed25519PrivateKey, gateway_public: bytes) -> tuple[bytes, bytes]:
    """Sign and seal; returns the JSON request and the key that opens its answer.

    Raises:
        ActError: the body is too long, or the gateway's key can't be used.
    """
    signature = key.sign(_SIGNED + key_hash(gateway_public) + body)
    reply = os.urandom(KEY_LENGTH)
    public = key.public_key().public_bytes_raw()
    plain = reply + public + signature + len(body).to_bytes(_SIZE, "big") + body
    if len(plain) > LENGTH:
        raise ActError("the act is too long")
    try:
        gateway = X25519PublicKey.from_public_bytes(gateway_public)
        sealed = _SUITE.encrypt(plain.ljust(LENGTH, b"\0"), gateway, info=_INFO)
    except ValueError:
        raise ActError("the gateway's key can't be used") from None
    return json.dumps({"sealed": _text(sealed)}).encode(), reply


def open_act(request: object, private: X25519PrivateKey) -> Act:
    """Open and check an act; whether its key is enrolled is the caller's part.

    Raises:
        ActError: malformed, sealed to another key, or a signature that does not hold.
    """
    try:
        return _read(request, private)
    except (KeyError, ValueError, TypeError, InvalidTag, InvalidSignature, RecursionError):
        raise ActError("the act is malformed or not meant for this community") from None


def _read(request: object, private: X25519PrivateKey) -> Act:
    if not isinstance(request, dict):
        raise TypeError("no object")
    plain = _SUITE.decrypt(
        base64.b64decode(str(request["sealed"]), validate=True), private, info=_INFO
    )
    reply, rest = plain[:KEY_LENGTH], plain[KEY_LENGTH:]
    public, signature = rest[:_PUBLIC], rest[_PUBLIC : _PUBLIC + _SIGNATURE]
    size = int.from_bytes(plain[_HEAD - _SIZE : _HEAD], "big")
    body, padding = plain[_HEAD : _HEAD + size], plain[_HEAD + size :]
    if len(plain) != LENGTH or len(body) != size or padding.strip(b"\0"):
        raise ValueError("length")
    signed = _SIGNED + key_hash(private.public_key().public_bytes_raw()) + body
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise TypeError("no object")
    return Act(public, fields, reply)


def send_act(
    address: str,
    body: bytes,
    key: Ed25519PrivateKey,
    gateway_public: bytes,
    *,
    certificate: str | None = None,
    timeout_s: float = 5,
) -> dict[str, object]:
    """Send an act and return the community's answer. Blocking; log the body first.

    Raises:
        ActRefused: the community doesn't take it from this home.
        ActError: an answer that isn't the community's own.
        PortalUnreachable: no answer; the same act may be sent again.
    """
    request, reply = seal_act(body, key, gateway_public)
    status, data = post(address, ACT_PATH, request, certificate, timeout_s)
    if status in (400, 403, 404):
        raise ActRefused(f"the community does not take this act (HTTP {status})")
    if status != 200:
        raise ActError(f"the community had a problem (HTTP {status})")
    try:
        sealed = base64.b64decode(str(json.loads(data)["answer"]), validate=True)
        answer = json.loads(Box(reply).open(sealed, _ANSWER))
    except (ValueError, KeyError, TypeError, VaultError):
        raise ActError("the answer is not the community's own") from None
    if not isinstance(answer, dict):
        raise ActError("the answer is malformed")
    return answer


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
