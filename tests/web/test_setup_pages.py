"""First run, the locked home, the lost passphrase, pairing and keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.hazards import hazard
from tests.web.homes import PASSWORD, Served, served
from tests.web.visitors import visiting

OWNER = {"name": "户主", "password": "correct horse", "mode": "passphrase"}


@pytest.fixture
async def new_home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        made.home.set_up = False
        yield made


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_a_new_home_leads_to_its_set_up(new_home: Served) -> None:
    async with visiting(new_home) as visitor:
        text = (await visitor.get("/"))[1]
        assert "Welcome to your home" in text
        assert " checked" not in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mode": ""}, "Choose how the home unlocks; nothing is chosen for you."),
        ({"name": " "}, "Write a name of at most 64 characters."),
        ({"password": "12345678"}, "Choose a longer password that nobody would guess."),
        ({"passphrase": "short"}, "Use at least 8 characters"),
        ({"passphrase_again": "another one"}, "The two passphrases differ."),
    ],
)
async def test_set_up_tells_what_is_missing(
    new_home: Served, change: dict[str, str], text: str
) -> None:
    given = {**OWNER, "passphrase": "a short sentence", "passphrase_again": "a short sentence"}
    async with visiting(new_home) as visitor:
        status, page, _path = await visitor.post("/setup", **{**given, **change})
        assert status == 422
        assert text in page
        assert not new_home.home.set_up


async def test_set_up_ends_signed_in_with_a_sheet(new_home: Served) -> None:
    async with visiting(new_home) as visitor:
        status, page, _path = await visitor.post("/setup", **{**OWNER, "mode": "machine"})
        assert status == 200
        assert "ABCDE-FGHJK" in page
        assert new_home.home.did == [("setup", "machine")]
        assert (
            "Optional. Everything at home works without it." in (await visitor.get("/pairing"))[1]
        )
        status, _page, path = await visitor.post("/setup", **OWNER)
        assert (status, path) == (200, "/")


async def test_a_locked_home_shows_alarms_and_nothing_else(home: Served) -> None:
    home.home.locked = True
    sensor = home.home.named("厨房燃气报警器")
    home.home.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房")]
    async with visiting(home) as visitor:
        status, text = await visitor.get("/")
        assert status == 200
        assert "In your home" in text
        assert "厨房燃气报警器" not in text
        status, answer = await visitor.press("/unlock", passphrase="wrong")
        assert (status, list(answer["errors"])) == (422, ["passphrase"])
        assert home.home.locked
        assert (await visitor.press("/unlock", passphrase=PASSWORD))[1]["go"] == "/"
        # An open home lets nobody try passphrases.
        assert (await visitor.post("/unlock", passphrase="wrong"))[2] == "/sign-in"


async def test_the_sheet_opens_a_home_whose_passphrase_is_lost(home: Served) -> None:
    home.home.locked = True
    new = {"passphrase": "a new sentence", "passphrase_again": "a new sentence"}
    async with visiting(home) as visitor:
        assert "The passphrase is lost" in (await visitor.get("/unlock"))[1]
        status, answer = await visitor.press("/recover", code="XXXXX", **new)
        assert (status, list(answer["errors"])) == (422, ["code"])
        assert (await visitor.press("/recover", code="ABCDE-FGHJK", **new))[0] == 200
        assert not home.home.locked
        status, _text, path = await visitor.post("/recover", code="ABCDE", **new)
        assert path == "/sign-in"


async def test_pairing_tells_a_wrong_code(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        status, answer = await visitor.press("/pairing", code="1234")
        assert (status, list(answer["errors"])) == (422, ["code"])
        assert (await visitor.press("/pairing", code="LINLI:1"))[1]["go"] == "/choices"
        assert "阳光花园" in (await visitor.get("/pairing"))[1]
        assert (await visitor.press("/pairing/leave"))[1]["go"] == "/pairing"
        assert "阳光花园" not in (await visitor.get("/pairing"))[1]


async def test_keys_are_changed_by_the_owner(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        status, answer = await visitor.press("/keys/mode", mode="passphrase", passphrase="x")
        assert (status, list(answer["errors"])) == (422, ["passphrase"])
        status, answer = await visitor.press("/keys/mode", mode="machine", own_password="wrong")
        assert (status, list(answer["errors"])) == (422, ["own_password"])
        assert home.home.unlock_mode == "passphrase"
        status, _answer = await visitor.press("/keys/mode", mode="machine", own_password=PASSWORD)
        assert (status, home.home.unlock_mode) == (200, "machine")
        status, text, _path = await visitor.post("/keys/sheet")
        assert (status, "That is not your present password." in text) == (422, True)
        assert "22222-33333" not in text
        assert "22222-33333" in (await visitor.post("/keys/sheet", sheet_password=PASSWORD))[1]
