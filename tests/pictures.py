"""The pictures in the documentation, taken anew: ``.venv/bin/python -m tests.pictures``.

Starts the demo in a folder of its own, plays the gas leak, and writes what each face shows into
``docs/pictures`` (or the folder named as the only argument). A demo is too young to have a past:
what history looks like is taken from a home whose readings are written here. Everybody and
everything in them is made up.
"""

from __future__ import annotations

import asyncio
import math
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from hub.history.spans import DAY_MS, HOUR_MS
from tests.peers import chromium_path
from tests.web.homes import served
from tests.web.test_browser import page_of
from tests.web.written import Written, add, keep

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 200_000  # bytes; a page of documentation stays light
START_S = 180.0
PHONE = (430, 932)
WHOLE_ALARM = 1330  # as high as the alarm card of the gas leak
ALARM_MS = 90_000.0
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
# Each picture once in each look over the two languages, so that readers see both.
DUTY_LOOK = {"zh": "dark", "en": "light"}
ALARM_LOOK = {"zh": "light", "en": "dark"}
NAMES = {"zh": ("温度", "客厅"), "en": ("Temperature", "Living room")}
SETTLED = """() => document.fonts.ready.then(() =>
  new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"""


class Demo(NamedTuple):
    """A running demo and the address of its own page."""

    process: Process
    address: str


async def begin(folder: Path) -> Demo:
    """Start the demo; returns when all its health checks pass.

    Raises:
        RuntimeError: it ended instead; the text is what it said.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub", "demo", "--data", str(folder), cwd=ROOT, stdout=PIPE
    )
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(START_S):
        async for line in process.stdout:
            said += line.decode()
            if "Ctrl-C" in said:
                address = re.findall(r"http://127\.0\.0\.1:\d+/$", said, re.MULTILINE)[-1]
                return Demo(process, address)
    raise RuntimeError(f"the demo did not start:\n{said}")


class Camera:
    """Opens faces of the demo and takes pictures.

    Args:
        browser: a running Chromium.
        demo: the running demo.
        folder: where the pictures go.
    """

    def __init__(self, browser: Browser, demo: Demo, folder: Path) -> None:
        self._browser = browser
        self._demo = demo
        self._folder = folder

    async def page(
        self, language: str, width: int, height: int, *, look: str = "light", scale: float = 1
    ) -> Page:
        """An empty page of a browser of its own."""
        context = await self._browser.new_context(
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": height},
            color_scheme="dark" if look == "dark" else "light",
            device_scale_factor=scale,
            reduced_motion="reduce",
        )
        return await context.new_page()

    async def sign_in(self, page: Page, face: str) -> str:
        """Open a face by a fresh link; returns its address without a path."""
        await page.goto(f"{self._demo.address}open/{face}")
        await page.click("main form button")
        await page.wait_for_url(lambda url: "/link/" not in url)
        found = re.match(r"https?://[^/]+", page.url)
        assert found is not None
        return found[0]

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Write one picture, of the ``whole`` page or of what its window shows.

        Raises:
            RuntimeError: it grew beyond what a page of documentation should carry.
        """
        await self.write(page, self._folder / f"{name}.png", whole=whole)

    @staticmethod
    async def write(page: Page, path: Path, *, whole: bool = False) -> None:
        """The same into a named file."""
        await page.evaluate(SETTLED)
        size = len(await page.screenshot(path=path, full_page=whole))
        if size > LARGEST:
            raise RuntimeError(f"{path.name} has {size} bytes, more than {LARGEST}")
        sys.stdout.write(f"{path.name} {size}\n")


async def contact(page: Page, language: str) -> None:
    """Add somebody who is told, at an address that is nobody's (RFC 2606)."""
    name, label = {"zh": ("女儿", "奶奶家"), "en": ("Daughter", "Grandma's")}[language]
    await page.fill("#f-name", name)
    await page.fill("#f-address", f"https://push.example/{language}-7f3c9a")
    for hazard in ("sos", "leakage"):
        await page.check(f"input[name=hazards][value={hazard}]")
    await page.check("input[name=after_s][value='60']")
    await page.fill("#f-label", label)
    await page.check("input[name=warned]")
    await page.click("section[aria-labelledby=add] button[type=submit]")
    await page.wait_for_selector("form[action$='/test']")


