"""The machine key: what must work after a power cut, with nobody there to unlock anything."""

from __future__ import annotations

import secrets
from pathlib import Path

from privacy.box import KEY_LENGTH, Box, VaultError, derive
from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded


class MachineKey:
    """The key of this box, in a file only the hub's account may read."""

    __slots__ = ("_key",)

    FILE = "machine.key"

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_LENGTH:
            raise VaultError("a machine key has 32 bytes")
        self._key = key

    @classmethod
    def load_or_create(cls, folder: Path) -> MachineKey:
        """Read ``machine.key`` in ``folder``, made on first use; all who ask at once get the same.

        A file of another length is refused, never replaced: replacing it would make all that
        it protects unreadable. Blocking (fsync on first use).

        Raises:
            VaultError: the file is damaged or readable by others.
        """
        path = private_folder(folder) / cls.FILE
        if not path.exists():
            create_once(path, secrets.token_bytes(KEY_LENGTH))
        if path.stat().st_mode & 0o077:
            raise VaultError("machine.key is open to other accounts; set its mode to 0600")
        try:
            return cls(read_bounded(path, KEY_LENGTH))
        except PrivacyError:
            raise VaultError("machine.key is damaged; bring it back from a backup") from None

    def box(self, purpose: str) -> Box:
        """The box for one purpose; boxes of different purposes cannot open each other."""
        return Box(self.derive("box " + purpose))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same every time."""
        return derive(self._key, "machine " + purpose)
