"""Whether the parts of a process work: registered checks, asked together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

CHECK_TIMEOUT_S = 2.0
REMEMBERED_S = 0.5
OK = "ok"

Check = Callable[[], Awaitable[str | None]]


class Health:
    """The checks of one process.

    A check returns None when all is well, else a few words without personal data: anybody
    who reaches the port may read them.
    """

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._answer: dict[str, str] = {}
        self._asked_at = -REMEMBERED_S

    def add(self, name: str, check: Check) -> None:
        """Register a check under its name; the same name again replaces it."""
        self._checks[name] = check
        self._asked_at = -REMEMBERED_S

    async def ask(self) -> dict[str, str]:
        """Return ``ok`` or the trouble for each check; asked anew at most twice a second."""
        if time.monotonic() - self._asked_at >= REMEMBERED_S:
            names = list(self._checks)
            answers = await asyncio.gather(*(self._one(name) for name in names))
            self._answer = dict(zip(names, answers, strict=True))
            self._asked_at = time.monotonic()
        return self._answer

    async def _one(self, name: str) -> str:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                return await self._checks[name]() or OK
        except TimeoutError:
            return "no answer in time"
        except Exception:
            log.exception("health check %s failed", name)
            return "failed"
