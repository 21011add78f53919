"""A locked home knows no program, and says so instead of calling its token bad."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession

from hub.core.settings import Listen
from hub.home.runtime import Home
from hub.http.server import serve
from web.serve import compose_home

PASSPHRASE = "a long demo passphrase"


async def ask(home: Home, text: str) -> tuple[int, str]:
    """Ask the home, served, whom a token acts for; returns status and the problem's word."""
    listen = Listen(port=0)
    server = await serve(compose_home(home, listen), listen)
    bearer = {"Authorization": f"Bearer {text}"}
    async with (
        ClientSession(server.address, headers=bearer) as http,
        http.get("/api/v1/me") as answer,
    ):
        seen = answer.status, answer.headers.get("X-Problem", "")
    await server.stop()
    return seen


async def test_a_token_waits_for_the_passphrase(tmp_path: Path) -> None:
    home = Home(tmp_path, None)
    await home.start()
    unlock = {"mode": "passphrase", "passphrase": PASSPHRASE}
    await home.setup(name="Demo owner", password=PASSPHRASE, unlock=unlock)
    owner = (await home.accounts.all())[0]
    text, _row = await home.tokens.make(owner.id, "Demo", ["command"])
    assert await ask(home, text) == (200, "")
    await home.stop()

    home = Home(tmp_path, None)
    await home.start()
    assert await ask(home, text) == (503, "locked")
    await home.unlock(PASSPHRASE)
    assert await ask(home, text) == (200, "")
    assert await ask(home, "linli_other") == (401, "token_refused")
    await home.stop()
