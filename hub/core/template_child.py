"""The process that renders templates which may loop: Jinja's sandbox, little memory, no files.

A request is a line of JSON on standard input, ``{"source", "names"}``; the answer is one on
standard output, ``{"text"}`` or ``{"problem"}``. A parent that waits too long kills the process.
"""

from __future__ import annotations

import base64
import re
import resource
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jinja2
import orjson
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.core import sandbox_filters

MAX_MEMORY = 256 * 1024 * 1024
MAX_TEXT = sandbox_filters.MAX_RESULT
MAX_LINE = 2 * 1024 * 1024
# Python loads these parts on first use, and no file opens later.
_WARM = (r"{{ '\u00b5\n' }}{{ '1' | int }}", "{{ missing.one }}", "{{ strptime('1', '%d') }}", "{{")


def _seconds(value: Any) -> datetime:
    return datetime.fromtimestamp(float(value), UTC)


FILTERS: dict[str, Callable[..., Any]] = {
    "base64_decode": lambda text: base64.b64decode(text).decode(),
    "base64_encode": lambda text: base64.b64encode(str(text).encode()).decode(),
    "bitwise_and": lambda one, other: int(one) & int(other),
    "bitwise_or": lambda one, other: int(one) | int(other),
    "bitwise_xor": lambda one, other: int(one) ^ int(other),
    "contains": lambda items, one: one in items,
    "ord": ord,
    "regex_findall": lambda text, find="", ignorecase=False: re.findall(
        find, str(text), re.IGNORECASE if ignorecase else 0
    ),
    "regex_findall_index": lambda text, find="", index=0, ignorecase=False: re.findall(
        find, str(text), re.IGNORECASE if ignorecase else 0
    )[index],
    "regex_match": lambda text, find="", ignorecase=False: bool(
        re.match(find, str(text), re.IGNORECASE if ignorecase else 0)
    ),
    "regex_replace": lambda text, find="", replace="", ignorecase=False: re.sub(
        find, replace, str(text), flags=re.IGNORECASE if ignorecase else 0
    ),
    "regex_search": lambda text, find="", ignorecase=False: bool(
        re.search(find, str(text), re.IGNORECASE if ignorecase else 0)
    ),
    "timestamp_utc": lambda value: _seconds(value).isoformat(),
}
OF_JINJA = frozenset({"first", "last"})
"""Ours take lists; what loops makes generators of them, which Jinja's own take too."""


class Dict:
    """``dict`` as templates call it; Zigbee2MQTT makes one from pairs by ``from_keys``."""

    def __call__(self, *pairs: Any, **named: Any) -> dict[Any, Any]:
        """A dictionary, as Python makes it."""
        return dict(*pairs, **named)

    def from_keys(self, pairs: Any) -> dict[Any, Any]:
        """A dictionary of (key, value) pairs."""
        return dict(pairs)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "as_datetime": lambda text: datetime.fromisoformat(str(text)),
    "as_timestamp": lambda value: (
        datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value.timestamp()
    ),
    "dict": Dict(),
    "max": max,
    "min": min,
    "strptime": lambda text, pattern: datetime.strptime(str(text), pattern),  # noqa: DTZ007 - as the text says
    "utcnow": lambda: datetime.now(UTC),
    "zip": zip,
}


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])
    ours = {name: one for name, one in sandbox_filters.FILTERS.items() if name not in OF_JINJA}
    made.filters.update(ours | FILTERS)
    made.tests.update(sandbox_filters.OWN_TESTS)
    made.tests.update({"match": FILTERS["regex_match"], "search": FILTERS["regex_search"]})
    made.globals.update(sandbox_filters.FUNCTIONS | FUNCTIONS)
    return made


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(source)


def render(source: str, names: dict[str, Any]) -> dict[str, str]:
    """Render one template; whatever it raises becomes one line."""
    try:
        text = _compiled(source).render(names).strip()
    except MemoryError:
        return {"problem": "can't render: it takes too much memory"}
    except Exception as error:  # noqa: BLE001 - a template may raise anything
        return {"problem": f"can't render: {str(error)[:200]}"}
    if len(text) > MAX_TEXT:
        return {"problem": "can't render: the result is too long"}
    return {"text": text}


def main(_argv: Sequence[str]) -> int:
    """Answer requests until standard input ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for warm in _WARM:
        render(warm, {})
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # no file or socket is opened any more
    out, source = sys.stdout.buffer, sys.stdin.buffer
    out.write(b"{}\n")
    out.flush()
    while line := source.readline(MAX_LINE):
        request = orjson.loads(line)
        out.write(orjson.dumps(render(request["source"], request["names"])) + b"\n")
        out.flush()
    return 0
