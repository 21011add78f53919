"""A real home: what a device said stands in its chart, and a restart is a gap there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from hub.core.settings import Listen
from hub.home.runtime import Home
from hub.http.gate import GATE
from hub.http.server import serve
from web.serve import compose_home


@asynccontextmanager
async def reading(folder: Path, *, new: bool = False) -> AsyncIterator[tuple[Home, Any]]:
    """A running home, and a way to ask its pages and its interface as a guest."""
    home = Home(folder, None)
    await home.start()
    if new:
        await home.setup(
            name="Demo owner", password="a long demo passphrase", unlock={"mode": "machine"}
        )
        await home.accounts.create("Demo guest", "guest")
    listen = Listen(port=0)
    app = compose_home(home, listen)
    server = await serve(app, listen)
    guest = await home.accounts.named("Demo guest")
    assert guest is not None
    session = await home.accounts.open_session(guest.id)
    cookie = {"Cookie": f"{app[GATE].cookie}={session}"}
    async with ClientSession(server.address, headers=cookie) as http:

        async def ask(path: str) -> Any:
            async with http.get(path) as answer:
                assert answer.status == 200, path
                return await (answer.json() if "/api/" in path else answer.text())

        yield home, ask
    await server.stop()
    await home.stop()


async def test_a_restart_is_a_gap(tmp_path: Path) -> None:
    async with reading(tmp_path, new=True) as (home, ask):
        door = home.registry.announce("test", "binary_sensor", "door", device_class="door")
        signal = home.registry.announce("test", "sensor", "signal", category="diagnostic")
        home.states.set(door.entity_id, True, at=time.time() - 0.01)
        home.states.set(signal.entity_id, 4)
        series = f"/api/v1/entities/{door.entity_id}/series"
        answer = await ask(series)
        assert [one["value"] for one in answer["intervals"]] == [None, True]
        assert answer["unknown_s"] > 0
        assert "strip-bars" in await ask(f"/devices/{door.entity_id}/history")
        assert "strip-bars" in await ask(f"/devices/{door.entity_id}")
        # Of what is for maintenance no history is kept, and its page promises none.
        page = await ask(f"/devices/{signal.entity_id}")
        assert f"{signal.entity_id}/history" not in page
    ended = time.time()
    async with reading(tmp_path) as (home, ask):
        answer = await ask(series)
        assert [one["value"] for one in answer["intervals"]] == [None, True, None]
        assert answer["intervals"][-1]["start"] <= ended
        home.states.set(door.entity_id, True, at=time.time() - 0.01)
        answer = await ask(series)
        assert [one["value"] for one in answer["intervals"]] == [None, True, None, True]
