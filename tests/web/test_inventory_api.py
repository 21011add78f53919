"""Rooms, groups, replacements and favourites by the interface for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.homes import Served, served
from tests.web.programs import Program, program


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


@pytest.fixture
async def owner(home: Served) -> AsyncIterator[Program]:
    async with program(home) as client:
        yield client


async def test_rooms(home: Served, owner: Program) -> None:
    status, answer = await owner.ask("POST", "/areas", {"name": "书房"})
    assert (status, [one["name"] for one in answer["areas"]]) == (
        201,
        ["厨房", "客厅", "阳台", "书房"],
    )
    _, answer = await owner.ask("PUT", "/areas", {"areas": ["书房", "阳台"]})
    assert [one["id"] for one in answer["areas"]] == ["书房", "阳台", "厨房", "客厅"]
    _, answer = await owner.ask("PATCH", "/areas/厨房", {"name": "开放厨房"})
    assert [one["id"] for one in answer["areas"]] == ["书房", "阳台", "开放厨房", "客厅"]
    valve = home.home.named("厨房燃气阀")
    assert (await owner.ask("GET", f"/entities/{valve}"))[1]["area"] == "开放厨房"
    _, answer = await owner.ask("DELETE", "/areas/开放厨房")
    assert [one["id"] for one in answer["areas"]] == ["书房", "阳台", "客厅"]
    assert (await owner.ask("GET", f"/entities/{valve}"))[1]["area"] == ""
    for method, path, body, refusal in (
        ("POST", "/areas", {"name": "书房"}, "409 refused name"),
        ("POST", "/areas", {"name": "\n"}, "422 bad_name name"),
        ("PUT", "/areas", {"areas": ["没有"]}, "409 refused"),
        ("PATCH", "/areas/没有", {"name": "有"}, "404 unknown_area"),
        ("DELETE", "/areas/没有", None, "404 unknown_area"),
    ):
        assert await owner.refused(method, path, body) == refusal


async def test_choices_about_entities_and_groups(home: Served, owner: Program) -> None:
    valve = home.home.named("厨房燃气阀")
    _, entity = await owner.ask(
        "PATCH", f"/entities/{valve}", {"name": "总阀", "area": "阳台", "hidden": True}
    )
    assert [entity[one] for one in ("name", "area", "hidden", "enabled")] == [
        "总阀",
        "阳台",
        True,
        True,
    ]
    _, entity = await owner.ask("PATCH", f"/entities/{valve}", {"name": ""})
    assert (entity["name"], entity["own_name"], entity["area"]) == ("厨房燃气阀", "", "阳台")
    both = [home.home.named("总水阀"), home.home.named("客厅插座")]
    status, group = await owner.ask(
        "POST", "/groups", {"kind": "switch", "name": "都关", "members": both}
    )
    assert (status, group["members"], group["commands"]) == (201, both, ["turn_off", "turn_on"])
    path = f"/groups/{group['entity_id']}"
    _, group = await owner.ask("PUT", path, {"members": both[::-1]})
    assert group["members"] == both[::-1]
    assert await owner.refused("PUT", path, {"members": both[:1]}) == "409 refused members"
    assert await owner.refused("DELETE", f"/groups/{valve}") == "404 unknown_entity"
    assert (await owner.ask("DELETE", path))[0] == 204


async def test_devices_are_replaced_and_removed(home: Served, owner: Program) -> None:
    registry = home.home.registry
    plug = registry.get(home.home.named("总水阀"))
    other = registry.get(home.home.named("客厅插座"))
    assert plug is not None
    assert other is not None
    new = registry.announce_device("mqtt", ("new",), name="新开关")
    registry.announce("mqtt", "switch", "new", suggested_id="new", device_id=new.id)
    path = f"/devices/{plug.device_id}"
    _, answer = await owner.ask("GET", f"{path}/replacements")
    assert [one["id"] for one in answer["devices"]] == [new.id]
    assert await owner.refused("POST", f"{path}/replace", {"by": other.device_id}) == (
        "409 refused device"
    )
    before = plug.entity_id
    _, answer = await owner.ask("POST", f"{path}/replace", {"by": new.id})
    assert answer == {"entities": 1}
    assert (await owner.ask("GET", f"/entities/{before}"))[1]["device_id"] == new.id
    assert await owner.refused("DELETE", path) == "409 refused"
    plug.present = False
    assert (await owner.ask("DELETE", path))[0] == 204
    assert await owner.refused("GET", path) == "404 unknown_device"


async def test_favourites(home: Served, owner: Program) -> None:
    assert (await owner.ask("GET", "/favourites"))[1] == {"entities": []}
    chosen = [home.home.named("客厅插座"), home.home.named("厨房燃气阀")]
    assert (await owner.ask("PUT", "/favourites", {"entities": chosen}))[0] == 200
    assert (await owner.ask("GET", "/favourites"))[1] == {"entities": chosen}
    refusal = await owner.refused("PUT", "/favourites", {"entities": ["light.none"]})
    assert refusal == "404 unknown_entity"
