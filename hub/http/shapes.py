"""What JSON has to look like: one description that checks, refuses and documents.

A model is a ``TypedDict``; mypy checks what handlers do with it, ``check`` what a program sent,
and ``schema`` says the same as JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1). Models
cost next to nothing at start: they are read at the first request that needs them.

Nothing is converted: ``"5"`` is no number, ``1`` is no truth value, and a field that is not
described is refused. Only texts of a query are read as what their field says.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required

Schema = dict[str, Any]
Definitions = dict[str, Schema]
_FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")


class Wrong(Exception):
    """Something is not as described.

    Attributes:
        field: where, such as ``args.position``; "" for the whole.
        reason: ``missing``, ``unknown_field``, ``wrong_type``, ``too_short``, ``too_long``,
            ``too_small``, ``too_large``, ``bad_pattern``, ``not_one_of`` or ``repeated``.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Text:
    """How long a text may be and what it must match; a secret is never documented by example."""

    __slots__ = ("longest", "pattern", "secret", "shortest")

    def __init__(
        self, shortest: int = 0, longest: int = 1024, pattern: str = "", *, secret: bool = False
    ) -> None:
        self.shortest = shortest
        self.longest = longest
        self.pattern = pattern
        self.secret = secret


class Number:
    """How small and how large a number may be."""

    __slots__ = ("least", "most")

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least = least
        self.most = most


class Items:
    """How many items a list or an object may have."""

    __slots__ = ("fewest", "most")

    def __init__(self, fewest: int = 0, most: int = 1000) -> None:
        self.fewest = fewest
        self.most = most


class Shape:
    """Anything at all."""

    about = ""

    def check(self, value: Any, where: str) -> Any:  # noqa: ARG002 - what all shapes have
        """Return the value; raises Wrong."""
        return value

    def read(self, text: str, where: str) -> Any:
        """Return what a query's text means; raises Wrong."""
        return self.check(text, where)

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        """Return the JSON Schema; models are put among ``defs``."""
        return {}

    def described(self, defs: Definitions) -> Schema:
        """Return the schema with the field's own description."""
        found = self.schema(defs)
        return {**found, "description": self.about} if self.about else found


class _Text(Shape):
    def __init__(self, rule: Text | None) -> None:
        self._rule = rule or Text()
        self._matches = re.compile(self._rule.pattern).fullmatch if self._rule.pattern else None

    def check(self, value: Any, where: str) -> Any:
        if not isinstance(value, str):
            raise Wrong(where, "wrong_type")
        if len(value) < self._rule.shortest:
            raise Wrong(where, "too_short")
        if len(value) > self._rule.longest:
            raise Wrong(where, "too_long")
        if self._matches is not None and self._matches(value) is None:
            raise Wrong(where, "bad_pattern")
        return value

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        found: Schema = {"type": "string", "maxLength": self._rule.longest}
        if self._rule.shortest:
            found["minLength"] = self._rule.shortest
        if self._rule.pattern:
            found["pattern"] = f"^(?:{self._rule.pattern})$"
        if self._rule.secret:
            found["format"] = "password"
        return found


