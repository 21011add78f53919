"""How charts say figures, times and states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.design.formats import figure

if TYPE_CHECKING:
    from web.design.page import Words


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


_PARTS = (
    (86400, _("%(num)s d")),
    (3600, _("%(num)s h")),
    (60, _("%(num)s min")),
    (1, _("%(num)s s")),
)


def exact(value: float) -> str:
    """Return a measured number with as many decimals as its size deserves, at most three."""
    size = abs(value)
    return figure(float(value), 1 if size >= 10 else 2 if size >= 1 else 3)


def with_unit(text: str, unit: str) -> str:
    """Return a figure and its unit, with a space that doesn't break."""
    return f"{text}\u00a0{unit}" if unit else text


def lasted(ms: float, words: Words) -> str:
    """Return how long something took, in its two largest units: `3 h 20 min`."""
    left = round(ms / 1000)
    counts = []
    for size, text in _PARTS:
        count, left = divmod(left, size)
        counts.append((count, text))
    first = next((place for place, (count, _text) in enumerate(counts) if count), len(counts) - 1)
    shown = [one for one in counts[first : first + 2] if one[0]] or [counts[-1]]
    return " ".join(words(text, num=count) for count, text in shown)
