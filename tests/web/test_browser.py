"""The pages in a real browser: accessibility, live link, forms, weight, nothing from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.accounts.tokens import HOME_SCOPES
from hub.core.commands import Actor
from hub.core.language import translator
from hub.safety.advice import Advice
from tests.catalogues import ROOT
from tests.web.hazards import asked, hazard
from tests.web.homes import Served, served
from tests.web.test_pages import PAGES

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.peers

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [
    ("zh_CN", "light", 390),
    ("en", "dark", 390),
    ("zh_CN", "dark", 1440),
    ("en", "light", 320),
]
COVERED = """() => [...document.querySelectorAll('.ask button')].filter(button => {
  const box = button.getBoundingClientRect();
  return [box.top + 2, box.bottom - 2].some(y =>
    document.elementFromPoint(box.left + box.width / 2, y)?.closest('button') !== button);
}).map(button => `${button.innerText} at ${button.getBoundingClientRect().bottom}`)"""
RECORD = {"hazard": "gas", "active": True, "entity_id": "binary_sensor.kitchen"}
MOST_BYTES = 150_000
SMALL = """() => [...document.querySelectorAll('button, a.button, summary, nav a, select, .input')]
  .filter(e => e.offsetParent && !e.closest('.toast') && e.getBoundingClientRect().height < 47.5)
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        fake = made.home
        sensor = fake.named("厨房燃气报警器")
        question = asked(None, 900)
        fake.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房", question=question)]
        fake.states.set(sensor, True)
        fake.states.set(fake.named("阳台水浸"), None, available=False)
        await fake.pair("LINLI", Actor("test", "owner"))
        await fake.tokens.make("nobody", "Demo program", HOME_SCOPES, 30)
        yield made


