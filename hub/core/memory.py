"""How a long-running process keeps its memory small and the garbage collector out of the way."""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 20, 100)
# For glibc's allocator (mallopt(3)), read when a process starts. A large block, such as the
# 19 MiB of a password's hash, is taken from the system and given back when freed. By default
# the first such block teaches the allocator to keep the next ones for ever. The threads share
# one arena: Python's lock lets one of them at a time allocate anyway.
FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**21),
}


def settle() -> None:
    """Call once after start: what exists now lives as long as the process does.

    Collections need not walk it again; without this a full one stops everything for a tenth
    of a second and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
