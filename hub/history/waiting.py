"""Rows that are in no block yet: what came, what is in the journal, what the disk didn't take."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from hub.history.blocks import Row

MAX_WAITING = 200_000  # rows kept in memory while the disk or the key is away


class Waiting:
    """Rows in memory. All but `recorded` is touched with `lock` held.

    Attributes:
        recorded: what came since the last round; anybody may append.
        unsaved: taken over, not on the disk yet.
        recent: everything that is in no block yet, the unsaved at its end.
        dropped: how many rows were given up because too many waited.
    """

    __slots__ = ("dropped", "lock", "recent", "recorded", "unsaved")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.recorded: deque[Row] = deque()
        self.unsaved: list[Row] = []
        self.recent: list[Row] = []
        self.dropped = 0

    def take(self) -> int:
        """Take over what came; returns how many rows."""
        rows = [self.recorded.popleft() for _ in range(len(self.recorded))]
        self.recent.extend(rows)
        self.unsaved.extend(rows)
        surplus = len(self.unsaved) - MAX_WAITING
        if surplus > 0:
            self.dropped += surplus
            del self.unsaved[:surplus]
            begin = len(self.recent) - len(self.unsaved) - surplus
            del self.recent[begin : begin + surplus]
        return len(rows)

    def all(self) -> list[Row]:
        """Every row that is in no block yet."""
        return [*self.recent, *self.recorded]

    def forget(self, since: Callable[[str], int]) -> int:
        """Leave out the rows of each entity before a moment of its own; returns how many."""
        before = len(self.recent)
        self.recent = [row for row in self.recent if row[1] >= since(row[0])]
        self.unsaved = [row for row in self.unsaved if row[1] >= since(row[0])]
        return before - len(self.recent)

    def folded(self, count: int) -> None:
        """The first rows of `recent`, and with them all unsaved ones, are in blocks now."""
        del self.recent[:count]
        self.unsaved = []
