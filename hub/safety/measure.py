"""Figures against limits: past the limit for long enough, and back far enough.

Pure, clocks handed in. A figure is over while it is past the limit, and stays so until it is back
beyond the hysteresis; the count runs while it is over, and a break shorter than the gap does not
end it. A meter's total is over at the moment it grows.
"""

from __future__ import annotations

AWAY_S = 600.0


class Rule:
    """What one sensor's figure is held against, in the sensor's own unit.

    Attributes:
        limit: over is above it, or at or ``below`` it.
        clear: once over, the figure stays so until it is back past this.
        for_s: seconds over that make a hazard.
        gap_s: a break this long ends the count.
        below: the figure is dangerous when low.
        rising: the figure is a total, and over when it has grown.
    """

    __slots__ = ("below", "clear", "for_s", "gap_s", "limit", "rising")

    def __init__(
        self,
        limit: float,
        clear: float,
        *,
        for_s: float = 0.0,
        gap_s: float = 0.0,
        below: bool = False,
        rising: bool = False,
    ) -> None:
        self.limit = limit
        self.clear = clear
        self.for_s = for_s
        self.gap_s = gap_s
        self.below = below
        self.rising = rising


class Count:
    """How long a figure has been over.

    Attributes:
        figure: the last one heard by this process, None before the first.
        since: steady clock from which it counts as over, None while it doesn't.
        quiet: steady clock since which it is back, None while it is over.
    """

    __slots__ = ("figure", "quiet", "rule", "since")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.figure: float | None = None
        self.since: float | None = None
        self.quiet: float | None = None

    def hear(self, figure: float, now: float) -> None:
        """Note a figure."""
        self.settle(now)
        over = self._over(figure)
        self.figure = figure
        if over and self.since is None:
            self.since = now
        if over:
            self.quiet = now if self.rule.rising else None
        elif self.quiet is None:
            self.quiet = now
        self.settle(now)

    def settle(self, now: float) -> None:
        """End the count where the break has lasted."""
        if self.quiet is not None and now - self.quiet >= self.rule.gap_s:
            self.since = None

    def holds(self, now: float) -> bool:
        """Whether it has been over for long enough; never by what an earlier run heard alone."""
        return (
            self.figure is not None
            and self.since is not None
            and now >= self.since + self.rule.for_s
        )

    def next_at(self, now: float) -> float | None:
        """Steady clock of the next moment at which time alone changes something."""
        if self.since is None or self.figure is None:
            return None
        ends = None if self.quiet is None else self.quiet + self.rule.gap_s
        begins = self.since + self.rule.for_s
        if begins > now and (ends is None or begins < ends):
            return begins
        return ends

    def begun(self, now: float) -> None:
        """The hazard was on when an earlier run ended: it is on while the figure is over."""
        if self.since is None:
            self.since = now - self.rule.for_s

    def returned(self, now: float, away_s: float) -> None:
        """The sensor was away: what it would have said in a long absence nobody knows."""
        if self.since is not None and away_s > max(AWAY_S, self.rule.gap_s):
            self.since = now

    def take_over(self, old: Count, now: float) -> None:
        """Go on from the count of another rule for the same figure."""
        self.figure, self.since, self.quiet = old.figure, old.since, old.quiet
        if self.figure is None or self.rule.rising:
            return
        over = self._over(self.figure)
        if over:
            self.quiet = None
            self.since = now if self.since is None else self.since
        elif self.quiet is None:
            self.quiet = now
        self.settle(now)

    def _over(self, figure: float) -> bool:
        rule = self.rule
        if rule.rising:
            return self.figure is not None and figure > self.figure
        edge = rule.limit if self.since is None else rule.clear
        return figure <= edge if rule.below else figure > edge
