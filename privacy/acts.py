"""The acts door: what a resident sends on purpose, byte for byte, logged before it leaves.

The log is a pile of letters: written while the household is locked, readable by the unlocked
household only.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from privacy.box import VaultError
from privacy.database import open_database
from privacy.letterbox import Letterbox

_CONTEXT = b"acts"
OpenLetter = Callable[[bytes, bytes], bytes]


class ActsLog:
    """The log of one home. Calls wait for the disk: off the event loop, please."""

    def __init__(self, path: Path, letterbox: Letterbox) -> None:
        self._letterbox = letterbox
        self._lock = threading.Lock()
        self._db = open_database(path)
        self._db.execute("CREATE TABLE IF NOT EXISTS acts (id INTEGER PRIMARY KEY, letter BLOB)")

    def record(self, purpose: str, recipient: str, data: bytes) -> None:
        """Take down bytes that are about to leave; durable when this returns.

        Args:
            purpose: what for, one word such as ``pairing``.
            recipient: the address they go to.
            data: the bytes themselves.
        """
        line = {
            "at": round(time.time(), 3),
            "purpose": purpose,
            "recipient": recipient,
            "data": base64.b64encode(data).decode(),
        }
        letter = self._letterbox.post(json.dumps(line).encode(), _CONTEXT)
        with self._lock:
            self._db.execute("INSERT INTO acts (letter) VALUES (?)", (letter,))

    def lines(self, open_letter: OpenLetter) -> list[dict[str, object]]:
        """Everything that left by this door, oldest first; ``data`` is bytes again.

        Args:
            open_letter: `privacy.vault.Household.open_letter` of the unlocked household.

        Raises:
            VaultLocked: the household is locked.
        """
        with self._lock:
            rows = self._db.execute("SELECT letter FROM acts ORDER BY id").fetchall()
        out = []
        for (letter,) in rows:
            try:
                line = json.loads(open_letter(letter, _CONTEXT))
            except ValueError:
                raise VaultError("an act's record is damaged") from None
            out.append({**line, "data": base64.b64decode(line["data"])})
        return out

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
