"""Pairing by a printed code, so that nobody on the way can put another gateway in place.

The code carries the community's address, a one-time secret (80 bits, used up by the first
enrolment key that shows it) and 128 bits of a SHA-256: of the gateway key, or, where the log has
witnesses, of that key with the log's and the three witnesses'. So a home that pairs by such a
code has pinned them all, and can't be talked out of them. It is printed as text to type and as a
QR code of the same text. Relays are paired the same way, by a code of their own kind, which
carries the hash of the gateway key alone.

Enrolment is one HTTP request: ``POST {address}/api/v1/enrol``. It is an act: the bytes that
leave are logged first. The same key may show the same secret again (the answer may be lost).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy import codes
from privacy.addresses import is_loopback, split_address
from privacy.cell_keys import CellKeys
from privacy.errors import PrivacyError
from privacy.handshake import key_hash
from privacy.parameters import SLOT_BOUNDS
from privacy.portal import PortalUnreachable, post
from privacy.transparency.witness import Trust
from privacy.zones import K, Partition

HOME = "home"
RELAY = "relay"
ENROL_PATH = "/api/v1/enrol"

_LABEL = "linli pairing 1"
_PREFIX = "LINLI:"
_VERSION = 0x10
_TLS, _RELAY = 1, 2
_SECRET, _HASH = 10, 16
_ADDRESS = re.compile(r"[A-Za-z0-9.\-]{1,100}:[0-9]{1,5}|\[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5}")


class PairingError(PrivacyError):
    """Pairing did not happen; the text says why and what to do."""


class PairingUnreachable(PairingError):
    """Worth trying again later with the same code."""


class Acts(Protocol):
    """Where bytes are logged before they leave (`privacy.door_log.DoorLog`)."""

    def record(self, purpose: str, recipient: str, data: bytes) -> object:
        """Take down bytes that are about to leave."""


class PairingCode:
    """What is printed. ``address`` is ``http(s)://host:port`` of the community's portal."""

    __slots__ = ("address", "key_hash", "kind", "secret")

    def __init__(self, address: str, secret: bytes, gateway_hash: bytes, kind: str = HOME) -> None:
        scheme, _, place = address.partition("://")
        if scheme not in ("http", "https") or not _ADDRESS.fullmatch(place):
            raise PairingError("a community's address is http://host:port or https://host:port")
        if scheme == "http" and not is_loopback(split_address(place)[0]):
            raise PairingError("plain http is for this machine only; the address must be https")
        self.address = address
        self.secret = secret
        self.key_hash = gateway_hash
        self.kind = kind

    @classmethod
    def new(
        cls, address: str, gateway_public: bytes, kind: str = HOME, trust: Trust | None = None
    ) -> PairingCode:
        """A fresh code for one flat, with whom it is to trust, or for the relay."""
        hashed = pinned_hash(gateway_public, trust)
        return cls(address, secrets.token_bytes(_SECRET), hashed, kind)

    @property
    def text(self) -> str:
        """Groups of five characters, each with its own check (`privacy.codes`)."""
        tls = self.address.startswith("https")
        first = _VERSION | (_TLS if tls else 0) | (_RELAY if self.kind == RELAY else 0)
        place = self.address.partition("://")[2].encode()
        return codes.encode(_LABEL, bytes((first,)) + self.secret + self.key_hash + place)

    @property
    def qr_text(self) -> str:
        """What the QR code holds; `parse` reads it too."""
        return _PREFIX + self.text

    @property
    def secret_hash(self) -> str:
        """What the community keeps instead of the secret (hex)."""
        return secret_hash(self.secret)

    @classmethod
    def parse(cls, text: str) -> PairingCode:
        """Read a typed or scanned code.

        Raises:
            codes.CodeError: mistyped; the group is named.
            PairingError: a code of another kind or version.
        """
        data = codes.decode(_LABEL, text.strip().upper().removeprefix(_PREFIX))
        if len(data) < 1 + _SECRET + _HASH + 3 or data[0] & ~(_TLS | _RELAY) != _VERSION:
            raise PairingError("this is not a pairing code, or one of a newer version")
        scheme = "https" if data[0] & _TLS else "http"
        place = data[1 + _SECRET + _HASH :].decode("ascii", "replace")
        secret, hashed = data[1 : 1 + _SECRET], data[1 + _SECRET : 1 + _SECRET + _HASH]
        kind = RELAY if data[0] & _RELAY else HOME
        return cls(f"{scheme}://{place}", secret, hashed, kind)


