"""The national four levels: always a colour, a shape and a word together.

Source: the four-colour warning order of the Emergency Response Law (突发事件应对法) article 63;
`ok` and `lost` are ours: green only for "all well", grey for a sensor that is not watched.
"""

from __future__ import annotations


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


class Level:
    """One level. `shape` names a shape of the parts' drawing, `css` its class."""

    __slots__ = ("css", "key", "shape", "word")

    def __init__(self, key: str, css: str, shape: str, word: str) -> None:
        self.key = key
        self.css = css
        self.shape = shape
        self.word = word


LEVELS = {
    "1": Level("1", "l1", "diamond", _("Critical")),
    "2": Level("2", "l2", "triangle", _("High")),
    "3": Level("3", "l3", "square", _("Medium")),
    "4": Level("4", "l4", "circle", _("Low")),
    "ok": Level("ok", "lok", "check", _("All well")),
    "lost": Level("lost", "llost", "cross", _("Supervision lost")),
}


def level(key: object) -> Level:
    """Return the level of that number or word.

    Raises:
        KeyError: If there is no such level.
    """
    return LEVELS[str(key)]
