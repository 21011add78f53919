"""How a long-running process keeps the garbage collector out of the way."""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 20, 100)


def settle() -> None:
    """Call once after start: what exists now lives as long as the process does.

    Collections need not walk it again; without this a full one stops everything for a tenth
    of a second and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
