"""The home's link to its hazard kernel: bindings go out, reports and status come in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hub.core.registry import Entity, Registry
from hub.core.states import State, States
from hub.home.book import HazardBook
from hub.home.roles import ROLE_COMMANDS, Bindings
from hub.safety.client import SafetyClient, SafetyRefused, SafetyUnavailable
from hub.safety.policy import TARGETS

_LOG = logging.getLogger(__name__)
PRESS_S = 5.0
STORE_AGAIN_S = 2.0
START_S = 10.0
# A press that the kernel may have missed is handed over this long; later it calls for nobody.
PRESS_COUNTS_S = 60.0
Follow = Callable[[dict[str, Any]], Awaitable[None]]
Bound = Callable[[list[dict[str, Any]]], Awaitable[None]]
_TARGET_VALUES: dict[str, object] = {"on": True, "off": False}


async def _nothing(_sensors: list[dict[str, Any]]) -> None:
    """Nobody wants to know what was bound."""


class Watch:
    """Keeps kernel and home of one mind.

    Args:
        socket: the kernel's, ``run/safety.sock`` in the data folder.
        registry: where wires come from.
        bindings: the resident's.
        states: to see a pressed device answer.
        on_status: called with each of the kernel's status messages.
        on_unknown: called when it can't be said any more how the kernel is, or again can.
    """

    def __init__(
        self,
        socket: Path,
        registry: Registry,
        bindings: Bindings,
        states: States,
        on_status: Callable[[dict[str, Any]], None],
        *,
        on_unknown: Callable[[], None],
    ) -> None:
        self.client = SafetyClient(socket)
        self._registry = registry
        self._bindings = bindings
        self._states = states
        self._taking: asyncio.Task[None] | None = None
        self._queue: asyncio.Queue[tuple[dict[str, Any], int]] = asyncio.Queue()
        self._binding: asyncio.Task[None] | None = None
        self._dirty = asyncio.Event()
        self._sent: dict[str, Any] | None = None
        self._book: HazardBook | None = None
        self._watched: frozenset[str] = frozenset()
        self._pressed: dict[str, frozenset[str]] = {}
        self.on_bound: Bound = _nothing
        self._unsubscribe: Callable[[], None] = lambda: None
        self.problems: dict[str, str] = {}
        self.client.on_status = on_status
        self.client.on_report = lambda record, seq: self._queue.put_nowait((record, seq))
        self.client.on_connection = self._connected
        self.client.on_silence = on_unknown
        self._on_unknown = on_unknown
        self._begun = 0.0

    async def start(self, book: HazardBook, follow: Follow) -> None:
        """Begin: reports are stored in ``book``, handed to ``follow``, confirmed to the kernel.

        ``follow`` may get the same record more than once.
        """
        self._book = book
        self._begun = time.monotonic()
        self._taking = asyncio.create_task(self._take(book, follow), name="hazard reports")
        await self.client.start()

    async def stop(self) -> None:
        """End; unconfirmed reports come again at the next start."""
        self._unsubscribe()
        await self.client.stop()
        tasks = [task for task in (self._taking, self._binding) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin_binding(self) -> None:
        """The household is open: from now on the kernel gets the resident's bindings."""
        if self._binding is None:
            self._registry.listen(self._entity_changed)
            self._unsubscribe = self._states.subscribe(self._hand_on)
            self._binding = asyncio.create_task(self._bind(), name="hazard bindings")
        self.rebind()

    def rebind(self) -> None:
        """Have the kernel told anew, soon."""
        self._dirty.set()

    async def press(self, entity_id: str) -> bool:
        """Let the kernel press an actuator once; True when the device itself confirmed.

        Raises:
            SafetyUnavailable, SafetyRefused: it could not be pressed, with the reason.
        """
        role = self._bindings.roles.get(entity_id, "")
        command = ROLE_COMMANDS.get(role, {}).get(entity_id.partition(".")[0], "")
        word = TARGETS.get(command, "")
        target = _TARGET_VALUES.get(word, word)
        answered = asyncio.Event()

        def look(new: State, _old: State | None) -> None:
            if new.entity_id == entity_id and new.available and new.value == target:
                answered.set()

        unsubscribe = self._states.subscribe(look)
        try:
            reply = await self.client.press(entity_id)
            if reply.get("result") == "refused_electrical":
                raise SafetyRefused("gas is in the home: nothing electrical is switched now")
            async with asyncio.timeout(PRESS_S):
                await answered.wait()
        except TimeoutError:
            return False
        finally:
            unsubscribe()
        return True

    def _entity_changed(self, _entity: Entity) -> None:
        self._dirty.set()

    def _connected(self, connected: bool) -> None:
        if connected:
            self._sent = None
            self._dirty.set()
        else:
            self._on_unknown()

    @property
    def guard(self) -> str:
        """Whether the alarms are watched now.

        Returns:
            ``watching``; ``starting`` in the first seconds; ``unreachable`` when the kernel
            doesn't say how it is; ``deaf`` when it hears no device, for want of the broker.
        """
        if not self.client.answers or self.client.status is None:
            young = self.client.status is None and time.monotonic() - self._begun < START_S
            return "starting" if young else "unreachable"
        return "watching" if self.client.status["broker_connected"] else "deaf"

    def sensor(self, key: str, entity_id: str = "") -> dict[str, Any]:
        """What the kernel last said of a sensor, and ``watch``: one word for how it is watched.

        Args:
            key: what the kernel calls it.
            entity_id: whose figure it is, where the key is another.

        ``unwatched``: nobody looks at it now, because the kernel doesn't, or can't use it.
        ``lost``: silent for too long. ``unavailable``: the device, or what it hangs on, says
        that it is away. ``unheard``: it has not yet said whether it detects. ``watching``.
        """
        row = (self.client.status or {}).get("sensors", {}).get(key, {})
        if self.guard != "watching" or (entity_id or key) in self.problems:
            word = "unwatched"
        elif row.get("lost"):
            word = "lost"
        elif row.get("available") is False:
            word = "unavailable"
        elif row and row["limit_s"] is None:
            word = "watching"  # it speaks when something happens, and need not have yet
        elif row.get("seen_at") is None or row.get("detects") is None:
            word = "unheard"
        else:
            word = "watching"
        # A sensor known by its availability alone hasn't been heard, however long it is bound.
        seen_at = row.get("seen_at") if row.get("detects") is not None else None
        return {**row, "seen_at": seen_at, "watch": word}

    async def _bind(self) -> None:
        """Send the bindings whenever they differ from what this connection was told."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            wanted = self._bindings.for_kernel()
            if wanted == self._sent or not self.client.connected:
                continue
            try:
                reply = await self.client.bind(**wanted)
            except (SafetyUnavailable, SafetyRefused) as problem:
                _LOG.warning("the safety process did not take the bindings: %s", problem)
                self._dirty.set()
                await asyncio.sleep(1)
                continue
            self._sent = wanted
            self.problems = reply.get("problems", {})
            sensors = wanted["sensors"]
            self._watched = frozenset(one["entity_id"] for one in sensors if "measure" not in one)
            self._pressed = {
                one["entity_id"]: frozenset(one["presses"]) for one in sensors if "presses" in one
            }
            self._hand_over()
            await self.on_bound(sensors)

    def _hand_on(self, new: State, old: State | None) -> None:
        """A watched sensor began or ceased to detect: the kernel may be starting just now."""
        value = new.value
        if new.entity_id in self._pressed:
            if (old is None or old.value != value) and self._is_press(new):
                self.client.seen([(new.entity_id, True, new.changed)])
            return
        if new.entity_id not in self._watched or not isinstance(value, bool):
            return
        if old is None or old.value is not value:
            self.client.seen([(new.entity_id, value, new.changed)])

    def _hand_over(self) -> None:
        """The kernel was killed, perhaps before it knew or kept what the home knows."""
        states = [state for state in map(self._states.get, self._watched) if state is not None]
        since = time.time() - PRESS_COUNTS_S
        presses = [
            (one.entity_id, True, one.changed)
            for one in states
            if one.entity_id in self._pressed and one.changed > since and self._is_press(one)
        ]
        self.client.seen(
            [(s.entity_id, s.value, s.changed) for s in states if isinstance(s.value, bool)]
            + presses,
            [one for one in self._book.newest_first() if one["active"]] if self._book else [],
        )

    def _is_press(self, state: State) -> bool:
        """Whether an event's state tells of a press that calls for help."""
        if state.value is None:
            return False
        types = self._pressed[state.entity_id]
        return not types or state.attributes.get("event_type") in types

    async def _take(self, book: HazardBook, follow: Follow) -> None:
        """Store reports in order, have them followed up, then confirm them.

        What a full disk doesn't take stays with the kernel and is tried again. Confirmed is
        only what was followed up too: after a power cut in between the kernel reports it again.
        """
        loop = asyncio.get_running_loop()
        while True:
            record, seq = await self._queue.get()
            stored, followed = await asyncio.gather(
                book.take(record), follow(record), return_exceptions=True
            )
            for error in (stored, followed):
                if isinstance(error, BaseException):
                    _LOG.warning("a hazard could not be stored, trying again: %s", error)
            if isinstance(stored, BaseException) or isinstance(followed, BaseException):
                loop.call_later(STORE_AGAIN_S, self._queue.put_nowait, (record, seq))
                continue
            self.client.confirm(seq)
