"""What is kept of the history: the owner alone sees, chooses and erases, on page and interface."""

from __future__ import annotations

import html
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.states import State
from tests.web.homes import Served, served
from tests.web.programs import program
from tests.web.visitors import visiting


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        valve = made.home.named("厨房燃气阀")
        store = made.home.keeping.history
        assert store is not None
        for number in range(30):
            at = time.time() - 3600 - number
            store.record(State(valve, f"open{number}", {}, True, at, at))
        await store.flush()
        yield made


async def test_the_page_tells_each_kind_and_its_time(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        text = html.unescape((await visitor.get("/kept"))[1])
        assert "30 readings" in text
        assert "Usual: 1 year" in text
        assert "nothing kept now" in text
    async with visiting(home, "owner", "zh-CN") as visitor:
        text = (await visitor.get("/kept"))[1]
        assert "30 条读数" in text


async def test_a_devices_settings_lead_to_its_history(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    async with visiting(home, "owner") as visitor:
        assert (
            f'href="/kept?entity={valve}#erase"'
            in (await visitor.get(f"/devices/{valve}/settings"))[1]
        )
        text = (await visitor.get(f"/kept?entity={valve}"))[1]
        assert f'<option value="{valve}" selected>' in text
    async with visiting(home, "resident") as visitor:
        assert "/kept" not in (await visitor.get(f"/devices/{valve}/settings"))[1]


async def test_a_choice_is_kept_and_nonsense_refused(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        status, _text = await visitor.press("/kept/valve", days="0")
        assert status == 200
        assert home.home.keeping.days("valve") == 0
        for kind, days, expected in (
            ("valve", "x", 400),
            ("valve", "4000", 400),
            ("valve", "²", 400),
            ("zeppelin", "1", 404),
        ):
            assert (await visitor.press(f"/kept/{kind}", days=days))[0] == expected
        assert home.home.keeping.days("valve") == 0


async def test_erasing_one_thing_gives_a_receipt(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    store = home.home.keeping.history
    assert store is not None
    async with visiting(home, "owner") as visitor:
        assert (await visitor.press("/kept", what="one", entity=""))[0] == 422
        assert (await visitor.press("/kept", what="other"))[0] == 400
        assert len(await store.read(valve, 0, time.time())) == 30
        status, text, _path = await visitor.post("/kept", what="one", entity=valve)
        assert status == 200
        assert "Erased" in text
        assert "30" in text
        assert await store.read(valve, 0, time.time()) == []
        assert ("note", "erase history", valve, "") in home.home.did


@pytest.mark.parametrize("role", ["resident", "guest", "wall"])
async def test_nobody_else_changes_or_erases(home: Served, role: str) -> None:
    async with visiting(home, role) as visitor:
        assert (await visitor.press("/kept", what="all"))[0] == 403
        assert (await visitor.press("/kept/valve", days="0"))[0] == 403
    assert home.home.keeping.days("valve") == 365


async def test_programs_of_the_owner_do_the_same(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    async with program(home, "owner", ["read:history", "admin"]) as api:
        status, kept = await api.ask("GET", "/history/kept")
        assert status == 200
        (mine,) = (one for one in kept["kinds"] if one["kind"] == "valve")
        assert (mine["days"], mine["usual_days"], mine["readings"]) == (365, 365, 30)
        assert kept["bytes"] > 0
        _status, kept = await api.ask("PUT", "/history/kept/valve", {"days": 20})
        assert next(one for one in kept["kinds"] if one["kind"] == "valve")["days"] == 20
        gone = await api.ask("DELETE", f"/entities/{valve}/history")
        assert (gone[0], gone[1]["readings"]) == (200, 30)
        assert (await api.ask("DELETE", "/history"))[1]["readings"] == 0
        for method, path, body, said in (
            ("PUT", "/history/kept/valve", {"days": 3651}, "422 invalid days too_large"),
            ("PUT", "/history/kept/valve", {"days": -1}, "422 invalid days too_small"),
            ("PUT", "/history/kept/zeppelin", {"days": 1}, "404 unknown_kind"),
            ("DELETE", "/entities/valve.nowhere/history", None, "404 unknown_entity"),
        ):
            assert await api.refused(method, path, body) == said
    async with program(home, "resident", ["read:history", "admin"], name="Other") as api:
        assert await api.refused("GET", "/history/kept") == "403 not_allowed"
