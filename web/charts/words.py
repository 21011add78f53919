"""How charts say figures, times and states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.design.formats import figure
from web.kinds.states import UNITS

if TYPE_CHECKING:
    from web.design.page import Words


def exact(value: float) -> str:
    """Return a measured number with as many decimals as its size deserves, at most three."""
    size = abs(value)
    return figure(float(value), 1 if size >= 10 else 2 if size >= 1 else 3)


def with_unit(text: str, unit: str) -> str:
    """Return a figure and its unit, with a space that doesn't break."""
    return f"{text}\u00a0{unit}" if unit else text


def lasted(ms: float, words: Words) -> str:
    """Return how long something took, in its two largest units: `3 h 20 min`."""
    seconds = round(ms / 1000)
    parts = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    found: list[str] = []
    for place, (size, sign) in enumerate(parts):
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count} {words(UNITS[sign])}")
        if found and (len(found) == 2 or place == len(parts) - 1 or not count):
            break
    return " ".join(found) or f"0 {words(UNITS['s'])}"
