"""What a home refuses in words for people."""

from __future__ import annotations


class Refusal(Exception):
    """Something could not be done; `text` (a msgid) says why and what to do, `field` where."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.field = field
