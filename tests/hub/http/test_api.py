"""States and commands for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st

from hub.accounts.model import csrf_of
from hub.core.commands import CommandRefused, CommandTimeout, Outcome
from hub.core.states import States
from hub.http import feed as feed_module
from hub.http import sockets
from hub.http.api import BadCommand, HomeApi, command_wanted
from tests.hub.http.faces import Browser, Face, face, until

VALVE = "valve.kitchen"


class Obedient:
    """Answers as ``hub.core.commands.Commands`` does."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str, dict[str, Any], bool]] = []
        self.failure: Exception | None = None

    async def call(
        self, actor: Any, entity_id: str, command: str, args: Any = None, *, override: bool = False
    ) -> Outcome:
        self.calls.append((actor.role, entity_id, command, dict(args), override))
        if self.failure is not None:
            raise self.failure
        return Outcome(entity_id, command, ms=1.5, line=7)


class Home:
    def __init__(self, served: Face, states: States, commands: Obedient, api: HomeApi) -> None:
        self.face = served
        self.states = states
        self.commands = commands
        self.api = api


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    states, commands = States(), Obedient()
    api = HomeApi(states, commands, may_command=frozenset({"owner", "resident"}))  # type: ignore[arg-type]  # a stand-in
    async with face(tmp_path, routes=[api.routes()]) as served:
        states.set(VALVE, "open", {"unit": None}, at=10.0)
        yield Home(served, states, commands, api)
        api.close()


async def give(browser: Browser, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"X-CSRF-Token": csrf_of(browser.token), "Content-Type": "application/json", **headers}
    async with browser.http.post("/api/v1/commands", data=data, headers=sent) as answer:
        return answer.status, json.loads(await answer.text())


async def follow(browser: Browser) -> ClientWebSocketResponse:
    socket = await browser.http.ws_connect("/api/ws")
    await socket.send_json({"subscribe": "states"})
    return socket


async def told(socket: ClientWebSocketResponse, what: str) -> Any:
    async with asyncio.timeout(5):
        async for message in socket:
            data = json.loads(message.data)
            if what in data:
                return data[what]
    raise AssertionError(f"closed with {socket.close_code}")


async def test_reading(home: Home) -> None:
    guest = await home.face.browser("guest")
    expected = {
        "entity_id": VALVE,
        "value": "open",
        "available": True,
        "attributes": {"unit": None},
        "changed": 10.0,
        "updated": 10.0,
    }
    assert json.loads((await guest.get("/api/v1/states"))[1]) == {"states": [expected]}
    assert json.loads((await guest.get(f"/api/v1/states/{VALVE}"))[1]) == expected
    status, text, _ = await guest.get("/api/v1/states/none")
    assert (status, json.loads(text)["code"]) == (404, "unknown_entity")


async def test_the_device_answers(home: Home) -> None:
    owner = await home.face.browser("owner")
    body = {"entity_id": VALVE, "command": "close", "args": {"position": 3}, "override": True}
    assert await give(owner, body) == (
        200,
        {"entity_id": VALVE, "command": "close", "confirmed": True, "ms": 1.5, "line": 7},
    )
    assert home.commands.calls == [("owner", VALVE, "close", {"position": 3}, True)]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (CommandRefused("unknown_entity", "x"), 404, "unknown_entity"),
        (CommandRefused("forbidden", "x"), 403, "forbidden"),
        (CommandRefused("leased", "An alarm holds this device."), 409, "leased"),
        (CommandRefused("failed", "x"), 502, "failed"),
        (CommandRefused("unrecorded", "x"), 507, "unrecorded"),
        (CommandTimeout(), 504, "timeout"),
    ],
)
async def test_refusals(home: Home, failure: Exception, status: int, code: str) -> None:
    owner = await home.face.browser("owner")
    home.commands.failure = failure
    answered, problem = await give(owner, {"entity_id": VALVE, "command": "close"})
    assert (answered, problem["status"], problem["code"]) == (status, status, code)
    assert problem["detail"]


