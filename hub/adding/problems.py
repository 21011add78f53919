"""Why something can't be added, in words for people."""

from __future__ import annotations

from hub.plugins.config import Reason, Words


class AddProblem(Exception):
    """Something can't be added or changed.

    Attributes:
        reason: why and what to do.
        field: the form's field that it is about; may be empty.
    """

    def __init__(self, text: str, field: str = "", **values: object) -> None:
        self.reason = Reason(text, **values)
        self.field = field
        super().__init__(self.reason)

    def say(self, words: Words) -> str:
        """The reason in the reader's language."""
        return self.reason.say(words)
