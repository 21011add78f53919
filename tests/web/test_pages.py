"""The household's pages: who sees which, and what presses do."""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.safety.advice import Deed
from tests.web.hazards import asked, hazard
from tests.web.homes import PASSWORD, Served, served
from tests.web.visitors import visiting
from web.words import GUARD, WATCH

PAGES = {
    # page -> who may see it; others are led to sign in (nobody) or refused
    "/": ("owner", "resident", "guest", "wall"),
    "/devices": ("owner", "resident", "guest"),
    "/devices/{valve}": ("owner", "resident", "guest"),
    "/devices/{valve}/history": ("owner", "resident", "guest"),
    "/devices/{valve}/history?span=month&date=2026-11-23": ("owner", "resident", "guest"),
    "/condition": ("owner", "resident", "guest"),
    "/kept": ("owner",),
    "/mine": ("owner", "resident", "guest"),
    "/sos": ("owner", "resident", "guest", "wall"),
    "/devices/{valve}/settings": ("owner", "resident"),
    "/devices?q=gas": ("owner", "resident", "guest"),
    "/rooms": ("owner", "resident"),
    "/rooms/~E5~8E~A8~E6~88~BF": ("owner", "resident", "guest"),
    "/groups?kind=switch": ("owner", "resident"),
    "/favourites": ("owner", "resident", "guest"),
    "/safety": ("owner", "resident"),
    "/safety/hazards/overload": ("owner", "resident"),
    "/sharing": ("owner", "resident", "guest"),
    "/choices": ("owner", "resident"),
    "/ledger": ("owner", "resident"),
    "/purposes": ("owner", "resident", "guest"),
    "/protection": ("owner", "resident", "guest"),
    "/notices/tell_zone/1": ("owner", "resident", "guest"),
    "/contacts": ("owner", "resident"),
    "/people": ("owner",),
    "/people/removed": ("owner",),
    "/connect": ("owner",),
    "/tokens": ("owner", "resident"),
    "/wall": ("owner", "resident", "guest", "wall"),
    "/wall/pair": ("owner", "resident", "guest", "wall", ""),
    "/screens": ("owner",),
    "/keys": ("owner",),
    "/pairing": ("owner",),
    "/account": ("owner", "resident", "guest"),
    "/design": ("owner", "resident", "guest", "wall", ""),
    "/sign-in": ("owner", "resident", "guest", "wall", ""),
}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def _gas(home: Served, choice: str | None = "zone") -> None:
    sensor = home.home.named("厨房燃气报警器")
    question = asked(choice, 30)
    home.home.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房", question=question)]
    home.home.states.set(sensor, True)


@pytest.mark.parametrize("role", ["owner", "resident", "guest", "wall", ""])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_every_page_as_every_role(home: Served, role: str, lang: str) -> None:
    valve = home.home.named("厨房燃气阀")
    async with visiting(home, role, lang) as visitor:
        for path, allowed in PAGES.items():
            status, text = await visitor.get(path.format(valve=valve), follow=False)
            if role in allowed:
                elsewhere = (path == "/sign-in" and role) or (path, role) == ("/", "wall")
                expected = 303 if elsewhere else 200
            else:
                expected = 403 if role else 303
            assert (path, status) == (path, expected)
            assert "style=" not in text
            assert "<br" not in text, "lists are grids: a break would be an empty row"


async def test_a_guest_is_offered_nothing_that_is_refused(home: Served) -> None:
    _gas(home)
    async with visiting(home, "guest") as visitor:
        _status, text = await visitor.get("/")
        assert "Tell the duty desk?" not in text
        assert 'class="press"' not in text
        status, _answer = await visitor.press("/hazards/gas1/answer", answer="tell")
        assert status == 403


async def test_an_empty_home_says_what_to_do_next(tmp_path: Path) -> None:
    async with served(tmp_path, furnished=False) as home, visiting(home, "owner") as visitor:
        _status, text = await visitor.get("/")
        assert "Welcome home" in text
        assert "No devices yet" in text


