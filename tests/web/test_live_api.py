"""The programs' socket: snapshots, changes, filters, numbers, and starting anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSServerHandshakeError

from hub.http import feed as feed_module
from hub.http import sockets
from tests.hub.http.faces import until
from tests.web.hazards import hazard
from tests.web.homes import Served, served
from tests.web.programs import program
from web.api.routes import API


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def told(socket: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next message of a kind; others are passed over, and none may be missing."""
    async with asyncio.timeout(10):
        async for message in socket:
            data: dict[str, Any] = json.loads(message.data)
            if data["type"] == kind:
                return data
    raise AssertionError(f"closed with {socket.close_code}")


async def test_a_snapshot_and_then_every_change(home: Served) -> None:
    valve = home.home.named("厨房燃气阀")
    async with program(home, "guest") as guest:
        socket = await guest.live("states")
        snapshot = await told(socket, "snapshot")
        assert len(snapshot["data"]) == len(home.home.states.all())
        home.home.states.set(valve, "closing")
        home.home.states.set(valve, "closed")
        changes = await told(socket, "changes")
        assert [one["value"] for one in changes["data"]] == ["closing", "closed"]
        await socket.send_json({"do": "unsubscribe", "topic": "states", "id": 7})
        assert (await told(socket, "unsubscribed"))["id"] == 7
        home.home.states.set(valve, "open")
        await socket.send_json({"do": "ping", "id": "x"})
        pong = json.loads((await socket.receive()).data)
        assert (pong["type"], pong["id"]) == ("pong", "x")
        await socket.close()


async def test_numbers_have_no_gaps(home: Served) -> None:
    async with program(home) as owner:
        socket = await owner.live("states", "hazards", "safety", "sharing", "registry")
        numbers = [json.loads((await socket.receive()).data)["seq"] for _ in range(5)]
        home.home.changed("safety")
        home.home.changed("safety")
        home.home.changed("registry")
        numbers += [json.loads((await socket.receive()).data)["seq"] for _ in range(2)]
        assert numbers == [1, 2, 3, 4, 5, 6, 7]
        await socket.close()


async def test_filters(home: Served) -> None:
    valve, lamp = home.home.named("厨房燃气阀"), home.home.named("客厅插座")
    async with program(home) as owner:
        socket = await owner.http.ws_connect("/api/v1/live")
        ask = {"do": "subscribe", "topic": "states", "entities": [valve], "kinds": ["siren"]}
        await socket.send_json(ask)
        snapshot = await told(socket, "snapshot")
        assert {one["entity_id"].split(".")[0] for one in snapshot["data"]} == {"valve", "siren"}
        home.home.states.set(lamp, False)
        await socket.send_json({"do": "ping"})
        assert json.loads((await socket.receive()).data)["type"] == "pong"
        home.home.states.set(valve, "closed")
        assert len((await told(socket, "changes"))["data"]) == 1
        await socket.close()


async def test_hazards_come_whole(home: Served) -> None:
    sensor = home.home.named("厨房燃气报警器")
    async with program(home) as owner:
        socket = await owner.live("hazards")
        assert (await told(socket, "snapshot"))["data"] == []
        home.home.open = [hazard("gas", sensor, "燃气", "厨房")]
        home.home.changed("hazards")
        assert [one["id"] for one in (await told(socket, "changes"))["data"]] == ["gas1"]
        await socket.close()


async def test_a_topic_that_fails_leaves_the_others(home: Served) -> None:
    async with program(home) as owner:
        socket = await owner.live("hazards", "registry")
        for _ in range(2):
            await told(socket, "snapshot")
        home.home.open = [object()]
        home.home.changed("hazards")
        home.home.changed("registry")
        assert (await told(socket, "changes"))["topic"] == "registry"
        await socket.close()


async def test_what_is_refused(home: Served) -> None:
    async with program(home, "guest", ["read:states", "read:safety"]) as guest:
        socket = await guest.http.ws_connect("/api/v1/live")
        for said, refusal in (
            ("nonsense", {"code": "not_json"}),
            ('{"do":"dance","id":1}', {"code": "invalid", "field": "do", "id": 1}),
            ('{"do":"subscribe","topic":"x"}', {"code": "unknown_topic"}),
            ('{"do":"subscribe","topic":"safety"}', {"code": "not_allowed"}),
            ('{"do":"subscribe","topic":"sharing"}', {"scope": "read:sharing"}),
            ('{"do":"subscribe","topic":"states","since":1}', {"field": "since"}),
        ):
            await socket.send_str(said)
            problem = await told(socket, "problem")
            assert {name: problem[name] for name in refusal} == refusal, said
        await socket.close()


async def test_a_revoked_token_ends_the_talk(home: Served) -> None:
    async with program(home) as owner:
        socket = await owner.live("states")
        await told(socket, "beat")
        await home.home.tokens.revoke(owner.token_id)
        with pytest.raises(AssertionError, match="4401"):
            await told(socket, "nothing")
        with pytest.raises(WSServerHandshakeError) as refusal:
            await owner.live()
        assert refusal.value.status == 401


async def test_a_slow_program_is_told_and_starts_anew(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MOST_WAITING", 200_000)
    async with program(home) as owner, program(home, "guest") as guest:
        slow, quick = await owner.live("states"), await guest.live("states")
        last = (await told(slow, "snapshot"))["seq"]
        await told(quick, "snapshot")
        transport: Any = slow._response.connection.transport  # type: ignore[union-attr]  # the library's insides
        transport.pause_reading()
        for number in range(1500):  # more than the sockets' own buffers take
            home.home.states.set("sensor.noise", f"{number} " + "x" * 20_000)
            assert (await told(quick, "changes"))["data"][0]["value"].startswith(f"{number} ")
        transport.resume_reading()
        overrun = await told(slow, "overrun")
        assert overrun["lost"] > 0
        assert overrun["seq"] > last + overrun["lost"]
        home.home.states.set("sensor.noise", "unheard")
        await slow.send_json({"do": "subscribe", "topic": "states", "id": 2})
        after = json.loads((await slow.receive()).data)
        while after["type"] == "beat":
            after = json.loads((await slow.receive()).data)
        assert (after["type"], after["id"]) == ("snapshot", 2)
        assert "unheard" in [one["value"] for one in after["data"]]
        home.home.states.set("sensor.noise", "heard")
        assert (await told(slow, "changes"))["data"][0]["value"] == "heard"
        await slow.close()
        await quick.close()


async def test_who_reads_nothing_at_all_is_dropped(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_TIMEOUT_S", 0.5)
    async with program(home) as owner:
        slow = await owner.live("states")
        await told(slow, "snapshot")
        slow._response.connection.transport.pause_reading()  # type: ignore[union-attr]  # the library's insides

        def push() -> bool:
            home.home.states.set("sensor.noise", "x" * 50_000)
            return slow.closed or not home.app[API].feed.connected

        await until(push, 30)
        slow._response.close()