class Pairing:
    """What a home keeps of its community."""

    __slots__ = (
        *("cells", "community", "flat", "gateway_key", "relay_address", "relay_certificate"),
        *("relay_key", "roster_size", "slot_s", "trust", "zones"),
    )

    def __init__(self, answer: object, gateway_hash: bytes, floor: int = K) -> None:
        """Read an enrolment answer.

        Args:
            answer: the parsed JSON.
            gateway_hash: what the printed code says of the keys.
            floor: fewest homes in a zone that this home accepts.

        Raises:
            PairingError: other keys than the printed ones, or a malformed answer.
        """
        data = _fields(answer)
        self.cells = CellKeys()
        try:
            self.gateway_key = base64.b64decode(str(data["gateway_key"]), validate=True)
            self.flat = tuple(str(part) for part in _list(data["flat"]))
            self.relay_address = str(data["relay"])
            self.relay_key = _optional_key(data.get("relay_key"))
            pinned = data.get("relay_certificate")
            self.relay_certificate = None if pinned is None else str(pinned)
            self.slot_s = float(str(data["slot_s"]))
            self.zones = Partition.from_json(data["zone_table"], floor)
            self.roster_size = int(str(data["roster_size"]))
            self.community = str(data["community"])[:100]
            pins = data.get("trust")
            self.trust = None if pins is None else Trust.from_json(pins)
            split_address(self.relay_address)
        except (KeyError, TypeError, ValueError, PrivacyError) as error:
            raise PairingError(f"the community's answer is malformed ({error})") from None
        if self.pinned != gateway_hash:
            raise PairingError(
                "the community answered with another key than the printed one; somebody may "
                "stand in between. Nothing was stored."
            )
        if not SLOT_BOUNDS[0] <= self.slot_s <= SLOT_BOUNDS[1]:
            raise PairingError("the community's slot length is out of bounds")

    def seal_key(self, moment: float) -> bytes:
        """What a cell of the slot that begins at ``moment`` is sealed to.

        The key of its epoch if witnesses vouch for one, else the lasting one.
        """
        return self.cells.at(moment) or self.gateway_key

    @property
    def pinned(self) -> bytes:
        """What the printed code says of gateway, log and witnesses."""
        return pinned_hash(self.gateway_key, self.trust)

    def to_json(self) -> dict[str, object]:
        """The enrolment answer again, for the home's sealed store."""
        key = self.relay_key
        return {
            "gateway_key": _text(self.gateway_key),
            "flat": list(self.flat),
            "relay": self.relay_address,
            "relay_key": None if key is None else _text(key),
            "relay_certificate": self.relay_certificate,
            "slot_s": self.slot_s,
            "zone_table": self.zones.to_json(),
            "roster_size": self.roster_size,
            "community": self.community,
            "trust": None if self.trust is None else self.trust.to_json(),
        }


class EnrolRequest:
    """An enrolment request whose proof holds, as the community reads it."""

    __slots__ = ("key", "kind", "secret_hash")

    def __init__(self, kind: str, hashed: str, key: bytes) -> None:
        self.kind = kind
        self.secret_hash = hashed
        self.key = key


def pinned_hash(gateway_public: bytes, trust: Trust | None) -> bytes:
    """The 16 bytes on a printed code that stand for every key a home pins."""
    if trust is None:
        return key_hash(gateway_public)
    return hashlib.sha256(b"linli pinned 1\0" + gateway_public + trust.digest).digest()[:_HASH]


def secret_hash(secret: bytes) -> str:
    """SHA-256 of a one-time secret (hex)."""
    return hashlib.sha256(b"linli enrol secret 1\0" + secret).hexdigest()


def _proof_words(kind: str, secret: bytes, gateway_hash: bytes) -> bytes:
    return b"linli enrol 1\0" + kind.encode() + b"\0" + secret + gateway_hash


