"""The community's tests run on both databases: SQLite always, PostgreSQL where there is one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from community.app import Community
from community.core import roster
from community.core.store import Store, ensure_schema
from hub.accounts.model import csrf_of
from hub.core.settings import Listen
from hub.http.gate import GATE
from privacy.gateway import GatewayKey

SQLITE = "sqlite"
POSTGRES = "postgresql"


class Clock:
    """Unix seconds that move when a test says so."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRES, marks=pytest.mark.peers)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == POSTGRES:
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path / 'community.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    ensure_schema(opened)
    yield opened
    opened.close()


class Running:
    """A community that serves on free ports of this machine."""

    def __init__(self, community: Community, clock: Clock) -> None:
        self.community = community
        self.clock = clock
        self.store = community.store
        assert community.server is not None
        self.address = community.server.address
        self.upstream = ("127.0.0.1", community.upstream_port)

    async def token(self, role: str) -> str:
        """A fresh session's token of somebody with this role."""
        accounts = self.community.accounts
        name = f"Demo {role}"
        account = await accounts.named(name) or await accounts.create(name, role)
        return await accounts.open_session(account.id)

    async def headers(self, role: str, token: str = "") -> dict[str, str]:
        """What a browser with a session of this role, or with this one, sends."""
        token = token or await self.token(role)
        cookie = self.community.app[GATE].cookie
        return {
            "Cookie": f"{cookie}={token}",
            "X-CSRF-Token": csrf_of(token),
            "Origin": self.address,
            "Accept-Language": "en",
        }


@pytest.fixture
async def running(store: Store, clock: Clock, tmp_path: Path) -> AsyncIterator[Running]:
    """A running community with the demo's flats, on both databases."""
    key = GatewayKey.load_or_create(tmp_path / "keys")
    community = Community(
        store, Listen(), ("127.0.0.1", 0), key, slot_s=0.2, clock=clock, relay="127.0.0.1:1"
    )
    await store.run(lambda session: roster.import_flats(session, roster.demo_flats()))
    await community.start()
    yield Running(community, clock)
    await community.stop()


async def until(done: Callable[[], Awaitable[bool]], what: str, seconds: float = 10.0) -> None:
    """Ask every 10 ms until it holds; a wait that runs out fails the test."""
    end = time.monotonic() + seconds
    while not await done():
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.01)
