"""A model checks, refuses and documents the same."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.http.shapes import Items, Number, Text, Wrong, record_of, shape_of


class Inner(TypedDict):
    """An inside."""

    word: Literal["a", "b"]


class Outer(TypedDict):
    """An outside."""

    text: Annotated[str, Text(1, 3, "[a-z]+"), "a text"]
    number: NotRequired[Annotated[float, Number(0, 10)]]
    whole: NotRequired[int]
    flag: NotRequired[bool]
    many: NotRequired[Annotated[list[Inner], Items(1, 2)]]
    any_of: NotRequired[Annotated[dict[str, bool | float | str], Items(0, 2)]]
    nothing: NotRequired[str | None]
    all: NotRequired[object]


def refusal(value: Any) -> str:
    try:
        record_of(Outer).check(value)
    except Wrong as wrong:
        return f"{wrong.field} {wrong.reason}"
    return ""


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ({"text": "a"}, ""),
        ({"text": "a", "number": 5, "whole": 1, "flag": True, "nothing": None, "all": [1]}, ""),
        ({"text": "a", "many": [{"word": "b"}], "any_of": {"x": 1}}, ""),
        (None, " wrong_type"),
        ({}, "text missing"),
        ({"text": ""}, "text too_short"),
        ({"text": "abcd"}, "text too_long"),
        ({"text": "A"}, "text bad_pattern"),
        ({"text": "a\n"}, "text bad_pattern"),
        ({"text": "a", "number": True}, "number wrong_type"),
        ({"text": "a", "number": "5"}, "number wrong_type"),
        ({"text": "a", "number": -0.1}, "number too_small"),
        ({"text": "a", "number": 10.1}, "number too_large"),
        ({"text": "a", "whole": 1.5}, "whole wrong_type"),
        ({"text": "a", "whole": 1.0}, ""),
        ({"text": "a", "flag": 1}, "flag wrong_type"),
        ({"text": "a", "many": []}, "many too_short"),
        ({"text": "a", "many": [{"word": "b"}, {"word": "c"}]}, "many.1.word not_one_of"),
        ({"text": "a", "many": [{"word": "b", "x": 1}]}, "many.0.x unknown_field"),
        ({"text": "a", "any_of": {"x": None}}, "any_of.x wrong_type"),
        ({"text": "a", "any_of": {"x": 1, "y": 1, "z": 1}}, "any_of too_long"),
        ({"text": "a", "nothing": 1}, "nothing wrong_type"),
    ],
)
def test_refusals(value: Any, refused: str) -> None:
    assert refusal(value) == refused


def described() -> dict[str, Any]:
    defs: dict[str, dict[str, Any]] = {}
    top = record_of(Outer).schema(defs)
    return {**top, "components": {"schemas": defs}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats(-5, 50) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
FIELDS = list(record_of(Outer).fields)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(FIELDS, JSON),
            "text": st.sampled_from(["a", "abc", "", "A", 1]),
            "many": st.lists(st.fixed_dictionaries({"word": st.sampled_from(["a", "c"])})),
            "more": JSON,
        },
    )
)
def test_check_and_schema_agree(value: Any) -> None:
    parsed = orjson.loads(orjson.dumps(value))
    assert (refusal(parsed) == "") == jsonschema_rs.is_valid(described(), parsed)


def test_what_json_cannot_say_is_no_shape() -> None:
    with pytest.raises(TypeError):
        shape_of(set[str])
    with pytest.raises(TypeError):
        record_of(str)


class Query(TypedDict):
    """A query."""

    at: NotRequired[Annotated[float, Number(0, 1e10)]]
    most: NotRequired[int]
    on: NotRequired[bool]
    name: NotRequired[str]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ({"at": ["1.5"], "most": ["-2"], "on": ["true"]}, {"at": 1.5, "most": -2, "on": True}),
        ({"name": ["5"]}, {"name": "5"}),
        ({"at": ["nan"]}, "at wrong_type"),
        ({"at": ["1e3"]}, "at wrong_type"),
        ({"at": ["\u0661"]}, "at wrong_type"),
        ({"most": ["1.0"]}, "most wrong_type"),
        ({"on": ["1"]}, "on wrong_type"),
        ({"on": ["true", "true"]}, "on repeated"),
        ({"x": ["1"]}, "x unknown_field"),
    ],
)
def test_queries(query: dict[str, list[str]], read: Any) -> None:
    try:
        found: Any = record_of(Query).read_query(query)
    except Wrong as wrong:
        found = f"{wrong.field} {wrong.reason}"
    assert found == read