async def test_the_sentence_names_the_alarm(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        assert "All is well at home" in (await visitor.get("/"))[1]
        _gas(home)
        text = (await visitor.get("/"))[1]
        assert "Gas alarm: 厨房" in text
        assert "Without an answer it is told, as you chose." in text


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("lost", "No word from {}"),
        ("unavailable", "{} can't be reached"),
        ("unwatched", "Not watched: {}"),
        ("unheard", "Waiting to hear from {}"),
    ],
)
async def test_nothing_is_well_while_a_safety_sensor_may_be_blind(
    home: Served, word: str, said: str
) -> None:
    sensors = home.home.supervision()
    short = WATCH[word][2]
    async with visiting(home, "owner") as visitor:
        home.home.watches = {sensors[0].entity_id: word}
        text = html.unescape((await visitor.get("/"))[1])
        assert said.format(sensors[0].name) in text
        assert "All is well" not in text
        for page in ("/safety", f"/devices/{sensors[0].entity_id}"):
            assert short in html.unescape((await visitor.get(page))[1])
        home.home.watches = dict.fromkeys((sensor.entity_id for sensor in sensors), word)
        names = f"{sensors[0].name} and {len(sensors) - 1} more"
        assert said.format(names) in html.unescape((await visitor.get("/"))[1])
        home.home.watches = {}
        assert "All is well at home" in (await visitor.get("/"))[1]


@pytest.mark.parametrize("guard", ["starting", "unreachable", "deaf"])
async def test_nothing_is_well_while_nobody_watches(home: Served, guard: str) -> None:
    home.home.guard = guard
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/"))[1]
        assert text.count(GUARD[guard].text) == 1
        assert "All is well" not in text
        assert GUARD[guard].text in (await visitor.get("/safety"))[1]
        _gas(home)
        text = (await visitor.get("/"))[1]
        assert "Gas alarm: 厨房" in text
        assert GUARD[guard].text in text


async def test_a_detection_that_nobody_acts_on_is_never_called_well(home: Served) -> None:
    sensor = home.home.supervision()[0]
    home.home.states.set(sensor.entity_id, True, available=True)
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/"))[1]
        assert "detected: " in text
        assert "All is well" not in text
        home.home.watches = {sensor.entity_id: "unwatched"}
        assert "The hub only shows this" in (await visitor.get("/"))[1]


async def test_an_alarm_stands_on_every_page(home: Served) -> None:
    async with visiting(home, "guest") as visitor:
        assert "ribbon-link" not in (await visitor.get("/devices"))[1]
        _gas(home)
        for page in ("/devices", "/sharing", "/account"):
            text = (await visitor.get(page))[1]
            assert "ribbon-link" in text
            assert "Gas alarm: 厨房" in text
        assert "ribbon-link" not in (await visitor.get("/"))[1]
        smoke = home.home.named("客厅烟感")
        home.home.open.append(hazard("smoke", smoke, "客厅烟感", "客厅"))
        assert "2 alarms at home" in (await visitor.get("/devices"))[1]
        home.home.open.clear()
        home.home.guard = "unreachable"
        assert GUARD["unreachable"].text in (await visitor.get("/devices"))[1]


async def test_what_a_person_took_back_is_not_called_done(home: Served) -> None:
    _gas(home)
    taken = Deed("gas_valve", "taken", "Wang Fang took the valve back.")
    home.home.open[0].did = lambda _words: (taken,)
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/"))[1]
        assert taken.text in text
        assert "confirmed" not in text


async def test_an_open_question_comes_first(home: Served) -> None:
    _gas(home)
    asking = home.home.open.pop()
    asking.hazard = "leak"
    smoke = home.home.named("客厅烟感")
    home.home.open = [hazard("smoke", smoke, "客厅烟感", "客厅"), asking]
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/"))[1]
        assert text.index('id="hazard-gas1"') < text.index('id="hazard-smoke1"')


