"""Who is signed in at the desk: handing over, and what an open screen says of another sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from community.core import audit, shifts
from community.incidents import desk
from hub.http.gate import GATE
from tests.community.conftest import Running
from tests.community.test_duty_screen import alarm, duty, tones

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PASSWORD = "a quiet long one"
NEXT = {"next_name": "Demo next", "next_password": PASSWORD}
# A browser that lets a page sound only after a press on that page, as browsers do.
QUIET = """window.AudioContext = class extends AudioContext {
  get state() { return this.woken ? super.state : "suspended"; }
  async resume() {
    if (!navigator.userActivation.isActive) return new Promise(() => {});
    this.woken = true;
    return super.resume();
  }
};"""


async def hand_over(
    running: Running, form: dict[str, str], headers: dict[str, str]
) -> tuple[int, Any, str]:
    """Send the form as the page does; returns status, answer and the new session's token."""
    headers = headers | {"X-Linli-Form": "1"}
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post("/duty/handover", data=form) as answer,
    ):
        cookie = answer.cookies.get(running.community.app[GATE].cookie)
        return answer.status, await answer.json(), cookie.value if cookie else ""


async def present(running: Running) -> list[str]:
    at = running.clock()
    return await running.store.read(lambda db: [one.name for one in shifts.on_duty(db, at=at)])


async def test_handing_over_changes_session_and_shift_at_once(running: Running) -> None:
    accounts = running.community.accounts
    await accounts.create("Demo next", "guard", PASSWORD)
    token = await running.token("guard")
    headers = await running.headers("guard", token)
    async with ClientSession(running.address, headers=headers) as client:
        await client.post("/duty/start")
    assert await present(running) == ["Demo guard"]
    status, answer, new = await hand_over(running, NEXT, headers)
    assert (status, answer["go"]) == (200, "/duty")
    assert await present(running) == ["Demo next"]
    assert await accounts.session(token) is None
    session = await accounts.session(new)
    assert session is not None
    assert session.name == "Demo next"
    lines = await running.store.read(audit.lines)
    assert [(line.actor, line.act, line.target) for line in lines[:2]] == [
        ("Demo next", "duty start", ""),
        ("Demo guard", "duty hand-over", "Demo next"),
    ]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"next_name": "Demo next", "next_password": "another"}, "next_password"),
        ({"next_name": "Nobody", "next_password": PASSWORD}, "next_password"),
        ({"next_name": "Demo self", "next_password": PASSWORD}, "next_name"),
        ({"next_name": "Demo engineer", "next_password": PASSWORD}, "next_name"),
        ({}, "next_password"),
    ],
)
async def test_a_refused_handing_over_changes_nothing(
    running: Running, form: dict[str, str], field: str
) -> None:
    accounts = running.community.accounts
    for name, role in (("Demo next", "guard"), ("Demo engineer", "operator")):
        await accounts.create(name, role, PASSWORD)
    token = await accounts.open_session((await accounts.create("Demo self", "guard", PASSWORD)).id)
    headers = await running.headers("guard", token)
    async with ClientSession(running.address, headers=headers) as client:
        await client.post("/duty/start")
    status, answer, new = await hand_over(running, form, headers)
    assert (status, list(answer["errors"]), new) == (422, [field], "")
    assert await present(running) == ["Demo self"]
    assert await accounts.session(token) is not None


async def test_every_page_says_who_is_signed_in(running: Running) -> None:
    for role, word in (("guard", "Guard"), ("manager", "Manager"), ("operator", "Operator")):
        async with ClientSession(running.address, headers=await running.headers(role)) as client:
            for path in ("/", "/account", "/nowhere"):
                async with client.get(path) as answer:
                    page = await answer.text()
                head = page[page.index("<header") : page.index("</header>")]
                assert f"<strong>Demo {role}</strong>" in head, (role, path)
                assert word in head
                assert 'action="/sign-out"' in head
                assert ("/duty/handover" in head) == (role != "operator")
                assert ('data-live="ringing"' in head) == (role != "operator"), path


async def sound(page: Page, wanted: str) -> None:
    await page.wait_for_function(
        "wanted => document.documentElement.dataset.sound === wanted", arg=wanted
    )


