"""The site plan: what stands on it, and looking closer at one building by press and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session

from community.core import roster
from community.core.roster import BuildingRow
from community.incidents import desk, plan
from community.incidents.desk import Person
from tests.community.conftest import Running
from tests.community.test_duty_screen import duty
from tests.community.test_pages import SPOT, card_of, raise_one

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

MANAGER = Person("Demo manager", "manager")


async def alarm_at(running: Running, building: str, hazard: str = "gas") -> int:
    """A drill is an alarm like any other for the plan."""
    place = SPOT._replace(building=building, zh=f"{building} 栋", en=f"Building {building}")

    def work(session: Session) -> int:
        return desk.start_drill(session, hazard, place, MANAGER, at=running.clock())

    incident = await running.store.run(work)
    running.community.portal.incidents_changed(incident)
    return incident


async def test_a_building_shows_its_gravest_alarm(running: Running) -> None:
    card = await card_of(running, await raise_one(running))
    rows = [BuildingRow("3", "3 栋", "Building 3", 90, 90, 240, 110)]
    real, worse = card._replace(drill=False, level=2), card._replace(level=1)
    shown = plan.drawn(rows, [real, worse, card._replace(building=None)], "en")
    assert (shown.blocks[0].text, shown.blocks[0].key, shown.blocks[0].drill) == (
        "Building 3",
        "2",  # a drill is never graver than what is real
        False,
    )
    assert [one.level for one in shown.everywhere] == [1]
    assert (shown.width, shown.height) == (420, 290)
    assert shown.blocks[0].view == "30 30 360 230"
    empty = plan.drawn(rows, [], "zh_CN").blocks[0]
    assert (empty.text, empty.key, empty.drill) == ("3 栋", "", False)


async def view(page: Page) -> str:
    return str(await page.get_attribute("svg.plan", "viewBox"))


async def looks_at(page: Page, building: str) -> None:
    """Wait until this building alone fills the plan, "" for the whole plan."""
    await page.wait_for_function(
        """building => {
          const chosen = [...document.querySelectorAll("[data-block][aria-pressed=true]")];
          return (chosen[0]?.dataset.block || "") === building && chosen.length < 2;
        }""",
        arg=building,
    )


@pytest.mark.peers
async def test_a_press_looks_closer_and_again_returns(running: Running, chromium: Browser) -> None:
    incident = await alarm_at(running, "3")
    page = await duty(running, chromium)
    whole = await view(page)
    block = page.get_by_role("button", name="Building 3, DRILL · Critical: 1 open alarm")
    await block.click()
    await looks_at(page, "3")
    assert await view(page) != whole
    await page.locator(f".plan-list a[href='/incidents/{incident}']").wait_for()
    await block.click()
    await looks_at(page, "")
    assert await view(page) == whole
    await page.get_by_role("button", name="Building 4: no open alarm").click()
    await page.locator(".plan-list", has_text="Building 4: no open alarm").wait_for()
    await page.get_by_role("button", name="The whole plan").click()
    await looks_at(page, "")
    await page.context.close()


@pytest.mark.peers
async def test_the_plan_by_keyboard(running: Running, chromium: Browser) -> None:
    page = await duty(running, chromium)
    block = page.get_by_role("button", name="Building 2: no open alarm")
    await block.focus()
    for key, back in (("Enter", "Enter"), ("Space", "Space"), ("Enter", "Escape")):
        await page.keyboard.press(key)
        await looks_at(page, "2")
        tabs = await page.locator("[data-block][tabindex='0']").count()
        assert tabs == 1, "nobody comes by keyboard to what is outside the picture"
        await page.keyboard.press(back)
        await looks_at(page, "")
        focused = await page.evaluate("document.activeElement.dataset.block")
        assert focused == "2"
    await page.context.close()


@pytest.mark.peers
async def test_updates_keep_the_look_and_a_new_alarm_elsewhere_ends_it(
    running: Running, chromium: Browser
) -> None:
    page = await duty(running, chromium)
    await page.locator("[data-block='3']").click()
    await looks_at(page, "3")
    close = await view(page)
    first = await alarm_at(running, "3")
    await page.locator(f".plan-list:not([hidden]) a[href='/incidents/{first}']").wait_for()
    assert await view(page) == close
    second = await alarm_at(running, "5", "smoke")
    await page.locator(f"[data-block='5'][data-alarms='{second}']").wait_for()
    await looks_at(page, "")
    # What is known elsewhere already doesn't end it again.
    await page.locator("[data-block='3']").click()
    third = await alarm_at(running, "3", "flood")
    await page.locator(f".plan-list:not([hidden]) a[href='/incidents/{third}']").wait_for()
    await looks_at(page, "3")

    def move(session: Session) -> None:
        for row in roster.buildings(session):
            roster.place_building(session, row._replace(x=row.x + 40))

    await running.store.run(move)
    running.community.portal.roster_changed()
    await page.locator("[data-block='3'][data-view^='70 ']").wait_for()
    assert (await view(page)).startswith("70 ")
    await page.context.close()
