"""Live parts: who may watch, what arrives, how often, and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSServerHandshakeError

from hub.accounts.model import csrf_of
from hub.http import live as live_module
from hub.http import sockets
from hub.http.live import Live
from hub.http.routes import ANYONE
from tests.hub.http.faces import Browser, Face, until


async def watch(browser: Browser, parts: str) -> ClientWebSocketResponse:
    return await browser.http.ws_connect(
        f"/live?parts={parts}", headers={"Origin": browser.address}
    )


async def parts_of(socket: ClientWebSocketResponse) -> AsyncIterator[dict[str, Any]]:
    async for message in socket:
        data = json.loads(message.data)
        if "part" in data:
            yield data


async def next_part(socket: ClientWebSocketResponse) -> tuple[str, str]:
    async with asyncio.timeout(5):
        data = await anext(parts_of(socket))
    return data["part"], data["html"]


async def closed(socket: ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(5):
        async for _ in socket:
            pass
    return socket.close_code


async def test_a_part_comes_and_changes(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "number,one:a")
    first = dict([await next_part(socket), await next_part(socket)])
    assert first == {
        "number": f"0 owner zh_CN <i>{csrf_of(owner.token)}</i>",
        "one:a": "a=0",
    }
    home.live.number = 1
    home.live.changed("one:b")
    home.live.changed("one:a")
    assert await next_part(socket) == ("one:a", "a=1")
    home.live.changed("numbers")
    assert (await next_part(socket))[1].startswith("1 owner")
    await socket.close()


async def test_a_page_goes_on_in_the_language_it_is_in(home: Face) -> None:
    """Whatever was chosen since in another window, or a browser says in a handshake."""
    owner = await home.browser("owner")
    for drawn_in, lang in (("en", "en"), ("zh-CN", "zh_CN"), ("<b>", "zh_CN"), ("", "zh_CN")):
        socket = await watch(owner, f"number&lang={drawn_in}")
        assert f" {lang} " in (await next_part(socket))[1]
        await socket.close()


async def test_who_may_watch(home: Face) -> None:
    for role, parts, status in (
        (None, "open", 101),
        (None, "number", 401),
        (None, "open,one:a", 401),
        ("guest", "number,open", 101),
        ("guest", "number,one:a", 403),
        ("owner", "one:a", 101),
        ("owner", "none", 404),
        ("owner", ",".join(f"one:{n}" for n in range(40)), 400),
    ):
        browser = await home.browser(role)
        try:
            await (await watch(browser, parts)).close()
            answered = 101
        except WSServerHandshakeError as refusal:
            answered = refusal.status
        assert answered == status, (role, parts)


async def test_each_reader_gets_their_own_token(home: Face) -> None:
    browsers = [await home.browser(role) for role in ("owner", "owner", "guest")]
    sockets_open = [await watch(browser, "number") for browser in browsers]
    for browser, socket in zip(browsers, sockets_open, strict=True):
        assert csrf_of(browser.token) in (await next_part(socket))[1]
    before = home.live.drawn
    home.live.number = 5
    home.live.changed("numbers")
    for browser, socket in zip(browsers, sockets_open, strict=True):
        _, html = await next_part(socket)
        assert csrf_of(browser.token) in html
    assert home.live.drawn - before == 2


async def test_four_a_second_and_the_last_one_counts(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "one:a")
    assert await next_part(socket) == ("one:a", "a=0")
    start, seen = time.monotonic(), 0
    while time.monotonic() - start < 0.9:
        home.live.number += 1
        home.live.changed("one:a")
        await asyncio.sleep(0.002)
    last = f"a={home.live.number}"
    async with asyncio.timeout(3):
        async for data in parts_of(socket):
            seen += 1
            if data["html"] == last:
                break
    assert seen <= 6


async def test_what_did_not_change_is_not_sent(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "one:a")
    await next_part(socket)
    drawn = home.live.drawn
    home.live.changed("one:a")
    await until(lambda: home.live.drawn > drawn)
    home.live.number = 9
    home.live.changed("one:a")
    assert await next_part(socket) == ("one:a", "a=9")


async def test_a_part_that_fails_leaves_the_others(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "failing,number")
    assert (await next_part(socket))[0] == "number"


async def test_beats(home: Face) -> None:
    nobody = await home.browser()
    socket = await watch(nobody, "open")
    beats = []
    async with asyncio.timeout(5):
        async for message in socket:
            data = json.loads(message.data)
            if "beat" in data:
                beats.append(data["beat"])
                assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$", data["at"])
            if len(beats) == 3:
                break
    assert beats == [1, 2, 3]


async def test_signed_out_is_told(home: Face) -> None:
    owner = await home.browser("owner")
    other = await home.browser("owner")
    socket, stays = await watch(owner, "number"), await watch(other, "number")
    await next_part(socket)
    await home.accounts.revoke(owner.token)
    assert await closed(socket) == 4401
    assert not stays.closed


async def test_another_role_is_told(home: Face) -> None:
    await home.browser("owner")
    guest = await home.browser("guest")
    socket = await watch(guest, "number")
    await home.accounts.set_role(home.ids["guest"], "resident")
    assert await closed(socket) == 4401


async def test_nothing_is_left_behind(home: Face) -> None:
    owner = await home.browser("owner")
    open_sockets = [await watch(owner, "number,one:a") for _ in range(5)]
    for socket in open_sockets:
        await next_part(socket)
        await socket.close()
    await until(lambda: home.live.watching == 0)
    assert home.live._watched == {}
    assert home.live._by_topic == {}
    drawn = home.live.drawn
    home.live.changed("numbers")
    assert home.live.drawn == drawn


async def test_a_reader_that_does_not_read_is_dropped(
    home: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_TIMEOUT_S", 0.2)
    monkeypatch.setattr(live_module, "SHORTEST_GAP_S", 0.0)
    huge = 0

    async def page(_context: object) -> str:
        return f"{huge}" + "x" * 2_000_000

    home.live.part("huge", page, ["huge"], ANYONE)
    nobody, owner = await home.browser(), await home.browser("owner")
    slow = await watch(nobody, "huge")
    quick = await watch(owner, "number")
    slow._response.connection.transport.pause_reading()  # type: ignore[union-attr]  # the library's insides
    async with asyncio.timeout(20):
        while home.live.watching == 2:
            huge += 1
            home.live.changed("huge")
            await asyncio.sleep(0.02)
    home.live.number = 3
    home.live.changed("numbers")
    assert (await next_part(quick))[0] == "number"
    slow._response.close()


def test_parts_have_names_of_their_own() -> None:
    live = Live()

    async def draw(_context: object) -> str:
        return ""

    live.part("a", draw, [], ANYONE)
    for wrong in ("a", "", "x:y", "x,y"):
        with pytest.raises(ValueError, match="name of its own"):
            live.part(wrong, draw, [], ANYONE)
    with pytest.raises(TypeError):
        live.part("b", draw, [], None)  # type: ignore[arg-type]  # the wrong type on purpose
    live.changed("nobody watches")


async def test_strangers_come_in_limited_numbers(
    home: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "MOST_STRANGERS", 2)
    nobody = await home.browser(None)
    sockets_open = [await watch(nobody, "") for _ in range(2)]
    with pytest.raises(WSServerHandshakeError) as refusal:
        await watch(nobody, "")
    assert refusal.value.status == 503
    owner = await home.browser("owner")
    assert await next_part(await watch(owner, "number"))
    await sockets_open[0].close()
    await until(lambda: home.live.watching == 2)
    await watch(nobody, "")


async def whose(browser: Browser, mark: str) -> tuple[dict[str, Any], int | None]:
    """What a page that was drawn for another session is told, and how its socket ends."""
    socket = await browser.http.ws_connect(
        f"/live?parts=number&as={mark}", headers={"Origin": browser.address}
    )
    async with asyncio.timeout(5):
        said = [json.loads(message.data) async for message in socket]
    assert len(said) == 1, "no part of the other session is shown"
    return said[0], socket.close_code


async def test_a_page_of_another_session_is_told_whose_it_is_now(home: Face) -> None:
    owner, guest, nobody = [await home.browser(role) for role in ("owner", "guest", None)]
    session = await home.accounts.session(owner.token)
    assert session is not None
    socket = await owner.http.ws_connect(
        f"/live?parts=number&as={session.mark}", headers={"Origin": owner.address}
    )
    assert (await next_part(socket))[0] == "number"
    await socket.close()
    assert await whose(guest, session.mark) == ({"whose": "Demo guest"}, 4401)
    assert await whose(nobody, session.mark) == ({"whose": None}, 4401)
    assert await whose(owner, "") == ({"whose": "Demo owner"}, 4401)
    before = await home.accounts.session(guest.token)
    assert before is not None
    await home.accounts.set_role(home.ids["guest"], "resident")
    assert await whose(guest, before.mark) == ({"whose": "Demo guest"}, 4401)
    await until(lambda: home.live.watching == 0)
