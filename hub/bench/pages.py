"""``linli bench pages``: how soon a slow tablet shows a large home, and what keeps that live.

The real home with its broker and a real Chromium whose processor is slowed down six times;
every load is that of a browser which has kept nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .conditions import BenchProblem, conditions, figure, percentile
from .household import Household, household, sensors

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page, WebSocket

ENTITIES, ROOMS = 1_000, 20
LOADS = 7
RATE, SECONDS, LEAD_S = 1_000, 10.0, 2.0
SLOWED = 6
WIDTH, HEIGHT = 1280, 800
"""A tablet on a wall."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
PAGES = (("home", "/"), ("devices", "/devices"), ("room", "/rooms/Room~201"))
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"
SHOWN = "() => document.querySelector('.fold[open] .value:not([data-resting])') !== null"
PARTS = """() => ({
  parts: document.querySelectorAll("[data-live]").length,
  parts_followed: document.querySelectorAll("[data-live]:not([data-resting])").length,
})"""
LOOK = """() => new Promise((tell) => {
  new PerformanceObserver((seen) => tell({
    first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    largest: seen.getEntries().at(-1).startTime,
    ready: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
    bytes: performance.getEntriesByType("navigation")[0].decodedBodySize,
    nodes: document.getElementsByTagName("*").length,
  })).observe({ type: "largest-contentful-paint", buffered: true });
})"""


def figures(
    broker: str,
    *,
    entities: int = ENTITIES,
    loads: int = LOADS,
    seconds: float = SECONDS,
) -> Iterator[dict[str, Any]]:
    """First paint of each page, then what a page's socket carries while all entities change.

    Args:
        broker: ``embedded`` or ``mosquitto``.
        entities: how many sensors announce themselves, spread over the rooms.
        loads: how often each page is loaded.
        seconds: how long the socket is looked at.

    Raises:
        BenchProblem: there is no playwright or no Chromium, or the home failed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as folder,
        chromium(Path(folder)) as browser,
        household(Path(folder), broker) as home,
    ):
        home.announce(list(sensors(entities, rooms=ROOMS)))
        _talk(home, entities, 1.0).wait()
        beside = conditions(home.rig.folder, broker=broker, entities=entities, rooms=ROOMS)
        beside |= {"slowed": SLOWED, "screen": f"{WIDTH}x{HEIGHT}", "chromium": browser.version}
        for name, path in PAGES:
            seen = [_load(home, browser, path) for _ in range(loads)]
            metric = f"first_paint_{name}_{entities}"
            yield _painted(metric, seen, {**beside, "page": path})
        yield from _followed(home, browser, seconds, beside)


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A headless Chromium: this machine's, or playwright's own.

    Raises:
        BenchProblem: playwright is not installed, or finds no browser.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as missing:
        raise BenchProblem("this bench needs playwright: pip install playwright") from missing
    found = next(filter(None, map(shutil.which, NAMES)), None)
    options = ["--disable-background-networking"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    home: dict[str, str | float | bool] = {**os.environ, "HOME": str(folder)}
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=options, env=home)
        except Error as missing:
            raise BenchProblem(f"no Chromium: {missing.message.splitlines()[0]}") from missing
        yield browser
        browser.close()


@contextmanager
def _page(home: Household, browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    """A page of a browser that kept nothing but the session, on the slowed processor."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    name, _, value = home.program.headers["Cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": home.program.address}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    yield page, devtools
    context.close()


def _load(home: Household, browser: Browser, path: str) -> dict[str, Any]:
    """One load of a page: its paints and sizes, milliseconds from the navigation's start."""
    with _page(home, browser) as (page, _devtools):
        answer = page.goto(home.program.address + path)
        if answer is None or answer.status != 200:
            raise BenchProblem(f"{path} was not shown; {home.log()}")
        page.wait_for_function(PAINTED)
        found: dict[str, Any] = page.evaluate(LOOK)
        return found


def _painted(metric: str, seen: list[dict[str, Any]], beside: dict[str, Any]) -> dict[str, Any]:
    """The median first paint of all loads."""
    first = [one["first"] / 1000 for one in seen]
    spread = {"min": percentile(first, 0), "max": percentile(first, 1), "samples": len(seen)}
    for key, also in (("largest", "largest_paint_s"), ("ready", "ready_s")):
        spread[also] = round(statistics.median(one[key] / 1000 for one in seen), 3)
    size = {"page_bytes": seen[-1]["bytes"], "elements": seen[-1]["nodes"]}
    return figure(metric, round(statistics.median(first), 3), "s", {**beside, **spread, **size})


def _followed(
    home: Household, browser: Browser, seconds: float, beside: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """What the list of devices, a room of it open, is sent while every sensor says new values."""
    sizes: list[int] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: sizes.append(len(frame)))

    with _page(home, browser) as (page, devtools):
        page.on("websocket", opened)
        page.goto(home.program.address + "/devices", wait_until="networkidle")
        folded = page.locator("details.fold > summary")
        if folded.count():
            folded.first.click()
            page.wait_for_function(SHOWN)
        devtools.send("Performance.enable")
        process = _talk(home, beside["entities"], LEAD_S + seconds)
        page.wait_for_timeout(LEAD_S * 1000)
        sizes.clear()
        began = _busy(devtools)
        page.wait_for_timeout(seconds * 1000)
        messages, size, ended = len(sizes), sum(sizes), _busy(devtools)
        parts = page.evaluate(PARTS)
        out, _ = process.communicate()
        said = json.loads(out)
    took = ended[0] - began[0]
    pace = {
        "page": "/devices",
        "msg_s": round(said["sent"] / said["took_s"]),
        "seconds": round(took, 2),
        **parts,
        "page_busy_share": round((ended[1] - began[1]) / took, 3),
    }
    line = {**beside, **pace}
    name = f"devices_{beside['entities']}"
    yield figure(f"live_messages_{name}", round(messages / took, 1), "msg/s", line)
    yield figure(f"live_bytes_{name}", round(size / took), "bytes/s", line)


def _talk(home: Household, entities: int, seconds: float) -> subprocess.Popen[bytes]:
    """Sensors that say `RATE` values a second, all together."""
    words = ["hub.bench.sensors", "--port", str(home.rig.port), "--rate", str(RATE)]
    words += ["--seconds", str(seconds), "--sensors", str(entities)]
    return home.rig.start_module("sensors", words)


def _busy(devtools: CDPSession) -> tuple[float, float]:
    """The page's clock, and the seconds its main thread has worked."""
    told = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return told["Timestamp"], told["TaskDuration"]
