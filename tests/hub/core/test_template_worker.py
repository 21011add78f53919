"""Templates that loop, hang, grow or die are rendered or refused, and cost nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.core import template_worker
from hub.core.template_worker import TemplateWorker
from hub.core.templates import SlowTemplate, Template, TemplateProblem

LOOP = "{% for one in value_json %}{{ one }};{% endfor %}"
SUM = (
    "{% set n = namespace(s=0) %}{% for i in value_json %}{% set n.s = n.s + i %}{% endfor %}"
    "{{ n.s }}"
)
# What Zigbee2MQTT sends for buttons, with two of its patterns.
ACTION = (
    "{% set patterns = ["
    """{"pattern": '^(?P<button>[a-z0-9]+)_(?P<action>press|release)$',"""
    """ "groups": ["button", "action"]},"""
    """{"pattern": '^(?P<actionPrefix>scene_)(?P<action>.*)$',"""
    """ "groups": ["actionPrefix", "action"]}] %}"""
    "{% set action_value = value_json.action|default('') %}"
    "{% set ns = namespace(r=[('action', action_value)]) %}"
    "{% for p in patterns %}"
    "{% set m = action_value|regex_findall(p.pattern) %}"
    "{% if m[0] is undefined %}{% continue %}{% endif %}"
    "{% for key, value in zip(p.groups, m[0]) %}"
    "{% set ns.r = ns.r|rejectattr(0, 'eq', key)|list + [(key, value)] %}"
    "{% endfor %}{% endfor %}"
    "{% set ns.r = ns.r + [('event_type',"
    " ns.r|selectattr(0, 'eq', 'action')|map(attribute=1)|first)] %}"
    "{{dict.from_keys(ns.r|rejectattr(0, 'in', ('action', 'actionPrefix'))"
    "|reject('eq', ('event_type', None))|reject('eq', ('event_type', '')))|to_json}}"
)
HANG = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TemplateWorker]:
    monkeypatch.setattr(template_worker, "DEADLINE_S", 1.0)  # the machine is shared
    made = TemplateWorker()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("source", "payload", "text"),
    [
        (LOOP, "[1, 2]", "1;2;"),
        ("{{ value | regex_replace('a+', 'b') }}", "xaay", "xby"),
        (SUM, "[1,2]", "3"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(value) }}", "a", "<a>"),
        ("{{ value_json | map(attribute='a') | list | max }}", '[{"a": 1}, {"a": 3}]', "3"),
        ("{{ value_json | select | first }}{{ value_json | last }}", "[0, 4, 5]", "45"),
        ("{{ dict(a=1) | to_json }}", "x", '{"a":1}'),
        (ACTION, '{"action": "2_press"}', '{"button":"2","event_type":"press"}'),
        (ACTION, '{"action": "scene_3"}', '{"event_type":"3"}'),
        (ACTION, '{"action": ""}', "{}"),
    ],
)
async def test_real_jinja(worker: TemplateWorker, source: str, payload: str, text: str) -> None:
    with pytest.raises(TemplateProblem):
        Template(source)
    assert await worker.render(SlowTemplate(source), payload.encode()) == text


async def test_a_template_that_hangs_is_killed_and_rests(
    worker: TemplateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await worker.render(SlowTemplate(LOOP), "[1]") == "1;"
    with pytest.raises(TemplateProblem, match="longer than"):
        await worker.render(SlowTemplate(HANG), "x")
    with pytest.raises(TemplateProblem, match="rests"):
        await worker.render(SlowTemplate(HANG), "x")
    assert await worker.render(SlowTemplate(LOOP), "[2]") == "2;"
    monkeypatch.setattr(template_worker, "REFUSED_S", (0.0,))
    worker._refused.clear()
    for _ in range(2):
        with pytest.raises(TemplateProblem, match="longer than"):
            await worker.render(SlowTemplate(HANG), "x")


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 999999999 }}",
        SUM.replace("s=0", "s='x'").replace("value_json", "range(40)").replace("+ i", "~ n.s"),
        "{{ value.__class__.__mro__ }}{{ missing.attribute }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ 1 / 0 }}",
        "{% include 'x' %}",
    ],
)
async def test_what_grows_or_reaches_out_is_refused(worker: TemplateWorker, source: str) -> None:
    with pytest.raises(TemplateProblem):
        await worker.render(SlowTemplate(source), "x")
    assert await worker.render(SlowTemplate(LOOP), "[3]") == "3;"


@pytest.mark.parametrize("source", ["{% for %}", "{{", "x" * 9000])
def test_what_is_no_template(source: str) -> None:
    with pytest.raises(TemplateProblem):
        SlowTemplate(source)


async def test_a_payload_that_is_no_text(worker: TemplateWorker) -> None:
    with pytest.raises(TemplateProblem, match="UTF-8"):
        await worker.render(SlowTemplate(LOOP), b"\xff")


async def test_a_killed_worker_comes_back(
    worker: TemplateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_worker, "REFUSED_S", (0.0,))
    assert await worker.render(SlowTemplate(LOOP), "[1]") == "1;"
    assert worker._process is not None
    worker._process.kill()
    await worker._process.wait()
    with pytest.raises(TemplateProblem):
        await worker.render(SlowTemplate(LOOP), "[1]")
    assert await worker.render(SlowTemplate(LOOP), "[1]") == "1;"
