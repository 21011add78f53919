"""The home's own trace in its history: that it runs, and every value anew once a day.

Without it nobody could tell a door that stayed closed for a week from a hub that was off for one;
see `hub.history.past`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from hub.core.states import State, States
from hub.history.history import History
from hub.history.past import BEAT_S, RUNNING

ANEW_S = 24 * 3600.0


class Running:
    """Writes the trace while the home runs.

    Args:
        history: where it is written.
        states: what is written anew.
        kept: whether a state belongs into the history.
        now: the clock, seconds since 1970.
    """

    def __init__(
        self,
        history: History,
        states: States,
        kept: Callable[[State], bool],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._history = history
        self._states = states
        self._kept = kept
        self._now = now
        self._anew_at = now() + ANEW_S
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; what is recorded from now on counts as said while the hub ran."""
        # A run before this one may have been cut off a moment ago, within one beat.
        self._write(RUNNING, None, self._now() - 0.001)
        self.beat()
        self._task = asyncio.create_task(self._beats(), name="history beats")

    async def stop(self) -> None:
        """Note the end; before the history is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
            self._write(RUNNING, None, self._now())

    def beat(self) -> None:
        """Write one sign of life, and once a day what everything is."""
        now = self._now()
        self._write(RUNNING, True, now)
        if now >= self._anew_at:
            self._anew_at = now + ANEW_S
            for state in self._states.all():
                if state.available and state.value is not None and self._kept(state):
                    self._write(state.entity_id, state.value, now)

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.beat()

    def _write(self, entity_id: str, value: bool | float | str | None, at: float) -> None:
        self._history.record(State(entity_id, value, {}, True, at, at))
