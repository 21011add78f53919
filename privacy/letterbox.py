"""Letters that anyone in the house may post and only the unlocked household reads.

HPKE base mode (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM) to a public key. It hides what is
posted; it doesn't prove who posted it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.box import VaultError

_LETTER = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"linli letter 1\0"


class Letterbox:
    """Write-only, so that it works while the household is locked."""

    __slots__ = ("_public",)

    def __init__(self, public: bytes) -> None:
        self._public = X25519PublicKey.from_public_bytes(public)

    def post(self, plain: bytes, context: bytes) -> bytes:
        """Seal a letter, bound to ``context``; adds 48 bytes."""
        return _LETTER.encrypt(plain, self._public, info=_INFO + context)


def open_letter(private: X25519PrivateKey, sealed: bytes, context: bytes) -> bytes:
    """Read a letter posted under the same context.

    Raises:
        VaultError: the letter is for somebody else, or was changed.
    """
    try:
        return _LETTER.decrypt(sealed, private, info=_INFO + context)
    except InvalidTag:
        raise VaultError("the letter does not open") from None
