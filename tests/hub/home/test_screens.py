"""What the home's screens show and may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.commands import Actor
from hub.core.registry import Entity
from hub.core.store import Store, migrate
from hub.home.screens import MIGRATION, MOST_TILES, NIGHT, Screen, Screens
from privacy.box import Box


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home.db")
    made.run_sync(lambda db: migrate(db, [MIGRATION]))
    yield made
    made.close()


def screens_on(store: Store) -> Screens:
    return Screens(store, Box(b"k" * 32))


async def test_a_screen_is_kept_and_forgotten(store: Store) -> None:
    screens = screens_on(store)
    assert (screens.of("w1").tiles, screens.of("w1").night) == ((), NIGHT)
    await screens.keep("w1", Screen(["switch.b", "switch.a"], (0, 60)))
    await screens.keep("w2", Screen([], None))
    again = screens_on(store)
    await again.load()
    assert again.of("w1").tiles == ("switch.b", "switch.a")
    assert again.of("w1").night == (0, 60)
    assert again.of("w2").night is None
    await again.forget("w1")
    last = screens_on(store)
    await last.load()
    assert last.of("w1").tiles == ()
    assert last.of("w2").night is None


async def test_nothing_readable_lies_on_the_disk(store: Store, tmp_path: Path) -> None:
    await screens_on(store).keep("w1", Screen(["switch.bedroom"]))
    found = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.iterdir()])
    assert found
    assert b"bedroom" not in b"".join(found)


@pytest.mark.parametrize(
    ("screen", "field"),
    [
        (Screen([f"switch.{n}" for n in range(MOST_TILES + 1)]), "tiles"),
        (Screen([], (0, 24 * 60)), "night"),
        (Screen([], (-1, 60)), "night"),
    ],
)
async def test_what_no_screen_shows_is_refused(store: Store, screen: Screen, field: str) -> None:
    screens = screens_on(store)
    with pytest.raises(ValueError, match=field):
        await screens.keep("w1", screen)
    assert screens.of("w1").tiles == ()


@pytest.mark.parametrize(
    ("kind", "command", "may"),
    [
        ("switch", "turn_on", True),
        ("valve", "close", True),
        ("valve", "open", False),
        ("cover", "open", True),
        ("button", "press", False),
        ("siren", "turn_on", False),
        ("lock", "lock", True),
        ("lock", "unlock", False),
        ("lock", "open", False),
        ("alarm_control_panel", "disarm", False),
        ("update", "install", False),
    ],
)
async def test_a_screen_presses_what_stands_on_it_and_opens_nothing(
    store: Store, kind: str, command: str, may: bool
) -> None:
    screens = screens_on(store)
    entity = Entity(f"{kind}.one", "one", "mqtt", kind)
    wall = Actor("w1", "wall")
    assert not screens.may(wall, entity, command), "it does not stand there"
    await screens.keep("w1", Screen([entity.entity_id]))
    assert screens.may(wall, entity, command) is may
    assert not screens.may(Actor("w2", "wall"), entity, command)
    assert screens.may(Actor("p1", "resident"), entity, command)
    assert not screens.may(Actor("g1", "guest"), entity, command)


@pytest.mark.parametrize("device_class", ["garage", "gate", "door"])
async def test_a_screen_opens_no_door(store: Store, device_class: str) -> None:
    screens = screens_on(store)
    door = Entity("cover.one", "one", "mqtt", "cover", device_class=device_class)
    await screens.keep("w1", Screen([door.entity_id]))
    assert not screens.may(Actor("w1", "wall"), door, "open")
    assert screens.may(Actor("w1", "wall"), door, "close")


async def test_a_switch_that_is_a_valve_is_only_closed(store: Store) -> None:
    roles = {"switch.main": "water_valve"}
    screens = Screens(store, Box(b"k" * 32), role_of=lambda one: roles.get(one, ""))
    main, lamp = (Entity(f"switch.{name}", name, "mqtt", "switch") for name in ("main", "lamp"))
    await screens.keep("w1", Screen([main.entity_id, lamp.entity_id]))
    wall = Actor("w1", "wall")
    assert not screens.may(wall, main, "turn_on")
    assert screens.may(wall, main, "turn_off")
    assert screens.may(wall, lamp, "turn_on")
