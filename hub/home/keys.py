"""The keys of a running home: set up, unlocked, changed; and boxes that wait for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from privacy.own_box import OwnBox
from privacy.vault import Box, Household, MachineKey, RecoveryCode, VaultError, VaultLocked


class LateBox:
    """A box of a household that may not be set up yet; until it is unlocked it is closed."""

    __slots__ = ("_keys", "_purpose")

    def __init__(self, keys: Keys, purpose: str) -> None:
        self._keys = keys
        self._purpose = purpose

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """See `privacy.box.Box.seal`."""
        return self._box().seal(plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """See `privacy.box.Box.open`."""
        return self._box().open(sealed, context)

    def _box(self) -> Box:
        if self._keys.household is None:
            raise VaultLocked("this home is not set up yet")
        return self._keys.household.box(self._purpose)


class LateOwnBox(LateBox):
    """The same with what is one resident's alone: see `privacy.own_box.OwnBox`."""

    __slots__ = ()

    def seal_own(self, owner: str, plain: bytes, context: bytes) -> bytes:
        """See `OwnBox.seal_own`."""
        return self._own().seal_own(owner, plain, context)

    def open_own(self, sealed: bytes, context: bytes) -> tuple[str, bytes]:
        """See `OwnBox.open_own`."""
        return self._own().open_own(sealed, context)

    def _own(self) -> OwnBox:
        if self._keys.household is None:
            raise VaultLocked("this home is not set up yet")
        return OwnBox(self._keys.household, self._purpose)


class TooManyTries(VaultError):
    """Wait before trying another passphrase or code."""


class Patience:
    """Lets nobody guess quickly: after a few wrong tries each next one has to wait longer.

    One try at a time, for each costs 64 MiB. Kept in memory: who can restart the process has
    the box in hand, and the slots themselves are hardened by Argon2id.
    """

    FREE, LONGEST_S = 5, 300.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0

    async def attempt(self, work: Callable[[], object]) -> None:
        """Run one try in a thread.

        Raises:
            TooManyTries: too soon after the last wrong one.
            PrivacyError: the try's own.
        """
        async with self._lock:
            if self._clock() < self._not_before:
                raise TooManyTries("too many tries; wait a few minutes")
            try:
                await asyncio.to_thread(work)
            except VaultError:
                self._failures += 1
                wait = 2.0 ** (self._failures - self.FREE) if self._failures >= self.FREE else 0.0
                self._not_before = self._clock() + min(wait, self.LONGEST_S)
                raise
            self._failures = 0


class Keys:
    """The machine key, made at first start, and the household key, made at set-up.

    Args:
        folder: ``keys`` in the home's data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.machine = MachineKey.load_or_create(folder)
        self.household = Household.open(folder) if Household.exists(folder) else None
        self._patience = Patience()

    @property
    def set_up(self) -> bool:
        """Whether there is a household key."""
        return self.household is not None

    @property
    def locked(self) -> bool:
        """Whether personal data can't be read now."""
        return self.household is None or self.household.locked

    @property
    def mode(self) -> str:
        """``passphrase``, ``media`` or ``machine``; empty before set-up."""
        return self.household.mode if self.household else ""

    def box(self, purpose: str) -> LateBox:
        """A box of the household key, usable once that is unlocked."""
        return LateBox(self, purpose)

    def own_box(self, purpose: str) -> LateOwnBox:
        """A box that also seals what is one resident's alone."""
        return LateOwnBox(self, purpose)

    @property
    def sheet_due(self) -> bool:
        """Whether no printed sheet opens this home; see `Household.sheet_due`."""
        return self.household is not None and self.household.sheet_due

    def try_alone(self) -> bool:
        """Unlock without anybody, where the mode allows it. Returns whether it is open."""
        if self.household is not None and self.household.locked and self.mode == "machine":
            self.household.unlock(machine=self.machine)
        return not self.locked

    async def create(self, unlock: Mapping[str, str]) -> RecoveryCode:
        """Make the household key; ``unlock`` as in `unlock_arguments`.

        Raises:
            VaultError: it exists, or the mode's argument is missing or unusable.
        """
        mode = unlock.get("mode", "")
        arguments = self.unlock_arguments(unlock)
        self.household, code = await asyncio.to_thread(
            Household.create, self._folder, mode, **arguments
        )
        return code

    async def unlock(self, passphrase: str) -> None:
        """Open with a passphrase, or with the memory stick where ``passphrase`` is its folder.

        Raises:
            VaultError: it doesn't open.
        """
        household = self._household()
        arguments = self.unlock_arguments({"mode": household.mode, "passphrase": passphrase})
        await self._patience.attempt(lambda: household.unlock(**arguments))

    async def recover(self, code: str, passphrase: str) -> None:
        """Open with the printed sheet's code and set a new passphrase.

        Raises:
            PrivacyError: a mistyped or foreign code, or too short a passphrase.
        """
        parsed = RecoveryCode.parse(code)
        household = self._household()
        await self._patience.attempt(lambda: household.recover(parsed, passphrase))

    async def change_mode(self, unlock: Mapping[str, str]) -> None:
        """Choose another unlock mode, or another passphrase or stick.

        Raises:
            VaultError: locked, or the mode's argument is missing or unusable.
        """
        arguments = self.unlock_arguments(unlock)
        await asyncio.to_thread(self._household().change_mode, unlock.get("mode", ""), **arguments)

    async def new_recovery(self) -> RecoveryCode:
        """Make a new recovery code, and a new root key with it; the old sheet is void."""
        return await asyncio.to_thread(self._household().rotate)

    def unlock_arguments(self, unlock: Mapping[str, str]) -> dict[str, Any]:
        """What `Household.create` and `change_mode` want, from a form's words.

        Raises:
            VaultError: a mode that doesn't exist, or no memory stick found.
        """
        mode = unlock.get("mode", "")
        if mode == "passphrase":
            return {"passphrase": unlock.get("passphrase", "")}
        if mode == "media":
            return {"media": find_media()}
        if mode == "machine":
            return {"machine": self.machine}
        raise VaultError("choose how this home is unlocked")

    @property
    def residents(self) -> frozenset[str]:
        """The accounts that have a key of their own; none while locked."""
        return self.household.residents if self.household else frozenset()

    async def add_residents(self, accounts: Collection[str]) -> None:
        """Make keys for accounts that have none; see `Household.add_residents`."""
        await asyncio.to_thread(self._household().add_residents, accounts)

    async def drop(self, accounts: Collection[str]) -> None:
        """Take keys out that were no person's; see `Household.drop`."""
        await asyncio.to_thread(self._household().drop, accounts)

    async def shred(self, accounts: Collection[str]) -> None:
        """Destroy residents' keys; see `Household.shred`."""
        await asyncio.to_thread(self._household().shred, accounts)

    def _household(self) -> Household:
        if self.household is None:
            raise VaultError("this home is not set up yet")
        return self.household


def find_media(mounts: Path = Path("/proc/self/mounts")) -> Path:
    """The mounted memory stick: the newest mount below ``/media``, ``/run/media`` or ``/mnt``.

    Raises:
        VaultError: none is mounted.
    """
    found = []
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        place = line.split(" ")[1].replace("\\040", " ")
        if place.startswith(("/media/", "/run/media/", "/mnt/")):
            found.append(Path(place))
    if not found:
        raise VaultError("no memory stick is mounted; put it in and try again")
    return found[-1]
