"""The signer's keys on its disk: one file each, made ahead, destroyed when their time is over."""

from __future__ import annotations

import re
from pathlib import Path

from privacy.files import create_once, private_folder, read_bounded, sync_folder
from privacy.tokens.ring import KeyName, KeyRing, name_is_over, names_in_force
from privacy.tokens.signer import SignerError, SigningKey
from privacy.tokens.token import TokenClass

_FILE = re.compile(r"(life|routine|reserve)-([0-9]{1,9})\.key")
_LIMIT = 4096


class Keystore:
    """The keys of one folder (0700), in memory while their time runs. Blocking."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._keys: dict[KeyName, SigningKey] = {}

    def maintain(self, now: float) -> None:
        """Make the keys of this epoch and the next; destroy those whose 49 hours are over.

        A key is on the disk before anyone hears of it. Once deleted it is gone from this folder;
        what a flash disk keeps of it for a while is outside our reach.

        Raises:
            SignerError: a key file is damaged; it is never replaced, for one epoch has one key.
        """
        for path in sorted(self._folder.glob("*.key")):
            match = _FILE.fullmatch(path.name)
            if match is None:
                continue
            name = TokenClass(match[1]), int(match[2])
            if name_is_over(name, now):
                self._keys.pop(name, None)
                path.unlink()
                sync_folder(self._folder)
            elif name not in self._keys:
                self._keys[name] = SigningKey.from_der(read_bounded(path, _LIMIT))
        for name in names_in_force(now):
            if name not in self._keys:
                path = self._folder / f"{name[0]}-{name[1]}.key"
                create_once(path, SigningKey.generate().to_der())
                self._keys[name] = SigningKey.from_der(read_bounded(path, _LIMIT))

    def ring(self) -> KeyRing:
        """The public halves."""
        return KeyRing({name: key.public for name, key in self._keys.items()})

    def key(self, name: KeyName) -> SigningKey:
        """The key of a class and number.

        Raises:
            SignerError: there is none: not yet, or not any more.
        """
        found = self._keys.get(name)
        if found is None:
            raise SignerError("there is no such signing key now")
        return found
