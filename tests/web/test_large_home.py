"""A home with hundreds of things: folded rooms, and live is what is on the screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hub.http.faces import until
from tests.web.crowded import EACH, ROOMS, add_sensor, crowd, room_of, sensor_of
from tests.web.hazards import hazard
from tests.web.homes import Served, served
from tests.web.test_browser import AXE, LOOKS, RULES, SMALL, page_of
from tests.web.test_pages import PAGES
from tests.web.visitors import visiting
from web.devices import listed
from web.house import room_key

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

LIVE = re.compile(r'data-live="([a-z-]+)[:"][^>]*?( data-rests)?[ >]')
WARNS = {"home-status", "home-hazards", "ribbon", "rings", "shield", "wall-alarms", "locked"}
WATCH = """([fold, row]) => document.querySelector(fold).addEventListener('toggle', () => {
  window.readable = document.querySelector(row).checkVisibility({visibilityProperty: true});
}, {once: true})"""

TAB = """hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        crowd(made.home)
        yield made


def fold(room: int) -> str:
    return f"[id='fold-{room_key(room_of(room))}']"


def value(room: int, number: int) -> str:
    return f"[data-live='value:{sensor_of(room, number)}']"


def followed(home: Served) -> set[str]:
    """The values that some open page is being sent."""
    return {key for key in home.live._watched if key.startswith("value:")}


async def shows(page: Page, part: str, text: str) -> None:
    """Wait until a part can be read on the page and says that."""
    await page.wait_for_function(
        """([part, text]) => {
          const element = document.querySelector(part);
          const read = element && element.checkVisibility({visibilityProperty: true});
          return read && element.textContent.trim() === text;
        }""",
        arg=[part, text],
        timeout=5000,
    )


async def test_without_scripts_everything_is_there(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        _status, text = await visitor.get("/devices")
        assert text.count('<details class="fold card"') == ROOMS + 3
        assert text.count('data-live="value:sensor.crowd_') == ROOMS * EACH
        _status, text = await visitor.get("/devices?q=sensor 07 31")
        assert [sensor_of(7, 31)] == re.findall(r'id="row-(sensor.crowd[^"]+)"', text)


async def test_few_things_are_not_folded(tmp_path: Path) -> None:
    async with served(tmp_path) as home, visiting(home, "owner") as visitor:
        assert 'class="fold' not in (await visitor.get("/devices"))[1]


@pytest.mark.parametrize("role", ["owner", "guest", "wall"])
async def test_what_warns_never_rests(home: Served, role: str) -> None:
    """Pages and hub agree on what rests; an alarm, a lost link and the shield never do."""
    sensor, valve = home.home.named("厨房燃气报警器"), home.home.named("厨房燃气阀")
    home.home.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房")]
    seen: dict[str, bool] = {}
    async with visiting(home, role) as visitor:
        for path, roles in PAGES.items():
            if role in roles:
                _status, text = await visitor.get(path.format(valve=valve))
                for name, rests in LIVE.findall(text):
                    seen[name] = bool(rests)
                    assert home.live.parts[name].rests == bool(rests), (path, name)
    assert seen
    assert not any(rests for name, rests in seen.items() if name in WARNS)
    assert not any(home.live.parts[name].rests for name in WARNS)


@pytest.mark.peers
@pytest.mark.parametrize("look", LOOKS[:2], ids=lambda look: f"{look[0]}-{look[1]}")
async def test_folded_rooms_are_accessible(
    home: Served, chromium: Browser, look: tuple[str, str, int]
) -> None:
    home.home.states.set(home.home.named("厨房燃气报警器"), True)
    async with page_of(chromium, home, look) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await page.focus(f"{fold(0)} > summary")
        await page.keyboard.press("Enter")
        await shows(page, value(0, 0), "20 °C")
        script = AXE.read_text("utf-8")
        found = await page.evaluate(f"{script};axe.run(document, {{runOnly: {RULES!r}}})")
        assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []
        assert await page.evaluate(SMALL) == []
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert wrong == []


@pytest.mark.peers
async def test_what_is_folded_is_not_followed_and_fresh_when_opened(
    home: Served, chromium: Browser
) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await page.wait_for_selector(f"{fold(3)} [data-resting]", state="attached")
        assert followed(home) == set()
        home.home.states.set(sensor_of(3, 0), 31.5)
        await page.evaluate(WATCH, [fold(3), value(3, 0)])
        await page.click(f"{fold(3)} > summary")
        await shows(page, value(3, 0), "31.5 °C")
        assert await page.evaluate("window.readable") is False, "it was old when it opened"
        home.home.states.set(sensor_of(3, 0), 32)
        await shows(page, value(3, 0), "32 °C")
        await page.click(f"{fold(3)} > summary")
        await until(lambda: followed(home) == set())
        assert wrong == []


@pytest.mark.peers
async def test_only_the_screen_is_followed_and_what_is_scrolled_to_is_fresh(
    home: Served, chromium: Browser
) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(0)} > summary")
        await shows(page, value(0, 0), "20 °C")
        last = sensor_of(0, EACH - 1)
        await until(lambda: 0 < len(followed(home)) < EACH)
        assert f"value:{last}" not in followed(home)
        home.home.states.set(last, 25)
        await page.evaluate(
            "row => document.querySelector(row).scrollIntoView()", value(0, EACH - 1)
        )
        await shows(page, value(0, EACH - 1), "25 °C")
        await until(lambda: f"value:{sensor_of(0, 0)}" not in followed(home))
        home.home.states.set(sensor_of(0, 0), 19)
        await page.evaluate("scrollTo(0, 0)")
        await shows(page, value(0, 0), "19 °C")
        assert wrong == []


