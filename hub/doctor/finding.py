"""What the doctor found: one line per check."""

from __future__ import annotations

OK, NOTE, FAIL = "ok", "note", "fail"


class Finding:
    """One check's result, with nothing personal in it.

    Attributes:
        check: a stable word for programs.
        state: `OK`, `NOTE` (worth knowing, nothing is broken) or `FAIL`.
        text: a msgid that says how it is and, unless all is well, what to do.
        values: what stands in the text's `%(name)s` places.
    """

    __slots__ = ("check", "state", "text", "values")

    def __init__(self, check: str, state: str, text: str, **values: object) -> None:
        self.check = check
        self.state = state
        self.text = text
        self.values = values
