"""Every route and live part of a real home, as every role and as nobody."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from hub.accounts.model import HOME_ROLES
from hub.accounts.tokens import HOME_SCOPES
from hub.core.settings import Listen
from hub.home import runtime
from hub.home.runtime import Home
from hub.http.server import Server, serve
from tests.walk import walk
from web.serve import compose_home

OWNER, PASSWORD = "Demo owner", "a long demo passphrase"


class Served:
    """A home with its server."""

    def __init__(self, home: Home, app: web.Application, server: Server) -> None:
        self.home = home
        self.app = app
        self.server = server
        self.numbers = itertools.count()

    async def token_for(self, role: str) -> str:
        """A fresh session of a fresh account of this role."""
        account = await self.home.accounts.create(f"Demo {role} {next(self.numbers)}", role)
        return await self.home.accounts.open_session(account.id)

    async def bearer_for(self, role: str, scope: str) -> str:
        """The token of a fresh account of this role, good for one scope."""
        account = await self.home.accounts.create(f"Demo {role} {next(self.numbers)}", role)
        return (await self.home.tokens.make(account.id, "Demo", [scope]))[0]


async def _serve(home: Home) -> Served:
    listen = Listen()
    app = compose_home(home, listen)
    return Served(home, app, await serve(app, listen))


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    # There is no kernel here, and dozens of calls for help that would wait for it.
    monkeypatch.setattr(runtime, "CALL_S", 0.01)
    home = Home(tmp_path, None)
    home.adding.look_around.interfaces = ["127.0.0.1"]
    await home.start()
    await home.setup(name=OWNER, password=PASSWORD, unlock={"mode": "machine"})
    made = await _serve(home)
    yield made
    await made.server.stop()
    await home.stop()


async def test_every_route_lets_in_whom_it_declares(served: Served) -> None:
    visits = await walk(
        served.app,
        served.server.address,
        HOME_ROLES.names,
        served.token_for,
        stricter=["GET /"],
        scopes=HOME_SCOPES,
        bearer_for=served.bearer_for,
    )
    assert visits > 1500


async def test_a_home_without_an_owner_shows_only_its_set_up(tmp_path: Path) -> None:
    home = Home(tmp_path, None)
    home.adding.look_around.interfaces = ["127.0.0.1"]
    await home.start()
    made = await _serve(home)
    try:
        visits = await walk(made.app, made.server.address, (), made.token_for, stricter=())
        assert visits > 40
    finally:
        await made.server.stop()
        await home.stop()
