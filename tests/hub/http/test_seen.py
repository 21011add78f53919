"""Live parts that rest off the screen: only what is seen is drawn, and it is fresh when seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.http.live import MOST_SEEN
from tests.hub.http.faces import Browser, Face, face, until
from tests.hub.http.test_live import closed, next_part, watch


async def see(socket: ClientWebSocketResponse, *rows: str) -> None:
    await socket.send_str(json.dumps({"seen": [f"row:{row}" for row in rows]}))


async def told(home: Face, *rows: str) -> None:
    """Wait until the hub knows that these rows are on the one open page's screen."""
    wanted = {f"row:{row}" for row in rows}
    await until(lambda: {key for key in home.live._watched if key.startswith("row:")} == wanted)


async def test_only_what_is_seen_is_drawn_and_sent(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "")
    await see(socket, "a", "b")
    assert dict([await next_part(socket), await next_part(socket)]) == {
        "row:a": "a=0",
        "row:b": "b=0",
    }
    drawn, home.live.number = home.live.drawn, 1
    home.live.changed("one:c")
    assert home.live.drawn == drawn, "nobody sees it"
    home.live.changed("one:b")
    assert await next_part(socket) == ("row:b", "b=1")
    assert home.live.drawn == drawn + 1


async def test_what_comes_into_view_is_fresh(home: Face) -> None:
    owner = await home.browser("owner")
    socket = await watch(owner, "")
    await see(socket, "a")
    assert await next_part(socket) == ("row:a", "a=0")
    await see(socket)
    await told(home)
    home.live.number = 7
    home.live.changed("one:a")
    await see(socket, "a")
    assert await next_part(socket) == ("row:a", "a=7")


async def test_what_did_not_change_meanwhile_is_sent_all_the_same(home: Face) -> None:
    """The page hides what it has not been told anew, and would wait for ever."""
    owner = await home.browser("owner")
    socket = await watch(owner, "")
    for _ in range(3):
        await see(socket, "a")
        assert await next_part(socket) == ("row:a", "a=0")
        await see(socket)
        await told(home)


async def test_two_pages_see_the_same(home: Face) -> None:
    owner = await home.browser("owner")
    one, other = await watch(owner, ""), await watch(owner, "")
    for socket in (one, other):
        await see(socket, "a")
        assert await next_part(socket) == ("row:a", "a=0")
    await see(one)
    await until(lambda: len(home.live._watched["row:a"].clients) == 1)
    home.live.number = 2
    home.live.changed("one:a")
    assert await next_part(other) == ("row:a", "a=2")
    await other.close()
    await told(home)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("owner", "not json"),
        ("owner", "[]"),
        ("owner", '{"seen": "row:a"}'),
        ("owner", '{"seen": [1]}'),
        ("owner", '{"seen": [], "more": 1}'),
        ("owner", '{"seen": ["none"]}'),
        ("owner", '{"seen": ["number"]}'),
        ("owner", json.dumps({"seen": [f"row:{n}" for n in range(MOST_SEEN + 1)]})),
        ("guest", '{"seen": ["row:a"]}'),
        (None, '{"seen": ["row:a"]}'),
    ],
)
async def test_what_no_page_says_ends_the_talk(home: Face, role: str | None, said: str) -> None:
    browser = await home.browser(role)
    socket = await watch(browser, "open")
    await socket.send_str(said)
    assert await closed(socket) == 1008
    await until(lambda: home.live.watching == 0)
    assert home.live._watched == {}


@asynccontextmanager
async def following(folder: Path, parts: str) -> AsyncIterator[tuple[Face, Browser, Any]]:
    async with face(folder) as made:
        owner = await made.browser("owner")
        yield made, owner, await watch(owner, parts)


SCREENS = st.lists(st.sets(st.sampled_from("abcde")), max_size=6)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SCREENS)
def test_whatever_is_seen_what_the_address_names_stays_live(
    tmp_path_factory: pytest.TempPathFactory, screens: list[set[str]]
) -> None:
    """An alarm's part is named in the address: no message of the page reaches it."""

    async def scroll() -> None:
        async with following(tmp_path_factory.mktemp("face"), "number") as (home, _owner, socket):
            assert (await next_part(socket))[0] == "number"
            for at, rows in enumerate(screens, 1):
                await see(socket, *rows)
                await told(home, *rows)
                home.live.number = at
                home.live.changed("numbers")
                for row in rows:
                    home.live.changed(f"one:{row}")
                newest: dict[str, str] = {}
                wanted = {"number": f"{at} owner", **{f"row:{row}": f"{row}={at}" for row in rows}}
                async with asyncio.timeout(5):
                    while not all(newest.get(k, "").startswith(v) for k, v in wanted.items()):
                        part, html = await next_part(socket)
                        newest[part] = html
                assert home.live._watched.keys() == wanted.keys()

    asyncio.run(scroll())
