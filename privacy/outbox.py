"""Events waiting for their slots, on disk before anything of them leaves.

Rows are sealed under the machine key (the uplink works while the household is locked) and
deleted, overwritten, when an event is finished; what stays is a keyed hash of its id, so that
the same event offered again is not sent again. What left is kept as letters that only the
unlocked household reads.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from pathlib import Path

from privacy.box import VaultError
from privacy.database import open_database
from privacy.errors import PrivacyError
from privacy.tokens.purse import Purse
from privacy.tokens.ring import KeyName
from privacy.vault import MachineKey
from privacy.wire import Flags, HazardClass, Severity, Status

COPIES_LIFE = 3
COPIES_ROUTINE = 1
KEEP_LETTERS = 20_000
"""The newest letters that are kept: about a thousand events, at most 100 MB."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS event (tag BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS finished (tag BLOB PRIMARY KEY);
CREATE TABLE IF NOT EXISTS letter (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
"""


class QueuedEvent:
    """One event from its offer to its last receipt.

    ``offered`` and ``base`` are slots: when it was queued, and the slot of the first receipt,
    from which the follow-ups are counted. ``bodies`` holds the 64 bytes of each seq from its
    first sealing on; they never change after. ``token`` is bound to ``seed`` and empty until the
    first sealing, or for good where the community issues none.
    """

    __slots__ = (
        *("base", "basis", "bodies", "flags", "hazard", "id", "offered"),
        *("receipts", "seed", "sent", "severity", "status", "token"),
    )

    def __init__(
        self,
        event_id: str,
        hazard: HazardClass,
        severity: Severity,
        flags: Flags,
        *,
        basis: str,
        seed: bytes,
        offered: int,
    ) -> None:
        self.id = event_id
        self.hazard = hazard
        self.severity = severity
        self.flags = flags
        self.basis = basis
        self.seed = seed
        self.token = b""
        self.offered = offered
        self.status = Status.RAISED
        self.base: int | None = None
        self.bodies: dict[int, bytes] = {}
        self.sent = [0, 0, 0]
        self.receipts = [0, 0, 0]

    @property
    def copies(self) -> int:
        """Receipts that each seq needs."""
        return COPIES_LIFE if self.hazard.life_safety else COPIES_ROUTINE

    @property
    def done(self) -> bool:
        """Whether nothing more of it will leave."""
        return min(self.receipts) >= self.copies

    def next(self, offsets: tuple[int, int]) -> tuple[int, int] | None:
        """The seq that leaves next, and the slot from which it may (0: at once).

        None when nothing more leaves, or not before the first receipt, from whose slot the
        follow-ups are counted.
        """
        for seq, offset in enumerate((0, *offsets)):
            if self.receipts[seq] >= self.copies:
                continue
            if not seq:
                return seq, 0
            return None if self.base is None else (seq, self.base + offset)
        return None

    def due(self, slot: int, offsets: tuple[int, int]) -> int | None:
        """The seq that wants to leave in ``slot``."""
        following = self.next(offsets)
        return following[0] if following is not None and slot >= following[1] else None

    def to_json(self) -> bytes:
        """For the sealed row."""
        data = {
            "id": self.id,
            "hazard": int(self.hazard),
            "severity": int(self.severity),
            "flags": int(self.flags),
            "basis": self.basis,
            "seed": self.seed.hex(),
            "token": self.token.hex(),
            "offered": self.offered,
            "status": int(self.status),
            "base": self.base,
            "bodies": {str(seq): body.hex() for seq, body in self.bodies.items()},
            "sent": self.sent,
            "receipts": self.receipts,
        }
        return json.dumps(data).encode()

    @classmethod
    def from_json(cls, data: bytes) -> QueuedEvent:
        """Read a row.

        Raises:
            VaultError: a row of another version.
        """
        try:
            row = json.loads(data)
            event = cls(
                row["id"],
                HazardClass(row["hazard"]),
                Severity(row["severity"]),
                Flags(row["flags"]),
                basis=row["basis"],
                seed=bytes.fromhex(row["seed"]),
                offered=row["offered"],
            )
            event.token = bytes.fromhex(row.get("token", ""))
            event.status = Status(row["status"])
            event.base = row["base"]
            event.bodies = {int(n): bytes.fromhex(body) for n, body in row["bodies"].items()}
            event.sent = list(row["sent"])
            event.receipts = list(row["receipts"])
        except (KeyError, ValueError, TypeError):
            raise VaultError("a queued event does not read") from None
        return event


class Outbox:
    """The tables of ``egress.db``. One thread at a time; every call waits for the disk."""

    def __init__(self, path: Path, machine: MachineKey) -> None:
        self._box = machine.box("egress")
        self._tag_key = machine.derive("egress tags")
        self._db = open_database(path)
        self._db.executescript(_SCHEMA)
        self.purse = Purse(self._db, self._box)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def get(self, name: str) -> bytes | None:
        """A named value."""
        row = self._db.execute("SELECT sealed FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else self._box.open(row[0], b"state " + name.encode())

    def put(self, name: str, value: bytes) -> None:
        """Store a named value durably."""
        sealed = self._box.seal(value, b"state " + name.encode())
        self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, sealed))

    def forget(self) -> None:
        """Delete pairing and queue (move-out); the log of what left stays."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM state")
            self._db.execute("DELETE FROM event")
            self.purse.forget()

    def events(self) -> list[QueuedEvent]:
        """All unfinished events, oldest first."""
        rows = self._db.execute("SELECT tag, sealed FROM event").fetchall()
        events = [QueuedEvent.from_json(self._box.open(sealed, tag)) for tag, sealed in rows]
        return sorted(events, key=lambda event: event.offered)

    def finished(self, event_id: str) -> bool:
        """Whether an event with this id was finished before."""
        tag = self._tag(event_id)
        return bool(self._db.execute("SELECT 1 FROM finished WHERE tag = ?", (tag,)).fetchone())

    def arm(self, event: QueuedEvent, name: KeyName) -> None:
        """Bind a token of the purse to an event; both changes are in one commit."""
        before = event.seed, event.token
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                event.seed, event.token = self.purse.take(name)
                tag = self._tag(event.id)
                sealed = self._box.seal(event.to_json(), tag)
                self._db.execute("INSERT OR REPLACE INTO event VALUES (?, ?)", (tag, sealed))
        except (sqlite3.Error, PrivacyError):
            event.seed, event.token = before
            raise
        self.purse.taken(name)

    def save(self, event: QueuedEvent, letter: bytes | None = None) -> int:
        """Store an event, and a letter about it, in one commit; the letter's id (or 0)."""
        tag = self._tag(event.id)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if event.done:
                self._finish(tag)
            else:
                sealed = self._box.seal(event.to_json(), tag)
                self._db.execute("INSERT OR REPLACE INTO event VALUES (?, ?)", (tag, sealed))
            return self._post(letter)

    def drop(self, event: QueuedEvent, letter: bytes) -> None:
        """Delete an event that will not be sent, and keep the letter that says why."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._finish(self._tag(event.id))
            self._post(letter)

    def note(self, letter: bytes) -> None:
        """Keep a letter about something that left before."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._post(letter)

    def letters(self) -> list[tuple[int, bytes]]:
        """All letters, oldest first."""
        return self._db.execute("SELECT id, sealed FROM letter ORDER BY id").fetchall()

    def _finish(self, tag: bytes) -> None:
        self._db.execute("DELETE FROM event WHERE tag = ?", (tag,))
        self._db.execute("INSERT OR IGNORE INTO finished VALUES (?)", (tag,))

    def _post(self, letter: bytes | None) -> int:
        if letter is None:
            return 0
        cursor = self._db.execute("INSERT INTO letter (sealed) VALUES (?)", (letter,))
        number = int(cursor.lastrowid or 0)
        self._db.execute("DELETE FROM letter WHERE id <= ?", (number - KEEP_LETTERS,))
        return number

    def _tag(self, event_id: str) -> bytes:
        return hmac.digest(self._tag_key, event_id.encode(), "sha256")[:16]