async def sign_in_beside(running: Running, page: Page, role: str) -> Page:
    """Somebody else signs in in another tab of the same browser."""
    accounts = running.community.accounts
    await running.token(role)
    account = await accounts.named(f"Demo {role}")
    assert account is not None
    other = await page.context.new_page()
    await other.goto(f"{running.address}/link/{await accounts.new_link(account.id)}")
    await other.click("main button[type=submit]")
    await other.wait_for_url(lambda address: "/link/" not in address)
    return other


@pytest.mark.peers
async def test_handing_over_on_the_screen_keeps_the_alarm(
    running: Running, chromium: Browser
) -> None:
    await running.community.accounts.create("Demo next", "guard", PASSWORD)
    page = await duty(running, chromium, QUIET)
    await page.get_by_role("button", name="Start of duty").click()
    await sound(page, "on")
    await alarm(running)
    await tones(page, "1")
    card = page.locator(".desk-alarms .incident").first
    await page.get_by_role("button", name="Demo guard").click()
    await page.get_by_text("An alarm is ringing. A screen that is signed out").wait_for()
    below = await page.evaluate("document.querySelector('.head').getBoundingClientRect().bottom")
    box = await card.bounding_box()
    assert box is not None
    assert box["y"] >= below, "the place for handing over covers no alarm"
    await page.get_by_label("Next guard's name").fill("Demo next")
    await page.get_by_label("Next guard's password").fill("wrong")
    await page.get_by_role("button", name="Take over").click()
    await page.locator("#e-next_password", has_text="don't match").wait_for()
    await tones(page, "1")
    await sound(page, "on")
    await page.get_by_label("Next guard's password").fill(PASSWORD)
    await page.get_by_role("button", name="Take over").click()
    await page.get_by_role("button", name="Demo next Guard").wait_for()
    await tones(page, "1")
    await page.get_by_role("button", name="SOUND OFF").click()
    await sound(page, "on")
    assert await present(running) == ["Demo next"]
    await page.context.close()


@pytest.mark.peers
async def test_another_sign_in_beside_it_is_said_and_rings_on(
    running: Running, chromium: Browser
) -> None:
    page = await duty(running, chromium)
    await page.get_by_role("button", name="Start of duty").click()
    await sound(page, "on")
    await alarm(running)
    await tones(page, "1")
    other = await sign_in_beside(running, page, "manager")
    await page.bring_to_front()
    strip = page.locator("[data-link-strip]")
    await strip.get_by_text("Demo manager is signed in here now.").wait_for()
    await tones(page, "1 link")
    assert await page.evaluate("document.querySelector('main').inert")
    assert await page.get_by_role("button", name="Review").count() == 0
    await strip.get_by_role("link", name="Go on as Demo manager").click()
    await page.get_by_role("button", name="Demo manager").wait_for()
    await tones(page, "1")
    # It sounds for the guard who armed it; the manager is asked to hear it for themselves.
    await sound(page, "ask")
    await page.get_by_role("button", name="Check the sound").click()
    await sound(page, "on")
    await other.get_by_role("button", name="Demo manager").click()
    await other.locator("#me").get_by_role("button", name="Sign out").click()
    await other.wait_for_url("**/sign-in")
    await page.bring_to_front()
    await strip.get_by_text("Signed out. This screen doesn't ring").wait_for()
    await tones(page, "1 link")
    await sign_in_beside(running, page, "guard")
    await page.bring_to_front()
    await strip.get_by_text("Demo guard is signed in here now.").wait_for()
    await page.context.close()


@pytest.mark.peers
async def test_a_press_before_the_screen_noticed_is_nobodys(
    running: Running, chromium: Browser
) -> None:
    page = await duty(running, chromium)
    incident = await alarm(running)
    await page.get_by_role("button", name="Acknowledge").wait_for()
    # The old session still stands, but the browser's cookie is another's already.
    cookie = running.community.app[GATE].cookie
    token = await running.token("manager")
    await page.context.add_cookies([{"name": cookie, "value": token, "url": running.address}])
    await page.get_by_role("button", name="Acknowledge").click()
    await page.get_by_text("Nothing was changed: this page belongs to another sign-in.").wait_for()
    await page.get_by_text("Demo manager is signed in here now.").wait_for()
    ringing = await running.store.read(lambda db: [one.id for one in desk.unacknowledged(db)])
    assert ringing == [incident]
    await page.context.close()
