"""Positions of valves, covers and slats: the device's own numbers, and percent of open."""

from __future__ import annotations

import math
from typing import NamedTuple


class Range(NamedTuple):
    """The device's own numbers for 0 and 100 percent; either may be the greater."""

    closed: int
    open: int

    @property
    def span(self) -> int:
        """From closed to open."""
        return self.open - self.closed

    def percent(self, value: float) -> int:
        """How far open a device's number is; what lies outside counts as the nearer end."""
        inside = max(min(self), min(max(self), value))
        return math.floor((inside - self.closed) * 100 / self.span)

    def value(self, percent: float) -> int:
        """The device's number."""
        return round(percent * self.span / 100) + self.closed

    @property
    def tolerance(self) -> float:
        """How many percent a position may be off by rounding."""
        return max(1, 100 / abs(self.span))
