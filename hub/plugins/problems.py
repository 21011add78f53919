"""Counted problems with one clear, rate-limited line each: a flood of bad input floods nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

QUIET_S = 60.0
MAX_KINDS = 256
MAX_LINE = 500


class ParseProblem(ValueError):
    """What a device sent can't be read; the text says which part and why, never the content."""


class Noted(NamedTuple):
    """A kind of problem for people: how often, and what its last logged line said and when."""

    kind: str
    times: int
    line: str
    at: float  # Unix seconds of the line


class Problems:
    """Counts problems by kind and logs the first of each kind at most once a minute.

    A kind is a short fixed word such as ``bad_json``. Counting never stops, logging is bounded,
    and the number of kinds is too, so a hostile device can't fill memory through them.
    """

    __slots__ = ("_clock", "_lines", "_log", "_quiet_s", "_spoken", "counts")

    def __init__(
        self,
        name: str,
        *,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = logging.getLogger(name)
        self._quiet_s = quiet_s
        self._clock = clock
        self._spoken: dict[str, tuple[float, int]] = {}
        self._lines: dict[str, tuple[str, float]] = {}
        self.counts: dict[str, int] = {}

    def note(self, kind: str, text: str, *values: object) -> None:
        """Count one problem; log it unless a line of its kind was written within the quiet time.

        Args:
            kind: A short fixed word, the counter's name.
            text: A logging format. It must not carry payloads: they may be personal.
            values: What the format's places hold.
        """
        if kind not in self.counts and len(self.counts) >= MAX_KINDS:
            kind = "other"
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        now = self._clock()
        spoken_at, spoken_count = self._spoken.get(kind, (-self._quiet_s, 0))
        if now - spoken_at < self._quiet_s:
            return
        self._spoken[kind] = (now, count)
        silent = count - spoken_count - 1
        more = f" ({silent} more like it were not logged)" if silent else ""
        said = (text % values if values else text)[:MAX_LINE].replace("\n", " ")
        self._lines[kind] = (said, time.time())
        self._log.warning("%s: %s%s", kind, said, more)

    def noted(self) -> list[Noted]:
        """Every kind, the most frequent first."""
        rows = (Noted(kind, count, *self._lines[kind]) for kind, count in self.counts.items())
        return sorted(rows, key=lambda row: -row.times)
