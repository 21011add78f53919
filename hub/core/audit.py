"""The home's audit: who did what, durable before it is acknowledged, chained and sealed.

Line n is sealed with the link of line n - 1 as its context and the link of line n is
SHA-256(link n - 1 | number | sealed). So a line can't be changed, moved, inserted or taken
out of the middle; that the end was cut off shows only to who noted the last link.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from typing import Any

from hub.core.sealed import Box, open_json, seal_json
from hub.core.store import Store

MIGRATION = (
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, link BLOB NOT NULL, sealed BLOB NOT NULL) STRICT"
)
START = bytes(32)
_FIELDS = ("at", "actor", "role", "action", "subject", "detail")


class AuditProblem(RuntimeError):
    """The chain of the audit is broken; `seq` is the first line that is wrong."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the audit is damaged from line {seq}")
        self.seq = seq


class AuditLine:
    """One line: `at` in seconds since 1970, who (`actor`, `role`), what, to what, how."""

    __slots__ = ("action", "actor", "at", "detail", "role", "seq", "subject")

    def __init__(
        self,
        seq: int,
        *,
        at: float,
        actor: str,
        role: str,
        action: str,
        subject: str,
        detail: dict[str, Any],
    ) -> None:
        self.seq = seq
        self.at = at
        self.actor = actor
        self.role = role
        self.action = action
        self.subject = subject
        self.detail = detail


class Audit:
    """The audit in a store whose migrations contain `MIGRATION`."""

    __slots__ = ("_box", "_store")

    def __init__(self, store: Store, box: Box) -> None:
        self._store = store
        self._box = box

    async def write(
        self,
        *,
        actor: str,
        role: str,
        action: str,
        subject: str,
        detail: dict[str, Any] | None = None,
    ) -> int:
        """Add a line; returns its number once it is on the disk. No secrets, please.

        Raises:
            StoreError: it could not be written.
        """
        data = [time.time(), actor, role, action, subject, detail or {}]
        return await self.begin(data)

    def begin(self, data: list[Any]) -> asyncio.Future[int]:
        """`write`, under way at once; data as `add` takes it; await it for the line's number."""
        return self._store.begin(lambda connection: self.add(connection, data))

    def add(self, connection: sqlite3.Connection, data: list[Any]) -> int:
        """Add a line inside a transaction; data is [at, actor, role, action, subject, detail]."""
        row = connection.execute("SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        seq, link = (1, START) if row is None else (row[0] + 1, row[1])
        sealed = seal_json(self._box, data, _context(seq, link))
        row = (seq, _next(link, seq, sealed), sealed)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?)", row)
        return seq

    async def lines(self, after: int = 0, limit: int = 100) -> list[AuditLine]:
        """Lines with a number above `after`, oldest first; raises AuditProblem."""
        return await self._store.read(lambda connection: self._lines(connection, after, limit))

    async def last(self) -> int:
        """The number of the newest line; 0: there is none."""
        query = "SELECT coalesce(max(seq), 0) FROM audit"
        return await self._store.read(
            lambda connection: int(connection.execute(query).fetchone()[0])
        )

    def _lines(self, connection: sqlite3.Connection, after: int, limit: int) -> list[AuditLine]:
        before = connection.execute("SELECT link FROM audit WHERE seq = ?", (after,)).fetchone()
        link = START if before is None else before[0]
        query = "SELECT seq, link, sealed FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
        found: list[AuditLine] = []
        for number, (seq, stored, sealed) in enumerate(
            connection.execute(query, (after, limit)), start=after + 1
        ):
            if seq != number or _next(link, seq, sealed) != stored:
                raise AuditProblem(number)
            try:
                data = open_json(self._box, sealed, _context(seq, link))
            except Exception as error:
                raise AuditProblem(number) from error
            found.append(AuditLine(seq, **dict(zip(_FIELDS, data, strict=True))))
            link = stored
        return found

    async def verify(self) -> int:
        """Check every line; returns how many there are; raises AuditProblem."""
        count = 0
        while lines := await self.lines(count, 1000):
            count = lines[-1].seq
        return count


def _context(seq: int, link: bytes) -> bytes:
    return b"audit\0" + seq.to_bytes(8, "big") + link


def _next(link: bytes, seq: int, sealed: bytes) -> bytes:
    return hashlib.sha256(link + seq.to_bytes(8, "big") + sealed).digest()
