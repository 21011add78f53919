"""The screen on the wall: how a tablet becomes one, what it may, and what the owner chooses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from hub.accounts.throttle import BY_ADDRESS
from hub.home.screens import MOST_TILES, Screen
from tests.web.hazards import asked, hazard
from tests.web.homes import Served, served
from tests.web.programs import program
from tests.web.visitors import TOKEN, Visitor, visiting
from web.wall.routes import KEPT_S

CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{4}(?:-[A-HJ-NP-Z2-9]{4}){2}\b")
YEAR_S = 365 * 24 * 3600


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def add_screen(owner: Visitor, name: str = "Hall") -> str:
    """Make a screen and return its code."""
    await owner.get("/screens")
    status, page, _path = await owner.post("/screens", name=name)
    assert status == 200
    found = CODE.findall(page)
    assert found
    return str(found[0])


async def wall_id(home: Served) -> str:
    return next(one.id for one in await home.home.accounts.all() if one.role == "wall")


async def test_a_tablet_is_paired_once_and_stays_signed_in(home: Served) -> None:
    async with visiting(home, "owner") as owner, visiting(home) as tablet:
        assert 'href="/screens"' in (await owner.get("/account"))[1]
        code = await add_screen(owner)
        assert (await tablet.get("/wall"))[1].count("/wall/pair") > 0
        status, page, path = await tablet.post("/wall/pair", code=code.lower().replace("-", ""))
        assert (status, path) == (200, "/wall")
        assert "All is well at home" in page
        status, page = await tablet.get("/", follow=False)
        assert status == 303
        async with visiting(home) as another:
            await another.get("/wall/pair")
            status, page, path = await another.post("/wall/pair", code=code)
            assert (status, path) == (403, "/wall/pair")
            assert "mistyped, used or older than ten minutes" in page
        assert "Hall" in (await owner.get("/screens"))[1]
    account = await home.home.accounts.get(await wall_id(home))
    assert account is not None
    assert (account.name, account.role, account.password) == ("Hall", "wall", "")
    actions = [did[1] for did in home.home.did if did[0] == "note"]
    assert actions == ["add screen", "make screen code", "pair screen"]


async def test_the_cookie_outlives_a_power_cut(home: Served) -> None:
    async with visiting(home, "owner") as owner:
        code = await add_screen(owner)
    async with ClientSession(home.address, cookie_jar=CookieJar(unsafe=True)) as http:
        async with http.post(
            "/wall/pair",
            data={"code": code},
            headers={"Origin": home.address},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303
            cookies = SimpleCookie(answer.headers["Set-Cookie"])
        (morsel,) = cookies.values()
        assert int(morsel["max-age"]) == KEPT_S > YEAR_S
        assert morsel["httponly"]
        async with http.get("/wall") as answer:
            renewed = next(iter(SimpleCookie(answer.headers["Set-Cookie"]).values()))
            assert (renewed.value, int(renewed["max-age"])) == (morsel.value, KEPT_S)
            assert code not in await answer.text()


async def test_a_person_looks_at_it_without_being_kept(home: Served) -> None:
    async with visiting(home, "resident") as resident:
        _status, page = await resident.get("/wall")
        assert "Leave this view" in page
    async with ClientSession(home.address, cookie_jar=CookieJar(unsafe=True)) as http:
        path = (await home.link("guest")).removeprefix(home.address)
        form = TOKEN.search(await (await http.get(path)).text())
        data = {"csrf": form[1] if form else ""}
        await http.post(path, data=data, headers={"Origin": home.address})
        async with http.get("/wall") as answer:
            assert answer.status == 200
            assert "Set-Cookie" not in answer.headers
            assert "/wall/press/" not in await answer.text()


async def test_a_screen_sees_no_other_page(home: Served) -> None:
    async with visiting(home, "wall") as wall:
        for path in (
            "/devices",
            "/people",
            "/tokens",
            "/keys",
            "/choices",
            "/sharing",
            "/account",
            "/safety",
            "/screens",
            "/condition",
            "/api/v1/me",
            "/api/v1/states",
        ):
            assert ((await wall.get(path))[0], path) == (403, path)
        await wall.get("/wall")
        for path, fields in (
            ("/account/password", {"old": "", "new": "a new passphrase", "again": ""}),
            ("/sign-out", {}),
            ("/screens", {"name": "Another"}),
        ):
            assert (await wall.press(path, **fields))[0] == 403


async def test_guessing_codes_waits(home: Served) -> None:
    async with visiting(home) as tablet:
        await tablet.get("/wall/pair")
        for _time in range(BY_ADDRESS.free):
            status, _page, _path = await tablet.post("/wall/pair", code="ABCD-EFGH-JKLM")
            assert status == 403
        status, page, _path = await tablet.post("/wall/pair", code="ABCD-EFGH-JKLM")
        assert status == 429
        assert "Too many attempts" in page


async def test_a_screen_that_is_taken_away_is_signed_out(home: Served) -> None:
    async with visiting(home, "wall") as wall, visiting(home, "owner") as owner:
        screen = await wall_id(home)
        await home.home.screens.keep(screen, Screen([home.home.named("总水阀")]))
        assert (await wall.get("/wall", follow=False))[0] == 200
        await owner.get("/screens")
        assert (await owner.press(f"/screens/{screen}/remove"))[0] == 200
        assert (await wall.get("/wall", follow=False))[0] == 303
        assert (await owner.press(f"/screens/{screen}/remove"))[0] == 404
    assert home.home.screens.of(screen).tiles == ()


async def test_a_screen_is_none_of_the_people(home: Served) -> None:
    async with visiting(home, "wall"), visiting(home, "owner") as owner:
        screen = await wall_id(home)
        _status, page = await owner.get("/people")
        assert "演示墙屏" not in page
        for path, fields in (
            (f"/people/{screen}/role", {"role": "owner"}),
            (f"/people/{screen}/remove", {}),
            (f"/people/{screen}/sign-out", {}),
        ):
            assert (await owner.press(path, **fields))[0] == 404
        person = next(one.id for one in await home.home.accounts.all() if one.role == "owner")
        assert (await owner.press(f"/people/{person}/role", role="wall"))[0] == 400
        assert (await owner.press(f"/screens/{person}/remove"))[0] == 404
        assert (await owner.get(f"/screens/{person}"))[0] == 404
    async with program(home, "owner") as client:
        _status, found = await client.ask("GET", "/people")
        assert "wall" not in {one["role"] for one in found["people"]}
        assert (await client.ask("DELETE", f"/people/{screen}"))[0] == 404


async def test_a_screen_presses_what_stands_on_it(home: Served) -> None:
    fake = home.home
    valve, plug, water = (fake.named(name) for name in ("厨房燃气阀", "客厅插座", "总水阀"))
    async with visiting(home, "wall") as wall:
        _status, page = await wall.get("/wall")
        assert "/wall/press/" not in page, "nobody put anything on it"
        status, answer = await wall.press(f"/wall/press/{plug}", command="turn_off")
        assert (status, answer["code"]) == (403, "not_allowed")
        await fake.screens.keep(await wall_id(home), Screen([valve, plug]))
        status, answer = await wall.press(f"/wall/press/{plug}", command="turn_off")
        assert (status, answer["toast"]) == (200, "客厅插座 is off.")
        assert (await wall.press(f"/wall/press/{valve}", command="close"))[0] == 200
        assert (await wall.press(f"/wall/press/{valve}", command="open"))[0] == 403
        assert (await wall.press(f"/wall/press/{water}", command="turn_off"))[0] == 403
        assert (await wall.press(f"/devices/{plug}/command", command="turn_on"))[0] == 403
        assert (await wall.press(f"/wall/press/{plug}", command="explode"))[0] == 422
        assert (await wall.press("/wall/press/nothing", command="turn_on"))[0] == 404
        fake.commands.silent.add(plug)
        status, answer = await wall.press(f"/wall/press/{plug}", command="turn_on")
        assert (status, answer["error"]) == (422, "客厅插座 did not answer.")
        assert {actor.role for actor in fake.commands.actors} == {"wall"}
        fake.commands.silent.clear()
        _status, page = await wall.get("/wall")
        assert page.count('action="/wall/press/') == 1, "a closed valve is not opened from here"
        assert page.index(f"tile-{valve}") < page.index(f"tile-{plug}")
        assert f"tile-{water}" not in page
    assert fake.states.get(valve).value == "closed"  # type: ignore[union-attr]  # it has one


async def test_an_alarm_is_answered_from_the_wall(home: Served) -> None:
    question = asked("zone", 30)
    sensor = home.home.named("厨房燃气报警器")
    leak = hazard("leak", home.home.named("阳台水浸"), "阳台水浸", "阳台")
    gas = hazard("gas", sensor, "厨房燃气报警器", "厨房", question=question)
    home.home.open = [leak, gas]
    async with visiting(home, "wall") as wall:
        _status, page = await wall.get("/wall")
        assert "Tell the duty desk?" in page
        assert page.index("Gas alarm") < page.index("Water leak")
        assert (await wall.press("/hazards/gas1/answer", answer="tell"))[0] == 200
        assert (await wall.press("/hazards/gas1/acknowledge"))[0] == 200
        assert (await wall.press("/hazards/gas1/cancel"))[0] == 200
    assert home.home.did == [
        ("answer", "gas1", "tell"),
        ("acknowledge", "gas1"),
        ("cancel", "gas1"),
    ]


async def test_the_owner_chooses_tiles_and_night(home: Served) -> None:
    fake = home.home
    async with visiting(home, "owner") as owner:
        await add_screen(owner)
        screen = await wall_id(home)
        first = fake.screens.of(screen).tiles
        assert len(first) == 6, "it begins with what tells most"
        plug = fake.named("客厅插座")
        path = f"/screens/{screen}/tiles"
        _status, page = await owner.get(f"/screens/{screen}")
        assert plug in page
        assert (await owner.press(path, do="add", entity_id=plug))[0] == 200
        assert (await owner.press(path, do="earlier", entity_id=plug))[0] == 200
        assert (await owner.press(path, do="off", entity_id=first[0]))[0] == 200
        assert fake.screens.of(screen).tiles == (*first[1:5], plug, first[5])
        assert (await owner.press(path, do="off", entity_id=first[0]))[0] == 404
        assert (await owner.press(path, do="add", entity_id="switch.nowhere"))[0] == 404
        night = f"/screens/{screen}/night"
        status, answer = await owner.press(night, **{"dims": "yes", "from": "late", "to": "7:00"})
        assert (status, list(answer["errors"])) == (422, ["from"])
        for wrong in ("24:00", "12:60", "-1:00", "١٢:00", "1:2:3", ""):
            assert (await owner.press(night, **{"dims": "yes", "from": wrong, "to": "7:00"}))[
                0
            ] == 422
        await owner.press(night, **{"dims": "yes", "from": "21:30", "to": "7：00"})
        assert fake.screens.of(screen).night == (21 * 60 + 30, 7 * 60)
        await owner.press(night)
        assert fake.screens.of(screen).night is None
        others = [one.entity_id for one in fake.registry.entities()][:MOST_TILES]
        await fake.screens.keep(screen, Screen(others))
        status, answer = await owner.press(path, do="add", entity_id=plug)
        assert status == 422
        assert "Take one off first" in answer["error"]


async def test_a_name_that_cannot_be_used_says_why(home: Served) -> None:
    async with visiting(home, "owner") as owner:
        await add_screen(owner)
        for name, said in (("", "at most 64"), ("hall", "has this name already")):
            status, page, _path = await owner.post("/screens", name=name)
            assert status == 422
            assert said in page
        await owner.get("/screens")
        status, page, _path = await owner.post(f"/screens/{await wall_id(home)}/code")
        assert status == 200
        assert "the hub's own machine" in page.replace("&#39;", "'")


async def test_a_locked_home_lets_its_screens_wait(home: Served) -> None:
    async with visiting(home, "wall") as wall:
        home.home.locked = True
        status, page = await wall.get("/wall", follow=False)
        assert status == 200
        assert "waits to be unlocked" in page
        assert 'http-equiv="refresh"' in page
        home.home.locked = False
        home.home.set_up = False
        assert (await wall.get("/wall", follow=False))[0] == 303


async def test_what_is_gone_from_the_home_is_left_out(home: Served) -> None:
    async with visiting(home, "wall") as wall:
        plug = home.home.named("客厅插座")
        await home.home.screens.keep(await wall_id(home), Screen(["switch.gone", plug]))
        status, page = await wall.get("/wall")
        assert status == 200
        assert f"tile-{plug}" in page


async def test_an_empty_home(tmp_path: Path) -> None:
    async with served(tmp_path, furnished=False) as home, visiting(home, "wall") as wall:
        status, page = await wall.get("/wall")
        assert status == 200
        assert "No devices yet" in page
