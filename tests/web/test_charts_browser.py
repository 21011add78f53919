"""Charts in a real browser, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.history.spans import HOUR_MS
from tests.web.homes import served
from tests.web.test_browser import AXE, RULES, page_of
from tests.web.written import Written, add, keep

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.peers

LOOKS = [("zh_CN", "light", 390), ("en", "dark", 1280)]
Fill = Callable[[Written], str]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Written]:
    async with served(tmp_path) as made:
        yield Written(made)


def warm_day(home: Written) -> str:
    rows = ((at * 600_000, 20.0 + at % 7 if at % 30 else None) for at in range(144))
    return keep(home, home.home.named("客厅温湿度"), *rows)


def meter_day(home: Written) -> str:
    return keep(
        home, add(home, "sensor", "energy", "kWh"), *((at * HOUR_MS, at / 2) for at in range(24))
    )


def valve_day(home: Written) -> str:
    rows = ((at * HOUR_MS, "open" if at % 2 else "closed") for at in range(24))
    return keep(home, home.home.named("厨房燃气阀"), *rows)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2]}")
@pytest.mark.parametrize("fill", [warm_day, meter_day, valve_day])
async def test_charts_in_a_browser(
    home: Written, chromium: Browser, look: tuple[str, str, int], fill: Fill
) -> None:
    entity_id = fill(home)
    async with page_of(chromium, home, look) as (page, wrong):
        await page.goto(f"{home.address}/devices/{entity_id}/history?date=2025-11-24")
        if fill is valve_day:
            assert await page.locator(".strip-bars rect").count() == 24
        else:
            await page.locator(".chart canvas").wait_for()
            await page.locator(".chart .u-over").hover(position={"x": 100, "y": 60})
            told = page.locator("[data-chart-told]")
            assert re.search(r"\d\d:\d\d · [\d.]+", await told.inner_text())
        await page.click(
            "details > summary:has-text('"
            + ("用表格看" if look[0] == "zh_CN" else "As a table")
            + "')"
        )
        assert await page.locator(".chart-table tbody tr").first.is_visible()
        run = f"axe.run(document, {{runOnly: {RULES!r}}})"
        result = await page.evaluate(f"{AXE.read_text('utf-8')};{run}")
        assert [(one["id"], one["nodes"][0]["target"]) for one in result["violations"]] == []
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert wrong == []


async def test_a_reader_without_scripts_turns_pages_and_reads_the_table(
    home: Written, chromium: Browser
) -> None:
    entity_id = warm_day(home)
    context = await chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(await home.link("guest"))
    await page.click("main button[type=submit]")
    await page.goto(f"{home.address}/devices/{entity_id}/history?date=2025-11-23")
    assert await page.get_by_text("Nothing is known of this time").count() == 1
    await page.get_by_role("link", name="The time after").click()
    assert await page.get_by_role("heading", name="24 Nov 2025 · Mon").is_visible()
    await page.get_by_text("As a table").click()
    assert await page.locator(".chart-table tbody tr").count() == 24
    await page.get_by_role("link", name="Month").click()
    assert await page.get_by_role("heading", name="Nov 2025").is_visible()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download as a file (CSV)").click()
    download = await waiting.value
    assert download.suggested_filename == f"{entity_id}-month-2025-11-24.csv"
    await context.close()
