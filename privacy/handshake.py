"""How the ends of a stream prove who they are, before anything else is said.

``HELLO`` (server's key, challenge) -> ``AUTH`` (client's Ed25519 key, nonce, signature, and
towards a gateway a secret sealed to its key) -> ``WELCOME`` (the server's proof) or
``REFUSED``. All signatures name both keys and both random values, so that none can be played
to somebody else.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.errors import PrivacyError
from privacy.wire import FrameType, frame

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"linli gateway proof 1"


class HandshakeError(PrivacyError):
    """The other end is not who it should be."""


def _client_words(server: bytes, challenge: bytes, client: bytes, nonce: bytes) -> bytes:
    return b"linli auth 1\0" + server + challenge + client + nonce


def _server_words(server: bytes, challenge: bytes, client: bytes, nonce: bytes) -> bytes:
    return b"linli welcome 1\0" + server + challenge + client + nonce


class ServerSide:
    """One connection as a server sees it; prove with an Ed25519 or an X25519 key."""

    __slots__ = ("_challenge", "_key", "public")

    def __init__(self, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
        self._key = key
        self._challenge = os.urandom(32)
        self.public = key.public_key().public_bytes_raw()

    def hello(self) -> bytes:
        """The first frame."""
        return frame(FrameType.HELLO, self.public + self._challenge)

    def accept(self, auth: bytes) -> tuple[bytes, bytes]:
        """Check an AUTH payload; returns the client's public key and the WELCOME frame.

        Whether that key may come in is the caller's to decide, before sending the frame.

        Raises:
            HandshakeError: the signature or the sealed secret is wrong.
        """
        client, nonce, signature, sealed = auth[:32], auth[32:64], auth[64:128], auth[128:]
        words = _client_words(self.public, self._challenge, client, nonce)
        try:
            Ed25519PublicKey.from_public_bytes(client).verify(signature, words + sealed)
        except (InvalidSignature, ValueError):
            raise HandshakeError("the client's signature does not hold") from None
        words = _server_words(self.public, self._challenge, client, nonce)
        if isinstance(self._key, Ed25519PrivateKey):
            return client, frame(FrameType.WELCOME, self._key.sign(words))
        try:
            secret = _SUITE.decrypt(sealed, self._key, info=_INFO)
        except (InvalidTag, ValueError):
            raise HandshakeError("the client knows another gateway key") from None
        return client, frame(FrameType.WELCOME, hmac.digest(secret, words, "sha256"))


class ClientSide:
    """One connection as a client sees it."""

    __slots__ = ("_key", "_sealed", "_secret", "_server", "_words")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._secret = os.urandom(32)
        self._sealed = b""
        self._server = b""
        self._words = b""

    def answer(self, hello: bytes, *, relay: bytes | None, gateway: bytes | None) -> bytes:
        """The AUTH frame for a HELLO payload.

        Args:
            hello: what the server said.
            relay: the relay's Ed25519 key if known; another key is refused.
            gateway: set when the server is a gateway: its X25519 key.

        Raises:
            HandshakeError: the server has another key than the pinned one.
        """
        self._server, challenge = hello[:32], hello[32:]
        expected = gateway if gateway is not None else relay
        if expected is not None and self._server != expected:
            raise HandshakeError("the server has another key than the one pinned at pairing")
        if gateway is not None:
            key = X25519PublicKey.from_public_bytes(gateway)
            self._sealed = _SUITE.encrypt(self._secret, key, info=_INFO)
        client = self._key.public_key().public_bytes_raw()
        nonce = os.urandom(32)
        words = _client_words(self._server, challenge, client, nonce)
        self._words = _server_words(self._server, challenge, client, nonce)
        signature = self._key.sign(words + self._sealed)
        return frame(FrameType.AUTH, client + nonce + signature + self._sealed)

    def check(self, welcome: bytes) -> None:
        """Check a WELCOME payload.

        Raises:
            HandshakeError: the server did not prove its key.
        """
        if self._sealed:
            if not hmac.compare_digest(welcome, hmac.digest(self._secret, self._words, "sha256")):
                raise HandshakeError("the gateway did not prove its key")
            return
        try:
            Ed25519PublicKey.from_public_bytes(self._server).verify(welcome, self._words)
        except (InvalidSignature, ValueError):
            raise HandshakeError("the relay did not prove its key") from None


def key_hash(gateway_public: bytes) -> bytes:
    """The 128-bit hash of a gateway key that pairing codes carry (SHA-256, truncated)."""
    return hashlib.sha256(b"linli gateway key 1\0" + gateway_public).digest()[:16]
