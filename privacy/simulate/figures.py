"""What the simulation prints: how much better than chance the manager guesses, and the bounds."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from privacy.simulate.attack import Outcome, guess
from privacy.simulate.scenario import Scenario
from privacy.simulate.world import World

CONFIDENCE = 0.99
_DRAWS = 4000
_BOUND_EVENTS = 600
BOUNDS: dict[str, dict[str, Any]] = {
    "outage": {"dark": 0.2},
    "late": {"late": 0.2},
    "cuts": {"cuts": True, "offline": 0.0},
    "collusion": {"colluding": True},
}
"""What no cover hides, each by itself: see docs/privacy.md, "Known leaks"."""

Figures = dict[str, Any]


def play(scenario: Scenario) -> list[Outcome]:
    """Run one world in a folder of its own, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108  only where the temporary folder is made
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        world = World(scenario, Path(folder))
        world.run()
        return guess(world)


def simulate(scenario: Scenario, *, bounds: bool = True) -> Figures:
    """The figures of `linli privacy simulate`.

    The main figures are over events whose home was connected from when it happened to the last
    message; the others are what ``outage`` and ``late`` are about.

    Args:
        scenario: its events are shared out over as many worlds as the machine has processors.
        bounds: whether to run the separate scenarios of `BOUNDS` too.

    Returns:
        ``events``, ``hit_rate``, ``prior``, ``advantage``, ``advantage_upper`` (99 %, bootstrap
        by home), ``informed`` the same for a manager who knows every home's true rate, against
        himself without logs, and ``bounds``; rates from 0 to 1.
    """
    began = time.monotonic()
    workers = os.cpu_count() or 1
    share = -(-scenario.events // workers)
    worlds = [
        replace(scenario, events=share, seed=scenario.seed + 1000 * n) for n in range(workers)
    ]
    few = min(_BOUND_EVENTS, scenario.events)
    named = BOUNDS if bounds else {}
    extra = [replace(scenario, events=few, **change) for change in named.values()]
    with ProcessPoolExecutor(workers) as pool:
        played = list(pool.map(play, [*worlds, *extra]))
    main = [
        outcome._replace(home=outcome.home + number * scenario.homes)
        for number, outcomes in enumerate(played[:workers])
        for outcome in outcomes
    ]
    found = _main_figures([outcome for outcome in main if outcome.calm])
    found["events_not_calm"] = sum(not outcome.calm for outcome in main)
    found["bounds"] = {
        name: _bound(change, outcomes)
        for (name, change), outcomes in zip(named.items(), played[workers:], strict=True)
    }
    return {**_conditions(scenario), **found, "seconds": round(time.monotonic() - began, 1)}


def _conditions(scenario: Scenario) -> Figures:
    names = ("homes", "k", "slot_s", "offline", "cover", "top_up", "seed")
    return {name: getattr(scenario, name) for name in names}


def _main_figures(outcomes: Sequence[Outcome]) -> Figures:
    uniform = [(outcome.home, outcome.hit - outcome.prior) for outcome in outcomes]
    paired = [(outcome.home, float(outcome.informed - outcome.rates)) for outcome in outcomes]
    return {
        "events": len(outcomes),
        "hit_rate": _mean([float(outcome.hit) for outcome in outcomes]),
        "prior": _mean([outcome.prior for outcome in outcomes]),
        "advantage": _mean([gain for _, gain in uniform]),
        "advantage_upper": upper_bound(uniform),
        "informed": {
            "hit_rate": _mean([float(outcome.informed) for outcome in outcomes]),
            "without_logs": _mean([float(outcome.rates) for outcome in outcomes]),
            "advantage": _mean([gain for _, gain in paired]),
            "advantage_upper": upper_bound(paired),
        },
    }


def _bound(change: Figures, outcomes: Sequence[Outcome]) -> Figures:
    return {
        **change,
        "events": len(outcomes),
        "hit_rate": _mean([float(outcome.hit) for outcome in outcomes]),
        "prior": _mean([outcome.prior for outcome in outcomes]),
    }


def upper_bound(gains: Sequence[tuple[int, float]], seed: int = 1) -> float:
    """The one-sided 99 % bound of the mean gain, by a bootstrap of whole homes.

    Args:
        gains: (home, gain) of each event; a home's events stay together.
        seed: of the draws.
    """
    sums: dict[int, list[float]] = {}
    for home, gain in gains:
        entry = sums.setdefault(home, [0.0, 0.0])
        entry[0] += gain
        entry[1] += 1
    homes = list(sums.values())
    random = Random(seed)  # noqa: S311  statistics, no secret
    means = []
    for _ in range(_DRAWS if homes else 0):
        drawn = random.choices(homes, k=len(homes))
        means.append(sum(total for total, _ in drawn) / sum(count for _, count in drawn))
    return round(sorted(means)[int(CONFIDENCE * len(means))], 5) if means else 1.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5) if values else 0.0
