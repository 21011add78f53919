"""The log filter: what must go and what should stay."""

import logging

import pytest

from privacy.redact import Redactor
from privacy.unlock_keys import RecoveryCode


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.watch(lambda: ["王小明", "Ana", "", "x"])
    return made


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("password=hunter2 ok", "hunter2"),
        ('{"passphrase": "four plain"}', "four"),
        ("Authorization: Bearer abc.def.ghi", "abc.def"),
        ("mqtt://home:s3cret@broker:1883", "s3cret"),
        ("token: QUFBQUFBQUFBQUFB", "QUFB"),
        ("call 138 0013 8000 now", "0013"),
        ("id 110101199003071234", "19900307"),
        ("mail ana.b@example.cn", "example"),
        ("key " + "ab" * 16, "abab"),
        ("blob Q2h1bmtzT2ZCYXNlNjRXaXRoMTIz", "Q2h1"),
        ("code " + RecoveryCode(bytes(range(16))).text, "-"),
        ("王小明 pressed", "王"),
        ("ANA pressed", "ANA"),
    ],
)
def test_goes(redactor: Redactor, text: str, gone: str) -> None:
    assert gone not in redactor.clean(text)
    assert "[redacted]" in redactor.clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "slot 284112 took 0.352 s",
        "listening on 127.0.0.1:8200",
        "2026-11-23T10:09:05 started",
        "entity binary_sensor.gas_kitchen_gas is on",
        "zone 3, 25 homes",
    ],
)
def test_stays(redactor: Redactor, text: str) -> None:
    assert redactor.clean(text) == text


def test_as_a_filter(redactor: Redactor) -> None:
    error = ValueError("no such resident: 王小明")
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", 20, "f", 1, "hello %s", ("王小明",), info)
    assert redactor.filter(record)
    text = logging.Formatter().format(record)
    assert "王小明" not in text
    assert "hello" in text
    odd = logging.LogRecord("x", 20, "f", 1, "hello %d", ("Ana",), None)
    assert redactor.filter(odd)
    assert "Ana" not in odd.getMessage()


def test_names_of_now() -> None:
    names = {"Ottoline"}
    redactor = Redactor()
    redactor.watch(lambda: names)
    assert redactor.clean("Ottoline") == "[redacted]"
    assert redactor.clean("Peregrine") == "Peregrine"
    names.add("Peregrine")
    assert redactor.clean("Peregrine, Ottoline") == "[redacted], [redacted]"
    names.clear()
    assert redactor.clean("Ottoline") == "Ottoline"
