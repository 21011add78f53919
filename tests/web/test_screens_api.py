"""Programs make screens and the broker's users as the pages do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.home.screens import MOST_TILES
from tests.web.homes import Served, served
from tests.web.programs import program
from tests.web.visitors import visiting


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_a_screen_is_made_changed_paired_and_taken_away(home: Served) -> None:
    valve = home.home.named("总水阀")
    async with program(home) as client, visiting(home, "") as tablet:
        status, made = await client.ask("POST", "/screens", {"name": "Hall"})
        path = f"/screens/{made['id']}"
        assert (status, made["paired"], 0 < len(made["tiles"]) <= MOST_TILES) == (201, False, True)
        night = {"from_minute": 1290, "to_minute": 420}
        change = {"tiles": [valve, valve], "night": night}
        assert (await client.ask("PATCH", path, change))[1]["tiles"] == [valve]
        assert (await client.ask("PATCH", path, {"night": None}))[1]["night"] is None
        code = (await client.ask("POST", f"{path}/code"))[1]
        assert (await tablet.post(code["path"], code=code["code"]))[2] == "/wall"
        assert (await client.ask("GET", "/screens"))[1]["screens"] == [
            {"id": made["id"], "name": "Hall", "paired": True, "tiles": [valve], "night": None}
        ]
        assert (await client.ask("DELETE", path))[0] == 204
        assert (await tablet.get("/wall", follow=False))[0] == 303
        assert await client.refused("DELETE", path) == "404 account_unknown"
    actions = [row[1] for row in home.home.did if row[0] == "note"]
    assert actions == [
        "add screen",
        "change screen",
        "change screen",
        "make screen code",
        "pair screen",
        "remove screen",
    ]


async def test_what_no_screen_can_show(home: Served) -> None:
    async with program(home) as client:
        path = f"/screens/{(await client.ask('POST', '/screens', {'name': 'Hall'}))[1]['id']}"
        for wrong, told in (
            ({"tiles": ["valve.none"]}, "tiles.0 not_one_of"),
            ({"tiles": [home.home.named("总水阀")] * (MOST_TILES + 1)}, "tiles too_long"),
            ({"night": {"from_minute": 1440, "to_minute": 0}}, "night.from_minute too_large"),
        ):
            assert await client.refused("PATCH", path, wrong) == f"422 invalid {told}"
        assert await client.refused("POST", "/screens", {"name": "Hall"}) == "409 name_taken name"
        owner = (await client.ask("GET", "/people"))[1]["people"][0]["id"]
        for method, rest in (("DELETE", ""), ("POST", "/code"), ("PATCH", "")):
            change: dict[str, object] | None = {"tiles": []} if method == "PATCH" else None
            said = await client.refused(method, f"/screens/{owner}{rest}", change)
            assert said == "404 account_unknown"


async def test_a_device_gets_a_user_and_loses_it(home: Served) -> None:
    async with program(home) as client:
        status, made = await client.ask("POST", "/broker/users", {"name": "zigbee2mqtt"})
        assert (status, made["name"], made["address"]) == (201, "zigbee2mqtt", "127.0.0.1:18830")
        assert len(made["password"]) >= 20
        again = await client.refused("POST", "/broker/users", {"name": "zigbee2mqtt"})
        assert again == "409 refused name"
        wrong = await client.refused("POST", "/broker/users", {"name": "../x"})
        assert wrong == "422 invalid name bad_pattern"
        users = (await client.ask("GET", "/broker/users"))[1]["users"]
        assert [one["name"] for one in users] == ["zigbee2mqtt"]
        assert made["password"] not in str(users)
        renewed = (await client.ask("POST", "/broker/users/zigbee2mqtt/password"))[1]
        assert renewed["password"] != made["password"]
        assert (await client.ask("DELETE", "/broker/users/zigbee2mqtt"))[0] == 204
        for method, rest in (("DELETE", ""), ("POST", "/password")):
            gone = await client.refused(method, f"/broker/users/zigbee2mqtt{rest}")
            assert gone == "404 unknown_user"
    assert made["password"] not in str(home.home.did)


async def test_a_broker_of_ones_own_has_its_users_elsewhere(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINLI_BROKER_USER", "hub")
    async with program(home) as client:
        assert (await client.ask("GET", "/broker/users"))[1] == {"users": []}
        assert await client.refused("POST", "/broker/users", {"name": "plug"}) == "409 refused"
    async with visiting(home, "owner") as visitor:
        status, text, _path = await visitor.post("/connect", name="plug")
        assert (status, "its users are made there" in text) == (422, True)
