"""Escalation of alarms that nobody acknowledged, durable across restarts.

What is due is computed from the stored raise time and nothing else, so a process that was down
at the minute escalates when it is back. Times are Unix seconds of the injected clock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from sqlmodel import Session

from community.core.store import Store, StoreError
from community.incidents import desk
from community.incidents.rules import Status, escalates_at

_LOG = logging.getLogger(__name__)
_AGAIN = 1.0
_LONGEST = 30.0

Clock = Callable[[], float]


class Escalation:
    """Watches the unacknowledged incidents.

    Args:
        store: The community's database.
        clock: Unix seconds.
        escalated: Called with the ids that escalated just now.
        siren: Called with whether the siren should sound; drills and tests never sound it.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock = time.time,
        escalated: Callable[[list[int]], None],
        siren: Callable[[bool], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._escalated = escalated
        self._siren = siren
        self._nudge = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.passed_at: float | None = None

    def start(self) -> None:
        """Begin watching; the first pass finds what became due while nobody ran."""
        self._task = asyncio.create_task(self._watch(), name="escalation")

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def nudge(self) -> None:
        """Look again now: an incident was raised, acknowledged or ended."""
        self._nudge.set()

    @property
    def watching(self) -> bool:
        """Whether the watch runs and its last look at the database worked."""
        alive = self._task is not None and not self._task.done()
        return alive and self.passed_at is not None

    async def look(self) -> float | None:
        """Escalate what is due.

        Returns:
            When the next incident is due, None if none is.
        """
        now = self._clock()
        escalated, due, sounding = await self._store.run(lambda session: _pass(session, now))
        if escalated:
            self._escalated(escalated)
        self._siren(sounding)
        self.passed_at = now
        return due

    async def _watch(self) -> None:
        while True:
            self._nudge.clear()
            try:
                due = await self.look()
            except StoreError as error:
                _LOG.error("escalation could not read the incidents: %s", error)
                self.passed_at, due = None, self._clock() + _AGAIN
            wait = _LONGEST if due is None else max(0.0, min(_LONGEST, due - self._clock()))
            try:
                async with asyncio.timeout(wait):
                    await self._nudge.wait()
            except TimeoutError:
                continue


def _pass(session: Session, now: float) -> tuple[list[int], float | None, bool]:
    """One look: escalate, then say what is next and whether the siren should sound."""
    escalated: list[int] = []
    nexts: list[float] = []
    sounding = False
    for row in desk.unacknowledged(session):
        due = escalates_at(Status.RAISED, row.raised_at, row.escalated_at)
        if due is not None and due <= now:
            if desk.escalate(session, row.id, at=now):
                escalated.append(row.id)
            due = None
        if due is not None:
            nexts.append(due)
        elif not (row.drill or row.test):
            sounding = True
    return escalated, min(nexts, default=None), sounding
