"""A log filter: secrets, tokens, long numbers and registered names never reach a log line."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable

MARK = "[redacted]"

_PATTERNS = (
    # key=value and "key": "value" of anything that sounds secret
    (
        re.compile(
            r"(?i)((?:pass(?:word|phrase)?|secret|token|api[_-]?key|authorization|cookie|csrf"
            r"|recovery)[\"']?\s*[=:]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&]+"
        ),
        r"\1" + MARK,
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 " + MARK),
    # user:password@ of an address
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), r"\1" + MARK + "@"),
    # printed codes: groups of five
    (re.compile(r"\b[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{5}(?:-[0-9A-Za-z]{5}){3,}\b"), MARK),
    # e-mail addresses
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), MARK),
    # hex and base64 of 16 bytes and more
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), MARK),
    (re.compile(r"(?<![\w/+.-])(?=[\w/+-]*\d)(?=[\w/+-]*[A-Z])[\w/+-]{24,}={0,2}"), MARK),
    # phone and identity numbers, also with separators
    (re.compile(r"(?<![\d.:T-])(?!\d{4}-\d\d-\d\d[T ])\+?\d(?:[ -]?\d){6,}(?![\d:])"), MARK),
)


class Redactor(logging.Filter):
    """Attach to handlers (not loggers), so that every record passes.

    The message is formatted here, and exception texts are cleaned too. Names from the sources
    given to `watch` are removed whatever their case.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._sources: list[Callable[[], Iterable[str]]] = []
        self._names: frozenset[str] = frozenset()
        self._personal: re.Pattern[str] | None = None

    def watch(self, names: Callable[[], Iterable[str]]) -> None:
        """Ask ``names`` at each line for personal strings: names that people gave, serials."""
        self._sources.append(names)

    def _known(self) -> re.Pattern[str] | None:
        """What the names of now are found by; made anew only when they changed."""
        with self._lock:
            told = (name.strip() for source in self._sources for name in source())
            names = frozenset(name for name in told if len(name) > 1)
            if names != self._names:
                longest_first = sorted(names, key=len, reverse=True)
                alternatives = "|".join(re.escape(name) for name in longest_first)
                self._personal = re.compile(alternatives, re.IGNORECASE) if alternatives else None
                self._names = names
            return self._personal

    def clean(self, text: str) -> str:
        """The text without what must not be logged."""
        personal = self._known()
        if personal is not None:
            text = personal.sub(MARK, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place; always lets it through."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = f"{record.msg} (its arguments did not fit)"
        record.msg = self.clean(message)
        record.args = None
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = self.clean(text)
            record.exc_info = None
        return True
