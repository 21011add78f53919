"""Sealed records: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacy.errors import PrivacyError

KEY_LENGTH = 32
_NONCE = 12
_TAG = 16


class VaultError(PrivacyError):
    """A key or a record that cannot be opened."""


class KeyGone(VaultError):
    """The key of a resident who was removed; nothing brings it back."""


class VaultLocked(VaultError):
    """The household key is not in memory; someone must unlock first."""


def derive(key: bytes, label: str) -> bytes:
    """A 32-byte sub-key for one use (HKDF-SHA256, RFC 5869; ``label`` is the info)."""
    return HKDF(SHA256(), KEY_LENGTH, salt=None, info=b"linli " + label.encode()).derive(key)


class Box:
    """Seals records under one key. A locked household's boxes are closed and raise."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes | None) -> None:
        self._aead = None if key is None else AESGCM(key)

    def rekey(self, key: bytes | None) -> None:
        """Put another key in; None closes the box."""
        self._aead = None if key is None else AESGCM(key)

    @property
    def closed(self) -> bool:
        """Whether the key is away."""
        return self._aead is None

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt ``plain``, bound to ``context`` (the AAD: table, row, version).

        Adds 28 bytes. Good for 2^32 records under one key (random nonces, SP 800-38D 8.3).

        Raises:
            VaultLocked: the household is locked.
        """
        if self._aead is None:
            raise VaultLocked("the household key is locked")
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made under the same context.

        Raises:
            VaultLocked: the household is locked.
            VaultError: other key, other context, or changed bytes.
        """
        if self._aead is None:
            raise VaultLocked("the household key is locked")
        if len(sealed) < _NONCE + _TAG:
            raise VaultError("the sealed record is too short")
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
        except InvalidTag:
            raise VaultError("the sealed record does not open") from None
