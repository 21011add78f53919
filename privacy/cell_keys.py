"""The keys that cells are sealed to: one an epoch, destroyed 49 hours after it.

Whoever keeps cells and gets hold of the gateway's folder later opens none of epochs long over.
The lasting gateway key, which printed codes carry, proves the gateway and opens acts; cells are
sealed to it only where no epoch key is vouched for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded, sync_folder
from privacy.tokens.epochs import Allotment

KEY_LENGTH = 32
_MOST = 8
_FILE = re.compile(r"([0-9]{1,9})\.key")


class CellKeys:
    """Public keys (X25519, 32 bytes) by the number of their epoch. Never changed."""

    __slots__ = ("keys",)

    def __init__(self, keys: Mapping[int, bytes] | None = None) -> None:
        self.keys = dict(keys or {})

    def at(self, moment: float) -> bytes | None:
        """The key for a slot that begins at ``moment`` (Unix seconds); None if there is none."""
        return self.keys.get(Allotment.EPOCH.number_at(moment))

    def to_json(self) -> list[dict[str, object]]:
        """The keys in order; the same for everyone."""
        return [
            {"number": number, "key": base64.b64encode(key).decode()}
            for number, key in sorted(self.keys.items())
        ]

    @classmethod
    def from_json(cls, data: object) -> CellKeys:
        """Read what `to_json` gives.

        Raises:
            PrivacyError: malformed, or too many.
        """
        if not isinstance(data, list):
            raise PrivacyError("the cells' keys are no list")
        try:
            named = [
                (int(one["number"]), base64.b64decode(str(one["key"]), validate=True))
                for one in data[: _MOST + 1]
            ]
        except (KeyError, ValueError, TypeError, OverflowError):
            raise PrivacyError("the cells' keys are malformed") from None
        right = all(number >= 0 and len(key) == KEY_LENGTH for number, key in named)
        if not right or len(dict(named)) != len(named) or len(named) > _MOST:
            raise PrivacyError("the cells' keys are malformed")
        return cls(dict(named))


class CellKeystore:
    """The private halves in one folder (0700), a file each. Blocking."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._keys: dict[int, X25519PrivateKey] = {}

    def maintain(self, now: float) -> None:
        """Make the keys of this epoch and the next; destroy those whose 49 hours are over.

        Once deleted a key is gone from this folder; what a flash disk keeps of it for a while is
        outside our reach.

        Raises:
            PrivacyError: a key file is damaged; it is never replaced.
        """
        current = Allotment.EPOCH.number_at(now)
        keys: dict[int, X25519PrivateKey] = {}
        for path in sorted(self._folder.glob("*.key")):
            match = _FILE.fullmatch(path.name)
            if match is None:
                continue
            if Allotment.EPOCH.over(int(match[1]), now):
                path.unlink()
                sync_folder(self._folder)
            else:
                keys[int(match[1])] = _read(path)
        for number in sorted({current, current + 1} - keys.keys()):
            path = self._folder / f"{number}.key"
            create_once(path, X25519PrivateKey.generate().private_bytes_raw())
            keys[number] = _read(path)
        self._keys = keys

    def public(self) -> CellKeys:
        """The public halves."""
        raw = {n: key.public_key().public_bytes_raw() for n, key in self._keys.items()}
        return CellKeys(raw)

    def privates(self, now: float) -> list[X25519PrivateKey]:
        """What a cell that comes now may be sealed to, the likeliest first."""
        current = Allotment.EPOCH.number_at(now)
        numbers = (current, current - 1, current + 1)
        return [self._keys[number] for number in numbers if number in self._keys]


def _read(path: Path) -> X25519PrivateKey:
    data = read_bounded(path, KEY_LENGTH)
    if len(data) != KEY_LENGTH:
        raise PrivacyError(f"{path.name} is damaged; bring it back from a backup")
    return X25519PrivateKey.from_private_bytes(data)
