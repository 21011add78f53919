"""The page about the condition of devices and hub, and the same for programs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.commands import Actor
from hub.core.language import translator
from hub.home.runtime import Home
from hub.http.server import LIVE
from tests.web.homes import FakeHome, Served, served
from tests.web.programs import program
from tests.web.visitors import visiting
from web.health.devices import LEVELS, conditions
from web.health.words import CONCERNS


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def more(home: FakeHome, device: str, kind: str, device_class: str | None, **facts: Any) -> str:
    """Give a device one more entity and return its id."""
    entity_id = home.named(device)
    known = home.registry.get(entity_id)
    assert known is not None
    made = home.registry.announce(
        "mqtt",
        kind,
        f"{device}-{device_class}-{facts.get('unit')}",
        suggested_id=f"{kind}_{len(home.registry.entities())}",
        device_id=known.device_id,
        device_class=device_class,
        category="diagnostic",
        name="more",
        **facts,
    )
    return made.entity_id


def words_of(home: FakeHome, device: str) -> list[tuple[str, str]]:
    """Return the concerns of a device, (level, word)."""
    found = next(one for one in conditions(home) if one.name == device)
    return [(one.level, one.word) for one in found.concerns]


@pytest.mark.parametrize(
    ("percent", "safe", "other"),
    [
        (3.0, [("2", "empty")], [("3", "empty")]),
        (5.0, [("2", "empty")], [("3", "empty")]),
        (15.0, [("3", "low")], [("4", "low")]),
        (16.0, [], []),
    ],
)
async def test_a_low_battery_needs_somebody(
    home: Served, percent: float, safe: object, other: object
) -> None:
    for device, expected in (("客厅烟感", safe), ("客厅插座", other)):
        battery = more(home.home, device, "sensor", "battery", unit="%")
        home.home.states.set(battery, percent)
        assert words_of(home.home, device) == expected


async def test_a_battery_without_a_figure_and_firmware(home: Served) -> None:
    low = more(home.home, "客厅插座", "binary_sensor", "battery")
    home.home.states.set(low, True)
    update = more(home.home, "客厅插座", "update", "firmware")
    versions = {"installed_version": "1.0", "latest_version": "1.2"}
    home.home.states.set(update, True, versions)
    assert words_of(home.home, "客厅插座") == [("4", "low"), ("4", "update")]
    home.home.states.set(update, False, versions)
    home.home.states.set(low, False)
    assert words_of(home.home, "客厅插座") == []


@pytest.mark.parametrize(
    ("unit", "device_class", "weak", "fine"),
    [("dBm", "signal_strength", -91, -60), ("lqi", None, 20, 140)],
)
async def test_a_weak_signal_is_told(
    home: Served, unit: str, device_class: str | None, weak: float, fine: float
) -> None:
    link = more(home.home, "客厅插座", "sensor", device_class, unit=unit)
    home.home.states.set(link, weak)
    assert words_of(home.home, "客厅插座") == [("4", "weak")]
    home.home.states.set(link, fine)
    assert words_of(home.home, "客厅插座") == []


async def test_what_keeps_the_home_safe_comes_first(home: Served) -> None:
    fake = home.home
    fake.states.set(fake.named("客厅插座"), None, available=False)
    smoke = fake.named("客厅烟感")
    fake.watches[smoke] = "lost"
    await fake.bind("gas_valve", fake.named("厨房燃气阀"), Actor("x", "owner"))
    fake.states.set(fake.named("厨房燃气阀"), None, available=False)
    found = [one for one in conditions(fake) if one.concerns]
    assert [(one.name, one.level, one.safety) for one in found] == [
        ("厨房燃气阀", "2", True),
        ("客厅烟感", "2", True),
        ("客厅插座", "3", False),
    ]
    levels = [LEVELS.index(one.level) for one in conditions(fake)]
    assert levels == sorted(levels)


async def test_a_device_that_was_never_heard(home: Served) -> None:
    fake = home.home
    device = fake.registry.announce_device("mqtt", ("new",), name="新设备", area="厨房")
    fake.registry.announce(
        "mqtt", "switch", "new", suggested_id="new", device_id=device.id, name=""
    )
    assert words_of(fake, "新设备") == [("4", "never")]


async def test_a_device_is_reachable_while_one_part_of_it_is(home: Served) -> None:
    fake = home.home
    since = time.time() - 600
    battery = more(fake, "客厅插座", "sensor", "battery", unit="%")
    fake.states.set(battery, 80.0)
    fake.states.set(fake.named("客厅插座"), None, available=False)
    assert words_of(fake, "客厅插座") == []
    fake.states.set(battery, 80.0, available=False, at=since)
    assert words_of(fake, "客厅插座") == [("3", "gone")]


@pytest.mark.parametrize(
    ("problem", "said"),
    [("room", "nearly full: no history"), ("disk", "takes nothing: no history")],
)
async def test_it_says_why_no_history_is_written(home: Served, problem: str, said: str) -> None:
    home.home.hub.history_problem = problem
    async with visiting(home, "resident") as resident:
        _status, text = await resident.get("/condition")
        assert said in text
        assert "The history is written down" not in text
    async with program(home, "guest", ["read:states"]) as api:
        _status, condition = await api.ask("GET", "/condition")
        assert condition["hub"]["history_problem"] == problem


async def test_the_page_is_glad_and_says_what_to_do(home: Served) -> None:
    fake = home.home
    async with visiting(home, "guest") as guest:
        _status, text = await guest.get("/condition")
        assert "Everything is in order" in text
        assert "No device needs a battery, a look or a test." in text
        assert 'href="/condition"' in (await guest.get("/account"))[1]
        fake.untested.add(fake.named("客厅烟感"))
        fake.hub.broker = "lost"
        fake.hub.history_damaged = 2
        fake.hub.history_dropped = 1500
        fake.hub.disk_free = 400_000_000
        fake.hub.integrations[0].ignored = {"bad_json": 3, "too_large": 1}
        fake.guard = "deaf"
        _status, text = await guest.get("/condition")
        assert "1 device needs you" in text
        assert "1 of them keeps the home safe" in text
        assert "The message broker does not answer" in text
        assert "2 parts of the history are damaged" in text
        assert "1,500 values could not be written down" in text
        assert "The disk is nearly full" in text
        assert "4 unreadable messages were ignored since the start (bad_json 3" in text
        assert 'href="/safety' not in text
    async with visiting(home, "resident", "zh-CN") as resident:
        _status, text = await resident.get("/condition")
        assert "1 台设备需要你处理" in text
        assert 'href="/safety#tests"' in text


async def test_an_integration_that_did_not_start_says_why(home: Served) -> None:
    home.home.hub.integrations[0].problem = "mqtt can't be imported"
    async with visiting(home, "owner") as owner:
        _status, text = await owner.get("/condition")
        assert "MQTT devices did not start" in text
        assert "The hub needs you" in text


async def test_an_empty_home_says_what_to_do_next(tmp_path: Path) -> None:
    async with served(tmp_path, furnished=False) as home, visiting(home, "owner") as owner:
        _status, text = await owner.get("/condition")
        assert "No devices yet" in text
        assert "How to connect one" in text


async def test_programs_get_the_same(home: Served) -> None:
    battery = more(home.home, "客厅烟感", "sensor", "battery", unit="%")
    home.home.states.set(battery, 4.0)
    home.home.hub.integrations[0].ignored = {"bad_json": 3}
    async with program(home, "owner") as client:
        status, found = await client.ask("GET", "/condition")
    assert status == 200
    first = found["devices"][0]
    assert (first["name"], first["battery"], first["safety"]) == ("客厅烟感", 4.0, True)
    assert first["concerns"] == [{"level": "2", "what": "empty"}]
    assert found["hub"]["integrations"][0]["ignored"] == [{"kind": "bad_json", "count": 3}]


async def test_only_what_the_page_shows_redraws_it(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(home.app[LIVE], "changed", told.append)
    fake = home.home
    battery = more(fake, "客厅烟感", "sensor", "battery", unit="%")
    fake.states.set(battery, 50.0)
    fake.states.set(fake.named("客厅温湿度"), 25.0)
    assert told.count("condition") == 1
    fake.states.set(battery, 49.0)
    fake.states.set(fake.named("客厅温湿度"), None, available=False)
    assert told.count("condition") == 3


async def test_a_running_home_knows_its_own_condition(tmp_path: Path) -> None:
    home = Home(tmp_path, None)
    await home.start()
    await home.setup(name="Demo", password="a long demo passphrase", unlock={"mode": "machine"})
    try:
        assert home.history_store is not None
        home.history_store.damaged = 3
        hub = await home.condition()
        assert (hub.broker, hub.history_damaged, hub.history_dropped) == ("none", 3, 0)
        assert 0 < hub.disk_free <= hub.disk_total
        assert list(hub.integrations) == []
    finally:
        await home.stop()


def test_every_concern_has_words() -> None:
    say = translator("web", "zh_CN").gettext
    for word, told in CONCERNS.items():
        assert say(told.text) != told.text, word
        assert told.address.startswith("/")