async def test_answering_counts_once(home: Served) -> None:
    _gas(home)
    async with visiting(home, "resident") as visitor:
        assert (await visitor.press("/hazards/gas1/answer", answer="maybe"))[0] == 400
        status, answer = await visitor.press("/hazards/gas1/answer", answer="tell")
        assert (status, answer["toast"]) == (
            200,
            "The duty desk is being told the zone, not your flat.",
        )
        status, answer = await visitor.press("/hazards/gas1/answer", answer="dont")
        assert (status, answer["error"]) == (422, "This was answered already.")
        assert home.home.did == [("answer", "gas1", "tell"), ("answer", "gas1", "dont")]


async def test_acknowledging_works_without_scripts(home: Served) -> None:
    _gas(home)
    async with visiting(home, "resident") as visitor:
        status, text, path = await visitor.post("/hazards/gas1/acknowledge")
        assert (status, path) == (200, "/devices")
        assert "Noted. The alarm stays here until the sensor is quiet." in text
        assert "Noted." not in (await visitor.get("/devices"))[1]


async def test_a_press_is_pending_until_the_device_answers(home: Served) -> None:
    plug = home.home.named("客厅插座")
    home.home.commands.gate = asyncio.Event()
    async with visiting(home, "resident") as visitor:
        pressing = asyncio.create_task(
            visitor.press(f"/devices/{plug}/command", command="turn_off")
        )
        await home.home.commands.called.wait()
        assert "Turning off …" in (await visitor.get(f"/devices/{plug}"))[1]
        home.home.commands.gate.set()
        status, answer = await pressing
        assert (status, answer["toast"]) == (200, "客厅插座 is off.")
        assert "Turning off …" not in (await visitor.get(f"/devices/{plug}"))[1]


async def test_a_silent_device_is_told_and_offered_again(home: Served) -> None:
    plug = home.home.named("客厅插座")
    home.home.commands.silent.add(plug)
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press(f"/devices/{plug}/command", command="turn_off")
        assert status == 422
        assert "did not answer within 5 seconds" in str(answer["error"])
        text = (await visitor.get(f"/devices/{plug}"))[1]
        assert "No answer from the device. Press to try again." in text
        home.home.states.set(plug, False)
        assert "No answer" not in (await visitor.get(f"/devices/{plug}"))[1]


