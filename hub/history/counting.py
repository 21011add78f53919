"""How much of each kind there is: rows, bytes and since when."""

from __future__ import annotations

from collections.abc import Iterable

from hub.history.blocks import Head, Row, kind_of


class Kept:
    """What is kept of one kind.

    Attributes:
        rows: how many readings.
        size: bytes of blocks; blocks that hold several kinds are shared by their rows.
        oldest: the first reading, milliseconds since 1970.
    """

    __slots__ = ("oldest", "rows", "size")

    def __init__(self, oldest: int) -> None:
        self.rows = 0
        self.size = 0.0
        self.oldest = oldest


class Counting:
    """Adds up heads of blocks and rows that are in none yet.

    Attributes:
        found: what there is, by kind.
    """

    def __init__(self) -> None:
        self.found: dict[str, Kept] = {}

    def rows(self, rows: Iterable[Row]) -> None:
        """Count rows that are in no block yet."""
        for entity_id, at, _value in rows:
            self._add(kind_of(entity_id), 1, at, 0.0)

    def block(self, head: Head, size: int) -> None:
        """Count a block; one of an older release tells its kinds after the next sweep."""
        kinds = head.kinds or {}
        every = sum(held.rows for held in kinds.values())
        for kind, held in kinds.items():
            self._add(kind, held.rows, held.first, size * held.rows / every)

    def _add(self, kind: str, rows: int, first: int, size: float) -> None:
        kept = self.found.get(kind)
        if kept is None:
            kept = self.found[kind] = Kept(first)
        kept.rows += rows
        kept.size += size
        kept.oldest = min(kept.oldest, first)
