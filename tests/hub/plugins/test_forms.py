"""A config class as a form: texts become data, or each field says what is wrong with it."""

from __future__ import annotations

from typing import Literal

import pytest

from hub.plugins.config import Config, ConfigProblem, Reason, setting
from hub.plugins.forms import kept_secrets, read_form, shown


class Gate(Config):
    """One with every type."""

    host: str = setting("Address")
    port: int = setting("Port", default=80, minimum=1, maximum=65535)
    wait: float = setting("Wait", default=1.5)
    quiet: bool = setting("Quiet", default=True)
    mode: Literal["fast", "slow"] = setting("Mode", default="slow", choices={"fast": "At once"})
    token: str = setting("Token", default="", secret=True, longest=20)
    note: str = setting("Note", default="", lines=4)


def test_texts_become_data() -> None:
    data = read_form(
        Gate,
        {"host": " gate.local ", "port": "8080", "wait": "2.5", "mode": "fast", "token": " s "},
    )
    assert data == {
        "host": "gate.local",
        "port": 8080,
        "wait": 2.5,
        "quiet": False,
        "mode": "fast",
        "token": " s ",
        "note": "",
    }


def test_every_wrong_field_has_its_own_sentence_that_can_be_translated() -> None:
    posted = {"host": "  ", "port": "many", "wait": "nan", "mode": "warp", "token": "x" * 21}
    with pytest.raises(ConfigProblem) as refused:
        read_form(Gate, posted)
    problems = refused.value.problems
    assert problems == {
        "host": "must be given",
        "port": "must be a whole number",
        "wait": "must be a finite number",
        "mode": "must be one of: fast, slow",
        "token": "is longer than 20 characters",
    }

    def words(message: str, **values: object) -> str:
        return ("字 " + message) % values if values else message

    assert problems["token"].say(words) == "字 is longer than 20 characters"
    assert problems["mode"].text == "must be one of: %(choices)s"


def test_a_number_at_its_limit_counts_and_beyond_it_not() -> None:
    assert read_form(Gate, {"host": "g", "port": "65535"})["port"] == 65535
    with pytest.raises(ConfigProblem) as refused:
        read_form(Gate, {"host": "g", "port": "65536"})
    assert refused.value.problems == {"port": "must be at most 65535"}


def test_a_secret_left_empty_keeps_what_was_saved_and_is_never_shown() -> None:
    saved = {"host": "g", "token": "hidden"}
    assert read_form(Gate, {"host": "h"}, saved)["token"] == "hidden"
    assert read_form(Gate, {"host": "h", "token": "new"}, saved)["token"] == "new"
    assert "token" not in read_form(Gate, {"host": "h"})
    assert shown(Gate, saved)["token"] == ""
    assert "hidden" not in str(shown(Gate, saved))
    assert kept_secrets(Gate, saved) == {"token"}
    assert kept_secrets(Gate, {"token": ""}) == frozenset()


def test_the_form_shows_what_is_saved_and_defaults() -> None:
    assert shown(Gate, {"port": 8080, "quiet": False}) == {
        "host": "",
        "port": "8080",
        "wait": "1.5",
        "quiet": "",
        "mode": "slow",
        "token": "",
        "note": "",
    }
    assert shown(Gate, {})["quiet"] == "on"


def test_choices_have_words() -> None:
    field = next(one for one in Gate.form() if one["name"] == "mode")
    assert field["choice_labels"] == ["At once", "slow"]


def test_an_integrations_own_sentence_stays_as_it_is() -> None:
    problem = ConfigProblem({"host": "100 % wrong"})
    assert problem.problems["host"] == "100 % wrong"
    assert Reason("is %(what)s", what="gone") == "is gone"
