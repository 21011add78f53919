"""One place for a home's ways to devices."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.hub.adding.homes import Place, lay_out


@pytest.fixture(autouse=True)
def no_leftover_modules() -> Iterator[None]:
    yield
    for name in [one for one in sys.modules if one.startswith("integrations.demo_gate")]:
        del sys.modules[name]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "home", lay_out(tmp_path))
    await made.start()
    yield made
    await made.stop()
