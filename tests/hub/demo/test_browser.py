"""The demo's page in a real Chromium: accessible, live, usable by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.house import ROOT
from tests.hub.demo.conftest import Demo

pytestmark = pytest.mark.peers

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [("zh-CN", "light", 390), ("en", "dark", 1440), ("en", "light", 320)]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2]}")
async def test_begin_and_end_by_keyboard(
    demo: Demo, chromium: Browser, look: tuple[str, str, int]
) -> None:
    lang, theme, width = look
    demo.simulate()
    context = await chromium.new_context(
        locale=lang,
        viewport={"width": width, "height": 844},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    script = f"{AXE.read_text('utf-8')};axe.run(document, {{runOnly: {RULES!r}}})"
    await page.goto(demo.plan.address("page"))
    for order in ("begin", "end"):
        button = page.locator(f'form[action="/scenes/smoke/{order}"] button')
        await button.wait_for()
        result = await page.evaluate(script)
        assert [found["id"] for found in result["violations"]] == []
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await button.focus()
        await page.keyboard.press("Enter")
    await page.locator('form[action="/scenes/smoke/begin"] button').wait_for()
    assert wrong == []
    await context.close()
