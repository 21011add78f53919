"""A box for tests: AES-GCM with a key of its own, like the vault's."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class TestBox:
    __test__ = False

    def __init__(self, key: bytes = bytes(32)) -> None:
        self._key = AESGCM(key)
        self.locked = False

    def seal(self, plain: bytes, context: bytes) -> bytes:
        if self.locked:
            raise PermissionError("locked")
        nonce = os.urandom(12)
        return nonce + self._key.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        if self.locked:
            raise PermissionError("locked")
        return self._key.decrypt(sealed[:12], sealed[12:], context)
