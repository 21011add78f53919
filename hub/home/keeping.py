"""How long the household keeps its history, kind by kind, and what it erases of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from hub.core.commands import Actor
from hub.core.kinds import KINDS, keep_days
from hub.core.sealed import Box, SealedTable
from hub.core.store import Store, StoreError
from hub.history.counting import Kept
from hub.history.history import History
from hub.history.jobs import HistoryProblem
from hub.home.refusal import Refusal

MIGRATION = SealedTable.migration("keeping")
MOST_DAYS = 3_650
_ROW = "days"


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


NOT_KEPT = _("This could not be written down. Is the disk full?")
NOT_ERASED = _(
    "The disk did not take it. Make room on it; what the hub had begun to erase it erases then by"
    " itself."
)
NO_HISTORY = _("There is no history yet.")


class KeptKind(NamedTuple):
    """What is kept of one kind.

    Attributes:
        kind: its name.
        days: how long it is kept; 0: not at all.
        usual: how long it is unless somebody chooses.
        readings: how many there are.
        size: their bytes on the disk.
        oldest: the first of them, seconds since 1970; None: there is none.
    """

    kind: str
    days: int
    usual: int
    readings: int
    size: int
    oldest: float | None


class Receipt(NamedTuple):
    """What was erased.

    Attributes:
        entity_id: whose; "" for all.
        readings: how many.
        unreadable: damaged parts that went with them, because they may have held some.
        at: when, seconds since 1970.
    """

    entity_id: str
    readings: int
    unreadable: int
    at: float


class Keeping:
    """The household's choices about its history.

    Args:
        store: its migrations contain `MIGRATION`.
        box: seals the choices.
        note: writes a line of the audit.

    Attributes:
        history: what it is about; None while there is none.
    """

    def __init__(
        self, store: Store, box: Box, note: Callable[[Actor, str, str], Awaitable[None]]
    ) -> None:
        self.history: History | None = None
        self._store = store
        self._table = SealedTable("keeping", box)
        self._note = note
        self._chosen: dict[str, int] = {}

    async def load(self) -> None:
        """Read what is stored."""
        self._chosen = await self._store.read(lambda db: self._table.get(db, _ROW)) or {}

    def days(self, kind: str) -> int:
        """How many days a kind is kept; 0: not at all."""
        return self._chosen.get(kind, keep_days(kind))

    async def choose(self, kind: str, days: int, actor: Actor) -> None:
        """Keep a kind for so many days from now on; what is older goes soon.

        Raises:
            Refusal: the disk did not take the choice.
            ValueError: no kind, or no number of days.
        """
        if kind not in KINDS or not 0 <= days <= MOST_DAYS:
            raise ValueError("no such choice")

        def put(db: sqlite3.Connection) -> dict[str, int]:
            # Read where it is written: of two choices at once none is lost.
            chosen = {**(self._table.get(db, _ROW) or {}), kind: days}
            self._table.put(db, _ROW, chosen)
            return chosen

        try:
            self._chosen = await self._store.run(put)
            await self._note(actor, "keep history", f"{kind} {days}")
        except StoreError:
            raise Refusal(NOT_KEPT) from None
        finally:
            if self.history is not None:
                self.history.retention_changed()

    async def kept(self, kinds: Iterable[str]) -> tuple[int, Sequence[KeptKind]]:
        """Bytes of all files, and each of these kinds and of those that there is history of."""
        found: dict[str, Kept] = {}
        size = 0
        if self.history is not None:
            found, size = await asyncio.gather(self.history.kept(), self.history.size())
        every = sorted({*kinds, *found} & KINDS.keys())
        return size, [self._of(kind, found.get(kind)) for kind in every]

    def _of(self, kind: str, kept: Kept | None) -> KeptKind:
        counted = (kept.rows, round(kept.size), kept.oldest / 1000) if kept else (0, 0, None)
        return KeptKind(kind, self.days(kind), keep_days(kind), *counted)

    async def erase(self, entity_id: str, actor: Actor) -> Receipt:
        """Erase the history of an entity, "" for all of it, up to now.

        Nothing of it is left in the files of the home when this returns.

        Raises:
            Refusal: there is no history, or the disk did not take it.
        """
        if self.history is None:
            raise Refusal(NO_HISTORY)
        try:
            await self._note(actor, "erase history", entity_id or "all")
            done = await self.history.erase(entity_id or None)
        except (HistoryProblem, StoreError):
            raise Refusal(NOT_ERASED) from None
        return Receipt(entity_id, done.rows, done.unreadable, time.time())
