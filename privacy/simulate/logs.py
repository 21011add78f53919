"""What a manager can read: the platform's log, the network's, the signer's.

The network's log is not kept but asked: a home that is connected sends in every slot, and only
then can it be seen to be.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from privacy.simulate.house import House
from privacy.simulate.scenario import WEEK_S, Scenario
from privacy.slots import FLUSH
from privacy.wire import SLOT_ORIGIN, slot_start

FULL_BUDGET = 24 + 72


class Sighting(NamedTuple):
    """An event's message in a batch: ``place`` is 0 to 1 within it."""

    slot: int
    part: int
    place: float
    zone: int
    seq: int


class ManagerLog:
    """All that the manager has before he begins to think."""

    def __init__(self, scenario: Scenario, houses: Sequence[House]) -> None:
        self.scenario = scenario
        self.houses = houses
        self.sightings: dict[bytes, list[Sighting]] = {}
        self.origins: dict[bytes, int] = {}
        self.zones: dict[int, list[House]] = {}
        self._cut: set[tuple[int, int]] = set()
        self._sent: set[tuple[int, int]] = set()
        self._used: Counter[tuple[int, int]] = Counter()
        phases = sorted(house.phase for house in houses)
        self._ranks = [bisect_left(phases, house.phase) / (len(houses) - 1) for house in houses]
        for house in houses:
            zone = house.pairing.zones.zone_of(house.pairing.flat)
            if zone is not None:
                self.zones.setdefault(zone.id, []).append(house)

    def event_sent(self, house: House, slot: int) -> None:
        """A home handed over an event; without cover the network's log shows it."""
        self._sent.add((house.number, slot))

    def event_cut(self, house: House, slot: int) -> None:
        """The manager cut this home's line in this slot."""
        self._cut.add((house.number, slot))

    def token_used(self, house: House, slot: int) -> None:
        """An event spent a token, which a home that tops up fetches again."""
        self._used[house.number, self._week(slot)] += 1

    def sighted(self, nonce: bytes, sighting: Sighting, origin: House) -> None:
        """The gateway opened an event; where it came from only a relay knows."""
        self.sightings.setdefault(nonce, []).append(sighting)
        if self.scenario.colluding:
            self.origins[nonce] = origin.number

    def part_of(self, house: House) -> int:
        """In which of a slot's batches a home's cell comes."""
        parts = self.scenario.flushes
        return min(int(2 * house.offset / self.scenario.slot_s * parts), parts - 1)

    def flushed_at(self, slot: int, part: int) -> float:
        """When the relay closes a batch, Unix seconds."""
        slot_s, parts = self.scenario.slot_s, self.scenario.flushes
        share = FLUSH if part == parts - 1 else (part + 1) / parts / 2
        return slot_start(slot, slot_s) + share * slot_s

    def sent(self, house: House, slot: int, part: int) -> bool:
        """Whether a cell of this home travelled in time for that batch."""
        if (house.number, slot) in self._cut or not house.online(slot):
            return False
        if self.scenario.flushes > 1 and self.part_of(house) != part:
            return False
        return self.scenario.cover or (house.number, slot) in self._sent or self.other(house, slot)

    def other(self, house: House, slot: int) -> bool:
        """Whether a home without cover sends something else in this slot."""
        if not self.scenario.background_s:
            return False
        chance = self.scenario.slot_s / self.scenario.background_s
        return crc32(f"{self.scenario.seed} {house.number} {slot}".encode()) / 2**32 < chance

    def rank(self, house: House) -> float:
        """A home's place in the order in which cells arrive, 0 to 1."""
        return self._ranks[house.number]

    def fetched(self, house: House, slot: int) -> int:
        """Tokens this home fetched in the week of ``slot``."""
        if self.scenario.top_up:
            return self._used[house.number, self._week(slot)]
        return FULL_BUDGET

    def _week(self, slot: int) -> int:
        return int((slot_start(slot, self.scenario.slot_s) - SLOT_ORIGIN) // WEEK_S)
