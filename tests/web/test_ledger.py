"""Purposes, notices and the ledger on pages and for programs, with a real ledger behind them."""

from __future__ import annotations

import html
import json
import sqlite3
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import ClientSession

from hub.core.commands import Actor
from privacy.consent import TELL_CONTACT, Ledger
from privacy.purposes import TABLE, Purposes
from tests.web.homes import Served, served
from tests.web.programs import program
from tests.web.visitors import visiting

OWNER = Actor("account-1", "owner")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        await made.home.pair("LINLI", OWNER)
        yield made


def table(*, until: int | None = None, widens: bool = False) -> Purposes:
    """The shipped purposes with notices up to a version, or with one more."""
    rows: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    for row in rows.values():
        row["notices"] = row["notices"][:until]
        if until is None:
            newest = row["notices"][-1]
            row["notices"].append(newest | {"version": newest["version"] + 1, "widens": widens})
    return Purposes(rows)


async def read_under(home: Served, made: Purposes) -> Ledger:
    """Open the home's ledger as a release with these notices would."""
    reachable = home.home.reachable
    reachable.read_under(made)
    home.home.consents.table = made
    await home.home.consents.open(reachable.ledger)
    return reachable.ledger


async def test_only_the_owner_gives_and_every_adult_withdraws(home: Served) -> None:
    consents = home.home.consents
    async with visiting(home, "resident") as visitor:
        text = html.unescape((await visitor.get("/choices"))[1])
        assert 'name="value"' not in text
        assert "The owner gives a consent for the household." in text
        for value in ("zone", "nobody"):
            assert (await visitor.press("/choices", klass="gas", value=value))[0] == 403
        await home.home.choose("tell_zone", "gas", "zone", OWNER)
        assert "Tell the duty desk the zone" in (await visitor.get("/choices"))[1]
        form = {"purpose": "tell_zone", "klass": "gas"}
        assert (await visitor.press("/choices/withdraw", **form))[0] == 200
        assert consents.standing("gas") == "nobody"
        assert "by 演示住户" in (await visitor.get("/choices"))[1]
    async with visiting(home, "guest") as visitor:
        await home.home.choose("tell_zone", "gas", "zone", OWNER)
        for path in ("/choices/withdraw", "/sharing/stop", "/ledger/check"):
            assert (await visitor.press(path, **form))[0] == 403
        text = (await visitor.get("/purposes"))[1]
        assert "Gas alarm" in text
        assert "account-1" not in text, "a guest sees what is shared, not who chose it"


async def test_programs_do_as_their_person_may(home: Served) -> None:
    async with program(home, "resident") as resident, program(home, "owner") as owner:
        status, _ = await resident.ask("PUT", "/sharing/choices/gas", {"value": "zone"})
        assert status == 403
        assert (await owner.ask("PUT", "/sharing/choices/gas", {"value": "zone"}))[0] == 204
        _, answer = await owner.ask("GET", "/sharing/purposes")
        (zone,) = [one for one in answer["purposes"] if one["purpose"] == "tell_zone"]
        (yes,) = zone["yeses"]
        assert (yes["hazard_class"], yes["notice"], yes["ended"]) == ("gas", 2, False)
        assert zone["notices"][-1]["zh_CN"]["refusing"]
        _, ledger = await owner.ask("GET", "/sharing/ledger")
        assert (ledger["lines"][0]["notice"], ledger["lines"][0]["scope"]) == (2, "standing")
        found = await owner.ask("POST", "/sharing/ledger/compare", {"code": ledger["code"]})
        assert found == (200, {"line": 1})
        status, answer = await owner.ask("POST", "/sharing/ledger/compare", {"code": "x"})
        assert (status, answer["code"]) == (409, "refused")
        _, checked = await owner.ask("POST", "/sharing/ledger/check")
        assert (checked["lines"], checked["problem"]) == (1, None)
        assert await resident.ask("DELETE", "/sharing/choices") == (200, {"withdrawn": 1})
    assert home.home.consents.standing("gas") == "nobody"


async def test_a_notice_written_anew_is_asked_about_calmly(home: Served) -> None:
    await read_under(home, table(until=1))
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    ledger = await read_under(home, table(until=2))
    assert ledger.allows("tell_zone", "gas")
    assert home.home.consents.standing("gas") == "zone"
    async with visiting(home, "resident") as visitor:
        assert "A notice you agreed to was written anew" not in (await visitor.get("/"))[1]
    async with visiting(home, "owner") as visitor:
        assert "A notice you agreed to was written anew" in (await visitor.get("/"))[1]
        text = html.unescape((await visitor.get("/choices"))[1])
        assert "your choice goes on: Tell the duty desk the zone" in text
        assert " checked" not in text
        await visitor.press("/choices", klass="gas", value="zone")
        text = html.unescape((await visitor.get("/choices"))[1])
        assert "your choice goes on" not in text
        assert text.count(" checked") == 1
        assert "A notice you agreed to was written anew" not in (await visitor.get("/"))[1]
        text = (await visitor.get("/ledger"))[1]
        assert "/notices/tell_zone/1" in text
        assert "/notices/tell_zone/2" in text


