"""How long the community keeps what it was told; what is older goes.

Neither events nor incidents name a person or a flat. They go all the same, for nobody needs them
longer. The audit of who did what stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from sqlmodel import Session

from community.core.store import Store, StoreError

DAY_S = 86_400.0
EVENTS_KEPT_DAYS = 90
"""Opened events. A relay bridges shorter outages than that, so that what it sends twice is still
known as sent before."""
INCIDENTS_KEPT_DAYS = 730
"""Incidents with their timelines, counted from their end; an open one stays."""
LISTS_KEPT_DAYS = 60
"""Lists of enrolled flats that the committee took; the signed one that is in force stays."""
AT_ONCE = 500
EVERY_S = 6 * 3600.0
_LOG = logging.getLogger(__name__)

Forget = Callable[[Session, float], int]
"""Drops at most `AT_ONCE` rows that are too old at a time in Unix seconds; returns how many."""


async def keep_forgetting(
    store: Store, clock: Callable[[], float], forgets: Sequence[Forget], changed: Callable[[], None]
) -> None:
    """Forget now and every few hours; a database that is away is tried again then."""
    while True:
        try:
            for forget in forgets:
                while await store.run(lambda session, forget=forget: forget(session, clock())):  # type: ignore[misc] # mypy knows no default in a lambda
                    changed()
        except StoreError as error:
            _LOG.warning("what is too old could not be dropped: %s", error)
        await asyncio.sleep(EVERY_S)
