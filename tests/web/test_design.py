"""The look itself: formats, words, answers, what templates may not hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from jinja2 import nodes

from tests.catalogues import ROOT
from web.assets import ICONS, sprite
from web.design import Design, level
from web.design.answers import said
from web.design.formats import browser, clock, date, elapsed, figure, when
from web.design.page import TEMPLATES, environment
from web.design.spark import spark

NOON = datetime(2026, 11, 23, 4, 5, 42, tzinfo=UTC)
INLINE = re.compile(
    r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE
)


def test_times_are_written_as_in_china() -> None:
    assert clock(NOON) == "12:05"
    assert clock(NOON.timestamp(), seconds=True) == "12:05:42"
    assert date(NOON, "zh_CN") == "2026年11月23日"
    assert date(NOON, "en") == "23 Nov 2026"
    assert when(NOON, "en", now=NOON) == "12:05"
    later = datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert when(NOON, "en", now=later) == "23 Nov 2026, 12:05"
    assert when(None, "en") == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00"), (42.9, "00:42"), (3599, "59:59"), (3723, "1:02:03"), (-5, "00:00")],
)
def test_elapsed_counts_up(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(24.50, "24.5"), (24.0, "24"), (-3.25, "−3.2"), (1200, "1,200"), (100.0, "100"), (None, "–")],
)
def test_figures_have_no_idle_zeros(value: float | None, text: str) -> None:
    assert figure(value) == text


def test_a_browser_is_told_in_two_words() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
    assert browser(agent) == "Chrome · Linux"
    assert browser("curl/8") == ""


def test_a_sparkline_stays_in_its_box() -> None:
    points = [[float(part) for part in point.split(",")] for point in spark([1, 5, 3]).split()]
    assert points[0] == [0, 40]
    assert points[1][1] == 4
    assert spark([2, 2]) == "0.0,22.0 316.0,22.0"
    assert spark([1]) == ""


def test_a_level_is_colour_shape_and_word() -> None:
    words = Design("home").language("zh_CN")
    assert [words(level(key).word) for key in range(1, 5)] == ["一级", "二级", "三级", "四级"]
    assert len({level(key).shape for key in range(1, 5)}) == 4


def test_a_broken_cookie_says_nothing() -> None:
    request = make_mocked_request("GET", "/", headers={"Cookie": "linli_said=%%%"})
    assert "linli_said" in request.cookies
    assert said(request) == ""


def _templates() -> list[Path]:
    return sorted(path for path in (ROOT / "web").glob("*/templates/*.html"))


def test_no_template_breaks_the_content_security_policy() -> None:
    assert [path.name for path in _templates() if INLINE.search(path.read_text("utf-8"))] == []


def test_every_icon_of_a_template_is_in_the_sprite() -> None:
    made = environment()
    unknown = set()
    for path in _templates():
        for call in made.parse(path.read_text("utf-8")).find_all(nodes.Call):
            target = call.node
            named = isinstance(target, nodes.Getattr) and target.attr == "icon"
            if named and isinstance(call.args[0], nodes.Const):
                unknown.add(call.args[0].value)
    assert unknown - ICONS.keys() == set()


def test_the_sprite_refuses_what_is_no_icon(tmp_path: Path) -> None:
    folder = tmp_path / "@mdi" / "svg" / "svg"
    folder.mkdir(parents=True)
    (folder / "one.svg").write_text('<svg><path d="M0 0"/></svg>')
    (folder / "two.svg").write_text('<svg><path d="M0"/><path d="M1"/></svg>')
    assert '<symbol id="a" viewBox="0 0 24 24"><path d="M0 0"/>' in sprite(tmp_path, {"a": "one"})
    with pytest.raises(ValueError, match="2 paths"):
        sprite(tmp_path, {"a": "two"})
    with pytest.raises(FileNotFoundError):
        sprite(tmp_path, {"a": "three"})


def test_the_parts_are_documented() -> None:
    source = (TEMPLATES / "parts.html").read_text("utf-8")
    names = re.findall(r"{% macro (\w+)", source)
    undocumented = [name for name in names if f"{{#- {name}(" not in source]
    assert undocumented == ["shape"]


def test_the_lock_names_no_host() -> None:
    text = (ROOT / "web" / "package-lock.json").read_text("utf-8")
    assert "http" not in text
    assert text.count('"integrity"') == text.count('"node_modules/')
