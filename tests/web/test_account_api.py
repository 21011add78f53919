"""A person's own account, by the interface: with the browser's cookie, never with a token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from hub.accounts.model import csrf_of
from hub.http.gate import GATE
from tests.web.homes import PASSWORD, Served, served
from tests.web.programs import program


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


class Browser:
    """A signed-in browser whose script talks to the interface."""

    def __init__(self, home: Served, http: ClientSession, token: str) -> None:
        self.http = http
        self.headers = {
            "Cookie": f"{home.app[GATE].cookie}={token}",
            "X-CSRF-Token": csrf_of(token),
            "Origin": home.address,
        }

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"/api/v1{path}"
        async with self.http.request(method, url, json=body, headers=self.headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None


async def test_ones_own_account(home: Served) -> None:
    await home.link("guest")
    account = (await home.home.accounts.all())[0]
    here, there = [await home.home.accounts.open_session(account.id, name) for name in "ab"]
    async with ClientSession(home.address) as http:
        browser, other = Browser(home, http, here), Browser(home, http, there)
        _, found = await browser.ask("GET", "/me/sessions")
        assert [(one["device"], one["this_one"]) for one in found["sessions"]] == [
            ("a", True),
            ("b", False),
        ]
        path = f"/me/sessions/{found['sessions'][1]['id']}"
        assert await browser.ask("DELETE", path) == (204, None)
        assert (await browser.ask("DELETE", path))[1]["code"] == "unknown_session"
        assert (await other.ask("GET", "/me"))[0] == 401
        assert (await browser.ask("GET", "/me"))[1]["scopes"] is None
        new = {"old": PASSWORD, "password": "another horse"}
        _, problem = await browser.ask("PUT", "/me/password", {**new, "password": "12345678"})
        assert (problem["code"], problem["field"]) == ("weak_password", "password")
        _, problem = await browser.ask("PUT", "/me/password", {**new, "old": "wrong horse"})
        assert problem["code"] == "sign_in_refused"
        assert await browser.ask("PUT", "/me/password", new) == (204, None)
        look = {"lang": "en", "theme": "dark"}
        assert await browser.ask("PUT", "/me/look", look) == (204, None)
        changed = await home.home.accounts.get(account.id)
        assert changed is not None
        assert (changed.lang, changed.theme) == ("en", "dark")
    assert (await home.home.accounts.verify(account.name, "another horse", "")).id == account.id


async def test_a_token_is_made_by_a_persons_browser(home: Served) -> None:
    await home.link("resident")
    account = (await home.home.accounts.all())[0]
    session = await home.home.accounts.open_session(account.id)
    async with ClientSession(home.address) as http:
        browser = Browser(home, http, session)
        body = {"name": "My script", "scopes": ["command", "read:states"], "days": 1}
        status, made = await browser.ask("POST", "/tokens", body)
        assert (status, made["token"]["scopes"]) == (201, ["read:states", "command"])
        assert (await browser.ask("POST", "/tokens", body))[1]["code"] == "name_taken"
        assert (await browser.ask("POST", "/tokens", {**body, "scopes": ["all"]}))[1]["field"] == (
            "scopes.0"
        )
        bearer = {"Authorization": f"Bearer {made['text']}"}
        async with http.get("/api/v1/me", headers=bearer) as answer:
            assert (await answer.json())["token"] == "My script"


async def test_an_invitation_signs_in_once(home: Served) -> None:
    await home.link("owner")
    account = (await home.home.accounts.all())[0]
    session = await home.home.accounts.open_session(account.id)
    async with ClientSession(home.address) as http:
        browser = Browser(home, http, session)
        _, guest = await browser.ask("POST", "/people", {"name": "演示客人", "role": "guest"})
        status, link = await browser.ask("POST", f"/people/{guest['id']}/invitation")
        assert status == 201
        token = link["path"].removeprefix("/link/")
        found = await home.home.accounts.look_at_link(token)
        assert found is not None
        assert found.name == "演示客人"
        assert all(token not in str(done) for done in home.home.did)


async def test_no_token_may_here(home: Served) -> None:
    async with program(home) as owner:
        for method, path in (
            ("GET", "/me/sessions"),
            ("DELETE", "/me/sessions/x"),
            ("PUT", "/me/password"),
            ("PUT", "/me/look"),
        ):
            assert await owner.refused(method, path) == "403 not_for_tokens"
