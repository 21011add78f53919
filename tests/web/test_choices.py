"""What a resident chooses on pages: rooms, names, groups, replacements, favourites, search."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.every_kind import furnish
from tests.web.homes import Served, served
from tests.web.visitors import Visitor, visiting
from web.house import room_key

TILE = re.compile(r'id="tile-([^"]+)"')


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


@pytest.fixture
async def visitor(home: Served) -> AsyncIterator[Visitor]:
    async with visiting(home, "resident") as made:
        await made.get("/rooms")
        yield made


def rooms(home: Served) -> list[str]:
    return [area.name for area in home.home.areas]


async def test_rooms_are_made_named_ordered_and_removed(home: Served, visitor: Visitor) -> None:
    kitchen = room_key("厨房")
    status, answer = await visitor.press("/rooms/add", name=" 书房 ")
    assert (status, answer["go"]) == (200, "/rooms")
    assert rooms(home) == ["厨房", "客厅", "阳台", "书房"]
    assert (await visitor.press(f"/rooms/{kitchen}/rename", name="开放厨房"))[0] == 200
    assert rooms(home)[0] == "开放厨房"
    status, answer = await visitor.press(f"/rooms/{room_key('书房')}/rename", name="")
    assert (status, set(answer["errors"])) == (422, {"name"})
    assert (await visitor.press(f"/rooms/{room_key('开放厨房')}/remove"))[0] == 200
    assert rooms(home) == ["客厅", "阳台", "书房"]
    assert "厨房燃气阀" in (await visitor.get("/rooms"))[1]
    assert (await visitor.get(f"/rooms/{kitchen}"))[0] == 404


async def test_an_order_is_made_without_a_script(home: Served, visitor: Visitor) -> None:
    text = (await visitor.get("/rooms"))[1]
    keys = re.findall(r'name="item" value="([^"]+)"', text)
    assert keys == [room_key(name) for name in rooms(home)]
    order = [("item", key) for key in keys]
    down = [*order, ("move", f"down {keys[0]}")]
    assert (await visitor.press_all("/rooms/order", down))[0] == 200
    assert rooms(home) == ["客厅", "厨房", "阳台"]
    wrong = [("item", "nowhere")]
    assert (await visitor.press_all("/rooms/order", wrong))[0] == 404


async def test_favourites_are_ones_own_and_in_ones_order(home: Served, visitor: Visitor) -> None:
    valve, plug = home.home.named("厨房燃气阀"), home.home.named("客厅插座")
    for one in (valve, plug):
        assert (await visitor.press(f"/favourites/{one}", on="yes"))[0] == 200
    text = (await visitor.get("/"))[1]
    assert TILE.findall(text) == [valve, plug]
    assert f'data-live="tiles:{valve}+{plug}"' in text
    up = [("item", valve), ("item", plug), ("move", f"up {plug}")]
    assert (await visitor.press_all("/favourites/order", up))[0] == 200
    assert TILE.findall((await visitor.get("/"))[1]) == [plug, valve]
    async with visiting(home, "guest") as guest:
        assert TILE.findall((await guest.get("/"))[1]) != [plug, valve]
        assert "Nothing chosen yet" in (await guest.get("/favourites"))[1]
    off = [("item", plug), ("item", valve), ("remove", plug)]
    assert (await visitor.press_all("/favourites/order", off))[0] == 200
    assert TILE.findall((await visitor.get("/"))[1]) == [valve]
    assert (await visitor.press("/favourites/light.none", on="yes"))[0] == 404


async def test_a_favourite_that_is_gone_leaves_the_page_whole(
    home: Served, visitor: Visitor
) -> None:
    valve, plug = home.home.named("厨房燃气阀"), home.home.named("客厅插座")
    for one in (valve, plug):
        await visitor.press(f"/favourites/{one}", on="yes")
    gone = home.home.registry.get(valve)
    assert gone is not None
    home.home.registry.remove(gone)
    assert TILE.findall((await visitor.get("/"))[1]) == [plug]
    assert (await visitor.get("/favourites"))[0] == 200


@pytest.mark.parametrize(
    ("wanted", "seen", "unseen"),
    [
        ("插座", "客厅插座", "总水阀"),
        ("客厅 湿度", "客厅温湿度 · 湿度", "客厅插座"),
        ("valve", "厨房燃气阀", "客厅插座"),
        ("阳台", "阳台水浸", "客厅插座"),
        ("<script>", "Nothing found", "<script>"),
    ],
)
async def test_search(home: Served, visitor: Visitor, wanted: str, seen: str, unseen: str) -> None:
    status, text = await visitor.get(f"/devices?q={wanted}")
    assert status == 200
    assert seen in text
    assert unseen not in text.partition('id="main"')[2]


async def test_what_is_hidden_is_found_and_nowhere_else(home: Served, visitor: Visitor) -> None:
    plug = home.home.named("客厅插座")
    fields = {"name": "阅读灯", "area": "阳台", "enabled": "yes"}
    assert (await visitor.press(f"/devices/{plug}/settings", **fields))[0] == 200
    entity = home.home.registry.get(plug)
    assert entity is not None
    assert (entity.own_name, entity.area, entity.hidden, entity.enabled) == (
        "阅读灯",
        "阳台",
        True,
        True,
    )
    for page in ("/", "/devices", f"/rooms/{room_key('阳台')}"):
        assert "阅读灯" not in (await visitor.get(page))[1]
    text = (await visitor.get("/devices?q=阅读"))[1]
    assert "阅读灯" in text
    assert "not shown every day" in text


async def test_a_name_that_is_too_long_is_said_beside_its_field(
    home: Served, visitor: Visitor
) -> None:
    plug = home.home.named("客厅插座")
    for path in ("settings", "device"):
        status, answer = await visitor.press(f"/devices/{plug}/{path}", name="x" * 65)
        assert (status, set(answer["errors"])) == (422, {"name"})
    assert "客厅插座" in (await visitor.get(f"/devices/{plug}"))[1]


async def test_a_device_is_replaced_and_then_removed(home: Served, visitor: Visitor) -> None:
    valve = home.home.named("厨房燃气阀")
    registry = home.home.registry
    old = registry.get(valve)
    assert old is not None
    new = registry.announce_device("mqtt", ("new",), name="新阀")
    registry.announce(
        "mqtt", "valve", "new", suggested_id="new", device_id=new.id, device_class="gas"
    )
    text = (await visitor.get(f"/devices/{valve}/settings"))[1]
    assert f'value="{new.id}"' in text
    assert (await visitor.press(f"/devices/{valve}/replace", device="x"))[0] == 422
    assert (await visitor.press(f"/devices/{valve}/replace", device=new.id))[0] == 200
    stands = registry.get(valve)
    assert stands is not None
    assert stands.device_id == new.id
    assert (await visitor.press(f"/devices/{old.entity_id}/remove"))[0] == 422
    old.present = False
    assert "Remove the device" in (await visitor.get(f"/devices/{old.entity_id}/settings"))[1]
    status, answer = await visitor.press(f"/devices/{old.entity_id}/remove")
    assert (status, answer["go"]) == (200, "/devices")
    assert registry.get(old.entity_id) is None


async def test_groups(home: Served, visitor: Visitor) -> None:
    both = [home.home.named("总水阀"), home.home.named("客厅插座")]
    text = (await visitor.get("/groups?kind=switch"))[1]
    assert all(one in text for one in both)
    form = [("kind", "switch"), ("name", "都关"), *(("members", one) for one in both)]
    status, answer = await visitor.press_all("/groups/add", form)
    assert status == 200
    page = answer["go"]
    assert "都关" in (await visitor.get(page))[1]
    assert "都关" in (await visitor.get("/groups"))[1]
    assert both[0] in (await visitor.get(f"{page}/settings"))[1]
    group = page.rpartition("/")[2]
    one = [("members", both[0])]
    status, answer = await visitor.press_all(f"/groups/{group}/members", one)
    assert (status, set(answer["errors"])) == (422, {"members"})
    assert (await visitor.press(f"/groups/{both[0]}/remove"))[0] == 422
    assert (await visitor.press(f"/groups/{group}/remove"))[0] == 200
    assert "都关" not in html.unescape((await visitor.get("/groups"))[1])


async def test_a_room_shows_a_tile_of_every_kind(home: Served, visitor: Visitor) -> None:
    found = furnish(home.home)
    text = "".join([(await visitor.get(f"/rooms/{room_key(one)}"))[1] for one in rooms(home)])
    shown = set(TILE.findall(text))
    homeless = {found[kind] for kind in ("device_tracker", "update", "button")}
    assert shown >= set(found.values()) - homeless
    assert "On · 60 %" in text
    assert "Cool · 27.5 °C" in text
