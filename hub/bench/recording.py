"""A home that keeps the history of made-up sensors, without a broker."""

from __future__ import annotations

import os
from pathlib import Path

from hub.history import History
from hub.home.runtime import Home

from .conditions import BenchProblem


async def recording(folder: Path, entities: int) -> tuple[Home, History, list[str]]:
    """The home, its history, and the ids of so many entities.

    Raises:
        BenchProblem: it keeps no history.
    """
    home = Home(folder, None)
    await home.setup(name="Bench", password=os.urandom(9).hex(), unlock={"mode": "machine"})
    if home.history_store is None:
        raise BenchProblem("the home keeps no history")
    known = [
        home.registry.announce("bench", "sensor", f"bench_{number:04d}", name=f"Value {number}")
        for number in range(entities)
    ]
    return home, home.history_store, [entity.entity_id for entity in known]
