"""The home's own record of hazards, taken over from the kernel's reports.

Each record is a letter to the household: it can be written while the hub is locked and read
only when it is unlocked. What is open now is kept in memory, so that a locked page still says
what happened and what to do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson

from hub.core.store import Store
from privacy.vault import Household, VaultError

SHOWN = 200

MIGRATION = """
CREATE TABLE hazards (
  id TEXT PRIMARY KEY,
  rev INTEGER NOT NULL,
  at REAL NOT NULL,
  letter BLOB NOT NULL
) STRICT
"""

Record = dict[str, Any]


def _context(hazard_id: str) -> bytes:
    return f"hazards:{hazard_id}".encode()


class HazardBook:
    """Hazard records by id, newest revision only.

    Args:
        store: the home's database.
        household: its letterbox takes the records.
        changed: called with the record whenever a newer revision was stored.
    """

    def __init__(
        self, store: Store, household: Household, changed: Callable[[Record], None]
    ) -> None:
        self._store = store
        self._household = household
        self._changed = changed
        self._records: dict[str, Record] = {}
        self._stored: dict[str, int] = {}
        self.damaged = 0

    async def load(self) -> None:
        """Read what is stored; needs the unlocked household.

        A letter that doesn't open is counted in ``damaged`` and left alone.
        """
        rows = await self._store.read(
            lambda db: db.execute(
                "SELECT id, letter FROM hazards ORDER BY at DESC LIMIT ?", (SHOWN,)
            ).fetchall()
        )
        for hazard_id, letter in rows:
            try:
                plain = self._household.open_letter(letter, _context(hazard_id))
            except VaultError:
                self.damaged += 1
                continue
            record: Record = orjson.loads(plain)
            known = self._records.get(hazard_id)
            if known is None or known["rev"] < record["rev"]:
                self._records[hazard_id] = record
            self._stored[hazard_id] = record["rev"]

    def newest_first(self) -> list[Record]:
        """All known records, the open ones first."""
        return sorted(
            self._records.values(), key=lambda r: (r["active"], r["raised_at"]), reverse=True
        )

    def get(self, hazard_id: str) -> Record | None:
        """One record."""
        return self._records.get(hazard_id)

    async def take(self, record: Record) -> bool:
        """Store a reported record; the same or an older revision changes nothing.

        Returns:
            Whether it was news.

        Raises:
            StoreError: it could not be stored; the kernel will report it again.
        """
        if self._stored.get(record["id"], -1) >= record["rev"]:
            return False
        known = self._records.get(record["id"])
        if known is None or known["rev"] < record["rev"]:
            # Shown and acted upon at once: a full disk must not hide an alarm.
            self._records[record["id"]] = record
            self._changed(record)
        letter = self._household.letterbox.post(orjson.dumps(record), _context(record["id"]))

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO hazards (id, rev, at, letter) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, letter = excluded.letter "
                "WHERE excluded.rev > hazards.rev",
                (record["id"], record["rev"], record["raised_at"], letter),
            )

        await self._store.run(write)
        self._stored[record["id"]] = record["rev"]
        return True