async def test_a_leased_actuator_needs_a_second_press(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    home.home.commands.leases[valve] = "gas1"
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press(f"/devices/{valve}/command", command="close")
        assert status == 422
        assert "An active alarm holds this device" in str(answer["error"])
        text = (await visitor.get(f"/devices/{valve}"))[1]
        assert "Take it back" in text
        status, _answer = await visitor.press(
            f"/devices/{valve}/command", command="close", override="yes"
        )
        assert status == 200
        assert home.home.commands.calls[-1] == (valve, "close", True)


async def test_unknown_devices_and_commands_are_refused(home: Served) -> None:
    async with visiting(home, "resident") as visitor:
        assert (await visitor.get("/devices/switch.none"))[0] == 404
        valve = home.home.named("厨房燃气阀")
        status, answer = await visitor.press(f"/devices/{valve}/command", command="explode")
        assert (status, answer["error"]) == (422, "This device has no such command.")


async def test_a_limit_is_checked(home: Served) -> None:
    sensor = home.home.named("厨房燃气报警器")
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press(f"/devices/{sensor}/limit", hours="soon")
        assert (status, list(answer["errors"])) == (422, ["hours"])
        assert (await visitor.press(f"/devices/{sensor}/limit", hours="1,5"))[0] == 200
        assert home.home.did == [("limit", sensor, 5400.0)]


async def test_binding_and_a_test_press(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    async with visiting(home, "resident") as visitor:
        assert "Warns, cannot act: nothing is bound" in (await visitor.get("/safety"))[1]
        status, answer = await visitor.press("/safety/bind", role="gas_valve", entity_id="")
        assert (status, list(answer["errors"])) == (422, ["entity_id"])
        await visitor.press("/safety/bind", role="gas_valve", entity_id=valve)
        assert "厨房燃气阀 closes" in (await visitor.get("/safety"))[1]
        assert (await visitor.press("/safety/test", entity_id=valve))[0] == 200
        home.home.commands.silent.add(valve)
        assert (await visitor.press("/safety/test", entity_id=valve))[0] == 422
        await visitor.press("/safety/unbind", entity_id=valve)
        assert home.home.bound == []


async def test_nothing_is_ticked_before_a_choice(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        assert " checked" not in (await visitor.get("/choices"))[1]
        status, answer = await visitor.press("/choices", klass="gas")
        assert (status, list(answer["errors"])) == (422, ["value"])
        assert (await visitor.press("/choices", klass="gas", value="zone"))[0] == 200
        text = (await visitor.get("/choices"))[1]
        assert text.count(" checked") == 1
        assert "Withdraw now" in text
        await visitor.press("/choices/withdraw", purpose="tell_zone", klass="gas")
        assert "Withdraw now" not in (await visitor.get("/choices"))[1]
        assert home.home.consents.standing("gas") == "nobody"
        assert "by 演示户主" in (await visitor.get("/choices"))[1]


async def test_each_message_stands_there_with_its_bytes(home: Served) -> None:
    fields = [("Zone", "3 号楼 <高层区>")]
    home.home.messages = [
        SimpleNamespace(
            at=time.time(), door="events", recipient="x", state="sent", fields=fields, raw=b"\0\xff"
        )
    ]
    async with visiting(home, "guest") as visitor:
        text = (await visitor.get("/sharing"))[1]
        assert "1 message left your home today." in text
        assert "3 号楼 &lt;高层区&gt;" in text
        assert "00 ff" in text


async def test_a_long_message_is_shown_from_its_start(home: Served) -> None:
    home.home.messages = [
        SimpleNamespace(
            at=time.time(), door="acts", recipient="x", state="sent", fields=[], raw=b"\1" * 3000
        )
    ]
    async with visiting(home, "guest") as visitor:
        text = (await visitor.get("/sharing"))[1]
    assert "3,000 bytes" in text or "3000 bytes" in text
    assert text.count("01 01 01") < 1000
    assert "…</pre>" in text


async def test_people_are_added_and_signed_out(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        status, answer = await visitor.press("/people", name="", role="guest", password="1")
        assert (status, list(answer["errors"])) == (422, ["name"])
        await visitor.press("/people", name="小李", role="guest", password="correct horse 2")
        account = await home.home.accounts.named("小李")
        assert account is not None
        assert account.role == "guest"
        owner = await home.home.accounts.named("演示户主")
        assert owner is not None
        status, answer = await visitor.press(f"/people/{owner.id}/role", role="guest")
        assert "only owner" in str(answer["error"])
        status, answer = await visitor.press(f"/people/{owner.id}/remove")
        assert (status, answer["error"]) == (422, "You cannot remove yourself.")
        assert (await visitor.press(f"/people/{account.id}/remove"))[0] == 200
        page = (await visitor.get("/people/removed"))[1]
        assert account.id in page
        assert "/keys#sheet" in page, "a new sheet is due"
        assert await home.home.accounts.named("小李") is None
    notes = [(row[1], row[2]) for row in home.home.did if row[0] == "note"]
    assert notes == [("add person", account.id), ("remove person", account.id)]


async def test_the_household_is_not_the_password(home: Served) -> None:
    async with visiting(home) as visitor:
        text = (await visitor.post("/sign-in", next="/", name="nobody", password=PASSWORD))[1]
        assert "Name and password don&#39;t match." in text


async def test_everybody_takes_their_own_data_away(home: Served) -> None:
    async with visiting(home, "resident") as visitor:
        assert "演示住户" in (await visitor.get("/mine"))[1]
        status, text = await visitor.get("/mine/linli-my-data.json")
        assert status == 200
        taken = json.loads(text)
        assert (taken["account"]["name"], len(taken["sessions"])) == ("演示住户", 1)
        assert "password" not in taken["account"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    notes = [(row[1], row[2]) for row in home.home.did if row[0] == "note"]
    assert notes == [("take own data", f"sha256:{digest}")]
