"""Keys at rest: the machine key, and the household key with its unlock modes.

Two keys, because a home must protect people after a power cut while nobody is there to unlock
it. The machine key protects what the safety kernel and the uplink need; the household key
protects personal data. Records are sealed by `privacy.box`; a passphrase goes through Argon2id
(RFC 9106: 64 MiB, t = 3, p = 1); sub-keys come from HKDF-SHA256 (RFC 5869). What lies in the
file: `privacy.slot_file`; what is one resident's alone: `privacy.own_box`. What a thief can
read in each mode: `privacy.thief`.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.box import KEY_LENGTH, Box, KeyGone, VaultError, VaultLocked, derive
from privacy.files import private_folder
from privacy.letterbox import Letterbox, open_letter
from privacy.machine import MachineKey
from privacy.slot_file import MODES, VERSION, HouseholdKeys, SlotFile, text_of
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
    "KeyGone",
    "Letterbox",
    "MachineKey",
    "RecoveryCode",
    "VaultError",
    "VaultLocked",
    "derive",
]


class Household:
    """The household's keys: a root, wrapped once per way to unlock, and the data keys it wraps.

    The slot file ``household.json`` holds only wrapped copies. Calls that take a passphrase
    spend about 0.2 s and 64 MiB: run them in a thread. A `Box` handed out stays valid as an
    object: it is closed by `lock` and opened again by the next unlock.
    """

    FILE = "household.json"

    def __init__(self, file: SlotFile) -> None:
        """Use `create` or `open`."""
        self._file = file
        # Accounts come and go in one thread while another changes the mode.
        self._changing = threading.RLock()
        self._root: bytes | None = None
        self._mode_key = b""
        self._keys: HouseholdKeys | None = None
        self._residents: dict[str, bytes] = {}
        self._boxes: dict[str, Box] = {}
        self._own: dict[tuple[str, str], Box] = {}
        self.letterbox = Letterbox(file.bytes_of("letterbox"))

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
        """Make new household keys, unlocked, and the code for the printed sheet.

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
        keys = HouseholdKeys(secrets.token_bytes(KEY_LENGTH), {})
        content: dict[str, Any] = {
            "version": VERSION,
            "id": secrets.token_hex(16),
            "mode": mode,
            "letterbox": text_of(letters.public_key().public_bytes_raw()),
            "slots": {},
        }
        file = SlotFile(path, content)
        file.put_letters(keys, letters.private_bytes_raw())
        file.put_household(root, keys)
        file.put_residents(root, {})
        household = cls(file)
        household._root, household._keys = root, keys
        code = RecoveryCode(secrets.token_bytes(16))
        file.wrap_root("recovery", derive(code.secret, "recovery"), root)
        household._set_mode(mode, passphrase, media, machine)
        file.save()
        return household, code

    @classmethod
    def open(cls, folder: Path) -> Household:
        """Read the slot file; the household comes back locked.

        Raises:
            VaultError: there is none, or it is damaged.
        """
        return cls(SlotFile.read(folder / cls.FILE))

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return str(self._file.content["mode"])

    @property
    def locked(self) -> bool:
        """Whether the key is away."""
        return self._root is None

    @property
    def sheet_due(self) -> bool:
        """Whether no printed sheet opens this home: somebody was removed since the last one."""
        return "recovery" not in self._file.content["slots"]

    @property
    def residents(self) -> frozenset[str]:
        """The accounts that have a key of their own."""
        return frozenset(self._residents)

    def box(self, purpose: str) -> Box:
        """The box for one purpose; it raises `VaultLocked` when used while locked."""
        if purpose not in self._boxes:
            self._boxes[purpose] = Box(self._box_key(purpose))
        return self._boxes[purpose]

    def resident_box(self, resident: str, purpose: str) -> Box:
        """The box for one purpose of a resident's own key.

        Raises:
            VaultLocked: unlock first.
            KeyGone: this resident has no key, or none any more.
        """
        self._opened()
        key = self._residents.get(resident)
        if key is None:
            raise KeyGone("the key of this resident is gone")
        known = self._own.get((resident, purpose))
        if known is None:
            known = self._own[resident, purpose] = Box(derive(key, "resident box " + purpose))
        return known

    def lock(self) -> None:
        """Forget the keys and close all boxes."""
        self._root = self._keys = None
        self._mode_key = b""
        self._residents = {}
        self._own = {}
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
        key = self._key_of(self.mode, passphrase, media, machine)
        self._enter(self._file.unwrap_root(self.mode, key))
        self._mode_key = key

    def recover(self, code: RecoveryCode, passphrase: str) -> None:
        """Unlock by the printed sheet and set a new passphrase (mode becomes passphrase).

        Raises:
            VaultError: the code of another household, or too short a passphrase.
        """
        was_locked = self.locked
        self._enter(self._file.unwrap_root("recovery", derive(code.secret, "recovery")))
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
        self._opened()
        with self._changing:
            before = self._mode_key
            try:
                with self._file.kept():
                    self._set_mode(mode, passphrase, media, machine)
            except BaseException:
                self._mode_key = before
                raise

    def rotate(self) -> RecoveryCode:
        """Make a new root and a new recovery code, for instance when the sheet was seen or lost.

        Every data key is wrapped anew. Neither the old code nor a slot of the old file opens
        what is wrapped from now on. Until this returns the old sheet stays good.

        Raises:
            VaultLocked: unlock first.
        """
        code = RecoveryCode(secrets.token_bytes(16))
        with self._changing:
            self._opened()
            self._new_root(self._residents, derive(code.secret, "recovery"))
        return code

    def add_residents(self, accounts: Collection[str]) -> None:
        """Make a key for each of these accounts that has none; on the disk when this returns.

        Raises:
            VaultLocked: unlock first.
            VaultError: more accounts than the file has room for.
        """
        with self._changing:
            root, _ = self._opened()
            fresh = {
                one: secrets.token_bytes(KEY_LENGTH)
                for one in accounts
                if one not in self._residents
            }
            if fresh:
                with self._file.kept():
                    self._file.add_residents(root, fresh)
                self._residents = {**self._residents, **fresh}

    def drop(self, accounts: Collection[str]) -> None:
        """Take the keys of accounts that were no person's out of the file; the root stays.

        Raises:
            VaultLocked: unlock first.
        """
        with self._changing:
            self._opened()
            with self._file.kept():
                self._file.drop_residents(accounts)
            self._know(self._but(accounts))

    def shred(self, accounts: Collection[str]) -> None:
        """Destroy these residents' keys: what is sealed with them is unreadable from now on.

        The others' keys are wrapped under a new root, and no printed sheet is good any more
        (`sheet_due`): the old one opens old backups, and is what remains to be destroyed.

        Raises:
            VaultLocked: unlock first.
        """
        with self._changing:
            self._opened()
            self._new_root(self._but(accounts), None)

    def for_backup(self) -> bytes:
        """The slot file as a backup may carry it: see `SlotFile.for_backup`."""
        return self._file.for_backup()

    def open_letter(self, sealed: bytes, context: bytes) -> bytes:
        """Read what was posted under the same context.

        Raises:
            VaultLocked: unlock first.
            VaultError: the letter is not for this household, or was changed.
        """
        _, keys = self._opened()
        return open_letter(self._letter_key(keys), sealed, context)

    # -- inside -------------------------------------------------------------------------

    def _opened(self) -> tuple[bytes, HouseholdKeys]:
        if self._root is None or self._keys is None:
            raise VaultLocked("the household key is locked")
        return self._root, self._keys

    def _box_key(self, purpose: str) -> bytes | None:
        return None if self._keys is None else self._keys.box_key(purpose)

    def _but(self, accounts: Collection[str]) -> dict[str, bytes]:
        return {one: key for one, key in self._residents.items() if one not in accounts}

    def _letter_key(self, keys: HouseholdKeys) -> X25519PrivateKey:
        box = Box(derive(keys.data, "letterbox"))
        private = box.open(self._file.bytes_of("letterbox_key"), b"letterbox")
        return X25519PrivateKey.from_private_bytes(private)

    def _enter(self, root: bytes) -> None:
        """Take the keys out of the file, which becomes one of version 2 if it was of version 1."""
        with self._changing:
            upgrades = self._file.content["version"] != VERSION
            if upgrades:
                self._file.upgrade(root)
            keys = self._file.household(root)
            public = self._letter_key(keys).public_key().public_bytes_raw()
            if public != self._file.bytes_of("letterbox"):
                self.lock()
                raise VaultError("the letterbox in household.json was replaced by somebody")
            residents = self._file.residents(root)
            if upgrades:
                # A full disk keeps nobody out: the next unlock makes the same keys again.
                with contextlib.suppress(OSError):
                    self._file.save()
            self._root, self._keys = root, keys
            self._know(residents)
            for purpose, box in self._boxes.items():
                box.rekey(self._box_key(purpose))

    def _new_root(self, residents: dict[str, bytes], recovery: bytes | None) -> None:
        _, keys = self._opened()
        root = secrets.token_bytes(KEY_LENGTH)
        with self._file.kept():
            self._file.content["slots"].pop("recovery", None)
            self._file.wrap_root(self.mode, self._mode_key, root)
            if recovery is not None:
                self._file.wrap_root("recovery", recovery, root)
            self._file.put_household(root, keys)
            self._file.put_residents(root, residents)
        self._root = root
        self._know(residents)

    def _know(self, residents: dict[str, bytes]) -> None:
        """These have keys; boxes of whoever has none any more are forgotten."""
        self._residents = dict(residents)
        self._own = {}

    def _set_mode(
        self, mode: str, passphrase: str | None, media: Path | None, machine: MachineKey | None
    ) -> None:
        root, slots, fresh = self._opened()[0], self._file.content["slots"], {}
        if mode == "passphrase":
            if passphrase is None or len(passphrase) < MIN_PASSPHRASE:
                raise VaultError(f"a passphrase has at least {MIN_PASSPHRASE} characters")
            fresh["salt"] = text_of(secrets.token_bytes(16))
        elif mode == "media" and media is not None:
            write_media(media)
        for old in MODES:
            slots.pop(old, None)
        slots[mode] = fresh
        self._mode_key = self._key_of(mode, passphrase, media, machine)
        self._file.wrap_root(mode, self._mode_key, root)
        self._file.content["mode"] = mode

    def _key_of(
        self, mode: str, passphrase: str | None, media: Path | None, machine: MachineKey | None
    ) -> bytes:
        if mode == "passphrase" and passphrase is not None:
            return passphrase_key(passphrase, self._file.salt())
        if mode == "media" and media is not None:
            return derive(read_media(media), "media")
        if mode == "machine" and machine is not None:
            return machine.derive("household slot")
        if mode not in MODES:
            raise VaultError(f"no unlock mode {mode!r}")
        raise VaultError(f"mode {mode} needs its {mode}")
