"""A home's own parts for the tests of this room: real store, keys, doors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.commands import Actor
from hub.core.store import Store, migrate
from hub.home.book import MIGRATION as BOOK
from hub.home.offer import MIGRATION as OFFERS
from hub.home.runtime import Home
from tests.privacy.streaming import Community

PASSWORD = "four green lamps"
PASSPHRASE = "lantern by the door"
OWNER = Actor("account-1", "owner", "person")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty home.db with the tables of book and offers."""
    made = Store(tmp_path / "home.db")
    made.run_sync(lambda db: migrate(db, [BOOK, OFFERS]))
    return made


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A home set up to unlock by itself, without broker and kernel."""
    made = Home(tmp_path / "home", None)
    await made.start()
    await made.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
    yield made
    await made.stop()


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    """A gateway and a relay in this process."""
    made = Community(tmp_path / "community")
    await made.start()
    yield made
    await made.stop()
