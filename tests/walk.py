"""Visits every route and live part of a face as every role and as nobody.

A face's own test serves its app and calls ``walk``; whatever is registered is visited, so a
new route is covered without anybody thinking of it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import ClientResponse, ClientSession, ClientTimeout, WSServerHandshakeError, web

from hub.accounts.model import csrf_of
from hub.http.gate import GATE, PROBLEM_HEADER, SAFE_METHODS
from hub.http.routes import ANY_SCOPE, Allow, Kind, Route, permits
from hub.http.server import LIVE, ROUTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TokenFor = Callable[[str], Awaitable[str]]
BearerFor = Callable[[str, str], Awaitable[str]]
_VARIABLE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
REFUSALS = {"not_allowed", "sign_in_needed", "scope_needed", "not_for_tokens"}

NOBODY: Allow = frozenset({"nobody"})


class Walk:
    """One walk: who came where, and what was not as declared."""

    def __init__(
        self, app: web.Application, address: str, token_for: TokenFor, fill: Mapping[str, str]
    ) -> None:
        self.app = app
        self.address = address
        self.token_for = token_for
        self.fill = fill
        self.stricter: Collection[str] = ()
        self.visits = 0
        self.wrong: list[str] = []

    def path_of(self, route: Route) -> str:
        """Return the route's path with its variables filled in."""
        return _VARIABLE.sub(lambda found: self.fill.get(found[1], "x"), route.path)

    async def headers_for(self, role: str | None) -> dict[str, str]:
        """Return what a browser with a fresh session of this role would send."""
        headers = {"Origin": self.address}
        if role is not None:
            token = await self.token_for(role)
            headers["Cookie"] = f"{self.app[GATE].cookie}={token}"
            headers["X-CSRF-Token"] = csrf_of(token)
        return headers

    def may(self, what: str, allow: Allow, role: str | None) -> bool:
        """Say whether someone should pass."""
        return permits(allow, role) and not (role is None and what in self.stricter)

    def judge(self, what: str, role: str | None, allow: Allow, seen: tuple[int, str, str]) -> None:
        """Compare an answer (status, problem code, location) with what was declared."""
        self.visits += 1
        status, problem, location = seen
        passed = problem not in REFUSALS
        if passed and status == 500:
            self.wrong.append(f"{what} as {role or 'nobody'}: fails with 500")
        if passed != self.may(what, allow, role):
            word = "lets in" if passed else "refuses"
            self.wrong.append(
                f"{what} {word} {role or 'nobody'} ({status} {problem}) against {allow}"
            )
        if passed:
            return
        to_sign_in = status == 303 and location.partition("?")[0] == "/sign-in"
        if role is None and not (status == 401 or to_sign_in):
            self.wrong.append(f"{what} refuses nobody with {status} {location}")
        if role is not None and status != 403:
            self.wrong.append(f"{what} refuses {role} with {status}")


def _seen(answer: ClientResponse) -> tuple[int, str, str]:
    headers = answer.headers
    return answer.status, headers.get(PROBLEM_HEADER, ""), headers.get("Location", "")


@asynccontextmanager
async def _client(address: str) -> AsyncIterator[ClientSession]:
    timeout = ClientTimeout(total=20)
    async with ClientSession(address, timeout=timeout, cookie_jar=None) as client:
        yield client


async def _visit(walk: Walk, client: ClientSession, route: Route, role: str | None) -> None:
    what = f"{route.method} {route.path}"
    headers = await walk.headers_for(role)
    client.cookie_jar.clear()
    path = walk.path_of(route)
    if route.kind is Kind.SOCKET:
        walk.judge(what, role, route.allow, await _shake_hands(client, path, headers))
        return
    async with client.request(route.method, path, headers=headers, allow_redirects=False) as answer:
        walk.judge(what, role, route.allow, _seen(answer))
    if route.method in SAFE_METHODS or not permits(route.allow, role):
        return
    for change, code in (
        ({"X-CSRF-Token": "another"}, "form_token"),
        ({"Origin": "http://elsewhere.example"}, "other_origin"),
    ):
        if role is None and code == "form_token":
            continue
        sent = {**await walk.headers_for(role), **change}
        async with client.request(
            route.method, path, headers=sent, allow_redirects=False
        ) as answer:
            walk.visits += 1
            if (answer.status, answer.headers.get(PROBLEM_HEADER)) != (403, code):
                walk.wrong.append(f"{what} as {role or 'nobody'} goes through without {code}")


async def _visit_by_token(
    walk: Walk, client: ClientSession, role: str, scope: str, token: str
) -> None:
    """Visit what is for programs with a token of one scope, without origin and form token."""
    headers = {"Authorization": f"Bearer {token}"}
    client.cookie_jar.clear()
    for route in walk.app[ROUTES]:
        if not route.path.startswith("/api/"):
            continue
        what, path = f"{route.method} {route.path} with {scope}", walk.path_of(route)
        inside = route.scope in {ANY_SCOPE, scope}
        allow = route.allow if inside else NOBODY
        if route.kind is Kind.SOCKET:
            walk.judge(what, role, allow, await _shake_hands(client, path, headers))
            continue
        async with client.request(route.method, path, headers=headers) as answer:
            walk.judge(what, role, allow, _seen(answer))


async def _shake_hands(
    client: ClientSession, path: str, headers: Mapping[str, str]
) -> tuple[int, str, str]:
    try:
        async with client.ws_connect(path, headers=headers):
            return 101, "", ""
    except WSServerHandshakeError as refusal:
        problem = refusal.headers.get(PROBLEM_HEADER, "") if refusal.headers else ""
        return refusal.status, problem, ""


def _parts(app: web.Application, fill: Mapping[str, str]) -> Iterator[tuple[str, Allow]]:
    for name, part in app[LIVE].parts.items():
        with_arg = any("{arg}" in topic or "{each}" in topic for topic in part.topics)
        yield (f"{name}:{fill.get(name, 'x')}" if with_arg else name), part.allow


async def walk(
    app: web.Application,
    address: str,
    roles: Sequence[str],
    token_for: TokenFor,
    *,
    fill: Mapping[str, str] | None = None,
    stricter: Collection[str] = (),
    scopes: Sequence[str] = (),
    bearer_for: BearerFor | None = None,
) -> int:
    """Visit everything as everybody.

    Args:
        app: Made by ``create_app``, being served.
        address: Where, e.g. ``http://127.0.0.1:8100``.
        roles: Every role of the face.
        token_for: Opens a fresh session of a role and returns its token; a visit may end it.
        stricter: Open routes ("GET /") whose handler leads nobody to the sign-in page at times.
        scopes: Every scope that a program's token may have.
        bearer_for: Makes a token of a role with one scope.
        fill: What to put for a route's variables and live parts' arguments; "x" otherwise.

    Returns:
        How many visits were made.

    Raises:
        AssertionError: an answer differs from what its route or part declares.
    """
    walked = Walk(app, address, token_for, fill or {})
    walked.stricter = stricter
    async with _client(address) as client:
        for role in (None, *roles):
            for route in app[ROUTES]:
                await _visit(walked, client, route, role)
            for key, allow in _parts(app, walked.fill):
                headers = await walked.headers_for(role)
                client.cookie_jar.clear()
                seen = await _shake_hands(client, f"/live?parts={key}", headers)
                walked.judge(f"live part {key}", role, allow, seen)
        if bearer_for is not None:
            for role in roles:
                for scope in scopes:
                    await _visit_by_token(
                        walked, client, role, scope, await bearer_for(role, scope)
                    )
    assert not walked.wrong, "\n".join(walked.wrong)
    return walked.visits
