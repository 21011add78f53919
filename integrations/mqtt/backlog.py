"""Announcements that wait their turn, so that a flood of them holds up nothing else.

All messages come over one connection in one order. Were ten thousand announcements worked off
where they are read, a lamp's answer would wait behind them until its command counts as failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

AT_ONCE = 256
"""Announcements of one second that are taken where they are read: a bridge with its devices."""
MOST_WAITING = 20_000
SLICE_S = 0.004


class Backlog:
    """Takes announcements in their order, one topic's newest only.

    Args:
        take: handles one, as (topic, payload).
        most_bytes: a larger payload isn't kept but handed on at once, to be refused.
    """

    __slots__ = ("_left", "_most_bytes", "_refill", "_take", "_waiting", "_working")

    def __init__(self, take: Callable[[str, bytes], None], *, most_bytes: int) -> None:
        self._take = take
        self._most_bytes = most_bytes
        self._left = AT_ONCE
        self._refill: asyncio.TimerHandle | None = None
        self._waiting: dict[str, bytes] = {}
        self._working: asyncio.Handle | None = None

    def add(self, topic: str, payload: bytes) -> None:
        """Take an announcement now, or when those before it are taken."""
        if len(payload) > self._most_bytes:
            self._take(topic, payload)
        elif topic in self._waiting:
            self._waiting[topic] = payload
        elif (self._left > 0 and not self._waiting) or len(self._waiting) >= MOST_WAITING:
            self._left -= 1
            if self._refill is None:
                self._refill = asyncio.get_running_loop().call_later(1.0, self._full)
            self._take(topic, payload)
        else:
            self._waiting[topic] = payload
            if self._working is None:
                self._working = asyncio.get_running_loop().call_soon(self._work)

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        for handle in (self._refill, self._working):
            if handle is not None:
                handle.cancel()
        self._refill = self._working = None

    def _full(self) -> None:
        self._refill, self._left = None, AT_ONCE

    def _work(self) -> None:
        """Take what waits for a moment, at least one; the rest when others had their turn."""
        until = time.perf_counter() + SLICE_S
        try:
            while self._waiting:
                topic = next(iter(self._waiting))
                self._take(topic, self._waiting.pop(topic))
                if time.perf_counter() > until:
                    break
        finally:
            self._working = (
                asyncio.get_running_loop().call_soon(self._work) if self._waiting else None
            )
