"""What is simulated."""

from __future__ import annotations

from dataclasses import dataclass

from privacy.zones import K

WEEK_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One community, its events, and which defences are on.

    Attributes:
        homes: enrolled homes; zones have ``k`` of them each.
        slot_s: length of a slot, seconds.
        events: events to simulate; a home has one a week on average.
        offline: share of the time that each home is not connected.
        cover: a cell in every slot; without it only events are sent.
        top_up: tokens are fetched as they are used, instead of the full budget each week.
        flushes: batches that the relay makes of a slot.
        dark: share of the events after which the home is dark within 30 s, for an hour.
        late: share of the events that happen while the home is not connected.
        cuts: the manager cuts uplinks of his choice, a slot at a time, to see what stays away.
        colluding: the relay tells the manager which cell came from which home.
        first_only: the manager looks at the first message of each event only.
        background_s: without cover, a home sends something else once in so many seconds; 0: never.
        seed: of everything but the relay's shuffle.
    """

    homes: int = 500
    k: int = K
    slot_s: float = 2.0
    events: int = 12_000
    offline: float = 0.1
    cover: bool = True
    top_up: bool = False
    flushes: int = 1
    dark: float = 0.0
    late: float = 0.0
    cuts: bool = False
    colluding: bool = False
    first_only: bool = False
    background_s: float = 0.0
    seed: int = 1

    @property
    def seconds(self) -> float:
        """How long the simulated time is."""
        return self.events / self.homes * WEEK_S
