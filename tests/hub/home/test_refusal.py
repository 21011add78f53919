"""Errors of the privacy room in words for people, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.accounts.model import BadName, LastKeeper, NameTaken, WeakPassword
from hub.core.language import translator
from hub.home import refusal
from hub.home.refusal import OTHER, PRIVACY, Refusal, refusal_of
from privacy.codes import CodeError
from privacy.errors import PrivacyError
from tests.house import ROOT

SAID_BY = "\n".join(
    path.read_text("utf-8")
    for folder in ("privacy", "hub/home")
    for path in (Path(ROOT) / folder).glob("*.py")
    if path != Path(refusal.__file__)
).replace('"\n                "', "")


@pytest.mark.parametrize("start", [start for start, _ in PRIVACY])
def test_every_known_beginning_is_really_said(start: str) -> None:
    assert start in SAID_BY


@pytest.mark.parametrize("text", sorted({text for _, text in PRIVACY}))
def test_every_refusal_is_translated(text: str) -> None:
    assert translator("hub", "zh_CN").gettext(text) != text


def test_a_group_is_named_in_the_readers_language() -> None:
    problem = refusal_of(CodeError("group 4 is mistyped", 4), "code")
    words = translator("hub", "zh_CN").gettext
    assert problem.say(lambda message, **values: words(message) % values).startswith("第 4 组")
    assert (problem.field, str(problem)[:7]) == ("code", "Group 4")


def test_what_nobody_foresaw_is_not_shown_raw() -> None:
    problem = refusal_of(PrivacyError("ENOSPC at offset 12"), "mode")
    assert (problem.text, problem.field) == (OTHER, "mode")


@pytest.mark.parametrize("problem", [BadName(), NameTaken(), WeakPassword(), LastKeeper()])
def test_accounts_speak_too(problem: Exception) -> None:
    assert isinstance(problem, BadName | NameTaken | WeakPassword | LastKeeper)
    assert refusal_of(problem).text != OTHER


def test_a_refusal_without_places_keeps_percent_signs() -> None:
    assert str(Refusal("100 % full")) == "100 % full"
