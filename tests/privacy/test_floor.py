"""Property 9 in full: whom a home hides among, epoch by epoch and over 26 epochs together.

The observer knows who is enrolled in each epoch, and that everything he heard came from one
home. He keeps the homes that could have named, in every epoch, the zone that it named. Nobody
can be made to stay, so this set shrinks as homes leave; but the tables must not make it smaller.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from privacy.zones import K, Partition, Path

EPOCHS = 26
LEAVE, ENTER = 0.005, 0.01
"""Shares of the homes that leave (a quarter in a year), and of the others that enrol, a week."""

Names = Callable[[Sequence[Path], Iterable[Path]], dict[Path, object]]


def built(dice: random.Random) -> list[Path]:
    """A community's flats: buildings of unequal risers."""
    return [
        (str(building), str(riser), f"{floor}0{side}")
        for building in range(1, dice.randint(2, 9))
        for riser in range(1, dice.randint(2, 5))
        for floor in range(1, dice.choice((4, 7, 12, 19)))
        for side in range(1, dice.choice((3, 5)))
    ]


def frozen() -> Names:
    """What homes name under our tables: frozen once, then only coarsened."""
    table: Partition | None = None

    def names(enrolled: Sequence[Path], asked: Iterable[Path]) -> dict[Path, object]:
        nonlocal table
        table = Partition.freeze(enrolled) if table is None else table.coarsened(enrolled)
        found = {home: table.zone_of(home) for home in asked}
        assert None not in found.values()
        return {home: zone and zone.path for home, zone in found.items()}

    return names


def smallest() -> Names:
    """What homes would name by the rule that the protocol forbids."""

    def names(enrolled: Sequence[Path], asked: Iterable[Path]) -> dict[Path, object]:
        counts: dict[Path, int] = {}
        for home in enrolled:
            for length in range(3):
                counts[home[:length]] = counts.get(home[:length], 0) + 1
        return {
            home: next((home[:n] for n in (2, 1) if counts[home[:n]] >= K), ()) for home in asked
        }

    return names


class Seen:
    """What an observer made of communities in 26 epochs.

    Attributes:
        homes: those that were there in every epoch.
        small_once: how often one of them hid among fewer than k in a single epoch.
        small_together: homes that the epochs together leave among fewer than k, although k of
            their first crowd are still there.
        smaller_than_need_be: homes whose crowd lost somebody who didn't leave.
        left_alone: homes that are among fewer than k because the others left.
    """

    def __init__(self) -> None:
        self.homes = 0
        self.small_once = 0
        self.small_together = 0
        self.smaller_than_need_be = 0
        self.left_alone = 0

    def look(self, seed: int, rule: Names) -> None:
        """Live through 26 epochs of one community."""
        dice = random.Random(seed)
        flats = built(dice)
        enrolled = {home for home in flats if dice.random() < dice.choice((0.3, 0.6, 0.9))}
        stayed = set(enrolled)
        together: dict[Path, set[Path]] = {}
        first: dict[Path, set[Path]] = {}
        for epoch in range(EPOCHS):
            if epoch:
                leaving = {home for home in enrolled if dice.random() < LEAVE}
                entering = {home for home in flats if dice.random() < ENTER} - enrolled
                enrolled = (enrolled - leaving) | entering
                stayed &= enrolled
            named = rule(sorted(enrolled), sorted(enrolled))
            alike: dict[object, set[Path]] = {}
            for home, name in named.items():
                alike.setdefault(name, set()).add(home)
            for home in stayed:
                able = alike[named[home]]
                self.small_once += len(able) < min(K, len(enrolled))
                together[home] = together.get(home, able) & able
                first.setdefault(home, able)
        self.homes += len(stayed)
        for home in stayed:
            self.small_together += len(together[home] & stayed) < min(K, len(first[home] & stayed))
            self.left_alone += len(together[home] & stayed) < K
            self.smaller_than_need_be += together[home] & stayed != first[home] & stayed


def look(rule: Callable[[], Names], seeds: range) -> Seen:
    seen = Seen()
    for seed in seeds:
        seen.look(seed, rule())
    assert seen.homes > 50 * len(seeds)
    return seen


@pytest.mark.parametrize(
    "seeds",
    [range(20), pytest.param(range(20, 1000), marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
    ids=["some", "many"],
)
def test_tables_take_nobody_out_of_a_homes_crowd(seeds: range) -> None:
    seen = look(frozen, seeds)
    assert (seen.small_once, seen.smaller_than_need_be, seen.small_together) == (0, 0, 0)
    assert seen.left_alone < 0.05 * seen.homes, "a table can't make anybody stay"


def test_the_smallest_node_is_found_out() -> None:
    """The forbidden rule leaves the rest of a split node exposed, and the check sees it."""
    seen = look(smallest, range(20))
    assert min(seen.small_once, seen.small_together, seen.smaller_than_need_be) > 100
