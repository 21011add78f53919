"""What is kept how long: rules, and the steps that rewrite blocks which hold more than that.

A block is rewritten in one transaction: the new one in, the old one out. The steps are small,
so that the writer thread goes on writing between them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

from hub.core.sealed import Box
from hub.history.blocks import (
    HOUR_MS,
    Head,
    Part,
    kind_of,
    pack_block,
    pack_head,
    survey,
    unpack_head,
    unpack_parts,
)
from hub.history.jobs import Steps, Swept

BATCH = 64  # blocks of one step
NOTHING = 2**62  # a moment after every row
_Block = tuple[int, int, bytes, bytes]


class Rule(Protocol):
    """Which rows stay."""

    def since(self, entity_id: str) -> int:
        """Rows of the entity from this moment on stay; milliseconds since 1970."""

    def touches(self, head: Head) -> bool:
        """Whether a block may hold a row that doesn't stay."""

    def empties(self, head: Head) -> bool:
        """Whether no row of a block stays, as far as its head tells."""

    def unreadable_goes(self, hour: int, head: Head | None) -> bool:
        """Whether a block whose rows can't be read is removed."""


class Retention:
    """Keeps the rows of each kind for so many days, to the hour.

    Args:
        days_of: days by kind; 0 keeps nothing.
        longest: the most days of any kind.
        now: milliseconds since 1970.
    """

    def __init__(self, days_of: Callable[[str], int], longest: int, now: int) -> None:
        self._days_of = days_of
        self._now = now
        self._oldest = self._cut(longest)
        self._cuts: dict[str, int] = {}

    def _cut(self, days: int) -> int:
        return (self._now // HOUR_MS - days * 24) * HOUR_MS if days else NOTHING

    def of_kind(self, kind: str) -> int:
        """Rows of a kind from this moment on stay."""
        cut = self._cuts.get(kind)
        if cut is None:
            cut = self._cuts[kind] = self._cut(self._days_of(kind))
        return cut

    def since(self, entity_id: str) -> int:
        """See `Rule`."""
        return self.of_kind(kind_of(entity_id))

    def touches(self, head: Head) -> bool:
        """See `Rule`."""
        if head.kinds is None:
            return True
        return any(held.first < self.of_kind(kind) for kind, held in head.kinds.items())

    def empties(self, head: Head) -> bool:
        """See `Rule`."""
        return all(head.end < self.of_kind(kind) for kind in head.kinds or ("",))

    def unreadable_goes(self, hour: int, head: Head | None) -> bool:
        """See `Rule`."""
        return (head.end if head is not None else (hour + 1) * HOUR_MS - 1) < self._oldest


class Erasure:
    """Lets go of one entity's rows up to a moment, and of what can't be read and may be its own.

    Args:
        entity_id: whose; None for everybody's.
        until: milliseconds since 1970.
    """

    def __init__(self, entity_id: str | None, until: int) -> None:
        self.entity_id = entity_id
        self.until = until

    def since(self, entity_id: str) -> int:
        """See `Rule`."""
        return self.until + 1 if self.entity_id in {None, entity_id} else 0

    def touches(self, head: Head) -> bool:
        """See `Rule`."""
        if self.entity_id is None:
            return head.start <= self.until
        return head.may_have(self.entity_id, 0, self.until)

    def empties(self, head: Head) -> bool:
        """See `Rule`."""
        mine = self.entity_id is None or head.first == head.last == self.entity_id
        return mine and head.end <= self.until

    def unreadable_goes(self, _hour: int, head: Head | None) -> bool:
        """See `Rule`."""
        return head is None or self.touches(head)


class _Change:
    """What one step does to the file, in one transaction."""

    __slots__ = ("gone", "heads", "hours", "made")

    def __init__(self) -> None:
        self.gone: list[tuple[int]] = []
        self.made: list[_Block] = []
        self.heads: list[tuple[bytes, int]] = []
        self.hours: list[tuple[int, int]] = []

    def carry_out(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?)", self.made)
            connection.executemany("DELETE FROM blocks WHERE number = ?", self.gone)
            connection.executemany("UPDATE blocks SET head = ? WHERE number = ?", self.heads)
            connection.executemany("UPDATE blocks SET hour = ? WHERE number = ?", self.hours)
            connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


class Sweep:
    """One pass over all blocks.

    Args:
        box: opens and seals them.
        rule: which rows stay.
        next_number: a number never used before.
        report: told of a block that can't be opened; raises the box's error while it is locked.
    """

    def __init__(
        self,
        box: Box,
        rule: Rule,
        next_number: Callable[[], int],
        report: Callable[[int, Exception], None],
    ) -> None:
        self._box = box
        self._rule = rule
        self._next_number = next_number
        self._report = report
        self._rows = self._blocks = self._unreadable = 0

    def steps(self, connection: sqlite3.Connection) -> Steps:
        """Go through the blocks, some at each step; raises sqlite3.Error, and the box's error."""
        query = "SELECT number, hour, head FROM blocks WHERE number > ? ORDER BY number LIMIT ?"
        last = -1
        while found := connection.execute(query, (last, BATCH)).fetchall():
            last = found[-1][0]
            self._step(connection, found)
            yield
        return Swept(self._rows, self._blocks, self._unreadable)

    def _step(self, connection: sqlite3.Connection, found: list[tuple[int, int, bytes]]) -> None:
        change = _Change()
        for number, place, sealed in found:
            hour = place if isinstance(place, int) else 0
            head = self._opened(number, sealed, unpack_head)
            if head is not None and head.start // HOUR_MS != place:
                hour = head.start // HOUR_MS  # only heads are sealed
                change.hours.append((hour, number))
            if head is None or self._rule.touches(head):
                self._look(connection, change, (number, hour), head)
        if change.gone or change.heads or change.hours:
            change.carry_out(connection)
            self._blocks += len(change.gone)

    def _look(
        self,
        connection: sqlite3.Connection,
        change: _Change,
        block: tuple[int, int],
        head: Head | None,
    ) -> None:
        number, hour = block
        if head is not None and head.kinds and self._rule.empties(head):
            change.gone.append((number,))
            self._rows += sum(held.rows for held in head.kinds.values())
            return
        parts = self._parts(connection, number)
        if parts is None:
            if self._rule.unreadable_goes(hour, head):
                change.gone.append((number,))
                self._unreadable += 1
            return
        kept = self._kept(parts)
        if kept == parts:  # its head can't be read, or is an older release's
            change.heads.append((pack_head(self._box, number, survey(parts)), number))
            return
        change.gone.append((number,))
        if kept:
            new = self._next_number()
            change.made.append((new, hour, *pack_block(self._box, new, kept)))

    def _kept(self, parts: list[Part]) -> list[Part]:
        kept: list[Part] = []
        for entity_id, times, values in parts:
            since = self._rule.since(entity_id)
            if min(times) >= since:
                kept.append((entity_id, times, values))
                continue
            stay = [index for index, at in enumerate(times) if at >= since]
            self._rows += len(times) - len(stay)
            if stay:
                some = ([times[index] for index in stay], [values[index] for index in stay])
                kept.append((entity_id, *some))
        return kept

    def _parts(self, connection: sqlite3.Connection, number: int) -> list[Part] | None:
        query = "SELECT body FROM blocks WHERE number = ?"
        sealed = connection.execute(query, (number,)).fetchone()[0]
        parts: list[Part] | None = self._opened(number, sealed, unpack_parts)
        return parts

    def _opened(self, number: int, sealed: bytes, unpack: Callable[[Box, int, bytes], Any]) -> Any:
        try:
            return unpack(self._box, number, sealed)
        except Exception as error:  # noqa: BLE001 - each box and zlib have their own errors
            self._report(number, error)
            return None
