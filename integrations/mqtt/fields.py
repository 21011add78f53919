"""Reads a discovery payload field by field; whatever is wrong becomes one plain sentence."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from functools import lru_cache

from hub.api import AnyTemplate, ParseProblem, TemplateProblem, template_of

MAX_TOPIC_BYTES = 1024
MAX_TEXT = 255
_WHOLE = re.compile(r"\s*[+-]?\d{1,15}\s*")
_YES = frozenset({"1", "true", "yes", "on", "enable"})
_NO = frozenset({"0", "false", "no", "off", "disable"})


def check_topic(topic: str, *, wildcards: bool) -> str:
    """The topic if MQTT allows it (MQTT 3.1.1 section 4.7), else ParseProblem."""
    if not topic or len(topic.encode("utf-8", "replace")) > MAX_TOPIC_BYTES:
        raise ParseProblem("a topic is empty or too long")
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in topic):
        raise ParseProblem("a topic has characters that aren't allowed")
    if not wildcards and ("+" in topic or "#" in topic):
        raise ParseProblem("a topic to publish to can't have wildcards")
    levels = topic.split("/")
    for number, level in enumerate(levels):
        last = number == len(levels) - 1
        if ("#" in level and (level != "#" or not last)) or ("+" in level and level != "+"):
            raise ParseProblem("a topic's wildcard is in the wrong place")
    return topic


def number_of(text: str) -> float:
    """A number as the device wrote it: 21 stays whole, 21.0 doesn't become so.

    Raises:
        ParseProblem: It isn't a finite number.
    """
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ParseProblem("the state isn't a finite number")
    return value


@lru_cache(maxsize=512)
def _template(source: str) -> AnyTemplate:
    """One object for all entities with the same template; raises TemplateProblem."""
    return template_of(source)


class Fields:
    """One JSON object of a discovery payload with full keys."""

    __slots__ = ("data",)

    def __init__(self, data: Mapping[str, object]) -> None:
        self.data = data

    def has(self, key: str) -> bool:
        """Whether the key is present with a value other than null."""
        return self.data.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A text; numbers and booleans count as their Python form, as Home Assistant does."""
        return self.required_text(key) if self.has(key) else default

    def required_text(self, key: str) -> str:
        """A text that must be present."""
        value = self.data.get(key)
        if not isinstance(value, str | int | float):
            raise ParseProblem(f"{key} must be text")
        try:
            return str(value)
        except ValueError:  # an integer of thousands of digits
            raise ParseProblem(f"{key} is too long") from None

    def short(self, key: str, default: str = "") -> str:
        """A text that people or files see: bounded and without control characters."""
        value = self.text(key, default)
        if len(value) > MAX_TEXT:
            raise ParseProblem(f"{key} is longer than {MAX_TEXT} characters")
        return "".join(character for character in value if character.isprintable()).strip()

    def topic(self, key: str, *, publish: bool = False) -> str | None:
        """A topic, or None when there is none."""
        if not self.has(key):
            return None
        try:
            # Interned, for a device's many entities name the same topics.
            return sys.intern(check_topic(self.required_text(key), wildcards=not publish))
        except ParseProblem as problem:
            raise ParseProblem(f"{key}: {problem}") from None

    def template(self, key: str) -> AnyTemplate | None:
        """A template, or None when there is none or an empty one."""
        source = self.text(key)
        if not source:
            return None
        try:
            return _template(source)
        except TemplateProblem as problem:
            raise ParseProblem(f"{key}: {problem}") from None

    def boolean(self, key: str, default: bool) -> bool:
        """A boolean, also in the words that Home Assistant takes for one."""
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = str(value).lower() if isinstance(value, str) or value in (0, 1) else ""
        if word in _YES or word in _NO:
            return word in _YES
        raise ParseProblem(f"{key} must be true or false")

    def number(self, key: str, default: float | None = None) -> float | None:
        """A finite number."""
        value = self.data.get(key)
        if value is None:
            return None if default is None else float(default)
        try:
            found = float(value) if isinstance(value, str | int | float) else math.nan
        except (ValueError, OverflowError):
            found = math.nan
        if not math.isfinite(found):
            raise ParseProblem(f"{key} must be a number")
        return found

    def exact(self, key: str, default: float) -> float:
        """A finite number that stays whole when it was written so."""
        value = self.number(key, default)
        return default if value is None else int(value) if value.is_integer() else value

    def seconds(self, key: str) -> float | None:
        """A time span in seconds, more than zero, or None."""
        value = self.number(key)
        if value is not None and not 0 <= value <= 10 * 366 * 86400:
            raise ParseProblem(f"{key} must be a number of seconds")
        return value or None

    def integer(self, key: str, default: int) -> int:
        """A whole number that fits 32 bits."""
        value = self.number(key, float(default))
        if value is None or not value.is_integer() or abs(value) > 2**31:
            raise ParseProblem(f"{key} must be a whole number")
        return int(value)

    def qos(self) -> int:
        """MQTT's quality of service, 0 when not given."""
        value = self.integer("qos", 0)
        if value not in {0, 1, 2}:
            raise ParseProblem("qos must be 0, 1 or 2")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = self.data.get(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple(Fields({key: item}).required_text(key) for item in items)

    def objects(self, key: str) -> list[Fields]:
        """A list of objects; one object alone is a list of one."""
        value = self.data.get(key)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        found = [Fields(item) for item in items if isinstance(item, dict)]
        if len(found) != len(items):
            raise ParseProblem(f"{key} must be a list of objects")
        return found
