"""A seeded demo, made once per session and copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.system import System, copied


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo after its first start, at rest."""
    system = System(tmp_path_factory.mktemp("journey") / "demo")
    try:
        system.start()
        assert system.stop() == 0
    finally:
        system.close()
    return system.folder


@pytest.fixture
def system(seeded: Path, tmp_path: Path) -> Iterator[System]:
    """A seeded demo that doesn't run yet; whatever is left of it ends with the test."""
    own = copied(seeded, tmp_path / "demo")
    yield own
    own.close()
