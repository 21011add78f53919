"""A served face for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hub.http.faces import Face, face


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Face]:
    async with face(tmp_path) as served:
        yield served
