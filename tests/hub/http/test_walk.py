"""The walker finds nothing wrong on a sound face, and finds what is wrong on another."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from hub.accounts.model import HOME_ROLES
from hub.http.gate import GATE, current
from hub.http.routes import ANYONE, SIGNED_IN, Allow, Routes
from hub.http.server import ROUTES
from tests.hub.http.faces import Face, face
from tests.walk import walk

OWNERS: Allow = frozenset({"owner"})


async def walk_through(home: Face, *stricter: str) -> int:
    for role in HOME_ROLES.names:
        await home.browser(role)

    async def token_for(role: str) -> str:
        return await home.accounts.open_session(home.ids[role])

    return await walk(home.app, home.server.address, HOME_ROLES.names, token_for, stricter=stricter)


def declare(home: Face, path: str, allow: Allow) -> None:
    """Have the gate act on another answer to "who may" than the table shows."""
    gate = home.app[GATE]
    for registered, route in gate.routes.items():
        if route.path == path:
            lax = Routes()
            lax.get(path, allow=allow)(route.handler)
            gate.routes[registered] = next(iter(lax))


async def test_every_route_as_every_role(tmp_path: Path) -> None:
    async with face(tmp_path, broken=False) as home:
        everything = len(home.app[ROUTES]) + len(home.live.parts)
        assert await walk_through(home) > everything * (1 + len(HOME_ROLES.names))


@pytest.mark.parametrize(
    ("allow", "found"),
    [
        (ANYONE, "GET /owners lets in nobody"),
        (SIGNED_IN, "GET /owners lets in guest"),
        (frozenset({"guest"}), "GET /owners refuses owner"),
    ],
)
async def test_a_gate_that_errs_is_found(tmp_path: Path, allow: Allow, found: str) -> None:
    async with face(tmp_path, broken=False) as home:
        declare(home, "/owners", allow)
        with pytest.raises(AssertionError, match=found):
            await walk_through(home)


async def test_failures_are_found(tmp_path: Path) -> None:
    async with face(tmp_path) as home:
        with pytest.raises(AssertionError, match="GET /broken as nobody: fails with 500"):
            await walk_through(home)


async def test_a_handler_that_is_stricter_than_it_says(tmp_path: Path) -> None:
    routes = Routes()

    @routes.get("/mine", allow=ANYONE)
    async def mine(request: web.Request) -> web.Response:
        return web.Response(text=current(request).name)

    async with face(tmp_path, broken=False, routes=[routes]) as home:
        with pytest.raises(AssertionError, match="GET /mine refuses nobody"):
            await walk_through(home)
        await walk_through(home, "GET /mine")
