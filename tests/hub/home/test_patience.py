"""Passphrases can't be guessed quickly."""

from __future__ import annotations

import pytest

from hub.home.keys import Patience, TooManyTries
from privacy.vault import VaultError


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wrong() -> None:
    """A try that fails."""
    raise VaultError("wrong passphrase")


async def test_after_a_few_wrong_tries_each_next_one_waits_longer() -> None:
    clock = Clock()
    patience = Patience(clock)
    for _ in range(Patience.FREE):
        with pytest.raises(VaultError, match="wrong"):
            await patience.attempt(wrong)
    with pytest.raises(TooManyTries):
        await patience.attempt(lambda: None)
    clock.now += 1.01
    with pytest.raises(VaultError, match="wrong"):
        await patience.attempt(wrong)
    clock.now += 1.01
    with pytest.raises(TooManyTries):
        await patience.attempt(lambda: None)
    clock.now += 1.01
    await patience.attempt(lambda: None)


async def test_the_right_one_makes_the_wrong_ones_forgotten() -> None:
    clock = Clock()
    patience = Patience(clock)
    for _ in range(Patience.FREE - 1):
        with pytest.raises(VaultError):
            await patience.attempt(wrong)
    await patience.attempt(lambda: None)
    for _ in range(Patience.FREE - 1):
        with pytest.raises(VaultError, match="wrong"):
            await patience.attempt(wrong)
    await patience.attempt(lambda: None)
