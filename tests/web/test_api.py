"""Everything the pages do, by program."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.accounts.tokens import HOME_SCOPES
from hub.core.commands import CommandRefused
from hub.home.refusal import Refusal
from tests.web.hazards import hazard
from tests.web.homes import PASSWORD, Served, served
from tests.web.programs import Program, program


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


@pytest.fixture
async def owner(home: Served) -> AsyncIterator[Program]:
    async with program(home) as made:
        yield made


def question(**more: Any) -> SimpleNamespace:
    found = {"deadline": 2e9, "choice": None, "answer": None, "told": False, "cancelled": False}
    found |= {"flat": False, "seen_at": None}
    return SimpleNamespace(**{**found, **more})


async def test_states_entities_devices_and_rooms(home: Served, owner: Program) -> None:
    valve = home.home.named("厨房燃气阀")
    status, state = await owner.ask("GET", f"/states/{valve}")
    assert (status, state["value"], state["available"]) == (200, "open", True)
    _, answer = await owner.ask("GET", "/states", params={"kind": "valve"})
    assert answer == {"states": [state]}
    assert await owner.refused("GET", "/states/none") == "404 unknown_entity"
    _, entity = await owner.ask("GET", f"/entities/{valve}")
    assert (entity["kind"], entity["area"], entity["commands"]) == (
        "valve",
        "厨房",
        ["close", "open"],
    )
    _, answer = await owner.ask("GET", "/entities")
    assert len(answer["entities"]) == len(home.home.registry.entities())
    _, device = await owner.ask("GET", f"/devices/{entity['device_id']}")
    assert device["entities"] == [valve]
    _, answer = await owner.ask("GET", "/areas")
    assert [area["name"] for area in answer["areas"]] == ["厨房", "客厅", "阳台"]


async def test_names_rooms_and_switching_off(home: Served, owner: Program) -> None:
    valve = home.home.named("厨房燃气阀")
    device_id = (await owner.ask("GET", f"/entities/{valve}"))[1]["device_id"]
    status, device = await owner.ask("PATCH", f"/devices/{device_id}", {"name": "Gas valve"})
    assert (status, device["name"], device["area"]) == (200, "Gas valve", "厨房")
    _, device = await owner.ask("PATCH", f"/devices/{device_id}", {"area": ""})
    assert (device["name"], device["area"]) == ("Gas valve", "")
    assert await owner.refused("PATCH", f"/devices/{device_id}", {"name": "\n"}) == (
        "422 bad_name name"
    )
    _, entity = await owner.ask("PATCH", f"/entities/{valve}", {"enabled": False})
    assert entity["enabled"] is False
    assert await owner.refused("PATCH", "/devices/x", {}) == "404 unknown_device"
    noted = [("note", "rename device", device_id, "Demo program")] * 2
    assert home.home.did == [*noted, ("note", "describe", valve, "Demo program")]


async def test_history(home: Served, owner: Program) -> None:
    valve = home.home.named("厨房燃气阀")
    path = f"/entities/{valve}/history"
    _, answer = await owner.ask("GET", path, params={"start": "0", "end": "86400"})
    assert [point["value"] for point in answer["points"]] == ["open", "closed", "open"]
    _, answer = await owner.ask("GET", path, params={"limit": "1"})
    assert (len(answer["points"]), answer["more"]) == (1, True)
    for params, refusal in (
        ({"start": "9", "end": "8"}, "start too_large"),
        ({"start": "0", "end": "9e9"}, "end wrong_type"),
        ({"start": "0", "end": "9000000"}, "start too_small"),
        ({"start": "nan"}, "start wrong_type"),
        ({"limit": "1.0"}, "limit wrong_type"),
        ({"limit": "0"}, "limit too_small"),
        ({"since": "0"}, "since unknown_field"),
        ([("limit", "1"), ("limit", "2")], "limit repeated"),
    ):
        assert await owner.refused("GET", path, params=params) == f"422 invalid {refusal}"


async def test_commands_name_their_token(home: Served, owner: Program) -> None:
    valve = home.home.named("厨房燃气阀")
    status, answer = await owner.ask(
        "POST", "/commands", {"entity_id": valve, "command": "close", "override": True}
    )
    assert (status, answer["confirmed"], answer["line"]) == (200, True, 1)
    actor = home.home.commands.actors[-1]
    assert (actor.kind, actor.role, actor.token) == ("program", "owner", "Demo program")
    home.home.commands.leases[valve] = "gas1"
    body = {"entity_id": valve, "command": "open"}
    assert await owner.refused("POST", "/commands", body) == "409 leased"
    home.home.commands.leases.clear()
    home.home.commands.silent.add(valve)
    assert await owner.refused("POST", "/commands", body) == "504 timeout"


@pytest.mark.parametrize(
    ("failure", "refusal"),
    [
        (CommandRefused("unknown_entity", "x"), "404 unknown_entity"),
        (CommandRefused("forbidden", "x"), "403 forbidden"),
        (CommandRefused("disabled", "x"), "409 disabled"),
        (CommandRefused("failed", "x"), "502 failed"),
        (CommandRefused("unrecorded", "x"), "507 unrecorded"),
    ],
)
async def test_refusals_of_commands(
    home: Served, owner: Program, monkeypatch: pytest.MonkeyPatch, failure: Exception, refusal: str
) -> None:
    async def fail(*_args: object, **_more: object) -> None:
        raise failure

    monkeypatch.setattr(home.home.commands, "call", fail)
    body = {"entity_id": "valve.x", "command": "close"}
    assert await owner.refused("POST", "/commands", body) == refusal


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ([], "422 invalid wrong_type"),
        ({}, "422 invalid entity_id missing"),
        ({"entity_id": 1, "command": "x"}, "422 invalid entity_id wrong_type"),
        ({"entity_id": "a", "command": ""}, "422 invalid command too_short"),
        ({"entity_id": "a", "command": "x" * 65}, "422 invalid command too_long"),
        ({"entity_id": "a", "command": "x", "args": []}, "422 invalid args wrong_type"),
        ({"entity_id": "a", "command": "x", "args": {"a": {}}}, "422 invalid args.a wrong_type"),
        ({"entity_id": "a", "command": "x", "override": 1}, "422 invalid override wrong_type"),
        ({"entity_id": "a", "command": "x", "more": 1}, "422 invalid more unknown_field"),
    ],
)
async def test_strict_bodies(owner: Program, body: Any, refusal: str) -> None:
    assert await owner.refused("POST", "/commands", body) == refusal


async def test_what_is_no_json(owner: Program) -> None:
    json = {"Content-Type": "application/json"}
    for data, headers, refusal in (
        (b"{", json, "400 not_json"),
        (b"\xff", json, "400 not_json"),
        (b'{"entity_id":NaN}', json, "400 not_json"),
        (b"{}", {"Content-Type": "text/plain"}, "415 json_needed"),
        (b" " * 70_000, json, "413 too_large"),
    ):
        sent = {"data": data, "headers": headers}
        assert await owner.refused("POST", "/commands", **sent) == refusal
    assert await owner.refused("POST", "/hazards/x/acknowledge", {}) == "422 invalid unknown_field"


async def test_a_hazard_is_listed_answered_and_taken_back(home: Served, owner: Program) -> None:
    sensor = home.home.named("厨房燃气报警器")
    home.home.open = [hazard("gas", sensor, "燃气", "厨房", question=question())]
    home.home.open.append(hazard("smoke", sensor, "烟雾", "客厅", active=False))
    _, answer = await owner.ask("GET", "/hazards", params={"active": "true"})
    assert [one["id"] for one in answer["hazards"]] == ["gas1"]
    assert answer["hazards"][0]["advice"]
    assert answer["hazards"][0]["did"][0]["result"] == "confirmed"
    _, one = await owner.ask("GET", "/hazards/smoke1")
    assert one["question"] is None
    assert await owner.refused("GET", "/hazards/x") == "404 unknown_hazard"
    assert await owner.refused("POST", "/hazards/smoke1/answer", {"answer": "tell"}) == (
        "409 not_asked"
    )
    assert await owner.refused("POST", "/hazards/gas1/false-alarm") == "409 nothing_told"
    body = {"answer": "tell"}
    assert await owner.ask("POST", "/hazards/gas1/answer", body) == (200, {"told": True})
    assert await owner.refused("POST", "/hazards/gas1/answer", body) == "409 answered_already"
    assert await owner.ask("POST", "/hazards/gas1/false-alarm") == (204, None)
    assert await owner.ask("POST", "/hazards/gas1/acknowledge") == (204, None)
    assert (await owner.ask("GET", "/hazards/gas1"))[1]["acknowledged_by"] == "演示住户"


async def test_bindings_and_limits(home: Served, owner: Program) -> None:
    valve, sensor = home.home.named("厨房燃气阀"), home.home.named("厨房燃气报警器")
    _, answer = await owner.ask("GET", "/safety/bindings")
    assert valve in [one["entity_id"] for one in answer["candidates"]["gas_valve"]]
    path = f"/safety/bindings/{valve}"
    assert await owner.refused("POST", f"{path}/test") == "404 not_bound"
    assert await owner.ask("PUT", path, {"role": "gas_valve"}) == (204, None)
    assert (await owner.ask("GET", "/safety/bindings"))[1]["bindings"][0]["role"] == "gas_valve"
    assert await owner.ask("POST", f"{path}/test") == (200, {"confirmed": True})
    assert await owner.ask("DELETE", path) == (204, None)
    assert await owner.refused("DELETE", path) == "404 not_bound"
    assert await owner.refused("PUT", path, {"role": "x"}) == "422 invalid role not_one_of"
    limit = f"/safety/sensors/{sensor}/limit"
    assert await owner.ask("PUT", limit, {"seconds": 3600}) == (204, None)
    assert await owner.refused("PUT", limit, {"seconds": 59.9}) == "422 invalid seconds too_small"
    assert await owner.refused("PUT", limit, {"seconds": True}) == "422 invalid seconds wrong_type"
    _, safety = await owner.ask("GET", "/safety")
    assert (safety["guard"], len(safety["sensors"])) == ("watching", 3)


async def test_marks_limits_and_tests(home: Served, owner: Program) -> None:
    warm, sensor = home.home.named("客厅温湿度"), home.home.named("厨房燃气报警器")
    _, answer = await owner.ask("GET", "/safety/hazards/overheat/markable")
    assert {"entity_id": warm, "press": "", "name": "客厅温湿度 温度"} in answer["sensors"]
    assert await owner.refused("GET", "/safety/hazards/x/markable") == "404 unknown_kind"
    path = f"/safety/hazards/overheat/sensors/{warm}"
    assert await owner.ask("PUT", path, {"limit": 60, "for_s": 30, "press": "a"}) == (204, None)
    assert await owner.refused("PUT", path, {"limit": 2000}) == "409 refused limit"
    assert await owner.ask("DELETE", path) == (204, None)
    assert (
        await owner.refused("DELETE", "/safety/hazards/overheat/sensors/x") == "404 unknown_entity"
    )
    assert await owner.ask("POST", f"/safety/sensors/{sensor}/tested") == (204, None)
    assert await owner.refused("POST", "/safety/sensors/x/tested") == "404 unknown_sensor"
    assert await owner.ask("PUT", "/safety/test-days", {"days": 30}) == (204, None)
    assert (await owner.ask("GET", "/safety"))[1]["test_days"] == 30
    home.home.open = [hazard("sos", sensor, "SOS", "客厅")]
    assert await owner.ask("POST", "/hazards/sos1/end") == (204, None)
    assert await owner.ask("POST", "/calls") == (200, {"hazard_id": "sos1"})
    assert home.home.did == [
        ("mark", "overheat", f"{warm} a", 60, 30, False),
        ("unmark", "overheat", warm),
        ("tested", sensor),
        ("end", "sos1"),
        ("call", "owner"),
    ]


async def test_choices_ledger_and_what_left(home: Served, owner: Program) -> None:
    assert await owner.ask("PUT", "/sharing/choices/gas", {"value": "zone"}) == (204, None)
    assert await owner.ask("DELETE", "/sharing/choices/gas") == (204, None)
    assert await owner.refused("DELETE", "/sharing/choices/x") == "404 unknown_class"
    _, answer = await owner.ask("GET", "/sharing/choices")
    assert answer["choices"][0]["value"] == "nobody"
    _, ledger = await owner.ask("GET", "/sharing/ledger", params={"limit": "1"})
    assert [line["state"] for line in ledger["lines"]] == ["withdrawn"]
    home.home.messages = [
        SimpleNamespace(
            at=1.0, door="events", recipient="duty desk", state="sent", raw=b"\0", fields=[("", "")]
        )
    ]
    _, sent = await owner.ask("GET", "/sharing/sent")
    assert base64.b64decode(sent["messages"][0]["raw"]) == b"\0"
    assert (await owner.ask("GET", "/sharing/community"))[1] == {"community": None}
    assert await owner.refused("POST", "/sharing/community", {"code": "x"}) == "409 refused code"
    assert (await owner.ask("POST", "/sharing/community", {"code": "LINLI1"}))[0] == 204
    community = (await owner.ask("GET", "/sharing/community"))[1]["community"]
    assert (community["homes"], community["claimed"]) == (24, True)
    assert (community["attested"]["homes"], community["attested"]["holds"]) == (96, True)
    assert await owner.ask("DELETE", "/sharing/community") == (204, None)


async def test_people(home: Served, owner: Program) -> None:
    body = {"name": "演示客人", "role": "guest", "password": "12345678"}
    assert await owner.refused("POST", "/people", body) == "422 weak_password password"
    status, guest = await owner.ask("POST", "/people", {"name": "演示客人", "role": "guest"})
    assert (status, guest["role"]) == (201, "guest")
    body = {"name": "演示客人", "role": "guest"}
    assert await owner.refused("POST", "/people", body) == "409 name_taken name"
    path = f"/people/{guest['id']}"
    _, guest = await owner.ask("PATCH", path, {"role": "resident", "name": "演示亲戚"})
    assert (guest["role"], guest["name"]) == ("resident", "演示亲戚")
    assert await owner.ask("POST", f"{path}/sign-out") == (204, None)
    assert await owner.refused("POST", f"{path}/invitation") == "403 not_for_tokens"
    status, receipt = await owner.ask("DELETE", path)
    assert (status, receipt["erased"]) == (200, [{"kind": "accounts", "rows": 1}])
    assert await owner.ask("GET", "/removed") == (200, {"removed": [receipt]})
    assert await owner.refused("DELETE", path) == "404 account_unknown"
    me = next(one for one in (await owner.ask("GET", "/people"))[1]["people"])
    assert await owner.refused("DELETE", f"/people/{me['id']}") == "409 yourself"
    assert await owner.refused("PATCH", f"/people/{me['id']}", {"role": "guest"}) == (
        "409 last_keeper"
    )


async def test_keys_ask_for_the_password_again(home: Served, owner: Program) -> None:
    assert (await owner.ask("GET", "/keys"))[1] == {"mode": "passphrase", "sheet_due": False}
    assert await owner.refused("POST", "/keys/sheet", {}) == "422 invalid password missing"
    wrong = {"password": "not this one"}
    assert await owner.refused("POST", "/keys/sheet", wrong) == "403 sign_in_refused"
    status, sheet = await owner.ask("POST", "/keys/sheet", {"password": PASSWORD})
    assert (status, sheet["code"]) == (201, "22222-33333-44444-55555-66666-77777")
    body = {"mode": "passphrase", "password": PASSWORD}
    assert await owner.refused("PUT", "/keys", body) == "422 invalid passphrase missing"
    assert (await owner.ask("PUT", "/keys", {**body, "mode": "machine"}))[0] == 204
    assert home.home.unlock_mode == "machine"
    for _ in range(8):
        refusal = await owner.refused("POST", "/keys/sheet", wrong)
    assert refusal == "429 too_many_attempts"


async def test_tokens_are_listed_and_revoked(home: Served, owner: Program) -> None:
    async with program(home, "resident", ["read:states", "admin"], name="Other") as other:
        _, mine = await other.ask("GET", "/tokens")
        assert [one["name"] for one in mine["tokens"]] == ["Other"]
        assert "text" not in str(mine)
        assert await other.refused("DELETE", f"/tokens/{owner.token_id}") == "404 unknown_token"
        _, all_of_them = await owner.ask("GET", "/tokens")
        assert {one["name"] for one in all_of_them["tokens"]} == {"Other", "Demo program"}
        body = {"name": "Mine", "scopes": ["admin"]}
        assert await owner.refused("POST", "/tokens", body) == "403 not_for_tokens"
        assert await owner.ask("DELETE", f"/tokens/{other.token_id}") == (204, None)
        assert await other.refused("GET", "/me") == "401 token_refused"


async def test_me(home: Served, owner: Program) -> None:
    expected = {
        "name": "演示户主",
        "role": "owner",
        "token": "Demo program",
        "scopes": sorted(HOME_SCOPES),
    }
    assert await owner.ask("GET", "/me") == (200, expected)


async def test_a_refusal_speaks_the_readers_language(
    home: Served, owner: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: object) -> None:
        raise Refusal("This home is set up already.")

    monkeypatch.setattr(home.home, "unpair", refuse)
    _, problem = await owner.ask("DELETE", "/sharing/community")
    assert problem["detail"] == "This home is set up already."
    chinese = {"Accept-Language": "zh-CN"}
    _, problem = await owner.ask("DELETE", "/sharing/community", headers=chinese)
    assert problem["detail"] not in {"", "This home is set up already."}