@asynccontextmanager
async def page_of(
    browser: Browser, home: Served, look: tuple[str, str, int], role: str = "owner"
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page signed in as that role, and what went wrong in it."""
    lang, theme, width = look
    context = await browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if theme == "dark" else "light",
    )
    cookie: Any = {"name": "linli_lang", "value": lang, "url": home.address}
    await context.add_cookies([cookie])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(home.address) else wrong.append(f"asked {asked.url}")
        ),
    )
    if role:
        await page.goto(await home.link(role))
        await page.click("main button[type=submit]")
        await page.wait_for_url(f"{home.address}/")
    yield page, wrong
    await context.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2]}")
async def test_every_page_is_accessible(
    home: Served, chromium: Browser, look: tuple[str, str, int]
) -> None:
    script = AXE.read_text("utf-8")
    run = f"axe.run(document, {{runOnly: {RULES!r}}})"
    found = []
    async with page_of(chromium, home, look) as (page, wrong):
        paths = [path.format(valve=home.home.named("厨房燃气阀")) for path in PAGES]
        for path in paths:
            await page.goto(home.address + path)
            result = await page.evaluate(f"{script};{run}")
            found += [(path, v["id"], v["nodes"][0]["target"]) for v in result["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((path, "scrolls sideways", look))
            found += [(path, "too small to touch", text) for text in await page.evaluate(SMALL)]
    assert found == []
    assert wrong == []


async def test_endless_words_of_devices_stay_on_the_page(home: Served, chromium: Browser) -> None:
    """A device says what it is called and how it is; neither pushes a page sideways."""
    endless = "<i>" + "Averylongword" * 12
    fake = home.home
    device = fake.registry.announce_device("mqtt", ("long",), name=endless, area="Room" * 15)
    entity = fake.registry.announce(
        "mqtt", "sensor", "long", suggested_id="long", device_id=device.id, name="Longname" * 10
    )
    fake.states.set(entity.entity_id, "Longstate" * 12)
    found = []
    async with page_of(chromium, home, ("en", "light", 390)) as (page, wrong):
        for path in (
            "/",
            "/devices",
            f"/devices/{entity.entity_id}",
            f"/devices/{entity.entity_id}/settings",
            "/rooms",
            "/condition",
            "/favourites",
            "/wall",
        ):
            await page.goto(home.address + path)
            wide = "document.documentElement.scrollWidth - innerWidth"
            if (over := await page.evaluate(wide)) > 0:
                found.append((path, over))
            assert await page.locator("main i").count() == 0
    assert found == []
    assert wrong == []


@pytest.mark.parametrize("size", [(360, 640), (390, 844)], ids=lambda size: f"{size[0]}")
@pytest.mark.parametrize("lang", ["zh_CN", "en"])
async def test_the_question_is_on_the_first_screen(
    home: Served, chromium: Browser, size: tuple[int, int], lang: str
) -> None:
    """Whoever stands in the kitchen with a phone sees both answers without scrolling."""
    words = translator("hub", lang)
    advice = Advice(words, {"binary_sensor.kitchen": "厨房燃气报警器 燃气"})
    steps = (advice.happened(RECORD), *advice.steps("gas"))
    question = asked("zone", 30)
    gas = hazard("gas", home.home.named("厨房燃气报警器"), "厨房燃气报警器", "厨房")
    gas.question, gas.advice = question, lambda _words: steps
    home.home.open = [gas]
    async with page_of(chromium, home, (lang, "light", size[0])) as (page, wrong):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.goto(f"{home.address}/")
        assert await page.evaluate(COVERED) == []
        assert wrong == []


async def test_a_lost_link_shows_within_five_seconds(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        strip = page.locator("[data-link-strip]")
        await page.wait_for_function("() => performance.now() > 1500")
        assert await strip.is_hidden()
        lost_at = time.monotonic()
        await home.server.stop()
        await strip.wait_for(state="visible", timeout=6000)
        assert time.monotonic() - lost_at < 5.2
        assert "Connection lost. This page shows how things were at" in await strip.inner_text()


async def test_a_change_at_home_appears_without_a_press(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        plug = home.home.named("总水阀")
        tile = page.locator(f"[id='tile-{plug}'] .state")
        await page.wait_for_function("() => window.Idiomorph")
        assert await tile.inner_text() == "On"
        home.home.states.set(plug, False)
        await page.wait_for_function(
            "id => document.getElementById(id).querySelector('.state').textContent === 'Off'",
            arg=f"tile-{plug}",
            timeout=3000,
        )
        assert wrong == []


async def test_a_tile_waits_for_the_device_then_says_so(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        plug = home.home.named("总水阀")
        home.home.commands.gate = asyncio.Event()
        tile = page.locator(f"[id='tile-{plug}']")
        await tile.locator(".press").click()
        await tile.get_by_text("Turning off …").wait_for()
        assert await tile.get_attribute("aria-busy") == "true"
        home.home.commands.gate.set()
        toast = page.locator(".toast")
        await toast.wait_for()
        assert "总水阀 is off." in await toast.inner_text()
        await page.wait_for_function(
            "id => !document.getElementById(id).className.includes('pending')", arg=f"tile-{plug}"
        )


async def test_the_question_is_answered_by_keyboard(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        for _press in range(4):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.innerText") == "Don't tell":
                break
        await page.keyboard.press("Enter")
        await page.get_by_text("The duty desk is not told.", exact=True).wait_for()
        assert home.home.did == [("answer", "gas1", "dont")]


async def test_an_error_stands_beside_its_field(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        await page.goto(f"{home.address}/devices/{home.home.named('厨房燃气报警器')}")
        await page.fill("#f-hours", "soon")
        await page.click("form[action$=limit] button")
        await page.locator("#e-hours", has_text="Write hours").wait_for()
        assert await page.evaluate("document.activeElement.id") == "f-hours"


async def test_pages_are_light(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[0]) as (page, _wrong):
        for path in ("/", f"/devices/{home.home.named('厨房燃气阀')}"):
            weights: dict[str, int] = {}

            async def weigh(response: Any, weights: dict[str, int] = weights) -> None:
                if response.url.endswith((".js", ".css")):
                    weights[response.url] = len(await response.body())

            page.on("response", weigh)
            await page.goto(home.address + path, wait_until="networkidle")
            page.remove_listener("response", weigh)
            assert sum(weights.values()) <= MOST_BYTES
            assert any("uplot.js" in url for url in weights) == ("/devices/" in path)
