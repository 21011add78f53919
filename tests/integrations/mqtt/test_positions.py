"""Percent and a device's own numbers, whichever end is the greater."""

from __future__ import annotations

import pytest

from integrations.mqtt.positions import Range


@pytest.mark.parametrize(
    ("closed", "opened", "value", "percent"),
    [
        (0, 100, 50, 50),
        (0, 255, 255, 100),
        (100, 0, 25, 75),
        (0, 100, 1e307, 100),
        (100, 0, 1e307, 0),
        (-50, 50, -1e307, 0),
    ],
)
def test_percent(closed: int, opened: int, value: float, percent: int) -> None:
    assert Range(closed, opened).percent(value) == percent


@pytest.mark.parametrize("ends", [(0, 100), (100, 0), (0, 255), (-50, 50)])
@pytest.mark.parametrize("percent", [0, 20, 100])
def test_there_and_back(ends: tuple[int, int], percent: int) -> None:
    found = Range(*ends)
    assert found.percent(found.value(percent)) == percent
