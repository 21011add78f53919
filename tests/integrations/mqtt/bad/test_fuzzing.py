"""Discovery and templates under many more examples than the fast tests take: `./run test long`.

LINLI_FUZZ_S says for how many seconds each test goes on, a minute if unset; new examples each time.
On 2026-12-01 the first two ran for 28 minutes each by hypothesis, the other two for 7, on a machine
that did much else: an hour and ten minutes together. They found nothing; coverage-guided fuzzing
(atheris) was not tried.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.api import ParseProblem, TemplateProblem
from hub.core.templates import AnyTemplate, SlowTemplate, Template, template_of
from integrations.mqtt.components import TABLE
from integrations.mqtt.discovery import DiscoveryTopic, parse
from integrations.mqtt.spec import Spec
from tests.integrations.mqtt import test_properties as fast

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]
SECONDS = float(os.environ.get("LINLI_FUZZ_S", "60"))
MANY = settings(
    deadline=None,
    max_examples=2000,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = st.sampled_from(["value", "value_json", "value_json.a", "value_json['b']", "x", "1", "'t'"])
FILTERS = st.sampled_from(
    ["int", "float(0)", "round(1)", "lower", "default('')", "replace('a', 'b')", "join(',')",
     "truncate(4)", "from_json", "to_json", "first", "length", "is_defined", "format(1)", "iif"]
)  # fmt: skip
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "in", "and", "or"])


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression of the allowed words, and of some that aren't."""
    if depth == 0:
        return draw(NAMES)
    one = draw(expressions(depth=depth - 1))
    return draw(
        st.one_of(
            st.just(one),
            FILTERS.map(lambda name: f"({one}) | {name}"),
            st.tuples(OPERATORS, NAMES).map(lambda two: f"({one}) {two[0]} ({two[1]})"),
            NAMES.map(lambda name: f"({one}) if ({name}) else ({name})"),
            st.just(f"[{one}]"),
        )
    )


TEMPLATES = st.one_of(
    expressions().map(lambda one: "{{ " + one + " }}"),
    expressions().map(lambda one: "{% set x = " + one + " %}{{ x }}"),
    expressions().map(lambda one: "{% if " + one + " %}{{ value }}{% endif %}"),
)
PAYLOADS = st.one_of(
    st.binary(max_size=100),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


def again(test: Callable[[], None]) -> None:
    """Go on with new examples until the time is over."""
    end = time.monotonic() + SECONDS
    while True:
        test()
        if time.monotonic() > end:
            return


def test_templates_end_soon_or_are_refused() -> None:
    @MANY
    @given(TEMPLATES, PAYLOADS)
    def any_template(source: str, payload: bytes) -> None:
        try:
            template: AnyTemplate = template_of(source)
        except TemplateProblem:
            return
        if isinstance(template, SlowTemplate):
            return  # a process that can be killed renders it
        began = time.process_time()
        with contextlib.suppress(TemplateProblem):
            assert len(template.render(payload)) <= 70_000
        assert time.process_time() - began < 0.5, source

    again(any_template)


def test_any_announcement() -> None:
    @MANY
    @given(st.sampled_from([*TABLE, "device"]), fast.PAYLOADS, st.binary(max_size=80))
    def any_announcement(component: str, payload: dict[str, Any], state: bytes) -> None:
        try:
            found = parse(DiscoveryTopic(component, "it"), json.dumps(payload).encode())
        except ParseProblem:
            return
        for result in found.values():
            if isinstance(result, Spec):
                fast.survive(result, state)

    again(any_announcement)


def test_captured_announcements_broken_in_several_places() -> None:
    @MANY
    @given(
        st.sampled_from(fast.CAPTURED),
        st.dictionaries(st.sampled_from(fast.KEYS), fast.VALUES, min_size=1, max_size=4),
        PAYLOADS,
    )
    def broken(message: tuple[str, dict[str, Any]], changes: dict[str, Any], state: bytes) -> None:
        component = message[0].split("/")[1]
        payload = json.dumps({**message[1], **changes}).encode()
        with contextlib.suppress(ParseProblem):
            for result in parse(DiscoveryTopic(component, "it"), payload).values():
                if isinstance(result, Spec):
                    fast.survive(result, state)

    again(broken)


def test_the_quick_way_means_what_jinja_means() -> None:
    @MANY
    @given(PAYLOADS, st.sampled_from(["a", "b"]))
    def same(payload: bytes, key: str) -> None:
        quick = Template("{{ value_json." + key + " }}")
        slow = Template("{{ (value_json)." + key + " }}")

        def render(one: Template) -> str:
            try:
                return one.render(payload)
            except TemplateProblem:
                return "refused"

        assert render(quick) == render(slow)

    again(same)
