"""What the duty desk stands on, told plainly: relay link, gateway, escalation, siren."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import text

from community.core.words import N_
from community.incidents.screen import Supervision, deaf
from hub.core.mqtt import MqttConnection
from web.design.formats import clock

if TYPE_CHECKING:
    from community.core.portal import Portal
    from community.incidents.escalation import Escalation
    from community.incidents.siren import Siren
    from hub.http.health import Health


class Link(Protocol):
    """What the desk knows of the gateway."""

    listening: bool
    batch_at: float | None
    slot_s: float

    @property
    def paired(self) -> bool:
        """Whether a relay is paired."""

    @property
    def connected(self) -> bool:
        """Whether it is connected."""


_EVERY = 1.0
_SLOTS_UNTIL_OLD = 10
_OLD_AT_LEAST = 15.0


class Watcher:
    """Gathers the strip's entries and the health checks; redraws the strip when it changes."""

    def __init__(
        self,
        portal: Portal,
        link: Link,
        escalation: Escalation,
        mqtt: MqttConnection | None,
        siren: Siren | None,
    ) -> None:
        self._portal = portal
        self._link = link
        self._escalation = escalation
        self._mqtt = mqtt
        self._siren = siren
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begin to redraw."""
        self.later(self._redraw())

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, ended with us."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop redrawing."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def entries(self) -> list[Supervision]:
        """Return the strip's entries."""
        link, now = self._link, self._portal.clock()
        old = max(_OLD_AT_LEAST, _SLOTS_UNTIL_OLD * link.slot_s)
        fresh = link.batch_at is not None and now - link.batch_at < old
        relay = N_("Relay linked") if link.connected else N_("Relay link lost")
        if not link.paired:
            relay = N_("No relay paired: homes can't report")
        entries = [
            Supervision(relay, link.connected, hears=True),
            Supervision(
                N_("Gateway listening") if link.listening else N_("Gateway down"),
                link.listening,
                hears=True,
            ),
            Supervision(N_("Last cells"), fresh, clock(link.batch_at, seconds=True), hears=True),
            Supervision(
                N_("Escalation on watch") if self._escalation.watching else N_("Escalation down"),
                self._escalation.watching,
            ),
        ]
        entries.append(self._siren_entry())
        return entries

    def _siren_entry(self) -> Supervision:
        if self._siren is None or self._mqtt is None or not self._siren.topic:
            return Supervision(N_("No siren set up"), well=False)
        if not self._mqtt.connected:
            return Supervision(N_("Siren unreachable"), well=False)
        sounding = self._siren.wanted
        return Supervision(N_("Siren sounding") if sounding else N_("Siren ready"), not sounding)

    def checks(self, health: Health) -> None:
        """Register the health checks."""
        health.add("database", self._database)
        health.add("gateway", self._gateway)
        health.add("relay", self._relay)
        health.add("escalation", self._escalating)
        if self._mqtt is not None:
            health.add("broker", self._broker)

    async def _database(self) -> str | None:
        await self._portal.store.read(lambda session: session.execute(text("SELECT 1")) and None)
        return None

    async def _gateway(self) -> str | None:
        return None if self._link.listening else "not listening"

    async def _relay(self) -> str | None:
        """A community without a relay yet is unfinished, not ill."""
        return None if self._link.connected or not self._link.paired else "not connected"

    async def _escalating(self) -> str | None:
        return None if self._escalation.watching else "not watching"

    async def _broker(self) -> str | None:
        return None if self._mqtt is not None and self._mqtt.connected else "not connected"

    async def _redraw(self) -> None:
        before: list[Supervision] = []
        while True:
            now = self.entries()
            if deaf(now) != deaf(before):
                self._portal.live.changed("hearing")
            if now != before:
                before = now
                self._portal.live.changed("supervision")
            await asyncio.sleep(_EVERY)
