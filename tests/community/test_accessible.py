"""Every page of the portal in a real browser: axe, nothing sideways, everything large enough."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from hub.http.gate import GATE
from tests.community.conftest import Running
from tests.community.test_plan import alarm_at
from tests.web.test_browser import AXE, LOOKS, RULES, SMALL

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.peers

OF_ALL = ("/account", "/nowhere")
PAGES = {
    "guard": ("/duty", "/incidents", "/incidents/1", "/incidents/1/why", *OF_ALL),
    "manager": (
        "/duty",
        "/manage",
        "/roster",
        "/roster/1",
        "/zones",
        "/staff",
        "/settings",
        "/audit",
    ),
    "operator": ("/operations", "/settings", "/audit", *OF_ALL),
    "committee": ("/committee", "/zones", *OF_ALL),
}
WIDTHS = [*LOOKS, ("en", "dark", 1366)]
# Two words of the bar of pages that lie on one another.
CROWDED = """() => [...document.querySelectorAll(".nav a span")].some((one, place, all) => place &&
  one.getBoundingClientRect().top < all[place - 1].getBoundingClientRect().bottom &&
  one.getBoundingClientRect().left < all[place - 1].getBoundingClientRect().right)"""
ASIDE = ", .skip"  # stands outside the window until it has the focus


@contextlib.asynccontextmanager
async def seen_by(
    running: Running, chromium: Browser, role: str, look: tuple[str, str, int]
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A browser of somebody with this role, and what its pages complain of."""
    lang, theme, width = look
    context = await chromium.new_context(
        viewport={"width": width, "height": 768},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    cookies = {"linli_lang": lang, running.community.app[GATE].cookie: await running.token(role)}
    await context.add_cookies(
        [{"name": name, "value": value, "url": running.address} for name, value in cookies.items()]
    )
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page, wrong
    await context.close()


async def faults(page: Page, what: str) -> list[tuple[str, ...]]:
    """What axe finds on the page as it stands, and what doesn't fit."""
    run = f"axe.run(document, {{runOnly: {RULES!r}}})"
    result = await page.evaluate(f"{AXE.read_text('utf-8')};{run}")
    found: list[tuple[str, ...]] = [
        (what, v["id"], str(v["nodes"][0]["target"])) for v in result["violations"]
    ]
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append((what, "scrolls sideways"))
    if await page.evaluate(CROWDED):
        found.append((what, "words in the bar lie on one another"))
    return found + [(what, "too small to touch", text) for text in await page.evaluate(SMALL)]


@pytest.mark.parametrize("role", PAGES)
@pytest.mark.parametrize("look", WIDTHS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2]}")
async def test_every_page_is_accessible(
    running: Running, chromium: Browser, look: tuple[str, str, int], role: str
) -> None:
    for building, hazard in (("3", "gas"), ("3", "smoke"), ("5", "flood")):
        await alarm_at(running, building, hazard)
    found = []
    async with seen_by(running, chromium, role, look) as (page, wrong):
        for path in PAGES[role]:
            await page.goto(running.address + path)
            found += await faults(page, path)
            await page.click("[data-me-opens]")
            found += await faults(page, f"{path}, handing over")
            if path == "/duty":
                await page.click("[data-block='3']")
                found += await faults(page, f"{path}, looking closer")
        assert wrong == []
    assert found == []
