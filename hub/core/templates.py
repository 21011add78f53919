"""Value templates as Home Assistant's MQTT discovery uses them, without their power.

A payload comes from any device on the broker, a template from any discovery message, so
both are hostile here: a template can't loop, can't grow its output beyond a bound and can't
reach Python. The common forms (`{{ value_json.key }}`, `{{ value_json["a"]["b"] }}`,
`{{ value }}`) never touch Jinja and take about a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from hub.core.problems import TemplateProblem

if TYPE_CHECKING:
    import jinja2

__all__ = [
    "AnyTemplate",
    "SlowTemplate",
    "Template",
    "TemplateProblem",
    "Unrendered",
    "names_of",
    "template_of",
]

MAX_SOURCE = 8192  # characters; the longest known discovery template has a tenth of it

_VALUE = re.compile(r"\s*\{\{-?\s*value\s*-?\}\}\s*")
_PATH = re.compile(
    r"\s*\{\{-?\s*value_json("
    r"(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\s*(?:\"[^\"\\]*\"|'[^'\\]*')\s*\])+"
    r")\s*-?\}\}\s*"
)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*(?:\"([^\"\\]*)\"|'([^'\\]*)')\s*\]")
# Jinja looks a dotted name up as an attribute first, so `value_json.items` is a method.
_DICT_NAMES = frozenset(dir(dict))
_ABSENT = object()


class _Parsed:
    """The last payload parsed: a device's many entities render the same one in turn."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: tuple[str | bytes, object] = ("", _ABSENT)

    def value(self, payload: str | bytes) -> object:
        """The payload's JSON value, or _ABSENT when it is not JSON."""
        last = self.last
        if last[0] is payload:
            return last[1]
        try:
            value: object = orjson.loads(payload)
        except orjson.JSONDecodeError:
            value = _ABSENT
        self.last = (payload, value)
        return value


_parsed = _Parsed()


def _path(source: str) -> tuple[str, ...] | None:
    """The keys of a template that only looks one value up; None for any other."""
    match = _PATH.fullmatch(source)
    if match is None:
        return None
    keys = tuple(a or b or c for a, b, c in _STEP.findall(match[1]))
    if any(key in _DICT_NAMES or key.startswith("__") for key in keys):
        return None
    return keys


class Template:
    """One template, checked when made and compiled when first rendered.

    The result is what Home Assistant gives: surrounding white space stripped, booleans as
    `True` and `False`, a missing last key as the empty text.

    Raises:
        TemplateProblem: the source is not a template that is allowed.
    """

    __slots__ = ("_compiled", "_keys", "_plain", "source")

    def __init__(self, source: str) -> None:
        if len(source) > MAX_SOURCE:
            raise TemplateProblem("the template is too long")
        self.source = source
        self._plain = _VALUE.fullmatch(source) is not None
        self._keys = None if self._plain else _path(source)
        self._compiled: jinja2.Template | None = None
        if not self._plain and self._keys is None:
            from hub.core.sandbox import check

            check(source)

    def render(self, payload: str | bytes, **extra: Any) -> str:
        """Render a payload.

        Args:
            payload: what came over the wire, UTF-8 when bytes; `value` in the template,
                and `value_json` when it is JSON.
            **extra: further names the template may use.

        Raises:
            TemplateProblem: the payload doesn't fit the template.
        """
        if self._keys is not None and not extra:
            found = _look_up(_parsed.value(payload), self._keys)
            if found is not _ABSENT:
                return str(found).strip()
        if self._plain and "value" not in extra:
            return _text(payload).strip()
        return self._render(payload, extra)

    def _render(self, payload: str | bytes, extra: dict[str, Any]) -> str:
        from hub.core.sandbox import build, run

        if self._compiled is None:
            self._compiled = build(self.source)
        return run(self._compiled, names_of(payload, extra)).strip()


class Unrendered(Exception):
    """A `SlowTemplate` was asked for what no worker has rendered yet."""

    def __init__(self, template: SlowTemplate, payload: str | bytes, extra: dict[str, Any]) -> None:
        super().__init__("a template that needs a process of its own")
        self.template = template
        self.payload = payload
        self.extra = extra


class SlowTemplate:
    """A template beyond what `Template` may do: a `TemplateWorker` renders it.

    ``render`` gives what the worker rendered before and ``keep`` noted, or raises `Unrendered`:
    the caller has that rendered and asks again.

    Raises:
        TemplateProblem: it is too long to be one, or isn't Jinja.
    """

    __slots__ = ("_known", "source")

    def __init__(self, source: str) -> None:
        if len(source) > MAX_SOURCE:
            raise TemplateProblem("the template is too long")
        from hub.core.sandbox import parse_only

        parse_only(source)
        self.source = source
        self._known: dict[tuple[str | bytes, str], str] = {}

    def render(self, payload: str | bytes, **extra: Any) -> str:
        """The text that belongs to the payload; raises Unrendered while nobody knows it."""
        found = self._known.get((payload, repr(extra)))
        if found is None:
            raise Unrendered(self, payload, extra)
        return found

    def keep(self, payload: str | bytes, extra: dict[str, Any], text: str) -> None:
        """Note what the worker rendered; for the next ``render`` only, until ``forget``."""
        self._known[payload, repr(extra)] = text

    def forget(self) -> None:
        """Drop what was noted: the same payload may mean something else later."""
        self._known.clear()


AnyTemplate = Template | SlowTemplate


def template_of(source: str) -> AnyTemplate:
    """The template of a source, the quick kind where that can be; raises TemplateProblem."""
    try:
        return Template(source)
    except TemplateProblem:
        return SlowTemplate(source)


def names_of(payload: str | bytes, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a template may name: ``value``, ``value_json`` where the payload is JSON, and extra.

    Raises:
        TemplateProblem: the payload isn't UTF-8.
    """
    names: dict[str, Any] = {"value": _text(payload)}
    value = _parsed.value(payload)
    if value is not _ABSENT:
        names["value_json"] = value
    names.update(extra)
    return names


def _text(payload: str | bytes) -> str:
    if isinstance(payload, str):
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise TemplateProblem("the payload is not UTF-8") from error


def _look_up(value: object, keys: tuple[str, ...]) -> object:
    """Follow keys through objects; _ABSENT where Jinja has to decide what that means."""
    for key in keys:
        if type(value) is not dict:
            return _ABSENT
        value = value.get(key, _ABSENT)
    return value
