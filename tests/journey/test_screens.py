"""The gas leak on real screens: from the demo's button to acknowledged on the duty screen."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from hub.demo.plan import GUARD, HOME_FLAT, MANAGER
from tests.journey import evidence, processes
from tests.journey.system import PATIENCE_S, System, links

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.peers, pytest.mark.timeout(400)]

LINK_LOST_S = 5.0
TABLES = ("incident", "incidentline", "incidentstep", "event")


async def browser(chromium: Browser) -> BrowserContext:
    """A browser of its own, with its own cookies."""
    context = await chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    return context


async def entered(context: BrowserContext, link: str) -> Page:
    """A tab that a printed link signed in."""
    page = await context.new_page()
    await page.goto(link)
    await page.click("main button[type=submit]")
    await page.wait_for_load_state()
    return page


async def says(page: Page, name: str, wanted: str) -> None:
    """Wait until the page's root carries this mark."""
    await page.wait_for_function(
        "([name, wanted]) => document.documentElement.dataset[name] === wanted", arg=[name, wanted]
    )


async def on_duty(page: Page) -> None:
    """Sound is off until the start of duty is pressed; the sound really runs afterwards."""
    await page.get_by_text("SOUND OFF").wait_for()
    await page.get_by_role("button", name="Start of duty").click()
    await says(page, "sound", "on")


async def leak(chromium: Browser, system: System) -> Page:
    """Press the demo page's button; returns that page."""
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    await page.goto(f"{system.plan.address('page')}/")
    await page.click('form[action="/scenes/gas/begin"] button')
    return page


@pytest.fixture
async def shown(system: System) -> System:
    """A demo that runs, with a question that waits for the resident's press."""
    system.ask_s = 300
    await asyncio.to_thread(system.start)
    return system


async def test_from_the_demo_button_to_acknowledged(shown: System, chromium: Browser) -> None:
    # One browser for everybody, as a newcomer has it: nobody's link signs another one out.
    context = await browser(chromium)
    resident, guard, manager = [await entered(context, one) for one in links(shown.said())]
    await on_duty(guard)
    front = await guard.context.new_page()  # the duty screen's tab is no longer the one in front
    demo = await leak(chromium, shown)
    await resident.get_by_text("Tell the duty desk?").wait_for()
    assert shown.incidents() == []
    pressed = time.monotonic()
    await resident.get_by_role("button", name="Tell the duty desk").click()
    await says(guard, "tones", "1")
    rang = time.monotonic() - pressed
    await resident.get_by_text("The duty desk is told the zone.").wait_for()
    assert await guard.evaluate("document.documentElement.dataset.sound") == "on"
    await guard.bring_to_front()
    await front.close()
    for page in (guard, manager):
        nowhere_the_flat(await page.content())
    await guard.get_by_role("button", name="Acknowledge").click()
    await says(guard, "tones", "")
    incident = shown.incidents()[0]
    place = manager.url.partition("://")[2].partition("/")[0]
    assert place.startswith("localhost:")
    await manager.goto(f"http://{place}/incidents/{incident.id}")
    await manager.get_by_text(MANAGER).first.wait_for()
    await manager.get_by_text(GUARD).first.wait_for()
    nowhere_the_flat(await manager.content())
    only_the_zone(shown)
    assert shown.closed
    assert (incident.status, incident.hazard) == ("acknowledged", "gas")
    await demo.click('form[action="/scenes/gas/end"] button')
    await until(lambda: shown.hazards()[0]["active"] is False)
    print(f"from the resident's press to the tone: {rang:.2f} s")  # noqa: T201 - a figure to read
    assert await asyncio.to_thread(shown.stop) == 0


async def test_a_lost_link_shows_and_mends_itself(shown: System, chromium: Browser) -> None:
    _, link, _ = links(shown.said())
    guard = await entered(await browser(chromium), link)
    await guard.get_by_text("All well · no open alarm").wait_for()
    supervisor = shown.pid("community")
    processes.send(supervisor, signal.SIGSTOP)  # else it is back before anyone could notice
    shown.kill("community-app")
    killed = time.monotonic()
    await guard.locator("html.link-lost").wait_for()
    assert time.monotonic() - killed <= LINK_LOST_S + 0.5
    await says(guard, "tones", "link")
    processes.send(supervisor, signal.SIGCONT)
    await guard.locator("html:not(.link-lost)").wait_for()
    assert await asyncio.to_thread(shown.stop) == 0


async def until(done: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for something of another program's."""
    async with asyncio.timeout(PATIENCE_S):
        while not done():  # noqa: ASYNC110 - it has no event of ours
            await asyncio.sleep(0.05)


def nowhere_the_flat(html: str) -> None:
    """The page names neither the flat nor the way to it."""
    building, riser, flat = HOME_FLAT
    assert not re.search(rf"\b{flat}\b", html)
    for text in ("-".join(HOME_FLAT), f"{building} 栋 {riser} 单元", f"Building {building}, riser"):
        assert text not in html


def only_the_zone(system: System) -> None:
    """Beyond the roster the community's database has no word of the flat."""

    def ask(db: sqlite3.Connection) -> list[str]:
        rows: list[str] = []
        for table in TABLES:
            for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our names
                rows += [f"{table}.{key}={row[key]!r}" for key in row.keys()]  # noqa: SIM118 - a row is no dict
        return rows

    nothing: list[str] = []
    rows = evidence.look(system.folder / "community" / "community.db", ask, nothing)
    assert any(row.startswith("incident.hazard='gas'") for row in rows)
    for row in rows:
        name, _, value = row.partition("=")
        assert "flat" not in name
        assert not re.search(rf"\b{HOME_FLAT[-1]}\b", value), row
