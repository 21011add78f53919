"""The log of a door: what a resident sends or granted, byte for byte, written before it leaves.

The log is a pile of letters: written while the household is locked, readable by the unlocked
household only. What became of a message, where the door learns it, is a letter of its own.
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

DOORS = ("acts", "grants")
KEEP_LINES = 20_000
"""The newest letters that are kept of a door."""

OpenLetter = Callable[[bytes, bytes], bytes]


class DoorLog:
    """The log of one door of one home. Calls wait for the disk: off the event loop, please.

    Args:
        path: ``egress.db``.
        letterbox: of the household.
        door: one of `DOORS`.
    """

    def __init__(self, path: Path, letterbox: Letterbox, door: str) -> None:
        if door not in DOORS:
            raise ValueError(f"{door!r} is no door")
        self._door = door
        self._letterbox = letterbox
        self._lock = threading.Lock()
        self._db = open_database(path)
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {door} (id INTEGER PRIMARY KEY, letter BLOB)")

    def record(self, purpose: str, recipient: str, data: bytes) -> int:
        """Take down bytes that are about to leave; durable when this returns.

        Args:
            purpose: what for, one word such as ``pairing``.
            recipient: the address they go to.
            data: the bytes themselves.

        Returns:
            The line's number, for `outcome`.
        """
        return self._post(
            {
                "at": round(time.time(), 3),
                "purpose": purpose,
                "recipient": recipient,
                "data": base64.b64encode(data).decode(),
            }
        )

    def outcome(self, number: int, word: str) -> None:
        """Take down what became of a line; the last word counts."""
        self._post({"of": number, "outcome": word})

    def _post(self, line: dict[str, object]) -> int:
        letter = self._letterbox.post(json.dumps(line).encode(), self._door.encode())
        with self._lock:
            cursor = self._db.execute(
                f"INSERT INTO {self._door} (letter) VALUES (?)",  # noqa: S608  one of DOORS
                (letter,),
            )
            number = int(cursor.lastrowid or 0)
            self._db.execute(
                f"DELETE FROM {self._door} WHERE id <= ?",  # noqa: S608  one of DOORS
                (number - KEEP_LINES,),
            )
        return number

    def lines(
        self, open_letter: OpenLetter, *, newest: int = KEEP_LINES
    ) -> list[dict[str, object]]:
        """Everything that left by this door, oldest first; ``data`` is bytes again.

        ``outcome`` is the word of `outcome`, None where there is none.

        Args:
            open_letter: `privacy.vault.Household.open_letter` of the unlocked household.
            newest: how many letters are opened at most, outcomes included.

        Raises:
            VaultLocked: the household is locked.
        """
        with self._lock:
            rows = self._db.execute(
                f"SELECT id, letter FROM {self._door} ORDER BY id DESC LIMIT ?",  # noqa: S608  one of DOORS
                (newest,),
            ).fetchall()
        found: dict[int, dict[str, object]] = {}
        for number, letter in reversed(rows):
            try:
                line = json.loads(open_letter(letter, self._door.encode()))
            except ValueError:
                raise VaultError("a record of what left is damaged") from None
            if "of" not in line:
                data = base64.b64decode(line["data"])
                found[number] = {**line, "data": data, "outcome": None}
            elif line["of"] in found:
                found[line["of"]]["outcome"] = line["outcome"]
        return list(found.values())

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
