"""One simulated home: the real queue and gate, and when it is connected."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from random import Random

from privacy import cell
from privacy.batch import CellQueue
from privacy.consent import Ledger
from privacy.letterbox import Letterbox
from privacy.outbox import Outbox
from privacy.pairing import Pairing
from privacy.sender import OFFSETS, Sender
from privacy.slots import lead, sending_moment
from privacy.vault import MachineKey
from privacy.wire import SLOT_ORIGIN, slot_at, slot_start

AWAY_S = 2 * 3600.0
"""How long a home that is not connected stays so, on average."""


def unsealed(_: bytes, plaintext: bytes) -> bytes:
    """Stands in for `privacy.cell.seal`: the manager of this simulation doesn't break HPKE."""
    return plaintext


class House:
    """A home as it is; what of it the manager sees is in `privacy.simulate.logs`."""

    def __init__(self, number: int, pairing: Pairing, phase: float, rate: float) -> None:
        self.number = number
        self.pairing = pairing
        self.phase = phase
        self.rate = rate
        self.queue = CellQueue()
        self.outbox: Outbox
        self.sender: Sender
        self.offset = sending_moment(0, pairing.slot_s, phase) - SLOT_ORIGIN
        self._changes: list[float] = []
        self._darkness: list[tuple[float, float]] = []
        self._counter = 0
        self._known = (0.0, 0.0, False)

    def furnish(self, folder: Path, ledger: Ledger, now: Callable[[], float]) -> None:
        """Give it the real outbox and sender."""
        machine = MachineKey(bytes(32))
        letterbox = Letterbox(self.pairing.gateway_key)
        self.outbox = Outbox(folder / f"{self.number}.db", machine)
        self.sender = Sender(self.outbox, letterbox, ledger, OFFSETS, now, seal=unsealed)

    def live(self, random: Random, start: float, seconds: float, offline: float) -> None:
        """Draw when it is connected: spans of random length, away for two hours on average."""
        if not offline:
            return
        present_s = AWAY_S * (1 - offline) / offline
        away = random.random() < offline
        moment = start
        self._changes = [] if not away else [start]
        while moment < start + seconds:
            moment += random.expovariate(1 / (AWAY_S if away else present_s))
            self._changes.append(moment)
            away = not away

    def darken(self, start: float, end: float) -> None:
        """It is not connected from ``start`` to ``end``, whatever was drawn."""
        self._darkness.append((start, end))
        self._known = (0.0, 0.0, False)

    def online_at(self, moment: float) -> bool:
        """Whether it is connected."""
        start, end, online = self._known
        if not start <= moment < end:
            start, end, online = self._span(moment)
            self._known = (start, end, online)
        return online

    def _span(self, moment: float) -> tuple[float, float, bool]:
        """From when to when it is as it is at ``moment``, at most."""
        place = bisect_right(self._changes, moment)
        start = self._changes[place - 1] if place else 0.0
        end = self._changes[place] if place < len(self._changes) else math.inf
        online = place % 2 == 0
        for since, until in self._darkness:
            if since <= moment < until:
                start, end, online = max(start, since), min(end, until), False
            elif until <= moment:
                start = max(start, until)
            else:
                end = min(end, since)
        return start, end, online

    def online(self, slot: int) -> bool:
        """Whether it is connected when its cell of ``slot`` leaves."""
        return self.online_at(self.moment(slot))

    def steady(self, first: int, last: int) -> bool:
        """Whether it is connected in every slot from ``first`` to ``last``."""
        _, end, online = self._span(self.moment(first))
        return online and self.moment(last) < end

    def connected_for(self, moment: float) -> float:
        """Seconds since its connection last began or ended, as the network shows it."""
        return moment - self._span(moment)[0]

    def connected_until(self, moment: float) -> float:
        """Seconds until its connection begins or ends next."""
        return self._span(moment)[1] - moment

    def back(self, slot: int) -> int:
        """The first slot from ``slot`` on in which it is connected."""
        while not self.online(slot):
            end = self._span(self.moment(slot))[1]
            slot = max(slot + 1, slot_at(end, self.pairing.slot_s))
        return slot

    def moment(self, slot: int) -> float:
        """When its cell of ``slot`` is handed over."""
        return slot_start(slot, self.pairing.slot_s) + self.offset

    def first_slot(self, moment: float) -> int:
        """The first slot whose cell is not made yet at ``moment``."""
        slot_s = self.pairing.slot_s
        slot = slot_at(moment, slot_s)
        return slot if moment < self.moment(slot) - lead(slot_s) else slot + 1

    def nonce_of(self, name: str) -> bytes | None:
        """What an event that waits here is called outside; no token will change it."""
        waiting = (event for event in self.outbox.events() if event.id == name)
        return next((cell.verify(cell.build(one.seed, None)).nonce for one in waiting), None)

    def send(self, slot: int) -> None:
        """Make this slot's cell by the real code and hand it to the relay's queue."""
        self._counter = (self._counter + 1) % 2**32
        made = self.sender.prepare(slot, self._counter, self.pairing, online=True)
        self.queue.add(self._counter.to_bytes(4, "big"), made)


DUMMY = cell.build(bytes(32), None)
"""The cell of every home that has nothing to tell, made once."""
