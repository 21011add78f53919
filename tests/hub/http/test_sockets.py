"""What one client may take of everybody's: sockets, and turns of the loop."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType, WSServerHandshakeError

from hub.http import sockets
from tests.hub.http.faces import Face
from tests.hub.http.test_live import watch


class Flood:
    """A socket whose client has said a thousand things at once."""

    closed = False

    def __init__(self) -> None:
        self.left = 1000

    def __aiter__(self) -> Flood:
        return self

    async def __anext__(self) -> WSMessage:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return WSMessage(WSMsgType.TEXT, "{}", None)


class Request(dict[str, None]):
    """As much of a request as a talk looks at."""

    def __init__(self, app: Any) -> None:
        super().__init__(session=None)
        self.app = app


async def test_others_have_their_turn_between_a_clients_questions() -> None:
    heard: list[object] = []
    flood = Flood()
    request = cast("Any", Request({sockets.TALKS: set()}))
    talk = sockets.Talk(request, cast("Any", flood))

    async def say() -> None:
        await talk.wake.wait()

    running = asyncio.create_task(talk.run(say, heard.append))
    turns = 0
    while len(heard) < 1000:
        await asyncio.sleep(0)
        turns += 1
    await running
    assert turns >= 1000


async def test_an_account_holds_so_many_sockets_and_leaves_others_theirs(
    home: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MOST_EACH", 3)
    owner, guest = await home.browser("owner"), await home.browser("guest")
    held = [await watch(owner, "number") for _ in range(3)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await watch(owner, "number")
    assert refused.value.status == 503
    await (await watch(guest, "number")).close()
    for socket in held:
        await socket.close()