async def take_all(camera: Camera, demo: Demo) -> None:
    """Play the gas leak once and take every picture, in both languages."""
    homes, desks = {}, {}
    for language in LANGUAGES:
        stage = await camera.page(language, 1000, 860, scale=0.9)
        await stage.goto(demo.address)
        await camera.take(stage, f"demo.{language}", whole=True)
        home = await camera.page(language, *PHONE, look=ALARM_LOOK[language], scale=1.2)
        desk = await camera.page(language, 1440, 810, look=DUTY_LOOK[language])
        homes[language] = (home, await camera.sign_in(home, "resident"))
        desks[language] = (desk, await camera.sign_in(desk, "guard"))
        await home.wait_for_selector("[data-live=home-tiles] .tile")
        await camera.take(home, f"home.{language}")
        await home.goto(f"{homes[language][1]}/safety")
        await camera.take(home, f"safety.{language}")
        await home.goto(f"{homes[language][1]}/sos")
        await camera.take(home, f"sos.{language}")
        await home.goto(f"{homes[language][1]}/kept")
        await camera.take(home, f"kept.{language}")
        await home.goto(f"{homes[language][1]}/contacts")
        await contact(home, language)
        await camera.take(home, f"contacts.{language}")
        await home.goto(homes[language][1])
    await desks["en"][0].click("form[action='/duty/start'] button")
    await stage.click("form[action='/scenes/gas/begin'] button")
    for language, (home, _) in homes.items():
        await home.wait_for_selector(".ask")
        await home.wait_for_selector("main .list .lok")
        await home.set_viewport_size({"width": PHONE[0], "height": WHOLE_ALARM})
        await camera.take(home, f"home-alarm.{language}")
        await home.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for language, (desk, address) in desks.items():
        await desk.wait_for_selector(
            "[data-live=duty-alarms] form[action$='/move']", timeout=ALARM_MS
        )
        await camera.take(desk, f"duty.{language}")
        await desk.goto(address + (await desk.get_attribute("a.steps-link", "href") or ""))
        await desk.wait_for_selector(".procedure-steps")
        await camera.take(desk, f"incident.{language}")
    for language, (home, address) in homes.items():
        await home.goto(f"{address}/sharing")
        await home.wait_for_selector("[data-live=sent] .lok >> nth=0")
        await camera.take(home, f"left.{language}")
        await home.goto(f"{address}/ledger")
        await home.wait_for_selector("[data-live=ledger] .list")
        await camera.take(home, f"ledger.{language}")


async def take_history(browser: Browser, folder: Path) -> None:
    """A week of a living room's temperature, of which some hours are not known."""
    for language, (name, place) in NAMES.items():
        with tempfile.TemporaryDirectory(prefix="linli-pictures-") as data:
            async with served(Path(data), furnished=False) as made:
                home = Written(made)
                room = add(home, "sensor", "temperature", "°C")
                entity = home.home.registry.entities()[0]
                entity.own_name, entity.area = name, place
                moments = range(0, 7 * DAY_MS, 600_000)
                keep(home, room, *((at, _warmth(at)) for at in moments))
                look = ("zh_CN" if language == "zh" else "en", DUTY_LOOK[language], 760)
                async with page_of(browser, home, look) as (page, _wrong):
                    await page.goto(
                        f"{home.address}/devices/{room}/history?span=week&date=2025-11-24"
                    )
                    await page.locator(".chart canvas").wait_for()
                    await Camera.write(page, folder / f"history.{language}.png")


def _warmth(at: int) -> float | None:
    """Colder at night, warmer when somebody is there; nothing on Thursday morning."""
    hour = at / HOUR_MS
    if 80 < hour < 87:
        return None
    day = math.sin((hour % 24 - 9) / 24 * 2 * math.pi)
    return round(20.5 + 1.6 * day + 0.5 * math.sin(hour * 1.7) + 0.25 * math.sin(at / 7e5), 1)


async def main(folder: Path) -> None:
    """Start everything, take the pictures, end everything."""
    with tempfile.TemporaryDirectory(prefix="linli-pictures-") as data:
        demo = await begin(Path(data) / "demo")
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
                )
                await take_all(Camera(browser, demo, folder), demo)
                await take_history(browser, folder)
                await browser.close()
        finally:
            if demo.process.returncode is None:
                demo.process.send_signal(signal.SIGINT)
            await demo.process.communicate()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