async def test_a_widened_notice_ends_the_yes_until_it_is_given_anew(home: Served) -> None:
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    await home.home.choose("tell_zone", "sos", "flat", OWNER)
    ledger = await read_under(home, table(widens=True))
    assert not ledger.allows("tell_zone", "gas")
    assert home.home.consents.standing("gas") is None
    assert home.home.consents.standing("sos") is None
    async with visiting(home, "owner") as visitor:
        text = html.unescape((await visitor.get("/choices"))[1])
        assert text.count("That consent has ended") == 2
        assert " checked" not in text
        assert "the notice tells of more now" in (await visitor.get("/purposes"))[1]
        await visitor.press("/choices", klass="gas", value="zone")
        await visitor.press("/choices", klass="sos", value="nobody")
        assert "That consent has ended" not in (await visitor.get("/choices"))[1]
    assert home.home.consents.standing("gas") == "zone"
    assert home.home.consents.standing("sos") == "nobody"
    assert not home.home.consents.asked_anew


async def test_both_languages_of_every_version_can_be_read(home: Served) -> None:
    async with visiting(home, "guest") as visitor:
        for purpose in home.home.consents.table.all():
            for notice in purpose.notices:
                path = f"/notices/{purpose.name}/{notice.version}"
                text = html.unescape((await visitor.get(path))[1])
                assert all(one in text for words in notice.texts.values() for one in words.values())
        for path in ("/notices/sell/1", "/notices/tell_zone/3", "/notices/tell_zone/x"):
            assert (await visitor.get(path))[0] == 404


async def test_the_ledger_is_checked_and_compared(home: Served) -> None:
    consents = home.home.consents
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    kept = consents.head_code
    await home.home.choose("tell_zone", "smoke", "zone", OWNER)
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/ledger"))[1]
        assert consents.head_code in text
        status, answer = await visitor.press("/ledger/check")
        assert (status, answer["toast"]) == (200, "Checked just now: 2 lines, unbroken.")
        status, answer = await visitor.press("/ledger/compare", code=kept.lower())
        assert (status, "line 1 of this ledger" in answer["toast"]) == (200, True)
        group = kept.partition("-")[0]
        mistyped = kept.replace(group, group[:-1] + ("A" if group[-1] != "A" else "B"), 1)
        status, answer = await visitor.press("/ledger/compare", code=mistyped)
        assert (status, answer["errors"]["code"][:8]) == (422, "Group 1 ")
        status, text, _path = await visitor.post("/ledger/compare", code=mistyped)
        assert (status, mistyped in text) == (422, True)
        with sqlite3.connect(home.home.reachable.path) as db:
            db.execute("DELETE FROM consent WHERE seq = 1")
        db.close()
        for path, form in (("/ledger/check", {}), ("/ledger/compare", {"code": kept})):
            status, answer = await visitor.press(path, **form)
            assert status == 422
            assert "chain" in str(answer["error"])
        assert "The chain of the ledger does not hold" in (await visitor.get("/ledger"))[1]


async def test_another_ledger_in_its_place_is_noticed(home: Served) -> None:
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    await home.home.choose("tell_zone", "gas", "nobody", OWNER)
    kept = home.home.consents.head_code
    home.home.reachable.put_back_empty()
    await home.home.consents.open(home.home.reachable.ledger)
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    async with visiting(home, "owner") as visitor:
        status, answer = await visitor.press("/ledger/compare", code=kept)
        assert status == 422
        assert "an older or another one" in str(answer["error"])


async def test_everything_is_withdrawn_in_one_press(home: Served) -> None:
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    await home.home.choose("tell_zone", "sos", "flat", OWNER)
    ledger = home.home.reachable.ledger
    ledger.give(TELL_CONTACT, "leak", "1", scope="c", recipient="https://ntfy.sh 0123")
    async with visiting(home, "resident") as visitor:
        assert "Withdraw everything now" in (await visitor.get("/sharing"))[1]
        assert (await visitor.press("/sharing/stop"))[0] == 200
    assert not any(yes for one in home.home.consents.all() for yes in one.yeses)
    lines = len(ledger.lines())
    async with visiting(home, "resident") as visitor:
        assert (await visitor.press("/sharing/stop"))[0] == 200
    assert len(ledger.lines()) == lines, "nothing was left to withdraw"


async def test_the_copy_holds_purposes_ledger_and_what_left(home: Served) -> None:
    await home.home.choose("tell_zone", "gas", "zone", OWNER)
    async with visiting(home, "resident", "zh-CN") as visitor:
        assert 'href="/ledger/copy.zip"' in (await visitor.get("/sharing"))[1]
        status, disposition, body = await visitor.download("/ledger/copy.zip")
    assert status == 200
    assert disposition.endswith('.zip"')
    with ZipFile(BytesIO(body)) as archive:
        assert sorted(archive.namelist()) == ["linli.html", "linli.json"]
        data = json.loads(archive.read("linli.json"))
        page = archive.read("linli.html").decode()
    assert data["format"] == "linli-sharing/1"
    assert data["ledger"] == {
        **json.loads(home.home.reachable.ledger.export()),
        "problem": None,
    }
    assert [one["purpose"] for one in data["purposes"]] == [
        *("tell_zone", "tell_zone_now", "sos_flat", "tell_contact", "pairing", "tokens"),
    ]
    assert "同意记录" in page
    assert "<script" not in page
    async with ClientSession() as session, session.get(f"{home.address}/ledger/copy.zip") as answer:
        assert answer.url.path == "/sign-in"
