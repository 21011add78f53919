"""Each hazard's plan and page: who watches, what would happen, limits, tests, calls for help."""

from __future__ import annotations

import html
import time
from types import SimpleNamespace

import pytest

from hub.core.commands import Actor
from hub.safety.table import HAZARDS as TABLE
from tests.web.hazards import asked, hazard
from tests.web.homes import Served
from tests.web.test_pages import home
from tests.web.visitors import visiting
from web.app import home_design
from web.facade import HAZARD_CLASSES
from web.safety.plans import limit_of
from web.words import ALARMS, HAZARDS

__all__ = ["home"]


def measured(home: Served, name: str = "overload", **more: object) -> SimpleNamespace:
    facts = {
        "entity_id": "sensor.kettle_power",
        "name": "水壶功率",
        "hazard": name,
        "seen_at": None,
        "limit_s": 7200.0,
        "watch": "watching",
        "own": ["水壶插座"],
        "missing": [],
        "measure": TABLE[name].measures[0],
        "limit": 1500.0,
        "for_s": 10.0,
        "marked": True,
        "acts": False,
        "tested_at": None,
        "test_due": False,
    }
    made = SimpleNamespace(**{**facts, **more})
    home.home.measured.append(made)
    return made


def test_every_hazard_has_its_words_and_the_tables_level() -> None:
    for kind in TABLE.values():
        level, name, picture = HAZARDS[kind.name]
        assert level == str(kind.level)
        assert name
        assert picture
        assert (level in ALARMS) is not kind.companion
    assert {kind.told for kind in TABLE.values() if kind.told} == set(HAZARD_CLASSES)


async def test_every_hazard_says_what_would_happen(home: Served) -> None:
    measured(home)
    async with visiting(home, "owner") as visitor:
        text = html.unescape((await visitor.get("/safety"))[1])
        for kind in TABLE.values():
            assert f'href="/safety/hazards/{kind.name}"' in text
            page = html.unescape((await visitor.get(f"/safety/hazards/{kind.name}"))[1])
            assert HAZARDS[kind.name][1] in page
        assert "水壶插座 turns off" in text
        assert "above 1,500 W, for 10 seconds" in text or "above 1500 W, for 10 seconds" in text
        assert (await visitor.get("/safety/hazards/ghost"))[0] == 404


async def test_a_sensor_is_said_to_be_for_a_hazard(home: Served) -> None:
    async with visiting(home, "resident") as visitor:
        temperature = home.home.named("客厅温湿度")
        assert temperature in (await visitor.get("/safety/hazards/freezing"))[1]
        facts = {"hazard": "freezing", "entity_id": temperature}
        status, answer = await visitor.press("/safety/mark", **facts, limit="-1,5", minutes="")
        assert (status, answer["go"]) == (200, "/safety/hazards/freezing")
        await visitor.press("/safety/mark", **facts, minutes="90", acts="yes")
        await visitor.press("/safety/unmark", **facts)
        assert home.home.did == [
            ("mark", "freezing", temperature, -1.5, None, False),
            ("mark", "freezing", temperature, None, 5400.0, True),
            ("unmark", "freezing", temperature),
        ]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"entity_id": ""}, "entity_id"),
        ({"limit": "warm"}, "limit"),
        ({"limit": "2000"}, "limit"),
        ({"minutes": "nan"}, "minutes"),
    ],
)
async def test_what_cant_be_saved_says_why(home: Served, more: dict[str, str], wrong: str) -> None:
    facts = {"hazard": "freezing", "entity_id": home.home.named("客厅温湿度"), **more}
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press("/safety/mark", **facts)
        assert status == 422
        assert list(answer["errors"]) == [wrong]
        assert (await visitor.press("/safety/mark", **{**facts, "hazard": "ghost"}))[0] == 400


async def test_a_sensor_that_nobody_tried(home: Served) -> None:
    smoke = home.home.named("客厅烟感")
    home.home.untested.add(smoke)
    async with visiting(home, "resident") as visitor:
        assert "Press its test button, then say so" in (await visitor.get("/"))[1]
        await visitor.press("/safety/tested", entity_id=smoke)
        assert home.home.did == [("tested", smoke)]
        home.home.untested.clear()
        home.home.tests[smoke] = time.time() - 60
        assert "Press its test button, then say so" not in (await visitor.get("/"))[1]
        assert "tested " in (await visitor.get("/safety"))[1]
        assert (await visitor.press("/safety/test-days", days="30"))[0] == 200
        assert home.home.test_days == 30
        for wrong in ("", "x", "-8", "3"):
            assert (await visitor.press("/safety/test-days", days=wrong))[0] == 422


