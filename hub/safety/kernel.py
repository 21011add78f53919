"""The hazard kernel's process: hears the bound sensors, acts, then stores and reports.

The order is the point. A sensor's message is decoded and its commands are on the wire inside
the callback that received it; the disk and the home learn of it afterwards, and neither can
hold anything up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hub.core.mqtt import MqttConnection, MqttSettings
from privacy.vault import Box, MachineKey

from .acting import Outcome
from .bindings import BindingProblem, Bindings, Bound, read_bindings
from .hazards import Hazards
from .intake import Intake
from .link import LinkServer
from .memory import SEEN_EVERY_S, memories, remember
from .records import HazardRecord
from .reports import Reports
from .requests import Requests
from .status import status_of
from .store import Row, SafetyStore
from .supervision import GRACE_S

_LOG = logging.getLogger(__name__)
STATUS_EVERY_S = 2.0
STATUS_SOON_S = 0.02

TIDY_EVERY_S = 60.0


class SystemClock:
    """The machine's clocks."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def steady(self) -> float:
        """Seconds since some moment, never set back."""
        return time.monotonic()


class Kernel:
    """One home's hazard kernel.

    Args:
        data: the data folder; ``keys/machine.key``, ``safety.db``, ``run/safety.sock``.
        settings: the broker.
        grace_s: seconds a sensor may be unavailable before it counts as lost.
    """

    def __init__(self, data: Path, settings: MqttSettings, *, grace_s: float = GRACE_S) -> None:
        self._clock = SystemClock()
        self._data = data
        self._mqtt = MqttConnection(settings)
        self._bindings = Bindings()
        self._bound_live = False
        self._undo: list[Callable[[], None]] = []
        self._states: dict[str, list[Bound]] = {}
        self._available: dict[str, list[Bound]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._soon: asyncio.TimerHandle | None = None
        self._loaded_rows = False
        self._offered: list[HazardRecord] = []
        self._intake = Intake()
        self._stored = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._broker_since = self._started = self._clock.wall()
        self._loop = asyncio.get_running_loop()
        self.hazards = Hazards(self._clock, lambda: secrets.token_hex(8), grace_s=grace_s)
        self._store = SafetyStore(
            data / "safety.db", self._box, loaded=self._loaded, saved=self._saved
        )
        self._link = LinkServer(data / "run" / "safety.sock", Requests(self).handle)
        self.reports = Reports(self._store, self._link.broadcast, self._clock.wall)

    def _box(self) -> Box:
        return MachineKey.load_or_create(self._data / "keys").box("safety")

    # ---- life

    async def start(self) -> None:
        """Load on the store's thread, listen, connect: none of them waits for another."""
        self._store.start()
        self._mqtt.on_connection(self._connection_changed)
        await self._mqtt.start()
        try:
            await self._link.start()
        except OSError as error:
            _LOG.error("can't listen on %s: %s; acting all the same", self._link.path, error)
            self._listening = asyncio.create_task(self._listen(), name="safety-link")
        self._loop.call_later(STATUS_EVERY_S, self._beat)
        self._loop.call_later(SEEN_EVERY_S, self._keep_seen)
        self._loop.call_later(TIDY_EVERY_S, self._keep_tidy)

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(STATUS_EVERY_S)
            with contextlib.suppress(OSError):
                return await self._link.start()

    async def stop(self) -> None:
        """Store what is known and let go of everything."""
        self._save_seen()
        if self._listening is not None:
            self._listening.cancel()
        await self._link.stop()
        await self._mqtt.stop()
        await asyncio.to_thread(self._store.stop)

    # ---- the path of a hazard

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        """A message on a bound topic. Acts before returning."""
        began = time.perf_counter()
        if self._intake.too_long(payload, self._clock.steady()):
            self._drop(topic, retained)
            return
        news = False
        for bound in self._states.get(topic, ()):
            outcome = self._outcome(bound, payload, retained)
            if outcome is not None:
                news = True
                self.carry_out(outcome, began)
        concerned = self._available.get(topic)
        if concerned:
            told = [one for one in concerned if one.reader.hear(topic, payload)]
            self._tell_availability(told)
            for bound in told:
                if not bound.sensor and bound.reader.available:
                    self.carry_out(self.hazards.returned(bound.entity_id), began)
        if news or concerned:
            self._status_soon()

    def _outcome(self, bound: Bound, payload: bytes, retained: bool) -> Outcome | None:
        """What a message of one bound entity asks for; None for a figure that changes nothing."""
        if not bound.sensor:
            return self.hazards.actuator(bound.entity_id, bound.state(payload))
        if bound.figures:
            figure = bound.figure(payload)
            if figure is None:
                return self.hazards.unreadable(bound.entity_id, live=not retained)
            return self.hazards.figure(bound.entity_id, figure, live=not retained)
        detects = bound.detects(payload)
        if bound.presses is not None and (retained or not detects):
            return None  # no press, or one from before we listened
        return self.hazards.sensor(bound.entity_id, detects, live=not retained)

    def _drop(self, topic: str, retained: bool) -> None:
        """Too long to be read: its sensors are alive, and say nothing."""
        for bound in self._states.get(topic, ()):
            if bound.sensor:
                self.carry_out(self.hazards.unreadable(bound.entity_id, live=not retained))
        self._status_soon()

    def carry_out(self, outcome: Outcome, began: float | None = None) -> None:
        """Send the commands, then store and report what changed."""
        for action in outcome.sends:
            if not self.command(action.entity_id, action.command):
                self.hazards.not_sent(action)
            elif began is not None and action.ms is None:
                action.ms = round((time.perf_counter() - began) * 1000, 3)
        for record in outcome.merged:
            self.reports.withdraw(record)
        if outcome.changed:
            self._stored.clear()
            for record in outcome.changed:
                self.reports.changed(record)
            self._forget()
            self._status_soon()
        self._set_timer()

    def command(self, entity_id: str, command: str) -> bool:
        """Send an actuator a command of its binding; False when that can't be done now."""
        bound = self._bindings.bound.get(entity_id)
        payload = bound.payload(command) if bound is not None else None
        if bound is None or payload is None or bound.wire.command_topic is None:
            return False
        wire, topic = bound.wire, bound.wire.command_topic
        return self._mqtt.publish_now(topic, payload, max(1, wire.qos), wire.retain)

    def _set_timer(self) -> None:
        due = self.hazards.due()
        at = float("inf") if due is None else due
        if at == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = at
        if due is not None:
            delay = max(0.0, due - self._clock.steady())
            self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.carry_out(self.hazards.tick())

    def seen(self, rows: Iterable[tuple[str, bool, float]], records: list[HazardRecord]) -> None:
        """What the home heard and knows: counts where this process missed or lost it.

        Args:
            rows: sensor, whether it detects, wall clock of when it began to say so.
            records: the hazards that are open for the home.
        """
        began = time.perf_counter()
        for entity_id, detects, at in rows:
            ago = max(0.0, self._clock.wall() - at)
            self.carry_out(self.hazards.told(entity_id, detects, ago), began)
        if self._loaded_rows:
            self.carry_out(self.hazards.adopt(records))
        else:
            self._offered = records

    # ---- bindings

    def bind(self, data: dict[str, Any]) -> dict[str, str]:
        """Put new bindings in force, then store them; returns what can't be used and why.

        Raises:
            BindingProblem: they can't be read at all; the old ones stay.
        """
        bindings = read_bindings(data, self._bindings.bound)
        self._bound_live = True
        self._apply(bindings)
        self._stored.clear()
        self._store.save(
            "bindings", "bindings", json.dumps(bindings.rows, ensure_ascii=False).encode()
        )
        return bindings.problems

    def _apply(self, bindings: Bindings) -> None:
        old, self._bindings = self._bindings, bindings
        self._states, self._available = {}, {}
        # Of one device's message what detects is read first, its figures after that.
        ordered = sorted(
            bindings.bound.values(), key=lambda bound: (not bound.sensor, bound.figures)
        )
        for bound in ordered:
            before = old.bound.get(bound.entity_id)
            if before is not None and before.wire == bound.wire:
                bound.reader = before.reader
            if bound.wire.state_topic:
                self._states.setdefault(bound.wire.state_topic, []).append(bound)
            for one in bound.wire.availability:
                self._available.setdefault(one.topic, []).append(bound)
        self.carry_out(self.hazards.bind(bindings.sensors, bindings.actuators))
        undo, self._undo = self._undo, []
        for topic in sorted(bindings.topics()):
            self._undo.append(self._mqtt.subscribe(topic, self._heard, qos=1))
        for undone in undo:
            undone()
        if self._mqtt.connected:
            self._expect_availability(ordered)

    def _expect_availability(self, bound: Iterable[Bound]) -> None:
        """Connected: a sensor whose availability topics stay silent counts as unavailable."""
        self._tell_availability(one for one in bound if one.wire.availability)

    def _tell_availability(self, bound: Iterable[Bound]) -> None:
        heard = [(one.entity_id, one.reader.available) for one in bound if one.sensor]
        if heard:
            self.carry_out(self.hazards.availability(*heard))

    def _connection_changed(self, connected: bool) -> None:
        self._broker_since = self._clock.wall()
        if connected:
            # After the connection's own call has ended: it holds the client's locks.
            self._loop.call_soon(self._reconnected)
        self._status_soon()

    def _reconnected(self) -> None:
        self.carry_out(self.hazards.reconnected())
        self._expect_availability(self._bindings.bound.values())

    # ---- the store

    def _loaded(self, rows: dict[Row, bytes]) -> None:
        self._loop.call_soon_threadsafe(self._take_over, rows)

    def _saved(self, rows: list[tuple[str, str, int]]) -> None:
        self._loop.call_soon_threadsafe(self._on_disk, rows)

    def _on_disk(self, rows: list[tuple[str, str, int]]) -> None:
        self.reports.saved(rows)
        if self._store.pending == 0:
            self._stored.set()
        self._status_soon()

    def _take_over(self, rows: dict[Row, bytes]) -> None:
        """What an earlier run left: bindings (unless the home was quicker), then hazards."""
        kept = rows.get(("bindings", "bindings"))
        if kept is not None and not self._bound_live:
            try:
                self._apply(read_bindings(json.loads(kept)))
            except (BindingProblem, ValueError):
                self._bindings.problems["?"] = "the stored bindings can't be read"
        remember(self.hazards.sensors.values(), rows, self._clock)
        records = self.reports.load(rows)
        self.carry_out(self.hazards.resume(records, send=self._mqtt.connected))
        self._loaded_rows = True
        self.carry_out(self.hazards.adopt(self._offered))
        for report in self.reports.since():
            self._link.broadcast(report)
        self._forget()

    def stored_event(self) -> asyncio.Event:
        """Set while everything asked for so far is on disk."""
        return self._stored

    def _keep_tidy(self) -> None:
        self._forget()
        self._loop.call_later(TIDY_EVERY_S, self._keep_tidy)

    def _forget(self) -> None:
        """Drop the records of hazards long over, here and on the disk."""
        self.reports.forget(self.hazards.forget(self.reports.confirmed_ids()))

    def _keep_seen(self) -> None:
        self._save_seen()
        self._loop.call_later(SEEN_EVERY_S, self._keep_seen)

    def _save_seen(self) -> None:
        for key, row in memories(self.hazards.sensors.values(), self._clock):
            self._store.save("seen", key, json.dumps(row).encode())

    # ---- status

    def _beat(self) -> None:
        self._status_now()
        self._loop.call_later(STATUS_EVERY_S, self._beat)

    def _status_soon(self) -> None:
        if self._soon is None:
            self._soon = self._loop.call_later(STATUS_SOON_S, self._status_now)

    def _status_now(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if any(peer.watching for peer in self._link.peers):
            self._link.broadcast({"status": self.status()})

    def status(self) -> dict[str, Any]:
        """How the kernel is: for the home, the supervisor and ``linli doctor``."""
        return {
            "pid": os.getpid(),
            "started_at": self._started,
            "at": self._clock.wall(),
            "broker_connected": self._mqtt.connected,
            "broker_since": self._broker_since,
            "store_ok": self._store.ok,
            "store_error": self._store.error,
            "store_pending": self._store.pending,
            "store_unreadable": self._store.unreadable,
            "messages_dropped": self._intake.dropped,
            "unconfirmed": self.reports.unconfirmed,
            **status_of(self.hazards, self._bindings, self._clock),
        }


def main(argv: Sequence[str]) -> int:
    """``linli safety``: run the kernel; see :mod:`hub.safety.process`."""
    from .process import run

    return run(argv)
