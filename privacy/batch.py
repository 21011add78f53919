"""How cells become a batch: one of each home, filled to the roster's size, in random order."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable

QUEUE = 2
"""Cells of one home that may wait; one more in the same slot is refused."""

_SHUFFLE = secrets.SystemRandom()


class CellQueue:
    """What waits of one home: (counter, cell), at most `QUEUE`."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[tuple[bytes, bytes]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, counter: bytes, cell: bytes) -> bool:
        """Take a cell; False if too many wait."""
        if len(self._waiting) >= QUEUE:
            return False
        self._waiting.append((counter, cell))
        return True

    def take(self) -> tuple[bytes, bytes]:
        """The oldest. Raises IndexError if none waits."""
        return self._waiting.popleft()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()


def mixed(
    cells: Iterable[bytes], size: int, dummies: Callable[[int], Iterable[bytes]]
) -> list[bytes]:
    """A batch of at least ``size`` cells in an order that says nothing of where they came from.

    Args:
        cells: what the homes sent.
        size: the roster's.
        dummies: gives as many dummies as it is asked for.
    """
    batch = list(cells)
    batch.extend(dummies(max(0, size - len(batch))))
    _SHUFFLE.shuffle(batch)
    return batch
