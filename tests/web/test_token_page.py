"""The page where a person lets a program act for them."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from hub.accounts.tokens import MOST_PER_ACCOUNT
from tests.web.homes import Served, served
from tests.web.programs import program
from tests.web.visitors import visiting

TEXT = re.compile(r"linli_[\w-]{43}")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_a_token_is_made_shown_once_used_and_revoked(home: Served) -> None:
    async with visiting(home, "resident") as resident:
        assert 'href="/tokens"' in (await resident.get("/account"))[1]
        _, page = await resident.get("/tokens")
        assert "No program has a token" in page
        status, page, _ = await resident.post(
            "/tokens", name="My script", scope="read:states", days="30"
        )
        found = TEXT.findall(page)
        assert (status, len(found)) == (200, 1)
        _, page = await resident.get("/tokens")
        assert "My script" in page
        assert "never used" in page
        assert not TEXT.search(page)
        bearer = {"Authorization": f"Bearer {found[0]}"}
        async with ClientSession(home.address, headers=bearer) as http:
            assert (await http.get("/api/v1/states")).status == 200
            assert (await http.get("/api/v1/hazards")).status == 403
            row = (await home.home.tokens.all())[0]
            status, _ = await resident.press(f"/tokens/{row.id}/revoke")
            assert status == 200
            assert (await http.get("/api/v1/states")).status == 401
    notes = [did[1:] for did in home.home.did]
    assert notes == [("make token", "My script", ""), ("revoke token", row.id, "")]


async def test_what_is_missing_is_said_beside_the_field(home: Served) -> None:
    async with visiting(home, "owner", "zh-CN") as owner:
        await owner.get("/tokens")
        status, page, _ = await owner.post("/tokens", name="", scope="command", days="")
        assert status == 422
        assert "checked" in page
        status, page, _ = await owner.post("/tokens", name="x", days="7")
        assert (status, "请选择该程序可以做什么。" in page) == (422, True)
        await owner.post("/tokens", name="x", scope="command", days="")
        status, page, _ = await owner.post("/tokens", name="X", scope="command", days="")
        assert (status, "你已有一个同名的令牌。" in page) == (422, True)
        assert (await owner.post("/tokens", name="y", scope="command", days="5"))[0] == 400
        account = (await home.home.accounts.all())[0]
        for number in range(MOST_PER_ACCOUNT - 1):
            await home.home.tokens.make(account.id, f"n{number}", ["command"])
        status, page, _ = await owner.post("/tokens", name="y", scope="command", days="")
        assert (status, "你的令牌太多了。" in page) == (422, True)


async def test_a_token_that_ended_says_so(home: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.link("resident")
    account = (await home.home.accounts.all())[0]
    monkeypatch.setattr(home.home.tokens, "_clock", lambda: time.time() - 8 * 86_400)
    await home.home.tokens.make(account.id, "Old", ["command"], 7)
    monkeypatch.undo()
    async with visiting(home, "resident") as resident:
        assert "<strong>ended " in (await resident.get("/tokens"))[1]


async def test_an_owner_sees_all_and_others_their_own(home: Served) -> None:
    async with program(home, "owner", name="Of the owner") as client:
        async with visiting(home, "resident") as resident:
            _, page = await resident.get("/tokens")
            assert "Of the owner" not in page
            status, _ = await resident.press(f"/tokens/{client.token_id}/revoke")
            assert status == 404
        async with visiting(home, "owner") as owner:
            assert "Of the owner" in (await owner.get("/tokens"))[1]
        async with visiting(home, "guest") as guest:
            assert (await guest.get("/tokens"))[0] == 403
            assert 'href="/tokens"' not in (await guest.get("/account"))[1]
