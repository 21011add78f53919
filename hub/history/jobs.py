"""Work on the history that takes longer than a round of its writer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import NamedTuple

ROOM, DISK = "room", "disk"
"""Why nothing is written: the disk has too little room left, or doesn't take it."""


class HistoryProblem(Exception):
    """Something could not be done; the text is the kind of error, without personal data."""


class Swept(NamedTuple):
    """What a sweep did: rows removed, blocks rewritten or removed, blocks that can't be read."""

    rows: int
    blocks: int
    unreadable: int


Steps = Generator[None, None, Swept]


class Job:
    """Steps that end with what they did; they begin at the first `step`.

    Attributes:
        done: told what was done, or a `HistoryProblem`.
    """

    __slots__ = ("_begin", "_retried", "_steps", "done")

    def __init__(self, begin: Callable[[], Steps]) -> None:
        self.done: Future[Swept] = Future()
        self.done.set_running_or_notify_cancel()  # whoever stops waiting doesn't stop the work
        self._begin = begin
        self._steps: Steps | None = None
        self._retried = False

    def step(self) -> bool:
        """Go one step on; returns whether it is done."""
        if self._steps is None:
            self._steps = self._begin()
        try:
            next(self._steps)
        except StopIteration as end:
            self.done.set_result(end.value)
            return True
        return False

    def again(self) -> bool:
        """Begin anew at the next step; False when that was done before."""
        if self._steps is not None:
            self._steps.close()
        self._steps, retried, self._retried = None, self._retried, True
        return not retried

    def fail(self, problem: HistoryProblem) -> None:
        """Give up."""
        if self._steps is not None:
            self._steps.close()
        self.done.set_exception(problem)
