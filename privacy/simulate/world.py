"""A community's weeks, event by event: homes, relay and gateway by their real code."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.batch import mixed
from privacy.cell import verify
from privacy.consent import TELL_ZONE, Ledger
from privacy.handshake import key_hash
from privacy.pairing import Pairing
from privacy.sender import SafetyEvent
from privacy.simulate.cutting import Cutter
from privacy.simulate.house import DUMMY, House
from privacy.simulate.logs import ManagerLog, Sighting
from privacy.simulate.scenario import Scenario
from privacy.vault import MachineKey
from privacy.wire import SLOT_ORIGIN, HazardClass, Severity, Status, slot_at
from privacy.zones import Partition

START = SLOT_ORIGIN + 3600.0
HAZARDS = (HazardClass.GAS, HazardClass.SMOKE, HazardClass.FLOOD, HazardClass.SOS)
_HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 5, 4, 4, 6, 6, 4, 3, 3, 4, 7, 9, 8, 6, 5, 4, 3)
"""How likely an event is in each hour of the day: kitchens and evenings."""
_AGAIN = 0.15
"""Share of the events that come once more from the same home within the hour."""
_UNEQUAL = 1.0
"""Sigma of the logarithm of the homes' rates."""


class World:
    """One run.

    ``truth``, no part of the manager's log, has the home of each event by its nonce, and the
    first slot in which it could have left.
    """

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self._random = Random(scenario.seed)  # noqa: S311  a simulation, repeatable
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._now = START
        self._planned: dict[tuple[int, int], set[int]] = {}
        self.truth: dict[bytes, tuple[House, int]] = {}
        self.houses = self._settle(folder)
        self._in_order = sorted(self.houses, key=lambda house: house.offset)
        self.log = ManagerLog(scenario, self.houses)
        self.cutter = Cutter(self.log) if scenario.cuts else None

    def run(self) -> None:
        """Everything that happens, in order of time."""
        for moment, house, number in self._events():
            self._at(moment, partial(self._event, house, f"e{number}"))
        while self._agenda:
            self._now, _, happen = heapq.heappop(self._agenda)
            happen()

    def _settle(self, folder: Path) -> list[House]:
        scenario, random = self.scenario, self._random
        flats = [
            (str(1 + n // scenario.k // 2), str(1 + n // scenario.k % 2), str(n))
            for n in range(scenario.homes)
        ]
        table = Partition.freeze(flats, scenario.k).to_json()
        key = X25519PrivateKey.generate().public_key().public_bytes_raw()
        shared = {
            **{"gateway_key": base64.b64encode(key).decode(), "relay": "127.0.0.1:1"},
            **{"slot_s": scenario.slot_s, "zone_table": table, "roster_size": scenario.homes},
            **{"community": "simulated"},
        }
        ledger = Ledger(
            folder / "consent.db",
            MachineKey(bytes(32)).box("consent"),
            Ed25519PrivateKey.generate(),
            lambda: self._now,
        )
        for hazard in HAZARDS:
            ledger.give(TELL_ZONE, hazard.word, "resident")
        houses = []
        for number, flat in enumerate(flats):
            pairing = Pairing({**shared, "flat": list(flat)}, key_hash(key), floor=1)
            rate = random.lognormvariate(0, _UNEQUAL)
            house = House(number, pairing, random.random(), rate)
            house.furnish(folder, ledger, lambda: self._now)
            house.live(random, START, scenario.seconds + 7200, scenario.offline)
            houses.append(house)
        return houses

    def _events(self) -> Iterator[tuple[float, House, int]]:
        """When, where: unequal homes, busy hours, some of them once more."""
        rates = [house.rate for house in self.houses]
        number = 0
        while number < self.scenario.events:
            (house,) = self._random.choices(self.houses, rates)
            moment = START + self._random.random() * self.scenario.seconds
            if self._random.random() * max(_HOURS) > _HOURS[int(moment / 3600) % 24]:
                continue
            yield moment, house, number
            number += 1
            if self._random.random() < _AGAIN and number < self.scenario.events:
                yield moment + self._random.uniform(60, 3600), house, number
                number += 1

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (moment, self._order, happen))

    def _event(self, house: House, name: str) -> None:
        now, random = self._now, self._random
        if random.random() < self.scenario.dark:
            self._at(now + random.uniform(2, 30), lambda: house.darken(self._now, now + 3600))
        if random.random() < self.scenario.late:
            house.darken(now - 1, now + random.uniform(30, 1200))
        slot = slot_at(now, self.scenario.slot_s)
        hazard = random.choice(HAZARDS)
        house.sender.offer(SafetyEvent(name, hazard, Severity.CRITICAL), TELL_ZONE, slot)
        nonce = house.nonce_of(name)
        if nonce is not None:
            self.truth[nonce] = house, house.first_slot(now)
        self.log.token_used(house, slot)
        self._plan(house, house.first_slot(now))
        if random.random() < 0.7:
            status = random.choice((Status.UPDATED, Status.CLEARED, Status.CANCELLED))
            later = now + random.expovariate(1 / 180)
            self._at(later, partial(self._update, house, name, status))

    @staticmethod
    def _update(house: House, name: str, status: Status) -> None:
        house.sender.update(name, status)

    def _plan(self, house: House, slot: int) -> None:
        """A home has something to send, from this slot on."""
        slot = house.back(slot)
        part = self.log.part_of(house)
        if (slot, part) not in self._planned:
            self._planned[slot, part] = set()
            self._at(self.log.flushed_at(slot, part), partial(self._flush, slot, part))
        if house.number not in self._planned[slot, part]:
            self._planned[slot, part].add(house.number)
            self._at(house.moment(slot), partial(self._send, house, slot))

    def _send(self, house: House, slot: int) -> None:
        if not house.online(slot):
            return
        house.send(slot)
        if self.cutter is not None and self.cutter.cuts(house):
            house.queue.clear()
        self.log.event_sent(house, slot)

    def _flush(self, slot: int, part: int) -> None:
        """The relay closes a batch and the gateway opens it; every home has its receipt."""
        busy = self._planned.pop((slot, part))
        if self.cutter is not None:
            for house in filter(self.cutter.cuts, self.houses):
                self.log.event_cut(house, slot)
        for house in self._in_order:
            if self.log.sent(house, slot, part) and house.number not in busy:
                house.queue.add(b"", DUMMY)
        taken = [(house, *house.queue.take()) for house in self._in_order if house.queue]
        cells = [waiting[2] for waiting in taken]
        batch = mixed(cells, self.scenario.homes, lambda count: [DUMMY] * count)
        self._open(
            slot, part, batch, {id(cell): house for house, counter, cell in taken if counter}
        )
        for house, counter, _ in taken:
            if counter:
                house.sender.receipt(int.from_bytes(counter, "big"))
        for number in busy:
            waits = self.houses[number].sender.waits_for()
            if waits is not None:
                self._plan(self.houses[number], max(waits, slot + 1))

    def _open(self, slot: int, part: int, batch: list[bytes], origins: dict[int, House]) -> None:
        seen = []
        for place, cell in enumerate(batch):
            if cell is DUMMY:
                continue
            opened = verify(cell)
            if opened.body is None:
                continue
            share = place / (len(batch) - 1)
            sighting = Sighting(slot, part, share, opened.body.zone, opened.body.seq)
            self.log.sighted(opened.nonce, sighting, origins[id(cell)])
            seen.append(opened.nonce)
        if self.cutter is not None:
            self.cutter.learn(seen)
