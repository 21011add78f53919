"""Points of a sparkline, drawn on the server so that a tile needs no script."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 320.0
HEIGHT = 44.0
PADDING = 4.0


def spark(values: Sequence[float]) -> str:
    """Return the `points` of a polyline in a 320 by 44 box, oldest value left.

    A flat line runs through the middle; fewer than two values draw nothing.
    """
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = high - low
    room = HEIGHT - 2 * PADDING
    points = []
    for index, value in enumerate(values):
        x = (WIDTH - PADDING) * index / (len(values) - 1)
        y = HEIGHT / 2 if not span else PADDING + room * (1 - (value - low) / span)
        points.append(f"{x:.1f},{y:.1f}")
    return " ".join(points)