class _Number(Shape):
    def __init__(self, kind: type, rule: Number | None) -> None:
        self._whole = kind is int
        self._rule = rule or Number()

    def check(self, value: Any, where: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong(where, "wrong_type")
        if not math.isfinite(value) or (self._whole and value != int(value)):
            raise Wrong(where, "wrong_type")
        if self._whole:
            value = int(value)  # JSON has one kind of number: 30.0 is 30
        if self._rule.least is not None and value < self._rule.least:
            raise Wrong(where, "too_small")
        if self._rule.most is not None and value > self._rule.most:
            raise Wrong(where, "too_large")
        return value

    def read(self, text: str, where: str) -> Any:
        if (_WHOLE if self._whole else _FIGURE).fullmatch(text) is None:
            raise Wrong(where, "wrong_type")
        return self.check(int(text) if self._whole else float(text), where)

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        found: Schema = {"type": "integer" if self._whole else "number"}
        if self._rule.least is not None:
            found["minimum"] = self._rule.least
        if self._rule.most is not None:
            found["maximum"] = self._rule.most
        return found


class _Flag(Shape):
    def check(self, value: Any, where: str) -> Any:
        if not isinstance(value, bool):
            raise Wrong(where, "wrong_type")
        return value

    def read(self, text: str, where: str) -> Any:
        if text not in {"true", "false"}:
            raise Wrong(where, "wrong_type")
        return text == "true"

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        return {"type": "boolean"}


class _Nothing(Shape):
    def check(self, value: Any, where: str) -> Any:
        if value is not None:
            raise Wrong(where, "wrong_type")
        return value

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        return {"type": "null"}


class _Words(Shape):
    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def check(self, value: Any, where: str) -> Any:
        if not isinstance(value, str):
            raise Wrong(where, "wrong_type")
        if value not in self._words:
            raise Wrong(where, "not_one_of")
        return value

    def schema(self, defs: Definitions) -> Schema:  # noqa: ARG002 - what all shapes have
        return {"type": "string", "enum": list(self._words)}


class _Either(Shape):
    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self._shapes = shapes

    def check(self, value: Any, where: str) -> Any:
        best: Wrong | None = None
        for shape in self._shapes:
            try:
                return shape.check(value, where)
            except Wrong as wrong:
                if best is None or wrong.reason != "wrong_type":
                    best = wrong
        raise best or Wrong(where, "wrong_type")

    def schema(self, defs: Definitions) -> Schema:
        return {"anyOf": [shape.schema(defs) for shape in self._shapes]}


class _List(Shape):
    def __init__(self, item: Shape, rule: Items | None) -> None:
        self._item = item
        self._rule = rule

    def check(self, value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise Wrong(where, "wrong_type")
        _check_count(value, self._rule, where)
        return [self._item.check(one, f"{where}.{place}") for place, one in enumerate(value)]

    def schema(self, defs: Definitions) -> Schema:
        found: Schema = {"type": "array", "items": self._item.schema(defs)}
        if self._rule is not None:
            found.update(minItems=self._rule.fewest, maxItems=self._rule.most)
        return found


class _Map(Shape):
    def __init__(self, item: Shape, rule: Items | None) -> None:
        self._item = item
        self._rule = rule

    def check(self, value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise Wrong(where, "wrong_type")
        _check_count(value, self._rule, where)
        return {key: self._item.check(one, f"{where}.{key[:64]}") for key, one in value.items()}

    def schema(self, defs: Definitions) -> Schema:
        found: Schema = {"type": "object", "additionalProperties": self._item.schema(defs)}
        if self._rule is not None:
            found.update(minProperties=self._rule.fewest, maxProperties=self._rule.most)
        return found


def _check_count(value: list[Any] | dict[str, Any], rule: Items | None, where: str) -> None:
    if rule is not None and len(value) < rule.fewest:
        raise Wrong(where, "too_short")
    if rule is not None and len(value) > rule.most:
        raise Wrong(where, "too_long")


class Record(Shape):
    """A model: ``fields`` by name, and the names of those that must be there."""

    def __init__(self, model: type) -> None:
        self.model = model
        self.fields: dict[str, Shape] = {}
        self.required: list[str] = []
        for name, kind in typing.get_type_hints(model, include_extras=True).items():
            optional = typing.get_origin(kind) is NotRequired
            inner = typing.get_args(kind)[0] if optional or _is_required(kind) else kind
            self.fields[name] = shape_of(inner)
            if not optional:
                self.required.append(name)

    def check(self, value: Any, where: str = "") -> Any:
        """See `Shape.check`."""
        if not isinstance(value, dict):
            raise Wrong(where, "wrong_type")
        before = f"{where}." if where else ""
        for name in value:
            if name not in self.fields:
                raise Wrong(f"{before}{name[:64]}", "unknown_field")
        for name in self.required:
            if name not in value:
                raise Wrong(f"{before}{name}", "missing")
        return {name: self.fields[name].check(one, before + name) for name, one in value.items()}

    def read_query(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return what a query's texts mean; raises Wrong."""
        for name, texts in query.items():
            if name not in self.fields:
                raise Wrong(name[:64], "unknown_field")
            if len(texts) > 1:
                raise Wrong(name, "repeated")
        for name in self.required:
            if name not in query:
                raise Wrong(name, "missing")
        return {name: self.fields[name].read(texts[0], name) for name, texts in query.items()}

    def schema(self, defs: Definitions) -> Schema:
        """See `Shape.schema`; answers a reference."""
        name = self.model.__name__
        if name not in defs:
            defs[name] = {}  # a model may hold itself
            defs[name] = {
                "type": "object",
                "description": (self.model.__doc__ or "").strip().partition("\n")[0],
                "properties": {key: one.described(defs) for key, one in self.fields.items()},
                "required": self.required,
                "additionalProperties": False,
            }
        return {"$ref": f"#/components/schemas/{name}"}


def _is_required(kind: Any) -> bool:
    return typing.get_origin(kind) is Required


_PLAIN: dict[Any, Callable[[Any], Shape]] = {
    str: _Text,
    int: lambda rule: _Number(int, rule),
    float: lambda rule: _Number(float, rule),
    bool: lambda _rule: _Flag(),
    type(None): lambda _rule: _Nothing(),
    object: lambda _rule: Shape(),
}


@cache
def shape_of(kind: Any) -> Shape:
    """Return the shape of an annotation.

    Raises:
        TypeError: it is nothing that JSON can say.
    """
    rule: Any = None
    about = ""
    if typing.get_origin(kind) is Annotated:
        kind, *extra = typing.get_args(kind)
        about = " ".join(one for one in extra if isinstance(one, str))
        rule = next((one for one in extra if not isinstance(one, str)), None)
    shape = _made(kind, rule)
    shape.about = about
    return shape


def _made(kind: Any, rule: Any) -> Shape:
    if kind in _PLAIN:
        return _PLAIN[kind](rule)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return _Words(inner)
    if origin in {types.UnionType, typing.Union}:
        return _Either(tuple(shape_of(one) for one in inner))
    if origin is list:
        return _List(shape_of(inner[0]), rule)
    if origin is dict:
        return _Map(shape_of(inner[1]), rule)
    if typing.is_typeddict(kind):
        return Record(kind)
    raise TypeError(f"{kind!r} can't be described")


def record_of(model: type) -> Record:
    """Return the shape of a model."""
    shape = shape_of(model)
    if not isinstance(shape, Record):
        raise TypeError(f"{model!r} is no model")
    return shape
