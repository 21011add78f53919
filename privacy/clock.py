"""Time as the doors see it, so that tests and simulations can bring their own."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Unix seconds, and waiting for a moment."""

    def now(self) -> float:
        """Unix seconds."""

    async def sleep_until(self, moment: float) -> None:
        """Return at ``moment`` or at once if it has passed."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    async def sleep_until(self, moment: float) -> None:
        """Return at ``moment`` or at once if it has passed."""
        await asyncio.sleep(max(0.0, moment - time.time()))
