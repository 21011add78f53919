"""When each safety sensor was last tried out, and which of them nobody has tried for long.

A sensor that detected has shown that it does, whatever it was: smoke, or a finger on its test
button. What a resident says counts too. The days are counted from the first time that it was
watched, so that a new home isn't greeted with a list of reminders.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from hub.core.sealed import Box, SealedTable
from hub.core.store import Store

DAYS = 90
FEWEST, MOST = 7, 730
DAY_S = 86400.0

_KEY = "trials"


class Trials:
    """Kept beside the resident's bindings.

    Args:
        store: the home's database, with the table of :mod:`hub.home.roles`.
        box: seals it under the household key.
    """

    def __init__(self, store: Store, box: Box) -> None:
        self._store = store
        self._table = SealedTable("bindings", box)
        self._met: dict[str, float] = {}
        self.tried: dict[str, float] = {}
        self.days = DAYS

    async def load(self) -> None:
        """Read what is stored."""
        data = await self._store.read(lambda db: self._table.get(db, _KEY))
        if data is not None:
            self._met, self.tried, self.days = data["met"], data["tried"], data["days"]

    async def meet(self, entity_ids: Iterable[str]) -> None:
        """These are watched now; the days of a new one begin."""
        new = [one for one in entity_ids if one not in self._met]
        if new:
            self._met.update(dict.fromkeys(new, time.time()))
            await self._save()

    async def note(self, entity_id: str, at: float) -> None:
        """It was tried, or has detected."""
        if at > self.tried.get(entity_id, 0.0):
            self.tried[entity_id] = at
            await self._save()

    async def set_days(self, days: int) -> None:
        """How long until a reminder.

        Raises:
            ValueError: out of bounds.
        """
        if not FEWEST <= days <= MOST:
            raise ValueError("days")
        self.days = days
        await self._save()

    def due(self, entity_id: str) -> bool:
        """Whether it is time to try this sensor; never for one that was never watched."""
        known = [one[entity_id] for one in (self._met, self.tried) if entity_id in one]
        return bool(known) and time.time() - max(known) > self.days * DAY_S

    async def _save(self) -> None:
        data = {"met": self._met, "tried": self.tried, "days": self.days}
        await self._store.run(lambda db: self._table.put(db, _KEY, data))
