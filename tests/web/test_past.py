"""Alarms that are over: seen for a day on the start page, later on the safety page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.hazards import DID, hazard
from tests.web.homes import Served, served
from tests.web.visitors import visiting

HEADING = "Alarms of the last 24 hours"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def _over(home: Served, kind: str, ago: float, **more: Any) -> None:
    """One hazard of six minutes that ended so many seconds ago."""
    now = time.time()
    made = hazard(kind, home.home.named("厨房燃气报警器"), "厨房燃气报警器", "厨房", active=False)
    made.id = f"{kind}-{len(home.home.open)}"
    made.raised_at, made.cleared_at = now - ago - 360, now - ago
    vars(made).update(more)
    home.home.open.append(made)


def _asked(**more: object) -> SimpleNamespace:
    known = {"answer": "tell", "told": True, "cancelled": False, "flat": False, "seen_at": None}
    return SimpleNamespace(**{**known, **more})


async def test_what_was_done_is_seen_for_a_day(home: Served) -> None:
    _over(home, "gas", 60, question=_asked(), acknowledged_by="Li")
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/"))[1]
        assert "All is well at home" in text
        for sentence in (
            HEADING,
            "Gas alarm · 厨房",
            *(deed.text for deed in DID["gas"]),
            "Over",
            "Seen by Li",
        ):
            assert sentence in text
        assert "The duty desk was told the zone." in text
        home.home.open[0].cleared_at -= 24 * 3600
        assert HEADING not in (await visitor.get("/"))[1]
        assert "Gas alarm · 厨房" in (await visitor.get("/safety"))[1]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (_asked(cancelled=True), "The duty desk was told that it was a false alarm."),
        (_asked(told=False), "The duty desk was not told."),
        (_asked(flat=True), "The duty desk was told that your flat calls for help."),
    ],
)
async def test_what_the_duty_desk_was_told(
    home: Served, asked: SimpleNamespace, sentence: str
) -> None:
    _over(home, "gas", 60, question=asked)
    async with visiting(home, "owner") as visitor:
        assert sentence in (await visitor.get("/"))[1]


async def test_a_few_on_the_start_page_and_all_on_the_safety_page(home: Served) -> None:
    for minutes in (5, 4, 3, 2, 1):
        _over(home, "gas", minutes * 60)
    _over(home, "supervision", 30)
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/"))[1]
        assert [n for n in range(6) if f'id="past-gas-{n}"' in text] == [2, 3, 4]
        assert "A safety sensor is silent" not in text
        assert 'href="/safety#past"' in text
        text = (await visitor.get("/safety"))[1]
        assert text.count('id="past-') == 6
        assert "A safety sensor is silent" in text


async def test_a_guest_sees_them_and_no_link_that_is_refused(home: Served) -> None:
    _over(home, "gas", 60)
    async with visiting(home, "guest") as visitor:
        text = (await visitor.get("/"))[1]
        assert HEADING in text
        assert "/safety#past" not in text


async def test_no_alarm_yet(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        assert HEADING not in (await visitor.get("/"))[1]
        assert "There was no alarm yet." in (await visitor.get("/safety"))[1]
