"""Orders and controls in a real browser: by dragging, by keyboard, as soon as they are set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.every_kind import furnish
from tests.web.homes import Served, served
from tests.web.test_browser import AXE, LOOKS, RULES, SMALL, page_of

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.peers


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_rooms_are_moved_by_the_keyboard(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/rooms")
        await page.locator("[data-sort-handle]").first.focus()
        async with page.expect_response("**/rooms/order") as answer:
            await page.keyboard.press("ArrowDown")
            said = page.locator("[data-sort-said]")
            assert await said.inner_text() == "厨房 is now 2 of 3"
        assert (await answer.value).status == 200
        assert [area.name for area in home.home.areas] == ["客厅", "厨房", "阳台"]
        focused = "document.activeElement.closest('li').dataset.name"
        assert await page.evaluate(focused) == "厨房"
        async with page.expect_response("**/rooms/order"):
            await page.keyboard.press("Home")
        assert [area.name for area in home.home.areas] == ["厨房", "客厅", "阳台"]
        assert wrong == []


async def test_favourites_are_moved_by_dragging(home: Served, chromium: Browser) -> None:
    chosen = [home.home.named(name) for name in ("厨房燃气阀", "客厅插座", "总水阀")]
    account = await home.home.accounts.create("演示户主", "owner", "a long demo passphrase")
    await home.home.favourites.keep(account.id, chosen)
    async with page_of(chromium, home, LOOKS[0]) as (page, wrong):
        await page.goto(f"{home.address}/favourites")
        handles = page.locator("[data-sort-handle]")
        first, last = await handles.first.bounding_box(), await handles.last.bounding_box()
        assert first is not None
        assert last is not None
        async with page.expect_response("**/favourites/order") as answer:
            await page.mouse.move(first["x"] + 24, first["y"] + 24)
            await page.mouse.down()
            await page.mouse.move(last["x"] + 24, last["y"] + 30, steps=8)
            await page.mouse.up()
        assert (await answer.value).status == 200
        assert home.home.favourites.of(account.id) == (chosen[1], chosen[2], chosen[0])
        await page.goto(f"{home.address}/")
        tiles = page.locator(".tile")
        assert await tiles.first.get_attribute("id") == f"tile-{chosen[1]}"
        home.home.states.set(chosen[1], False)
        state = page.locator(f"[id='tile-{chosen[1]}'] .state", has_text="关")
        await state.wait_for()
        assert wrong == []


async def test_a_slider_is_sent_as_soon_as_it_is_set(home: Served, chromium: Browser) -> None:
    light = furnish(home.home)["light"]
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/devices/{light}")
        slider = page.locator("[name='arg.brightness']")
        await slider.focus()
        await page.keyboard.press("End")
        await home.home.commands.called.wait()
        assert home.home.commands.args == {"brightness": 255}
        await page.locator("output", has_text="100 %").wait_for()
        assert wrong == []


async def test_every_kinds_page_is_accessible(home: Served, chromium: Browser) -> None:
    found = furnish(home.home)
    script = AXE.read_text("utf-8")
    problems = []
    for look in LOOKS[:2]:
        async with page_of(chromium, home, look) as (page, wrong):
            for kind, entity_id in found.items():
                await page.goto(f"{home.address}/devices/{entity_id}")
                result = await page.evaluate(f"{script};axe.run(document, {{runOnly: {RULES!r}}})")
                problems += [
                    (kind, one["id"], one["nodes"][0]["target"]) for one in result["violations"]
                ]
                if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    problems.append((kind, "scrolls sideways", look))
                problems += [(kind, "too small", text) for text in await page.evaluate(SMALL)]
            assert wrong == []
    assert problems == []
