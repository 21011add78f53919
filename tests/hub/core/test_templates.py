import contextlib
import json
import string

import jinja2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.core.templates import Template, TemplateProblem

# The machine is shared: how long an example takes says nothing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KEYS = st.text(string.ascii_letters + "_", min_size=1, max_size=8)


@PATIENT
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(KEYS, min_size=1, max_size=3))
def test_fast_path_means_what_jinja_means(data: dict[str, object], path: list[str]) -> None:
    """The look-up without Jinja must never differ from Jinja's own answer."""
    payload = json.dumps(data)
    value = orjson.loads(payload)
    for step in ("['{}']", '["{}"]', ".{}"):
        source = "{{ value_json" + "".join(step.format(key) for key in path) + " }}"
        try:
            expected = (
                ImmutableSandboxedEnvironment().from_string(source).render(value_json=value).strip()
            )
        except jinja2.TemplateError:
            expected = None
        try:
            found = Template(source).render(payload)
        except TemplateProblem:
            found = None
        if "__" not in source:
            assert found == expected


@PATIENT
@given(st.text(max_size=200))
def test_any_source_is_taken_or_refused(source: str) -> None:
    with contextlib.suppress(TemplateProblem):
        Template(source).render('{"a": 1}')


@PATIENT
@given(st.text(alphabet="{}%|~+*. []'\"()=-abcvalue_jsonsetif1,", max_size=60))
def test_any_expression_is_taken_or_refused(inner: str) -> None:
    with contextlib.suppress(TemplateProblem):
        Template("{{ " + inner + " }}").render('{"a": [1, {"b": "c"}]}')


@PATIENT
@given(st.binary(max_size=60))
def test_any_payload_is_rendered_or_refused(payload: bytes) -> None:
    for source in ("{{ value }}", "{{ value_json.a }}", "{{ value_json.a | default('x') }}"):
        with contextlib.suppress(TemplateProblem):
            Template(source).render(payload)


@pytest.mark.parametrize(
    ("source", "payload", "expected"),
    [
        ("{{ value_json.gas }}", '{"gas": true}', "True"),
        ('{{ value_json["gas"] }}', b'{"gas": false}', "False"),
        ("{{ value_json.missing }}", "{}", ""),
        ("{{ value_json.none }}", '{"none": null}', "None"),
        ("{{ value_json.temperature}}", '{"temperature": 21.50}', "21.5"),
        ("{{ value_json['a']['b'] }}", '{"a": {"b": "ü"}}', "ü"),
        ("{{ value }}", " ON ", "ON"),
        ("{{ value_json['update'].get('progress', 'null') }}", '{"update": {}}', "null"),
        ("{{ (value_json['s'] == 'x')|lower }}", '{"s": "x"}', "true"),
        ('{% if value_json["on"] %}true{% else %}false{% endif %}', '{"on": 1}', "true"),
        (
            "{% set values = {None:None,'idle':'idle','heat':'heating'} %}"
            '{{ values[value_json["r"]] }}',
            '{"r": "heat"}',
            "heating",
        ),
        (
            "{{ value_json[\"p\"] | default('',True) | string | truncate(254, True, '', 0) }}",
            json.dumps({"p": "x" * 300}),
            "x" * 254,
        ),
        ("{{ value_json.a ~ '-' ~ value_json.b }}", '{"a": 1, "b": "z"}', "1-z"),
        ("{{ (value | float / 10) | round(1) }}", "215", "21.5"),
        ("{{ value | int(0) }}", "nonsense", "0"),
        ("{{ [value_json.r, value_json.g] | join(',') }}", '{"r": 1, "g": 2}', "1,2"),
        ("{{ '%0.2f' | format(value_json.x) }}", '{"x": 1.239}', "1.24"),
        ("{{ value_json[0].x }}", '[{"x": 5}]', "5"),
        ("{{ iif(value_json.x, 'a', 'b') }}", '{"x": false}', "b"),
        (
            "{{ 'ON' if value_json.state in ['open', 'opening'] else 'OFF' }}",
            '{"state":"open"}',
            "ON",
        ),
        ("{{ value.split(',')[1] }}", "a,b", "b"),
        ("plain", "x", "plain"),
    ],
)
def test_renders_as_home_assistant_does(source: str, payload: str | bytes, expected: str) -> None:
    assert Template(source).render(payload) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{% for x in value_json %}{{ x }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% import 'x' as y %}",
        "{% include 'x' %}",
        "{% set x %}{{ value }}{% endset %}",
        "{% set x = [x, x] %}",
        "{{ range(9) }}",
        "{{ lipsum() }}",
        "{{ value.__class__ }}",
        "{{ __import__ }}",
        "{{ value.format(1) }}",
        "{{ value | attr('x') }}",
        "{{ value | center(1000000) }}",
        "{{ value | map('upper') | list }}",
        "{{ 2 ** 9999 }}",
        "{{ value(*value) }}",
        "{{ value_json.pop('x') }}",
        "{{ value",
        "x" * 9000,
        "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
        "{{ 1" + " + 1" * 700 + " }}",
    ],
)
def test_refuses_what_is_not_allowed(source: str) -> None:
    with pytest.raises(TemplateProblem):
        Template(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ value.replace('', value) }}",
        "{{ value | replace('a', value) | replace('a', value) }}",
        "".join("{% set a = " + ("'ab'" if n == 0 else "a + a") + " %}" for n in range(60)),
        "".join("{% set a = " + ("'ab'" if n == 0 else "a ~ a") + " %}" for n in range(60)),
        "{% set a = 99 %}" + "{% set a = a * a %}" * 60,
        "{{ 1 / 0 }}",
        "{{ value_json.a.b.c }}",
        "{{ nothing.at.all }}",
        "{{ value | int }}",
        "{{ value_json.x | is_defined }}",
    ],
)
def test_what_would_grow_or_fail_is_a_problem(source: str) -> None:
    with pytest.raises(TemplateProblem):
        Template(source).render('"' + "a" * 5000 + '"')


def test_payload_that_is_not_text_or_not_json() -> None:
    with pytest.raises(TemplateProblem):
        Template("{{ value }}").render(b"\xff\xfe")
    with pytest.raises(TemplateProblem):
        Template("{{ value_json.gas }}").render("offline")


def test_extra_names_go_before_the_payload() -> None:
    assert Template("{{ value }}-{{ entity_id }}").render("p", entity_id="e", value=3) == "3-e"
    assert Template("{{ value }}").render("p", value=3) == "3"
