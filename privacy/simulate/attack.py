"""The manager thinks: which home of the zone was it?

For each event and each home of its zone he looks at everything in his logs that could tell them
apart, and weighs it as he learned in other zones, all of whose events' homes he came to know
(more than any real manager has). What weighs nothing leaves him with one home in k.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from privacy.simulate.house import House
from privacy.simulate.logs import ManagerLog, Sighting
from privacy.simulate.world import World
from privacy.wire import MAX_SEQ

Features = tuple[int, ...]


class Outcome(NamedTuple):
    """How one event was guessed.

    Attributes:
        home: its number.
        prior: one over the homes of the zone that were connected all the while.
        hit: by the logs alone.
        informed: by the logs and every home's true rate.
        rates: by the rates and by who was connected.
        calm: the home was connected from when it happened to the last message.
    """

    home: int
    prior: float
    hit: bool
    informed: bool
    rates: bool
    calm: bool


class Weights:
    """How much each value of each feature speaks for a home, in nats (naive Bayes)."""

    def __init__(self) -> None:
        self._its: list[Counter[int]] = []
        self._others: list[Counter[int]] = []

    def learn(self, features: Features, *, its: bool) -> None:
        """One candidate of one event whose home is known."""
        counters = self._its if its else self._others
        while len(counters) < len(features):
            counters.append(Counter())
        for counter, value in zip(counters, features, strict=True):
            counter[value] += 1

    def of(self, features: Features) -> float:
        """The sum over the features; 0 says nothing."""
        total = 0.0
        for its, others, value in zip(self._its, self._others, features, strict=True):
            values = len(its.keys() | others.keys())
            total += math.log((its[value] + 1) / (its.total() + values))
            total -= math.log((others[value] + 1) / (others.total() + values))
        return total


def features(log: ManagerLog, house: House, sightings: Sequence[Sighting]) -> Features:
    """What the logs say of one home and one event, as small whole numbers."""
    firsts = {sighting.seq: sighting.slot for sighting in reversed(sightings)}
    present = [s for s in sightings if log.sent(house, s.slot, s.part)]
    apart = [abs(sighting.place - log.rank(house)) for sighting in present]
    return (
        min(3, len(sightings) - len(present)),
        int(10 * sum(apart) / len(apart)) if apart else 10,
        min(6, log.fetched(house, sightings[0].slot)),
        _scale(house.connected_until(house.moment(sightings[0].slot))),
        _scale(house.connected_for(house.moment(sightings[0].slot))),
        *(_came_back(house, firsts, seq) for seq in range(1, MAX_SEQ + 1)),
    )


def _came_back(house: House, firsts: dict[int, int], seq: int) -> int:
    """Whether its connection began again between two messages; 2: there was no such message."""
    if seq not in firsts:
        return 2
    before, here = house.moment(firsts[seq - 1]), house.moment(firsts[seq])
    return int(house.connected_for(here) < here - before)


def _scale(seconds: float) -> int:
    return int(math.log2(1 + min(seconds, 86400)))


def guess(world: World) -> list[Outcome]:
    """The manager's guess for every event.

    He learns in even zones for odd ones and the other way round: learned in the same zone, a
    repeat would be told by the event before it.
    """
    random = Random(world.scenario.seed + 1)  # noqa: S311  draws between equals only
    log = world.log
    events = list(log.sightings.items())
    table = [_candidates(log, sightings) for _, sightings in events]
    weights = (Weights(), Weights())
    for (nonce, sightings), candidates in zip(events, table, strict=True):
        for house, seen in candidates:
            weights[sightings[0].zone % 2].learn(seen, its=world.truth[nonce][0] is house)
    outcomes = []
    for (nonce, sightings), candidates in zip(events, table, strict=True):
        learned = weights[1 - sightings[0].zone % 2]
        logs = {house: learned.of(seen) for house, seen in candidates}
        both = {house: logs[house] + math.log(house.rate) for house in logs}
        guessed = _known(world, nonce) or _best(logs, random)
        truth, happened = world.truth[nonce]
        span = (sightings[0].slot - 1, sightings[-1].slot)
        rates = {house: house.rate for house in logs if house.steady(*span)}
        outcomes.append(
            Outcome(
                truth.number,
                1 / max(1, len(rates)),
                guessed is truth,
                _best(both, random) is truth,
                bool(rates) and _best(rates, random) is truth,
                truth.steady(happened, sightings[-1].slot),
            )
        )
    return outcomes


def _candidates(log: ManagerLog, sightings: list[Sighting]) -> list[tuple[House, Features]]:
    looked_at = sightings[:1] if log.scenario.first_only else sightings
    houses = log.zones[sightings[0].zone]
    return [(house, features(log, house, looked_at)) for house in houses]


def _known(world: World, nonce: bytes) -> House | None:
    """What a colluding relay or cut lines say."""
    if nonce in world.log.origins:
        return world.houses[world.log.origins[nonce]]
    left = world.cutter.left.get(nonce) if world.cutter is not None else None
    return left[0] if left else None


def _best(scores: dict[House, float], random: Random) -> House:
    most = max(scores.values())
    return random.choice([house for house, score in scores.items() if score > most - 1e-9])
