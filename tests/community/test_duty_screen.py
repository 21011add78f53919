"""The duty screen in a real browser: tones, one press, a hidden tab, a lost link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session

from community.core import zones
from community.incidents import arrivals
from community.incidents.rules import ESCALATE_AFTER
from hub.http.gate import GATE
from tests.community.conftest import Running
from tests.community.test_intake import event

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

pytestmark = pytest.mark.peers


async def duty(running: Running, chromium: Browser, script: str = "") -> Page:
    """The duty screen of a guard, in a browser of its own; `script` runs before the page's."""
    context = await chromium.new_context(
        viewport={"width": 1920, "height": 1080}, locale="en-US", color_scheme="dark"
    )
    context.set_default_timeout(15_000)
    cookie = running.community.app[GATE].cookie
    token = await running.token("guard")
    await context.add_cookies([{"name": cookie, "value": token, "url": running.address}])
    await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(f"{running.address}/duty")
    return page


async def alarm(running: Running) -> int:
    def work(session: Session) -> int:
        zones.freeze(session, at=running.clock(), by="test")
        return arrivals.receive(session, [event(b"n" * 32)], running.clock())[0]

    incident = await running.store.run(work)
    running.community.portal.incidents_changed(incident)
    return incident


async def tones(page: Page, wanted: str) -> None:
    await page.wait_for_function(
        "wanted => document.documentElement.dataset.tones === wanted", arg=wanted
    )


async def test_an_alarm_rings_until_it_is_acknowledged(running: Running, chromium: Browser) -> None:
    page = await duty(running, chromium)
    await page.get_by_text("SOUND OFF").wait_for()
    await page.get_by_role("button", name="Start of duty").click()
    await page.locator("[data-person]", has_text="Demo guard").wait_for()
    assert await page.get_by_role("button", name="Start of duty").count() == 0
    await page.get_by_text("Sound on").wait_for()
    await page.context.new_page()  # the duty screen's tab is no longer the one in front
    await alarm(running)
    await tones(page, "1")
    running.clock.forward(ESCALATE_AFTER)
    running.community.escalation.nudge()
    await tones(page, "1 second")
    await page.bring_to_front()
    size = await page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert size[0] <= size[1], "no scrolling on the duty screen"
    await page.get_by_role("button", name="Acknowledge").click()
    await tones(page, "")
    await page.get_by_role("heading", name="Working on it").wait_for()
    # The pressed button has the focus still; it says what it would do now.
    await page.get_by_role("button", name="Send someone").wait_for()
    assert await page.get_by_role("button", name="Acknowledge").count() == 0
    await page.context.close()


async def test_an_update_that_comes_before_the_presss_answer_is_not_lost(
    running: Running, chromium: Browser
) -> None:
    page = await duty(running, chromium)
    await alarm(running)

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await page.get_by_role("heading", name="Working on it").wait_for()
        await route.fulfill(response=answer)

    await page.route("**/move", late)
    async with page.expect_response("**/move"):
        await page.get_by_role("button", name="Acknowledge").click()
    await page.get_by_role("button", name="Acknowledge").wait_for(state="detached")
    await page.get_by_role("button", name="Send someone").wait_for()
    await page.context.close()


async def test_a_lost_link_is_shown_and_heard_within_five_seconds(
    running: Running, chromium: Browser
) -> None:
    page = await duty(running, chromium)
    await page.get_by_text("No alarm is known here").wait_for()
    await page.evaluate("window.started = performance.now()")
    server = running.community.server
    assert server is not None
    await server.stop()
    await page.locator("html.link-lost").wait_for(timeout=5_000)
    await tones(page, "link")
    await page.context.close()
