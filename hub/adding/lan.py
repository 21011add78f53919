"""Looks around the home network by multicast DNS, while somebody waits for what it finds.

The library (zeroconf) is imported when somebody looks, in a thread. What answers is anybody in
the network: numbers and lengths have limits, and texts are shown as texts only.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

_LOG = logging.getLogger(__name__)
WITHIN_S = 60.0
ANSWER_MS = 3_000
MOST_ASKED = 200
MOST_TEXT = 128


class Service(NamedTuple):
    """A service as it announces itself."""

    kind: str
    name: str
    host: str
    port: int
    txt: Mapping[str, str]


Found = Callable[[Service], None]


class Look:
    """One search at a time; asking again lets it go on for longer.

    Args:
        found: called with each service, on the event loop.
        changed: called when the search begins or ends.
        interfaces: addresses to search on; None: every network of this machine.
        within_s: seconds after which a search ends.

    Attributes:
        failed: whether the last search couldn't be made.
        looked: whether there was one at all.
    """

    def __init__(
        self,
        found: Found,
        changed: Callable[[], None],
        *,
        interfaces: Sequence[str] | None = None,
        within_s: float = WITHIN_S,
    ) -> None:
        self._found = found
        self._changed = changed
        self._within_s = within_s
        self._task: asyncio.Task[None] | None = None
        self._until = 0.0
        self._limit: asyncio.Timeout | None = None
        self._asked: set[str] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self.interfaces = interfaces
        self.failed = False
        self.looked = False

    @property
    def running(self) -> bool:
        """Whether a search goes on."""
        return self._task is not None and not self._task.done()

    def start(self, kinds: Sequence[str]) -> None:
        """Look for these service types from now on, for a minute; returns at once."""
        self._until = asyncio.get_running_loop().time() + self._within_s
        if self._limit is not None:
            self._limit.reschedule(self._until)
        if kinds and not self.running:
            self._task = asyncio.create_task(self._run(list(kinds)), name="look")

    async def stop(self) -> None:
        """End the search."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self, kinds: list[str]) -> None:
        self.failed = False
        self._asked.clear()
        self._changed()
        try:
            await self._browse(kinds)
        except OSError as error:
            self.failed = True
            _LOG.warning("the home network can't be searched: %s", error)
        finally:
            self._task = None
            self.looked = True
            self._changed()

    async def _browse(self, kinds: list[str]) -> None:
        await asyncio.to_thread(importlib.import_module, "zeroconf.asyncio")
        from zeroconf import InterfaceChoice, ServiceStateChange
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        where: Any = list(self.interfaces) if self.interfaces else InterfaceChoice.All
        zeroconf = AsyncZeroconf(interfaces=where)
        loop = asyncio.get_running_loop()

        def heard(
            zeroconf: Any, service_type: str, name: str, state_change: ServiceStateChange
        ) -> None:
            gone = state_change is ServiceStateChange.Removed
            if gone or name in self._asked or len(self._asked) >= MOST_ASKED:
                return
            self._asked.add(name)
            task = loop.create_task(self._ask(zeroconf, service_type, name))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

        browser = AsyncServiceBrowser(zeroconf.zeroconf, kinds, handlers=[heard])
        try:
            async with asyncio.timeout_at(self._until) as self._limit:
                await asyncio.Event().wait()
        except TimeoutError:
            pass
        finally:
            self._limit = None
            for task in tuple(self._asking):
                task.cancel()
            await browser.async_cancel()
            await zeroconf.async_close()

    async def _ask(self, zeroconf: Any, kind: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(kind, name)
        if not await info.async_request(zeroconf, ANSWER_MS):
            self._asked.discard(name)  # it may answer when it announces itself again
            return
        addresses = info.parsed_addresses()
        if addresses and info.port:
            own = name.removesuffix("." + kind)
            self._found(Service(kind, tidy(own), addresses[0], info.port, _txt(info)))


def tidy(text: str) -> str:
    """A stranger's text without control characters, not too long."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:MOST_TEXT]


def _txt(info: Any) -> dict[str, str]:
    pairs = list(info.decoded_properties.items())[:32]
    return {tidy(key): tidy(value) for key, value in pairs if value is not None}
