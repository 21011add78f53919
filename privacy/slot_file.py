"""``household.json``: the household's keys, each wrapped, none readable without another.

A root key is wrapped once per way to unlock (``slots``). The root wraps the data keys: the
household's and one for each resident. So a resident's key can be destroyed for good: a new root
wraps all the others anew, and the old root is nowhere any more.

A file of version 1 had no data keys: boxes came from the root itself. Its boxes' keys go into
version 2 as they are, so that all that was sealed before stays readable; they come from the
root by HKDF-SHA256 (RFC 5869), which nobody turns round, and so don't give it away.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from privacy.box import Box, VaultError, derive
from privacy.errors import PrivacyError
from privacy.files import read_bounded, write_atomic

FILE_LIMIT = 1024 * 1024
MOST_RESIDENTS = 4_000
"""As many wrapped keys as the file, and the head of a backup, have room for."""
MODES = ("passphrase", "media", "machine")
VERSION = 2
_VERSION_1_BOXES = (
    "accounts",
    "adding",
    "audit",
    "bindings",
    "contacts",
    "favourites",
    "history",
    "keeping",
    "registry",
    "screens",
    "tokens",
)
"""Whatever a home sealed under a root of version 1; a list that never grows."""
_DAMAGED = "household.json is damaged; bring it back from a backup"
_WRONG = {
    "passphrase": "wrong passphrase",
    "media": "this memory stick belongs to another home",
    "machine": "this machine is not the one that the household key was made on",
    "recovery": "this recovery code belongs to another home or was replaced",
}


class HouseholdKeys(NamedTuple):
    """The household's data key, and the keys of boxes from before there was one, by purpose."""

    data: bytes
    before: Mapping[str, bytes]

    def box_key(self, purpose: str) -> bytes:
        """The key of one box."""
        return self.before.get(purpose) or derive(self.data, "household box " + purpose)