@pytest.mark.peers
async def test_an_alarm_shows_whatever_is_folded(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(5)} > summary")
        await shows(page, value(5, 0), "20 °C")
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        sensor = home.home.named("厨房燃气报警器")
        kitchen = page.locator(f"[id='fold-{room_key('厨房')}'] > summary .level")
        assert await kitchen.count() == 0
        home.home.states.set(sensor, True)
        home.home.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房")]
        home.home.changed("hazards")
        await page.locator(".ribbon", has_text="厨房").wait_for()
        await kitchen.wait_for(state="attached")
        assert await page.locator(f"{fold(5)}[open]").count() == 1


@pytest.mark.peers
async def test_a_new_device_joins_an_open_room(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(2)} > summary")
        await shows(page, value(2, 0), "20 °C")
        add_sensor(home.home, 2, EACH, "A newcomer")
        home.home.changed("registry")
        await shows(page, value(2, EACH), "20 °C")
        home.home.states.set(sensor_of(2, EACH), 21)
        await shows(page, value(2, EACH), "21 °C")
        home.home.states.set(sensor_of(2, 0), 22)
        await shows(page, value(2, 0), "22 °C")
        assert "A newcomer" in await page.locator(f"{fold(2)} li").first.inner_text()
        assert wrong == []


@pytest.mark.peers
async def test_a_home_that_grows_while_somebody_looks(
    tmp_path: Path, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed, "FOLD_ABOVE", 2)
    async with (
        served(tmp_path, furnished=False) as home,
        page_of(chromium, home, LOOKS[1]) as (page, wrong),
    ):
        await page.goto(f"{home.address}/devices")
        await page.get_by_text("No devices yet").wait_for()
        home.home.registry.set_rooms((room_of(0), room_of(1)))
        for room, number in ((0, 0), (1, 0)):
            add_sensor(home.home, room, number)
            home.home.changed("registry")
            await shows(page, value(room, number), "20 °C")
        add_sensor(home.home, 0, 1)
        home.home.changed("registry")
        await page.click(f"{fold(0)} > summary")
        await shows(page, value(0, 1), "20 °C")
        await page.click(f"{fold(1)} > summary")
        home.home.states.set(sensor_of(1, 0), 26)
        await shows(page, value(1, 0), "26 °C")
        assert wrong == []


@pytest.mark.peers
async def test_back_from_a_device_the_room_stands_open(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(1)} > summary")
        await page.click(f"[id='row-{sensor_of(1, 0)}'] a")
        await page.wait_for_url("**/devices/sensor.*")
        home.home.states.set(sensor_of(1, 0), 18)
        await page.go_back()
        await shows(page, value(1, 0), "18 °C")


@pytest.mark.peers
async def test_a_room_of_tiles_is_followed_where_it_shows(home: Served, chromium: Browser) -> None:
    tile = f"[id='tile-{sensor_of(4, EACH - 1)}']"
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/rooms/{room_key(room_of(4))}")
        await page.wait_for_selector("[data-resting]", state="attached")
        home.home.states.set(sensor_of(4, EACH - 1), 27)
        await page.evaluate("tile => document.querySelector(tile).scrollIntoView()", tile)
        await shows(page, f"{tile} .figure > span", "27")
        assert not any(sensor_of(4, 0) in key for key in home.live._watched)
        assert wrong == []


@pytest.mark.peers
async def test_a_browser_that_cannot_say_what_it_shows_follows_all(
    home: Served, chromium: Browser
) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.add_init_script("delete window.IntersectionObserver")
        await page.goto(f"{home.address}/rooms/{room_key(room_of(4))}")
        await until(lambda: any(sensor_of(4, EACH - 1) in key for key in home.live._watched))
        home.home.states.set(sensor_of(4, EACH - 1), 28)
        await shows(page, f"[id='tile-{sensor_of(4, EACH - 1)}'] .figure > span", "28")
        assert wrong == []


@pytest.mark.peers
async def test_a_hidden_tab_follows_what_warns_only(home: Served, chromium: Browser) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(0)} > summary")
        await shows(page, value(0, 0), "20 °C")
        await page.evaluate(TAB, True)
        await until(lambda: not followed(home))
        assert "ribbon" in home.live._watched
        home.home.states.set(sensor_of(0, 0), 24)
        assert not await page.locator(value(0, 0)).is_visible()
        await page.evaluate(TAB, False)
        await shows(page, value(0, 0), "24 °C")
        assert wrong == []


@pytest.mark.peers
async def test_the_link_comes_back_and_with_it_what_is_seen(
    home: Served, chromium: Browser
) -> None:
    async with page_of(chromium, home, LOOKS[1]) as (page, _wrong):
        await page.goto(f"{home.address}/devices")
        await page.click(f"{fold(0)} > summary")
        await shows(page, value(0, 0), "20 °C")
        for client in list(home.live._clients):
            client.wrong = True
            client.talk.wake.set()
        await until(lambda: home.live.watching == 0)
        home.home.states.set(sensor_of(0, 0), 23)
        await shows(page, value(0, 0), "23 °C")
