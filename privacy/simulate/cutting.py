"""A manager who cuts lines: half of those who could have sent it, slot by slot."""

from __future__ import annotations

from collections.abc import Iterable

from privacy.outbox import COPIES_LIFE
from privacy.simulate.house import House
from privacy.simulate.logs import ManagerLog


class Cutter:
    """Cuts half of an event's candidates while copies of it are still to come."""

    def __init__(self, log: ManagerLog) -> None:
        self._log = log
        self.left: dict[bytes, list[House]] = {}
        self._halves: dict[bytes, set[int]] = {}

    def cuts(self, house: House) -> bool:
        """Whether this home's line is cut in the slot that runs."""
        return any(house.number in half for half in self._halves.values())

    def learn(self, seen: Iterable[bytes]) -> None:
        """The batch of a slot came with these events: think, and choose the next cuts."""
        here = set(seen)
        for nonce, half in self._halves.items():
            there = nonce not in here
            self.left[nonce] = [h for h in self.left[nonce] if (h.number in half) == there]
        for nonce in here - self.left.keys():
            first = self._log.sightings[nonce][0]
            candidates = self._log.zones[first.zone]
            self.left[nonce] = [h for h in candidates if self._log.sent(h, first.slot, 0)]
        self._halves = {nonce: self._half(nonce) for nonce in self.left if self._goes_on(nonce)}

    def _goes_on(self, nonce: bytes) -> bool:
        sightings = self._log.sightings[nonce]
        copies = sum(sighting.seq == sightings[-1].seq for sighting in sightings)
        return copies < COPIES_LIFE and len(self.left[nonce]) > 1

    def _half(self, nonce: bytes) -> set[int]:
        left = self.left[nonce]
        return {house.number for house in left[: len(left) // 2]}
