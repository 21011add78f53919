"""Every kind has a page with its state in words and what can be set on it."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.kinds import KINDS, WORD
from tests.web.every_kind import EVERY, furnish
from tests.web.homes import Served, served
from tests.web.visitors import visiting
from web.assets import ICONS
from web.design import Design
from web.devices.given import Mistyped, arguments
from web.kinds import names, states
from web.kinds.commands import COMMANDS, next_command, said
from web.kinds.controls import PRESSES, controls, presses


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def test_every_kind_and_word_of_the_table_has_its_words() -> None:
    assert {one.kind for one in EVERY} == KINDS.keys()
    assert names.KINDS.keys() == names.KIND_ICONS.keys() == KINDS.keys()
    for kind in KINDS.values():
        if kind.state == WORD:
            assert states.STATES[kind.name].keys() >= set(kind.values)
    binary = KINDS["binary_sensor"].device_classes
    assert states.BINARY.keys() == binary
    assert names.CLASSES.keys() == KINDS["sensor"].device_classes - {"enum"}
    assert {*names.ICONS.values(), *names.KIND_ICONS.values()} <= ICONS.keys()


def test_every_command_can_be_given_on_a_page() -> None:
    """By a button or by a control; scripts of our own send what neither can say."""
    only_programs = {("vacuum", "send_command"), ("light", "toggle")}
    for kind in KINDS.values():
        made = next(one for one in EVERY if one.kind == kind.name)
        able = frozenset(kind.commands)
        attributes = {**made.attributes, **_MORE.get(kind.name, {})}
        set_by = {one.command for one in controls(kind.name, able, attributes, made.value, None)}
        left = able - set_by - set(PRESSES.get(kind.name, ())) - {"toggle"}
        assert {(kind.name, name) for name in left} <= only_programs
        for name in presses(kind.name, able):
            assert name in COMMANDS


_MORE: dict[str, dict[str, Any]] = {
    "climate": {
        "min_humidity": 30,
        "max_humidity": 80,
        "swing_modes": ["on"],
        "swing_horizontal_modes": ["on"],
        "preset_modes": ["none"],
    }
}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_page_of_every_kind(home: Served, lang: str) -> None:
    found = furnish(home.home)
    async with visiting(home, "resident", lang) as visitor, visiting(home, "guest") as guest:
        for kind, entity_id in found.items():
            status, text = await visitor.get(f"/devices/{entity_id}")
            assert (kind, status) == (kind, 200)
            assert "style=" not in text
            able = controls(kind, *_able(home, entity_id))
            for one in able:
                assert f'name="arg.{one.argument}"' in text
            status, text = await guest.get(f"/devices/{entity_id}")
            assert status == 200
            assert 'name="command"' not in text
        for page in ("/", "/devices"):
            assert (await visitor.get(page))[0] == 200


def _able(home: Served, entity_id: str) -> tuple[Any, ...]:
    entity, state = home.home.registry.get(entity_id), home.home.states.get(entity_id)
    assert entity is not None
    assert state is not None
    return entity.commands, state.attributes, state.value, entity.unit


async def test_what_is_set_reaches_the_device(home: Served) -> None:
    found = furnish(home.home)
    sent = home.home.commands
    async with visiting(home, "resident") as visitor:
        await visitor.get("/devices")
        for kind, command, fields, args in (
            ("light", "turn_on", {"arg.brightness": "128"}, {"brightness": 128}),
            ("light", "turn_on", {"arg.rgb_color": "#ff8000"}, {"rgb_color": [255, 128, 0]}),
            ("fan", "oscillate", {"arg.oscillating": "yes"}, {"oscillating": True}),
            ("cover", "set_position", {"arg.position": "30"}, {"position": 30}),
            ("climate", "set_temperature", {"arg.temperature": "21,5"}, {"temperature": 21.5}),
            ("select", "select_option", {"arg.option": "party"}, {"option": "party"}),
            ("text", "set_value", {"arg.value": "12"}, {"value": "12"}),
            ("number", "set_value", {"arg.value": "45"}, {"value": 45}),
            ("alarm_control_panel", "arm_away", {"arg.code": "0815"}, {"code": "0815"}),
        ):
            answer = await visitor.press(
                f"/devices/{found[kind]}/command", command=command, **fields
            )
            assert (kind, answer[0]) == (kind, 200)
            assert sent.calls[-1] == (found[kind], command, False)
            assert sent.args == args


async def test_a_lock_is_opened_by_a_second_press_only(home: Served) -> None:
    lock = furnish(home.home)["lock"]
    async with visiting(home, "resident") as visitor:
        await visitor.get(f"/devices/{lock}")
        status, answer = await visitor.press(f"/devices/{lock}/command", command="unlock")
        assert (status, home.home.commands.calls) == (422, [])
        assert "second press" in answer["error"]
        status, _ = await visitor.press(f"/devices/{lock}/command", command="unlock", sure="yes")
        assert status == 200
        assert home.home.commands.calls == [(lock, "unlock", False)]
        _status, text = await visitor.get("/")
        assert f'action="/devices/{lock}/command"' in text or lock not in text
        assert next_command("lock", "locked", frozenset({"lock", "unlock"})) is None


async def test_what_the_device_says_is_said(home: Served) -> None:
    panel = furnish(home.home)["alarm_control_panel"]
    home.home.commands.reason = "This isn't the right code."
    fields = {"command": "disarm", "sure": "yes", "arg.code": "1"}
    async with visiting(home, "resident", "zh-CN") as visitor:
        await visitor.get(f"/devices/{panel}")
        status, answer = await visitor.press(f"/devices/{panel}/command", **fields)
        assert (status, answer["error"]) == (422, "密码不对。")


@pytest.mark.parametrize(
    ("sent", "status", "said_of"),
    [
        (("climate", "set_temperature", {"arg.temperature": "99"}), 422, "arg.temperature"),
        (("climate", "set_temperature", {"arg.temperature": "warm"}), 422, "arg.temperature"),
        (("climate", "set_temperature", {"arg.temperature": "nan"}), 422, "arg.temperature"),
        (("light", "turn_on", {"arg.rgb_color": "#ff80"}), 400, ""),
        (("light", "turn_on", {"arg.sort": "1"}), 400, ""),
        (("text", "set_value", {"arg.value": "x" * 300}), 400, ""),
        (("switch", "explode", {}), 422, ""),
    ],
)
async def test_what_no_device_takes_is_not_sent(
    home: Served, sent: tuple[str, str, dict[str, str]], status: int, said_of: str
) -> None:
    kind, command, fields = sent
    found = furnish(home.home)[kind]
    async with visiting(home, "resident") as visitor:
        await visitor.get(f"/devices/{found}")
        seen, answer = await visitor.press(f"/devices/{found}/command", command=command, **fields)
        assert seen == status
        assert set(answer.get("errors", {})) == ({said_of} if said_of else set())
        assert home.home.commands.calls == []


async def test_a_password_is_shown_to_nobody(home: Served) -> None:
    found = furnish(home.home)["text"]
    home.home.states.set(found, "topsecret", {"mode": "password"})
    async with visiting(home, "owner") as visitor:
        for page in ("/devices", f"/devices/{found}"):
            text = html.unescape((await visitor.get(page))[1])
            assert "topsecret" not in text
            assert states.MASKED in text


def test_a_number_within_its_bounds_is_read_as_people_write_it() -> None:
    words = Design("home").language("en")
    able = controls("number", frozenset({"set_value"}), {"min": -5, "max": 5}, 0, "°C")
    form = {"command": "set_value", "arg.value": " −2,5 "}
    assert arguments("number", "set_value", form, able, words) == {"value": -2.5}
    with pytest.raises(Mistyped, match="from −5 to 5"):
        arguments("number", "set_value", {"arg.value": "6"}, able, words)
    assert said("set_value").button == "Set"
