"""Programs at the gate: a token instead of cookie, origin and form token, and only for /api."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from hub.accounts import home_tokens
from hub.accounts.home_tokens import HomeTokensTable
from hub.accounts.tokens import HOME_SCOPES, Tokens
from hub.core.sealed import OneKey
from hub.core.store import Store, migrate
from hub.http.gate import GATE, current
from hub.http.problems import json_response
from hub.http.routes import ANY_SCOPE, ANYONE, SIGNED_IN, Routes
from privacy.box import Box
from tests.hub.http.faces import Face, face


def scoped() -> Routes:
    routes = Routes()

    async def who(request: web.Request) -> web.Response:
        return json_response({"token": current(request).token})

    async def open_to_all(request: web.Request) -> web.Response:
        return json_response({"signed_in": request["session"] is not None})

    owners = frozenset({"owner"})
    for method, path, allow, scope in (
        ("POST", "/api/v1/safety", owners, "safety"),
        ("GET", "/api/v1/any", SIGNED_IN, ANY_SCOPE),
    ):
        routes.operation(method, path, allow=allow, scope=scope, limit=100)(who)
    routes.operation("GET", "/api/v1/open", allow=ANYONE, scope=ANY_SCOPE, limit=0)(open_to_all)
    return routes


class Programs:
    """A face, and a client that sends only what it is told to."""

    def __init__(self, served: Face, tokens: Tokens, http: ClientSession) -> None:
        self.face = served
        self.tokens = tokens
        self.http = http

    async def token(self, role: str, *scopes: str) -> str:
        account = await self.face.accounts.create(f"Demo {role} {len(scopes)}", role)
        return (await self.tokens.make(account.id, "Demo", scopes))[0]

    async def ask(
        self, method: str, path: str, token: str | None, **headers: str
    ) -> tuple[int, str, str]:
        """Return status, problem's word and the challenge."""
        sent = headers if token is None else {"Authorization": f"Bearer {token}", **headers}
        async with self.http.request(method, path, headers=sent, allow_redirects=False) as answer:
            challenge = answer.headers.get("WWW-Authenticate", "")
            return answer.status, answer.headers.get("X-Problem", ""), challenge


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    store = Store(tmp_path / "tokens.db")
    store.run_sync(lambda db: migrate(db, [home_tokens.MIGRATION]))
    async with face(tmp_path, broken=False, routes=[scoped()]) as served:
        strikes = served.accounts._table
        table = HomeTokensTable(store, OneKey(Box(b"k" * 32)))
        tokens = Tokens(table, served.accounts, strikes, HOME_SCOPES)
        served.app[GATE].tokens = tokens
        async with ClientSession(served.server.address) as http:
            yield Programs(served, tokens, http)
    store.close()


async def test_no_origin_and_no_form_token(programs: Programs) -> None:
    token = await programs.token("owner", "safety")
    assert (await programs.ask("POST", "/api/v1/safety", token))[0] == 200
    assert (await programs.ask("POST", "/api/v1/safety", token, Origin="http://x"))[0] == 200
    assert (await programs.ask("POST", "/api/v1/safety", None))[:2] == (403, "origin_needed")


async def test_role_and_scope_have_to_agree(programs: Programs) -> None:
    owner, guest = await programs.token("owner", "command"), await programs.token("guest", "safety")
    status, problem, challenge = await programs.ask("POST", "/api/v1/safety", owner)
    assert (status, problem) == (403, "scope_needed")
    assert challenge == 'Bearer error="insufficient_scope", scope="safety"'
    assert (await programs.ask("POST", "/api/v1/safety", guest))[:2] == (403, "not_allowed")
    assert (await programs.ask("GET", "/api/v1/any", guest))[0] == 200
    assert (await programs.ask("GET", "/api/v1/thing", owner))[:2] == (403, "not_for_tokens")


async def test_bad_tokens(programs: Programs) -> None:
    challenge = 'Bearer error="invalid_token"'
    for bad in ("linli_x", "", "x y", "ü" * 10):
        seen = await programs.ask("GET", "/api/v1/any", bad)
        assert seen == (401, "token_refused", challenge)
    assert (await programs.ask("GET", "/api/v1/open", "linli_x"))[0] == 401
    assert await programs.ask("GET", "/api/v1/any", None) == (401, "sign_in_needed", "Bearer")
    for _ in range(20):
        seen = await programs.ask("GET", "/api/v1/any", "linli_x")
    assert seen[:2] == (429, "too_many_attempts")


async def test_pages_know_no_tokens(programs: Programs) -> None:
    token = await programs.token("owner", *HOME_SCOPES)
    assert (await programs.ask("GET", "/owners", token))[0] == 303
    browser = await programs.face.browser("owner")
    basic = {"Authorization": "Basic eDp5"}
    assert (await browser.get("/owners", headers=basic))[0] == 200
    assert (await browser.get("/api/v1/any", headers=basic))[0] == 200


async def test_a_token_counts_before_a_cookie(programs: Programs) -> None:
    browser = await programs.face.browser("owner")
    token = await programs.token("guest", "command")
    bearer = {"Authorization": f"bearer {token}"}
    assert json.loads((await browser.get("/api/v1/any", headers=bearer))[1]) == {"token": "Demo"}
    bad = {"Authorization": "Bearer linli_x"}
    assert (await browser.get("/api/v1/any", headers=bad))[0] == 401


async def test_a_face_without_tokens_refuses_them(programs: Programs) -> None:
    token = await programs.token("owner", "command")
    programs.face.app[GATE].tokens = None
    assert (await programs.ask("GET", "/api/v1/any", token))[:2] == (401, "token_refused")
