"""Calling for help: by a page, by the button on every page; what sounds, and who ends it."""

from __future__ import annotations

import html
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.core.commands import Actor
from tests.web.hazards import asked, hazard
from tests.web.homes import Served, served
from tests.web.test_browser import page_of
from tests.web.visitors import visiting
from web.facade import Refusal

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PHONE = ("en", "light", 390)
BUTTON = "[data-sos]"
# A browser that lets a page sound only after a press on it, as browsers do. (That playwright asks
# a page something counts as a press to the browser itself.)
QUIET = """let pressed = false;
window.addEventListener("pointerdown", () => { pressed = true; }, true);
window.AudioContext = class extends AudioContext {
  get state() { return this.woken ? super.state : "suspended"; }
  async resume() {
    if (!pressed) return new Promise(() => {});
    this.woken = true;
    return super.resume();
  }
};"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def calling(home: Served, by: str = "") -> None:
    question = asked()
    home.home.open = [hazard("sos", "page.sos", "SOS", "", question=question, called_by=by)]


@pytest.mark.parametrize("role", ["owner", "resident", "guest"])
async def test_everybody_signed_in_can_call(home: Served, role: str) -> None:
    async with visiting(home, role) as visitor:
        assert 'href="/sos"' in (await visitor.get("/sharing"))[1]
        status, answer = await visitor.press("/sos")
        assert (status, answer["go"]) == (200, "/")
        assert home.home.did == [("call", role)]


async def test_nobody_calls_without_signing_in(home: Served) -> None:
    async with visiting(home) as visitor:
        assert 'href="/sos"' not in (await visitor.get("/sign-in"))[1]
        assert (await visitor.press("/sos"))[0] == 401
    assert home.home.did == []


async def test_a_call_that_does_not_get_through_is_not_claimed(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_actor: Actor) -> str:
        raise Refusal("The call did not get through.")

    monkeypatch.setattr(home.home, "call_for_help", refuse)
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press("/sos")
        assert (status, answer["error"]) == (422, "The call did not get through.")


@pytest.mark.parametrize(
    ("choice", "paired", "said"),
    [
        (None, True, "your household has not chosen yet"),
        ("nobody", True, "The duty desk is not told, as you chose."),
        ("zone", False, "this home is not paired"),
        ("zone", True, "told the zone, not your flat"),
    ],
)
async def test_the_page_says_who_will_be_told(
    home: Served, choice: str | None, paired: bool, said: str
) -> None:
    if choice is not None:
        await home.home.choose("tell_zone", "sos", choice, Actor("test", "owner"))
    if paired:
        await home.home.pair("LINLI", Actor("test", "owner"))
    async with visiting(home, "guest") as visitor:
        text = html.unescape((await visitor.get("/sos"))[1])
    assert said in text
    assert "Cannot act: nothing is bound that sounds." in text
    assert "Choose who is told" not in text, "a guest can't"


async def test_a_guest_ends_no_call_but_their_own(home: Served) -> None:
    async with visiting(home, "guest") as visitor:
        account = await home.home.accounts.named("演示客人")
        assert account is not None
        calling(home, "somebody else")
        status, answer = await visitor.press("/hazards/sos1/end")
        assert (status, answer["error"]) == (
            422,
            "Only residents end somebody else's call for help.",
        )
        calling(home, account.id)
        assert "End the call" in (await visitor.get("/"))[1]
        assert (await visitor.press("/hazards/sos1/end"))[0] == 200
    assert home.home.did == [("end", "sos1")]


async def test_what_was_seen_sounds_no_more(home: Served) -> None:
    leak = hazard("leak", home.home.named("阳台水浸"), "阳台水浸", "阳台")
    low = hazard("battery", "sensor.battery", "烟感电池", "客厅")
    async with visiting(home, "guest") as visitor:
        home.home.open = [low]
        assert "data-ring=" not in (await visitor.get("/devices"))[1], "a note has no sound"
        home.home.open = [leak, low]
        assert (await visitor.get("/devices"))[1].count('data-ring="2"') == 1
        leak.acknowledged_by = "演示住户"
        assert "data-ring=" not in (await visitor.get("/devices"))[1]
        assert "data-ring=" not in (await visitor.get("/sos"))[1]


async def _down(page: Page) -> None:
    box = await page.locator(BUTTON).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()


@pytest.mark.peers
async def test_held_for_three_seconds_it_calls(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, PHONE) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        began = time.monotonic()
        await _down(page)
        await page.get_by_text("Keep holding: 1").wait_for()
        assert home.home.did == []
        await page.wait_for_url(f"{home.address}/")
        assert time.monotonic() - began > 2.9
        assert home.home.did == [("call", "owner")]
        await page.get_by_text("You called for help.").wait_for()
        await page.mouse.up()
        assert wrong == []


@pytest.mark.peers
async def test_let_go_too_early_it_asks_on_a_page(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, PHONE) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await _down(page)
        await page.get_by_text("Keep holding: 2").wait_for()
        await page.mouse.up()
        await page.wait_for_url(f"{home.address}/sos")
        assert home.home.did == []
        await page.get_by_role("button", name="Call for help now").click()
        await page.wait_for_url(f"{home.address}/")
        assert home.home.did == [("call", "owner")]
        assert wrong == []


async def sounds(page: Page, state: str, tone: str) -> None:
    await page.wait_for_function(
        "([state, tone]) => document.documentElement.dataset.sound === state"
        " && document.documentElement.dataset.tone === tone",
        arg=[state, tone],
    )


@pytest.mark.peers
async def test_an_alarm_sounds_until_somebody_has_seen_it(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, PHONE) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await sounds(page, "on", "")
        calling(home)
        home.home.changed("hazards")
        await sounds(page, "on", "1")
        await page.get_by_role("button", name="Press to silence it").click()
        await sounds(page, "muted", "")
        assert await page.get_by_text("This screen is set to stay silent.").is_visible()
        await page.goto(f"{home.address}/")
        await sounds(page, "muted", "")
        await page.get_by_role("button", name="Press to let them").click()
        await sounds(page, "on", "1")
        await page.get_by_role("button", name="I have seen it").click()
        await sounds(page, "on", "")
        assert wrong == []


@pytest.mark.peers
async def test_a_browser_that_stays_silent_says_so(home: Served, chromium: Browser) -> None:
    hint = "the browser keeps this screen silent"
    async with page_of(chromium, home, PHONE) as (page, wrong):
        await page.add_init_script(QUIET)
        await page.goto(f"{home.address}/devices")
        await sounds(page, "blocked", "")
        assert not await page.get_by_text(hint).is_visible(), "without an alarm it can wait"
        calling(home)
        home.home.changed("hazards")
        await page.get_by_text(hint).wait_for()
        await sounds(page, "blocked", "")
        await page.mouse.click(5, 5)
        await sounds(page, "on", "1")
        assert not await page.get_by_text(hint).is_visible()
        assert wrong == []
