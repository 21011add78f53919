"""What a paired home's page says of its community: tokens, witnesses, the attested roster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.web.homes import Served, served
from tests.web.visitors import visiting


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_a_home_without_tokens_says_so(home: Served) -> None:
    paired = {"community": "阳光花园", "zone": "3", "homes": 30, "slot_s": 2.0, "acts": True}
    async with visiting(home, "guest") as visitor:
        for tokens, shown, warned in ((None, False, False), (32, True, False), (0, True, True)):
            told = {"claimed": True, "attested": None, "standing": "good"}
            home.home.paired = SimpleNamespace(**paired, **told, tokens=tokens)
            text = (await visitor.get("/sharing"))[1]
            assert ("One-time tokens for alarms" in text) is shown
            assert ("No one-time token is left" in text) is warned


async def test_how_the_witnesses_stand_is_said(home: Served) -> None:
    paired = {"community": "阳光花园", "zone": "3", "homes": 30, "slot_s": 2.0, "tokens": 1}
    said = {
        "none": "is not witnessed",
        "waiting": "have not vouched for its keys",
        "good": "two of three vouch",
        "run_on": "vouch for nothing new",
        "stopped": "told no alarm any more",
    }
    async with visiting(home, "guest") as visitor:
        for standing, words in said.items():
            told = {"claimed": True, "attested": None, "standing": standing}
            home.home.paired = SimpleNamespace(**paired, **told)
            text = (await visitor.get("/sharing"))[1].replace("&#39;", "'")
            assert [other for other in said.values() if other in text] == [words]


async def test_it_says_whether_the_roster_is_attested(home: Served) -> None:
    paired = {"community": "阳光花园", "zone": "3", "homes": 30, "slot_s": 2.0, "acts": True}
    signed = {"at": 1_800_000_000.0, "homes": 96, "fingerprint": "0123-4567-89ab-cdef"}
    said = {
        None: "Not attested: no owners",
        True: "15 Jan 2027 that it checked 96 enrolled homes",
        False: "Not attested any more",
    }
    async with visiting(home, "guest") as visitor:
        for holds, words in said.items():
            attested = None if holds is None else SimpleNamespace(**signed, holds=holds)
            home.home.paired = SimpleNamespace(
                **paired, tokens=None, claimed=holds is True, attested=attested, standing="good"
            )
            text = (await visitor.get("/sharing"))[1]
            assert [one for one in said.values() if one in text] == [words]
            assert ("0123-4567-89ab-cdef" in text) is (holds is not None)
            assert ("no anonymity is promised" in text) is (holds is not True)