class SlotFile:
    """The file and its content.

    Attributes:
        content: as it stands in the file; change it inside `kept` only.
    """

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.content = content
        self._path = path

    @classmethod
    def read(cls, path: Path) -> SlotFile:
        """Read a file of version 1 or 2.

        Raises:
            VaultError: there is none, or it is damaged.
        """
        try:
            content = json.loads(read_bounded(path, FILE_LIMIT))
            if content["version"] not in (1, VERSION) or content["mode"] not in MODES:
                raise VaultError("household.json is of another version")
            if not isinstance(content["slots"], dict):
                raise VaultError(_DAMAGED)
            if not isinstance(content.get("residents", {}), dict):
                raise VaultError(_DAMAGED)
        except FileNotFoundError:
            raise VaultError("no household key here yet") from None
        except (ValueError, KeyError, TypeError, PrivacyError):
            raise VaultError(_DAMAGED) from None
        return cls(path, content)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Save what the block changes; what can't be saved wasn't changed.

        Raises:
            OSError: the disk.
        """
        slots = {kind: dict(slot) for kind, slot in self.content["slots"].items()}
        residents = dict(self.content["residents"])
        before = {**self.content, "slots": slots, "residents": residents}
        try:
            yield
            self.save()
        except BaseException:
            self.content = before
            raise

    def save(self) -> None:
        """Write the file: after a crash it is the old one or the new one. Blocking (fsync)."""
        write_atomic(self._path, json.dumps(self.content).encode())

    def for_backup(self) -> bytes:
        """The file as it goes into a backup: only the printed sheet opens it.

        With a slot of the everyday mode in it, an old backup would give the old root, and with
        it the keys of residents removed since, to whoever knows today's passphrase.

        Raises:
            VaultError: no sheet opens this home.
        """
        slots = self.content["slots"]
        if "recovery" not in slots:
            raise VaultError("make a new recovery sheet first: without one no backup can be opened")
        only = {**self.content, "slots": {"recovery": slots["recovery"]}}
        return json.dumps(only).encode()

    # -- the root, wrapped by what unlocks it -------------------------------------------

    def wrap_root(self, kind: str, key: bytes, root: bytes) -> None:
        """Put the root into a slot, under the key of this way to unlock."""
        slot = self.content["slots"].setdefault(kind, {})
        slot["wrapped"] = text_of(Box(key).seal(root, self._context("slot 1", kind)))

    def unwrap_root(self, kind: str, key: bytes) -> bytes:
        """The root in a slot.

        Raises:
            VaultError: no such slot, or another key.
        """
        try:
            wrapped = base64.b64decode(self.content["slots"][kind]["wrapped"])
        except (KeyError, ValueError, TypeError):
            raise VaultError(_missing(kind)) from None
        try:
            return Box(key).open(wrapped, self._context("slot 1", kind))
        except VaultError:
            raise VaultError(_WRONG[kind]) from None

    def salt(self) -> bytes:
        """The salt of the passphrase.

        Raises:
            VaultError: no passphrase opens this file.
        """
        try:
            return base64.b64decode(self.content["slots"]["passphrase"]["salt"], validate=True)
        except (KeyError, ValueError, TypeError):
            raise VaultError(_missing("passphrase")) from None

    # -- data keys, wrapped by the root -------------------------------------------------

    def put_household(self, root: bytes, keys: HouseholdKeys) -> None:
        """Wrap the household's keys."""
        before = {purpose: text_of(key) for purpose, key in keys.before.items()}
        plain = json.dumps({"data": text_of(keys.data), "before": before}).encode()
        self.content["household"] = self._wrapped(root, "household", plain)

    def household(self, root: bytes) -> HouseholdKeys:
        """Unwrap the household's keys.

        Raises:
            VaultError: somebody changed the file.
        """
        plain = json.loads(self._unwrapped(root, "household", self.content.get("household")))
        before = {purpose: base64.b64decode(key) for purpose, key in plain["before"].items()}
        return HouseholdKeys(base64.b64decode(plain["data"]), before)

    def put_residents(self, root: bytes, keys: Mapping[str, bytes]) -> None:
        """Wrap the residents' keys; whoever isn't among them has none any more."""
        self.content["residents"] = {}
        self.add_residents(root, keys)

    def add_residents(self, root: bytes, keys: Mapping[str, bytes]) -> None:
        """Wrap further residents' keys.

        Raises:
            VaultError: more than the file has room for.
        """
        residents = self.content["residents"]
        if len(residents) + len(keys) > MOST_RESIDENTS:
            raise VaultError(f"a home has at most {MOST_RESIDENTS} accounts")
        for one, key in keys.items():
            residents[one] = self._wrapped(root, f"resident {one}", key)

    def drop_residents(self, accounts: Iterable[str]) -> None:
        """Take wrapped keys out."""
        for one in accounts:
            self.content["residents"].pop(one, None)

    def residents(self, root: bytes) -> dict[str, bytes]:
        """Unwrap the residents' keys, by account.

        Raises:
            VaultError: somebody changed the file.
        """
        wrapped = self.content.get("residents", {})
        return {one: self._unwrapped(root, f"resident {one}", key) for one, key in wrapped.items()}

    def upgrade(self, root: bytes) -> None:
        """Bring a file of version 1 to version 2, in memory; the ways to unlock stay as they are.

        Done twice it gives the same keys: a crash before it is saved loses nothing.

        Raises:
            VaultError: somebody changed the file.
        """
        letters = Box(derive(root, "letterbox"))
        private = letters.open(self.bytes_of("letterbox_key"), b"letterbox")
        keys = HouseholdKeys(
            derive(root, "household data 2"),
            {one: derive(root, "household box " + one) for one in _VERSION_1_BOXES},
        )
        self.content = {**self.content, "version": VERSION}
        self.put_letters(keys, private)
        self.put_household(root, keys)
        self.put_residents(root, {})

    def put_letters(self, keys: HouseholdKeys, private: bytes) -> None:
        """Seal the letterbox's private key under the household's data key."""
        box = Box(derive(keys.data, "letterbox"))
        self.content["letterbox_key"] = text_of(box.seal(private, b"letterbox"))

    def bytes_of(self, name: str) -> bytes:
        """The bytes of a field.

        Raises:
            VaultError: the file is damaged.
        """
        try:
            return base64.b64decode(self.content[name], validate=True)
        except (KeyError, ValueError, TypeError):
            raise VaultError(_DAMAGED) from None

    def _wrapped(self, root: bytes, what: str, plain: bytes) -> str:
        return text_of(Box(derive(root, "wrap 2")).seal(plain, self._context("key 2", what)))

    def _unwrapped(self, root: bytes, what: str, wrapped: object) -> bytes:
        try:
            sealed = base64.b64decode(str(wrapped), validate=True)
            return Box(derive(root, "wrap 2")).open(sealed, self._context("key 2", what))
        except (ValueError, VaultError):
            raise VaultError(_DAMAGED) from None

    def _context(self, form: str, what: str) -> bytes:
        return f"linli {form} {self.content['id']} {what}".encode()


def _missing(kind: str) -> str:
    if kind == "recovery":
        return "no recovery sheet is good for this home since somebody was removed"
    return f"household.json has no {kind} slot"


def text_of(data: bytes) -> str:
    """Bytes as the file holds them."""
    return base64.b64encode(data).decode()
