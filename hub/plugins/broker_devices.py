"""Users of the embedded broker that the household makes, one for each device or bridge.

A password is made here, random and shown once; what is kept is its SHA-256, which is enough for
one that nobody could guess. The broker reads the file again when it changed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from hub.core.settings import private_folder
from hub.plugins.broker_users import USERS
from privacy.files import write_atomic

MOST = 200
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class DeviceUser(NamedTuple):
    """A user and when it got its password, Unix seconds."""

    name: str
    made_at: float


class UserProblem(ValueError):
    """The user can't be made; ``code`` is ``name``, ``taken`` or ``many``."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the user can't be made: {code}")
        self.code = code


class DeviceUsers:
    """The users of one data folder; all methods block on a small file.

    Args:
        data: the home's folder.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "broker" / "devices.json"
        self._seen: tuple[int, int] = (0, 0)
        self._rows: dict[str, dict[str, object]] = {}

    def all(self) -> list[DeviceUser]:
        """Everybody, by name; raises OSError, ValueError when the file can't be read."""
        self._read()
        return [DeviceUser(name, float(str(row["made_at"]))) for name, row in self._rows.items()]

    def give_password(self, name: str, *, new: bool) -> str:
        """Make a user, or a new password for one; the old one is void at once.

        Args:
            name: a-z, 0-9, - and _, at most 32.
            new: whether it must not be there yet.

        Returns:
            The password, which is kept nowhere.

        Raises:
            UserProblem: the name can't be one, is taken, or there are too many.
            OSError: the disk did not take it.
        """
        self._read()
        if not NAME.fullmatch(name) or name in USERS:
            raise UserProblem("name")
        if new and name in self._rows:
            raise UserProblem("taken")
        if name not in self._rows and len(self._rows) >= MOST:
            raise UserProblem("many")
        password = secrets.token_urlsafe(18)
        self._write({**self._rows, name: {"hash": _hash(password), "made_at": time.time()}})
        return password

    def remove(self, name: str) -> None:
        """Take a user away; nothing where there is none."""
        self._read()
        self._write({one: row for one, row in self._rows.items() if one != name})

    def mark_of(self, name: str, password: str) -> str | None:
        """What changes with the user's password, where this is it.

        None for a wrong one, for nobody, and while the file can't be read.
        """
        try:
            self._read()
        except (OSError, ValueError):
            return None
        row = self._rows.get(name)
        mark = str(row["hash"]) if row else ""
        return mark if mark and hmac.compare_digest(mark, _hash(password)) else None

    def marks(self) -> dict[str, str]:
        """The mark of every user; raises OSError, ValueError when the file can't be read."""
        self._read()
        return {name: str(row["hash"]) for name, row in self._rows.items()}

    def _read(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._rows, self._seen = {}, (0, 0)
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._seen:
            return
        rows = json.loads(self._path.read_bytes())
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise ValueError(f"{self._path} is damaged; delete it and make the users anew")
        self._rows, self._seen = dict(sorted(rows.items())), seen

    def _write(self, rows: dict[str, dict[str, object]]) -> None:
        private_folder(self._path.parent)
        write_atomic(self._path, json.dumps(dict(sorted(rows.items())), indent=1).encode())
        self._read()


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode("utf-8", "replace")).hexdigest()
