"""Every text of the household's pages stands in Chinese too."""

from __future__ import annotations

from privacy.thief import EXPLAINED
from tests.catalogues import problems


def test_every_text_is_translated() -> None:
    assert problems("web", EXPLAINED.values()) == []