async def test_a_call_for_help_is_ended_by_a_person(home: Served) -> None:
    question = asked()
    home.home.open = [hazard("sos", "event.bed", "床头按钮", "卧室", question=question)]
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/"))[1]
        assert "Call for help: 卧室" in text
        assert "Without an answer it is not told." in text
        status, answer = await visitor.press("/hazards/sos1/end")
        assert (status, answer["toast"]) == (
            200,
            "The call for help has ended. It stays in the list.",
        )
        assert "Call for help: 卧室" not in (await visitor.get("/"))[1]


async def test_only_a_call_for_help_may_tell_the_flat(home: Served) -> None:
    await home.home.pair("LINLI", Actor("test", "owner"))
    async with visiting(home, "owner") as visitor:
        text = html.unescape((await visitor.get("/choices"))[1])
        assert text.count('value="flat"') == 1
        assert "Your flat can't be told yet" not in text
        assert (await visitor.press("/choices", klass="gas", value="flat"))[0] == 422
        assert (await visitor.press("/choices", klass="sos", value="flat"))[0] == 200
        assert home.home.consents.standing("sos") == "flat"
        assert home.home.consents.standing("gas") is None
        home.home.paired.acts = False
        assert "Your flat can't be told yet" in html.unescape((await visitor.get("/choices"))[1])


@pytest.mark.parametrize(
    ("told", "seen_at", "said"),
    [
        (False, None, "The duty desk could not be told. Call it yourself."),
        (True, None, "Nobody there has acknowledged it yet."),
        (True, 1_800_000_000.0, "The duty desk saw your call at "),
    ],
)
async def test_a_call_says_what_became_of_it_outside(
    home: Served, told: bool, seen_at: float | None, said: str
) -> None:
    question = asked("flat")
    home.home.open = [hazard("sos", "page.sos", "张明", "", question=question)]
    async with visiting(home, "resident") as visitor:
        text = html.unescape((await visitor.get("/"))[1])
        assert "It learns your flat, as you chose, and nothing else." in text
        question.answer, question.flat = "tell", True
        question.told, question.seen_at = told, seen_at
        assert said in html.unescape((await visitor.get("/"))[1])


async def test_a_battery_is_a_note_and_no_alarm(home: Served) -> None:
    low = ("The battery is low.",)
    home.home.open = [
        hazard("battery", "sensor.battery", "烟感电池", "客厅", advice=lambda _words: low)
    ]
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/"))[1]
        assert "Battery low: 烟感电池" in text
        assert "All is well at home" in text


async def test_every_page_leads_to_an_open_alarm(home: Served) -> None:
    home.home.open = [hazard("carbon_monoxide", "binary_sensor.co", "CO", "厨房")]
    async with visiting(home, "guest") as visitor:
        assert 'data-live="ribbon"' in (await visitor.get("/devices"))[1]
        assert 'data-live="ribbon"' not in (await visitor.get("/"))[1]
        text = html.unescape((await visitor.get("/devices"))[1])
        assert "Carbon monoxide alarm: 厨房" in text
        home.home.open = [hazard("battery", "sensor.battery", "烟感电池", "客厅")]
        assert "Battery low" not in (await visitor.get("/devices"))[1]


def test_limits_in_words(home: Served) -> None:
    words = home_design(home.home).language("en")
    for name, limit, for_s, said in (
        ("overheat", 60.0, 0.0, "above 60 °C"),
        ("freezing", 4.0, 600.0, "at 4 °C or less, for 10 minutes"),
        ("left_on", 20.0, 14400.0, "above 20 W, for 4 hours"),
    ):
        assert limit_of(measured(home, name, limit=limit, for_s=for_s), words) == said
    total = measured(home, "running_water", measure=TABLE["running_water"].measures[1])
    total.for_s = 86400.0
    assert limit_of(total, words) == "while the total grows, for 24 hours"
    assert limit_of(measured(home, measure=None), words) == ""
