"""The community's tests run on both databases: SQLite always, PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community.core.store import Store, ensure_schema

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
