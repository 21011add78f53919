"""Every page and live part is drawn in both languages; forms work with scripts and without."""

from __future__ import annotations

import re

import pytest
from aiohttp import ClientSession

from community.core.zones import Spot
from community.incidents import desk, views
from community.incidents.desk import Person
from hub.http.live import LiveContext
from hub.http.routes import Kind
from hub.http.server import LIVE, ROUTES
from tests.community.conftest import Running

SPOT = Spot(1, 1, "3 栋", "Building 3", "3", 24)
MANAGER = Person("Demo manager", "manager")
HAN = re.compile(r"[\u4e00-\u9fff]")
ALLOWED_LATIN = {"Linli", "QR", "MQTT", "DRILL", "CSV"}


async def raise_one(running: Running, hazard: str = "gas") -> int:
    incident = await running.store.run(
        lambda s: desk.start_drill(s, hazard, SPOT, MANAGER, at=running.clock())
    )
    running.community.portal.incidents_changed(incident)
    return incident


async def card_of(running: Running, incident: int) -> views.Card:
    card = await running.store.read(lambda s: views.card(s, incident))
    assert card is not None
    return card


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
@pytest.mark.parametrize("role", ["guard", "manager", "operator", "committee"])
async def test_every_page_and_part_is_drawn(running: Running, lang: str, role: str) -> None:
    incident = await raise_one(running)
    for hazard in ("smoke", "flood"):
        await raise_one(running, hazard)
    await running.store.run(lambda s: desk.note(s, incident, "seen", MANAGER, at=1.0))
    await running.store.run(lambda s: desk.tick(s, incident, "air", MANAGER, done=True, at=1.0))
    headers = await running.headers(role) | {"Accept-Language": lang.replace("_", "-")}
    async with ClientSession(running.address, headers=headers) as client:
        for route in running.community.app[ROUTES]:
            if route.method != "GET" or route.kind is not Kind.PAGE or "static" in route.path:
                continue
            async with client.get(route.path.replace("{id}", str(incident))) as answer:
                assert answer.status in {200, 403, 404, 410}, route
    app = running.community.app
    for name, part in app[LIVE].parts.items():
        if part.allow is None or role not in part.allow:  # type: ignore[operator] # all of ours are sets of roles
            continue
        html = await part.render(LiveContext(name, str(incident), role, lang, "token"))
        if name == "incident":
            assert "seen" in html
            assert ("演练" if lang == "zh_CN" else "DRILL") in html


async def test_acknowledging_without_scripts_leads_back(running: Running) -> None:
    incident = await raise_one(running)
    headers = await running.headers("guard") | {"Referer": f"{running.address}/duty"}
    async with ClientSession(running.address, headers=headers) as client:
        form = {"move": "acknowledge", "version": "1"}
        path = f"/incidents/{incident}/move"
        async with client.post(path, data=form, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/duty")
    assert (await card_of(running, incident)).acknowledged_by == "Demo guard"


async def test_the_second_guard_is_told_who_was_first_and_sees_no_error(running: Running) -> None:
    incident = await raise_one(running)
    form = {"move": "acknowledge", "version": "1"}
    told = []
    for role in ("guard", "manager"):
        headers = await running.headers(role) | {"X-Linli-Form": "1"}
        async with (
            ClientSession(running.address, headers=headers) as client,
            client.post(f"/incidents/{incident}/move", data=form) as answer,
        ):
            assert answer.status == 200
            told.append((await answer.json())["toast"])
    assert told[1] == "Demo guard acknowledged it first."


async def test_a_manager_starts_a_drill_marked_everywhere(running: Running) -> None:
    headers = await running.headers("manager") | {"X-Linli-Form": "1"}
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post("/drills", data={"hazard": "smoke", "zone": "0"}) as answer,
    ):
        assert (await answer.json())["go"] == "/duty"
    parts = running.community.app[LIVE].parts
    for name, words in (
        ("duty-alarms", "DRILL"),
        ("duty-top", "DRILL"),
        ("incident-list", "DRILL"),
    ):
        context = LiveContext(name, "", "guard", "en", "")
        assert words in await parts[name].render(context)


async def test_the_first_run_makes_a_manager_once(running: Running) -> None:
    headers = {"Origin": running.address, "Accept-Language": "en"}
    form = {"community": "Demo Garden", "name": "Demo Chen", "password": "a quiet long one"}
    async with ClientSession(running.address, headers=headers) as client:
        async with client.get("/", allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/setup"
        async with client.post("/setup", data={**form, "password": "1"}) as answer:
            assert answer.status == 422
        async with client.post("/setup", data=form, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/manage")
        async with client.get("/manage") as answer:
            assert answer.status == 200
        async with client.post("/setup", data=form, allow_redirects=False) as answer:
            assert answer.status in {403, 404}


async def test_codes_are_printed_once_with_a_picture(running: Running) -> None:
    headers = await running.headers("manager")
    async with ClientSession(running.address, headers=headers) as client:
        async with client.post("/roster/codes", data={"building": "1"}) as answer:
            page = await answer.text()
        assert page.count("qr-card") == 24
        async with client.get("/roster") as answer:
            assert "code printed" in await answer.text()
        async with client.post("/relay/code", data={}) as answer:
            assert (await answer.text()).count("qr-card") == 1
