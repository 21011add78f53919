"""Filters, tests and functions of value templates, with Home Assistant's meaning.

`int`, `float` and `round` raise on what is no number unless a default is given, as there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import orjson
from jinja2 import Undefined, UndefinedError
from jinja2.filters import do_default

MAX_RESULT = 65_536  # characters or items of any value on the way
MAX_BITS = 1024  # of a whole number
_WIDE = re.compile(r"\d{3}|\*")
_MISSING = object()


def bounded(value: Any) -> Any:
    """Return the value, or raise ValueError when it is larger than a template may make."""
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise ValueError("the number is too large")
    elif isinstance(value, str | list | tuple | dict) and len(value) > MAX_RESULT:
        raise ValueError("the result is too long")
    return value


def check_replace(text: Any, old: Any = "", new: Any = "", *_: Any) -> None:
    """Refuse a replacement whose result could be larger than `MAX_RESULT`."""
    if (len(text) + 1) * max(1, len(str(new))) > MAX_RESULT * 16 and len(str(new)) > len(str(old)):
        raise ValueError("the result is too long")


def _number(value: Any, default: Any, convert: Callable[[Any], Any], what: str) -> Any:
    try:
        return bounded(convert(value))
    except (TypeError, ValueError, OverflowError) as error:
        if default is _MISSING:
            raise ValueError(f"{what} got {str(value)[:40]!r} and no default") from error
        return default


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else int(float(value))


def as_int(value: Any, default: Any = _MISSING, base: int = 10) -> Any:
    """A whole number, or the default."""
    if isinstance(value, str) and base != 10:
        return _number(value[:400], default, lambda text: int(text, base), "int")
    return _number(value, default, _whole, "int")


def as_float(value: Any, default: Any = _MISSING) -> Any:
    """A number with a fraction, or the default."""
    return _number(value, default, float, "float")


def as_round(
    value: Any, precision: int = 0, method: str = "common", default: Any = _MISSING
) -> Any:
    """Round to `precision` digits; a whole number when that is 0."""
    if not -20 <= precision <= 20:
        raise ValueError("round takes -20 to 20 digits")
    how = {"ceil": math.ceil, "floor": math.floor}.get(method)

    def convert(given: Any) -> Any:
        number = float(given)
        if how is not None:
            scale = 10.0**precision
            number = how(number * scale) / scale
        elif method == "half":
            number = round(number * 2) / 2
        else:
            number = round(number, precision)
        return int(number) if precision == 0 and method != "half" else number

    return _number(value, default, convert, "round")


def join(items: Any, separator: Any = "") -> str:
    """The items as texts, one after the other."""
    parts = [str(item) for item in bounded(items)]
    total = sum(map(len, parts)) + len(str(separator)) * len(parts)
    if total > MAX_RESULT:
        raise ValueError("the result is too long")
    return str(separator).join(parts)


def replace(text: Any, old: str, new: str) -> str:
    """Every `old` in the text as `new`."""
    check_replace(str(text), old, new)
    return str(bounded(str(text).replace(old, new)))


def formatted(pattern: Any, *values: Any) -> str:
    """Python's % formatting with widths of at most two digits."""
    if _WIDE.search(str(pattern)):
        raise ValueError("the format is too wide")
    return str(bounded(str(pattern) % values))


def truncate(
    text: Any, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5
) -> str:
    """The first `length` characters, at a word's end unless `killwords`."""
    shown = str(text)
    if len(shown) <= length + leeway:
        return shown
    cut = shown[: max(0, length - len(end))]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def is_defined(value: Any) -> Any:
    """Home Assistant's filter: a missing value is an error and not the empty text."""
    if isinstance(value, Undefined):
        raise UndefinedError("the value is missing")
    return value


def iif(value: Any, yes: Any = True, no: Any = False, none: Any = _MISSING) -> Any:
    """Home Assistant's inline if."""
    if value is None and none is not _MISSING:
        return none
    return yes if value else no


def to_json(value: Any) -> str:
    """JSON text."""
    return orjson.dumps(value).decode()


def is_number(value: Any) -> bool:
    """Whether the value is a finite number or the text of one."""
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _absolute(value: Any) -> Any:
    return abs(value)


def _text_of(method: str) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        return getattr(str(value), method)()

    return apply


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": _absolute,
    "bool": lambda value: str(value).lower() in {"1", "true", "yes", "on", "enable"},
    "capitalize": _text_of("capitalize"),
    "d": do_default,
    "default": do_default,
    "first": lambda items: items[0],
    "float": as_float,
    "format": formatted,
    "from_json": orjson.loads,
    "iif": iif,
    "int": as_int,
    "is_defined": is_defined,
    "is_number": is_number,
    "join": join,
    "last": lambda items: items[-1],
    "length": len,
    "count": len,
    "lower": _text_of("lower"),
    "replace": replace,
    "round": as_round,
    "string": str,
    "title": _text_of("title"),
    "to_json": to_json,
    "tojson": to_json,
    "trim": _text_of("strip"),
    "truncate": truncate,
    "upper": _text_of("upper"),
}
TESTS = (
    "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "gt",
    "in", "integer", "le", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string",
    "true", "undefined", "==", "!=", ">", ">=", "<", "<=", "greaterthan", "lessthan",
)  # fmt: skip
OWN_TESTS: dict[str, Callable[..., bool]] = {"is_number": is_number}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "bool": FILTERS["bool"],
    "float": as_float,
    "iif": iif,
    "int": as_int,
    "is_number": is_number,
}
