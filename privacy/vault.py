"""Keys at rest: the machine key, and the household key with its unlock modes.

Two keys, because a home must protect people after a power cut while nobody is there to unlock
it. The machine key protects what the safety kernel and the uplink need; the household key
protects personal data. Records are sealed by `privacy.box`; a passphrase goes through Argon2id
(RFC 9106: 64 MiB, t = 3, p = 1); sub-keys come from HKDF-SHA256 (RFC 5869). What a thief can
read in each mode: `privacy.thief`.
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.box import KEY_LENGTH, Box, VaultError, VaultLocked, derive
from privacy.errors import PrivacyError
from privacy.files import private_folder, read_bounded, write_atomic
from privacy.letterbox import Letterbox, open_letter
from privacy.machine import MachineKey
from privacy.unlock_keys import (
    MIN_PASSPHRASE,
    RecoveryCode,
    passphrase_key,
    read_media,
    write_media,
)

__all__ = [
    "MODES",
    "Box",
    "Household",
    "Letterbox",
    "MachineKey",
    "RecoveryCode",
    "VaultError",
    "VaultLocked",
    "derive",
]

MODES = ("passphrase", "media", "machine")
_SLOT_FILE_LIMIT = 16 * 1024


class Household:
    """The household key: 32 random bytes, wrapped once per way to unlock.

    The slot file ``household.json`` holds only wrapped copies. Calls that take a passphrase
    spend about 0.2 s and 64 MiB: run them in a thread. A `Box` handed out stays valid as an
    object: it is closed by `lock` and opened again by the next unlock.
    """

    FILE = "household.json"

    def __init__(self, path: Path, slots: dict[str, object]) -> None:
        """Use `create` or `open`."""
        self._path = path
        self._slots = slots
        self._root: bytes | None = None
        self._boxes: dict[str, Box] = {}
        self.letterbox = Letterbox(self._bytes("letterbox"))

    @classmethod
    def exists(cls, folder: Path) -> bool:
        """Whether a household was set up in this folder."""
        return (folder / cls.FILE).exists()

    @classmethod
    def create(
        cls,
        folder: Path,
        mode: str,
        *,
        passphrase: str | None = None,
        media: Path | None = None,
        machine: MachineKey | None = None,
    ) -> tuple[Household, RecoveryCode]:
        """Make a new household key, unlocked, and the code for the printed sheet.

        Args:
            folder: where ``household.json`` goes.
            mode: one of `MODES`; the argument of the same name is needed.
            passphrase: for mode passphrase, at least 8 characters.
            media: for mode media, the mounted folder of the memory stick.
            machine: for mode machine.

        Raises:
            VaultError: a household exists already, or the mode's argument is missing.
        """
        path = private_folder(folder) / cls.FILE
        if path.exists():
            raise VaultError("this home has a household key already")
        letters = X25519PrivateKey.generate()
        root = secrets.token_bytes(KEY_LENGTH)
        slots: dict[str, object] = {
            "version": 1,
            "id": secrets.token_hex(16),
            "mode": mode,
            "letterbox": _text(letters.public_key().public_bytes_raw()),
            "letterbox_key": _text(
                Box(derive(root, "letterbox")).seal(letters.private_bytes_raw(), b"letterbox")
            ),
            "slots": {},
        }
        household = cls(path, slots)
        household._root = root
        code = RecoveryCode(secrets.token_bytes(16))
        household._wrap("recovery", derive(code.secret, "recovery"))
        household._set_mode(mode, passphrase, media, machine)
        household._save()
        return household, code

    @classmethod
    def open(cls, folder: Path) -> Household:
        """Read the slot file; the household comes back locked.

        Raises:
            VaultError: there is none, or it is damaged.
        """
        path = folder / cls.FILE
        try:
            slots = json.loads(read_bounded(path, _SLOT_FILE_LIMIT))
            if slots["version"] != 1 or slots["mode"] not in MODES:
                raise VaultError("household.json is of another version")
            return cls(path, slots)
        except FileNotFoundError:
            raise VaultError("no household key here yet") from None
        except (ValueError, KeyError, TypeError, PrivacyError):
            raise VaultError("household.json is damaged; bring it back from a backup") from None

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return str(self._slots["mode"])

    @property
    def locked(self) -> bool:
        """Whether the key is away."""
        return self._root is None

    def box(self, purpose: str) -> Box:
        """The box for one purpose; it raises `VaultLocked` when used while locked."""
        if purpose not in self._boxes:
            self._boxes[purpose] = Box(self._box_key(purpose))
        return self._boxes[purpose]

    def lock(self) -> None:
        """Forget the key and close all boxes."""
        self._root = None
        for box in self._boxes.values():
            box.rekey(None)

    def unlock(
        self,
        *,
        passphrase: str | None = None,
        media: Path | None = None,
        machine: MachineKey | None = None,
    ) -> None:
        """Open with whatever the mode asks for.

        Raises:
            VaultError: the wrong passphrase, stick or machine, or a slot file somebody changed.
        """
        self._unwrap(self.mode, self._mode_key(self.mode, passphrase, media, machine))

    def recover(self, code: RecoveryCode, passphrase: str) -> None:
        """Unlock by the printed sheet and set a new passphrase (mode becomes passphrase).

        Raises:
            VaultError: the code of another household, or too short a passphrase.
        """
        was_locked = self.locked
        self._unwrap("recovery", derive(code.secret, "recovery"))
        try:
            self.change_mode("passphrase", passphrase=passphrase)
        except VaultError:
            if was_locked:
                self.lock()
            raise

    def change_mode(
        self,
        mode: str,
        *,
        passphrase: str | None = None,
        media: Path | None = None,
        machine: MachineKey | None = None,
    ) -> None:
        """Move an unlocked household to another mode (or another passphrase, or stick).

        The old slot is gone from the file at once; a copy of the old file still opens with the
        old passphrase, as with every key that wraps another.

        Raises:
            VaultLocked: unlock first.
            VaultError: the mode's argument is missing.
        """
        if self._root is None:
            raise VaultLocked("the household key is locked")
        before = json.dumps(self._slots)
        try:
            self._set_mode(mode, passphrase, media, machine)
            self._save()
        except BaseException:
            self._slots = json.loads(before)
            raise

    def new_recovery(self) -> RecoveryCode:
        """Replace the recovery code, for instance when the sheet was seen or lost.

        Raises:
            VaultLocked: unlock first.
        """
        code = RecoveryCode(secrets.token_bytes(16))
        before = json.dumps(self._slots)
        try:
            self._wrap("recovery", derive(code.secret, "recovery"))
            self._save()
        except BaseException:
            # Unsaved, the old sheet stays good: no later save may put this code in its place.
            self._slots = json.loads(before)
            raise
        return code

    def open_letter(self, sealed: bytes, context: bytes) -> bytes:
        """Read what was posted under the same context.

        Raises:
            VaultLocked: unlock first.
            VaultError: the letter is not for this household, or was changed.
        """
        return open_letter(self._letter_key(), sealed, context)

    def _letter_key(self) -> X25519PrivateKey:
        if self._root is None:
            raise VaultLocked("the household key is locked")
        box = Box(derive(self._root, "letterbox"))
        return X25519PrivateKey.from_private_bytes(
            box.open(self._bytes("letterbox_key"), b"letterbox")
        )

    def _box_key(self, purpose: str) -> bytes | None:
        return None if self._root is None else derive(self._root, "household box " + purpose)

    def _bytes(self, name: str) -> bytes:
        return base64.b64decode(str(self._slots[name]), validate=True)

    def _slot_table(self) -> dict[str, dict[str, str]]:
        table = self._slots["slots"]
        if not isinstance(table, dict):
            raise VaultError("household.json is damaged; bring it back from a backup")
        return table

    def _context(self, kind: str) -> bytes:
        return f"linli slot 1 {self._slots['id']} {kind}".encode()

    def _wrap(self, kind: str, key: bytes, **extra: str) -> None:
        if self._root is None:
            raise VaultLocked("the household key is locked")
        wrapped = _text(Box(key).seal(self._root, self._context(kind)))
        self._slot_table()[kind] = {"wrapped": wrapped, **extra}

    def _unwrap(self, kind: str, key: bytes) -> None:
        try:
            wrapped = base64.b64decode(self._slot_table()[kind]["wrapped"])
        except (KeyError, ValueError):
            raise VaultError(f"household.json has no {kind} slot") from None
        try:
            root = Box(key).open(wrapped, self._context(kind))
        except VaultError:
            raise VaultError(_WRONG[kind]) from None
        self._root = root
        if self._letter_key().public_key().public_bytes_raw() != self._bytes("letterbox"):
            self.lock()
            raise VaultError("the letterbox in household.json was replaced by somebody")
        for purpose, box in self._boxes.items():
            box.rekey(self._box_key(purpose))

    def _set_mode(
        self, mode: str, passphrase: str | None, media: Path | None, machine: MachineKey | None
    ) -> None:
        extra = {}
        if mode == "passphrase":
            if passphrase is None or len(passphrase) < MIN_PASSPHRASE:
                raise VaultError(f"a passphrase has at least {MIN_PASSPHRASE} characters")
            extra["salt"] = _text(secrets.token_bytes(16))
        elif mode == "media" and media is not None:
            write_media(media)
        for old in MODES:
            self._slot_table().pop(old, None)
        self._slot_table()[mode] = extra
        self._wrap(mode, self._mode_key(mode, passphrase, media, machine), **extra)
        self._slots["mode"] = mode

    def _mode_key(
        self, mode: str, passphrase: str | None, media: Path | None, machine: MachineKey | None
    ) -> bytes:
        if mode == "passphrase" and passphrase is not None:
            salt = base64.b64decode(self._slot_table()[mode]["salt"])
            return passphrase_key(passphrase, salt)
        if mode == "media" and media is not None:
            return derive(read_media(media), "media")
        if mode == "machine" and machine is not None:
            return machine.derive("household slot")
        if mode not in MODES:
            raise VaultError(f"no unlock mode {mode!r}")
        raise VaultError(f"mode {mode} needs its {mode}")

    def _save(self) -> None:
        write_atomic(self._path, json.dumps(self._slots, indent=1).encode())


_WRONG = {
    "passphrase": "wrong passphrase",
    "media": "this memory stick belongs to another home",
    "machine": "this machine is not the one that the household key was made on",
    "recovery": "this recovery code belongs to another home or was replaced",
}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
