"""The part of JSON Schema (draft 2020-12) that our own committed schemas use, and no more.

A schema with a word that isn't understood here is refused, so that nothing goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Found = Iterator[str]

_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}
_ANNOTATIONS = frozenset({"$schema", "$defs", "title", "description"})


def problems(value: object, schema: Schema) -> list[str]:
    """Every way in which the value breaks the schema, as sentences that name the place."""
    return list(_check(value, schema, schema, "manifest"))


def _check(value: object, schema: Schema, root: Schema, where: str) -> Found:
    if "$ref" in schema:
        yield from _check(
            value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where
        )
    expected = schema.get("type")
    if expected is not None and not _TYPES[expected](value):
        yield f"{where} must be of type {expected}"
        return
    for word, argument in schema.items():
        if word in _ANNOTATIONS or word in {"type", "$ref"}:
            continue
        if word not in _WORDS:
            raise ValueError(f"the schema word {word!r} isn't supported")
        yield from _WORDS[word](value, argument, schema, root, where)


def _enum(value: object, allowed: Any, _schema: Schema, _root: Schema, where: str) -> Found:
    if value not in allowed:
        yield f"{where} must be one of {', '.join(map(str, allowed))}"


def _pattern(value: object, pattern: Any, _schema: Schema, _root: Schema, where: str) -> Found:
    if re.fullmatch(pattern, str(value)) is None:
        yield f"{where} must match {pattern}"


def _shortest(value: Any, least: Any, _schema: Schema, _root: Schema, where: str) -> Found:
    if len(value) < least:
        yield f"{where} must have at least {least} element(s)"


def _unique(value: Any, wanted: Any, _schema: Schema, _root: Schema, where: str) -> Found:
    if wanted and len({repr(item) for item in value}) != len(value):
        yield f"{where} must not repeat an element"


def _items(value: Any, items: Any, _schema: Schema, root: Schema, where: str) -> Found:
    for number, item in enumerate(value):
        yield from _check(item, items, root, f"{where}[{number}]")


def _required(value: Any, names: Any, _schema: Schema, _root: Schema, where: str) -> Found:
    for name in names:
        if name not in value:
            yield f"{where} needs {name!r}"


def _properties(value: Any, properties: Any, _schema: Schema, root: Schema, where: str) -> Found:
    for name, inner in properties.items():
        if name in value:
            yield from _check(value[name], inner, root, f"{where}.{name}")


def _additional(value: Any, allowed: Any, schema: Schema, root: Schema, where: str) -> Found:
    for name in value:
        if name in schema.get("properties", {}):
            continue
        if allowed is False:
            yield f"{where} doesn't know {name!r}"
        elif isinstance(allowed, dict):
            yield from _check(value[name], allowed, root, f"{where}.{name}")


_WORDS: dict[str, Callable[[Any, Any, Schema, Schema, str], Found]] = {
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _shortest,
    "minItems": _shortest,
    "uniqueItems": _unique,
    "items": _items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
}
