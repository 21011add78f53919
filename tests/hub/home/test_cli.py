"""``linli home init`` and ``linli home link``."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import pytest

from hub.home.cli import main
from hub.home.options import LOCKED
from hub.home.runtime import Home
from tests.hub.home.conftest import PASSPHRASE, PASSWORD

ADDRESS = "http://127.0.0.1:8100"


def run(monkeypatch: pytest.MonkeyPatch, data: Path, *words: str, given: str = "") -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    return main([*words, "--data", str(data)])


def test_set_up_with_bindings_and_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["init", "--owner", "张明", "--unlock", "passphrase"]
    words += ["--bind", "gas_valve=valve.gas", "--choose", "gas=zone", "--choose", "smoke=nobody"]
    given = f"{PASSWORD}\n{PASSPHRASE}\n"
    assert run(monkeypatch, tmp_path, *words, given=given) == 0
    code = capsys.readouterr().out.strip()

    async def look() -> None:
        home = Home(tmp_path, None)
        await home.start()
        assert home.locked
        await home.recover(code, "a river of ink")
        assert [one.entity_id for one in home.bindings()] == ["valve.gas"]
        chosen = {one.klass: one.value for one in home.consents.choices()}
        assert chosen == {
            "gas": "zone",
            "smoke": "nobody",
            "carbon_monoxide": None,
            "flood": None,
            "sos": None,
        }
        await home.stop()

    asyncio.run(look())


def test_a_link_signs_in_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["init", "--owner", "张明", "--unlock", "machine"]
    assert run(monkeypatch, tmp_path, *words, given=f"{PASSWORD}\n") == 0
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, "link", "张明", "--address", ADDRESS) == 0
    said = capsys.readouterr().out.strip()
    assert said.startswith(f"{ADDRESS}/link/")
    assert run(monkeypatch, tmp_path, "link", "李雷", "--address", ADDRESS) == 1
    assert "no such account" in capsys.readouterr().err


def test_a_locked_home_gives_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["init", "--owner", "张明", "--unlock", "passphrase"]
    assert run(monkeypatch, tmp_path, *words, given=f"{PASSWORD}\n{PASSPHRASE}\n") == 0
    assert run(monkeypatch, tmp_path, "link", "张明", "--address", ADDRESS) == LOCKED
    assert "locked" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["--owner", "张明", "--unlock", "machine"], "short\n"),
        (["--owner", "张明", "--unlock", "passphrase"], f"{PASSWORD}\nshort\n"),
        (["--owner", "张明", "--unlock", "machine", "--pair"], f"{PASSWORD}\nABCDE\n"),
        (["--owner", "张明", "--unlock", "machine", "--bind", "siren=valve.x"], f"{PASSWORD}\n"),
        (["--owner", "张明", "--unlock", "machine", "--choose", "gas=flat"], f"{PASSWORD}\n"),
    ],
)
def test_what_is_refused_is_said_on_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    given: str,
) -> None:
    assert run(monkeypatch, tmp_path, "init", *words, given=given) == 1
    said = capsys.readouterr().err
    assert said.startswith("linli home init: ")
    assert said.count("\n") == 1
    assert PASSWORD not in said


def test_a_home_is_set_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["init", "--owner", "张明", "--unlock", "machine"]
    assert run(monkeypatch, tmp_path, *words, given=f"{PASSWORD}\n") == 0
    assert run(monkeypatch, tmp_path, *words, given=f"{PASSWORD}\n") == 1
    assert "already" in capsys.readouterr().err