async def test_who_may_command(home: Home) -> None:
    guest, nobody = await home.face.browser("guest"), await home.face.browser()
    body = {"entity_id": VALVE, "command": "close"}
    assert (await give(guest, body))[0] == 403
    assert (await give(nobody, body, Origin=nobody.address))[0] == 401
    owner = await home.face.browser("owner")
    assert (await give(owner, body, **{"Content-Type": "text/plain"}))[0] == 415
    assert (await give(owner, body, **{"X-CSRF-Token": "x"}))[0] == 403
    assert home.commands.calls == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", ""),
        (b"[]", ""),
        ({}, "entity_id"),
        ({"entity_id": 1, "command": "x"}, "entity_id"),
        ({"entity_id": "a", "command": ""}, "command"),
        ({"entity_id": "a", "command": "x" * 256}, "command"),
        ({"entity_id": "a", "command": "x", "args": []}, "args"),
        ({"entity_id": "a", "command": "x", "args": {"a": {}}}, "args"),
        ({"entity_id": "a", "command": "x", "override": 1}, "override"),
        ({"entity_id": "a", "command": "x", "more": 1}, "more"),
    ],
)
async def test_strict_bodies(home: Home, body: Any, field: str) -> None:
    owner = await home.face.browser("owner")
    status, problem = await give(owner, body)
    assert (status, problem["code"], problem["field"]) == (422, "bad_command", field)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0ae\\', max_size=40).map(str.encode))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        wanted = command_wanted(body)
    except BadCommand:
        return
    assert wanted.entity_id


async def test_a_snapshot_and_then_every_change(home: Home) -> None:
    guest = await home.face.browser("guest")
    home.states.set(VALVE, "closing")
    socket = await follow(guest)
    assert [state["value"] for state in await told(socket, "states")] == ["closing"]
    home.states.set(VALVE, "closed")
    home.states.set("switch.lamp", True)
    home.states.set("switch.lamp", False)
    changes = await told(socket, "changes")
    assert [(c["entity_id"], c["value"]) for c in changes] == [
        (VALVE, "closed"),
        ("switch.lamp", True),
        ("switch.lamp", False),
    ]
    await socket.send_json({"unsubscribe": "states"})
    await socket.send_str("nonsense")
    assert await told(socket, "error") == "not_understood"
    home.states.set(VALVE, "open")
    await socket.send_json({"subscribe": "states"})
    message = json.loads((await socket.receive()).data)
    assert "states" in message
    await socket.close()


async def test_signed_out_programs_are_told(home: Home) -> None:
    home.api.feed._beat_s = 0.05
    guest = await home.face.browser("guest")
    socket = await follow(guest)
    assert await told(socket, "beat") == 1
    await home.face.accounts.revoke(guest.token)
    with pytest.raises(AssertionError, match="4401"):
        await told(socket, "nothing")


async def test_who_may_follow(home: Home) -> None:
    nobody = await home.face.browser()
    with pytest.raises(WSServerHandshakeError) as refusal:
        await nobody.http.ws_connect("/api/ws")
    assert refusal.value.status == 401


async def test_a_slow_program_is_dropped_and_the_others_go_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MOST_WAITING", 100_000)
    monkeypatch.setattr(sockets, "SEND_TIMEOUT_S", 0.5)
    guest, owner = await home.face.browser("guest"), await home.face.browser("owner")
    slow, quick = await follow(guest), await follow(owner)
    await told(slow, "states")
    await told(quick, "states")
    slow._response.connection.transport.pause_reading()  # type: ignore[union-attr]  # the library's insides

    async def read_on() -> None:
        async for _ in quick:
            pass

    reading = asyncio.create_task(read_on())

    def push() -> bool:
        home.states.set("sensor.noise", "x" * 20_000)
        return home.api.feed.connected == 1

    await until(push, 30)
    assert not quick.closed
    reading.cancel()
    slow._response.close()