def enrol_request(code: PairingCode, key: Ed25519PrivateKey) -> bytes:
    """The JSON body of the request: the secret, our public key, and that we hold its half."""
    return json.dumps(
        {
            "kind": code.kind,
            "secret": _text(code.secret),
            "enrolment_key": _text(key.public_key().public_bytes_raw()),
            "proof": _text(key.sign(_proof_words(code.kind, code.secret, code.key_hash))),
        }
    ).encode()


def read_enrol_request(
    data: object, gateway_public: bytes, trust: Trust | None = None
) -> EnrolRequest:
    """Check a request's shape and proof; whether the secret is known is the caller's part.

    Args:
        data: the parsed JSON.
        gateway_public: our gateway key.
        trust: the log's and its witnesses' keys, which homes' codes carry where there are some.

    Raises:
        PairingError: malformed, or the proof does not hold.
    """
    fields = _fields(data)
    try:
        kind = str(fields["kind"])
        secret = base64.b64decode(str(fields["secret"]), validate=True)
        public = base64.b64decode(str(fields["enrolment_key"]), validate=True)
        proof = base64.b64decode(str(fields["proof"]), validate=True)
        hashed = pinned_hash(gateway_public, trust if kind == HOME else None)
        words = _proof_words(kind, secret, hashed)
        Ed25519PublicKey.from_public_bytes(public).verify(proof, words)
    except (KeyError, ValueError, InvalidSignature):
        raise PairingError("the enrolment request is malformed or its proof wrong") from None
    if kind not in (HOME, RELAY) or len(secret) != _SECRET:
        raise PairingError("the enrolment request is of an unknown kind")
    return EnrolRequest(kind, secret_hash(secret), public)


async def enrol(
    code: PairingCode,
    key: Ed25519PrivateKey,
    acts: Acts | None,
    *,
    certificate: str | None = None,
    floor: int = K,
    timeout_s: float = 15,
) -> Pairing:
    """Show the code's secret to the community and take its answer.

    Args:
        code: the printed code.
        key: our enrolment key, already stored durably.
        acts: where the request is logged before it leaves.
        certificate: PEM to trust instead of the system's authorities.
        floor: fewest homes in a zone that this home accepts.
        timeout_s: seconds to wait.

    Raises:
        PairingError: refused, unreachable, or a gateway key that doesn't match the code.
    """
    answer = await call_enrol(code, key, acts, certificate, timeout_s)
    return Pairing(answer, code.key_hash, floor)


async def call_enrol(
    code: PairingCode,
    key: Ed25519PrivateKey,
    acts: Acts | None,
    certificate: str | None = None,
    timeout_s: float = 15,
) -> object:
    """The request itself; returns the parsed answer, unchecked.

    Raises:
        PairingError: refused or unreachable.
    """
    body = enrol_request(code, key)
    if acts is not None:
        await asyncio.to_thread(acts.record, "pairing", code.address, body)
    return await asyncio.to_thread(_post, code.address, body, certificate, timeout_s)


def _post(address: str, body: bytes, certificate: str | None, timeout_s: float) -> object:
    try:
        status, data = post(address, ENROL_PATH, body, certificate, timeout_s)
    except PortalUnreachable:
        raise PairingUnreachable("the community cannot be reached at the code's address") from None
    if status == 429:
        raise PairingError("too many tries; wait a few minutes and type the code again")
    if status in (400, 401, 403, 404, 409, 410):
        raise PairingError("the community does not accept this code: it was used or replaced")
    if status != 200:
        raise PairingUnreachable(f"the community had a problem (HTTP {status})")
    try:
        return json.loads(data)
    except ValueError:
        raise PairingError("the community's answer is malformed") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _fields(data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        raise PairingError("expected a JSON object")
    return data


def _list(data: object) -> list[object]:
    if not isinstance(data, list):
        raise TypeError("expected a list")
    return data


def _optional_key(data: object) -> bytes | None:
    if data is None:
        return None
    key = base64.b64decode(str(data), validate=True)
    if len(key) != 32:
        raise ValueError("a key has 32 bytes")
    return key
