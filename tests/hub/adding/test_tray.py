"""The tray of new devices: taken at once, new until somebody looked, ignored for good or not."""

from __future__ import annotations

import sqlite3

import pytest

from hub.adding.adding import BOUND, WATCHES
from hub.adding.problems import AddProblem
from tests.hub.adding.homes import Place


def names(place: Place) -> list[str]:
    return [device.name for device in place.adding.tray.new()]


async def test_an_announced_device_works_at_once_and_is_new_until_it_was_placed(
    place: Place,
) -> None:
    device = place.announce("a")
    entity = place.registry.of_device(device)[0]
    place.connection.deliver("plug/a", "ON")
    state = place.states.get(entity.entity_id)
    assert state is not None
    assert state.value is True
    assert names(place) == ["Plug a"]
    await place.adding.tray.placed(device)
    assert names(place) == []
    await place.again()
    place.announce("a")
    place.announce("b")
    assert names(place) == ["Plug b"]


async def test_what_is_only_remembered_and_not_there_is_not_new(place: Place) -> None:
    place.announce("a")
    await place.again()
    assert names(place) == []
    place.announce("a")
    assert names(place) == ["Plug a"]


async def test_an_ignored_device_is_off_with_all_that_comes_later(place: Place) -> None:
    device = place.announce("a")
    await place.adding.ignore_device(device)
    assert names(place) == []
    assert [one.enabled for one in place.registry.of_device(device)] == [False]
    await place.again()
    place.announce("a")
    place.connection.deliver(
        "homeassistant/sensor/a/config",
        '{"unique_id": "p", "state_topic": "plug/a/p", "device": {"identifiers": ["a"]}}',
    )
    assert [one.enabled for one in place.registry.of_device(device)] == [False, False]
    assert [one.id for one in place.adding.tray.ignored()] == [device]
    await place.adding.tray.take_back(device)
    assert [one.enabled for one in place.registry.of_device(device)] == [True, True]
    assert names(place) == ["Plug a"]
    assert place.adding.tray.ignored() == []


async def test_what_was_off_before_stays_off_when_taken_back(place: Place) -> None:
    device = place.announce("a")
    entity = place.registry.of_device(device)[0]
    place.registry.set_enabled(entity, False)
    await place.adding.ignore_device(device)
    await place.adding.tray.take_back(device)
    assert not entity.enabled


async def test_what_acts_in_an_alarm_is_not_ignored(place: Place) -> None:
    device = place.announce("a")
    place.bound = ["Gas valve"]
    with pytest.raises(AddProblem) as refused:
        await place.adding.ignore_device(device, sure=True)
    assert refused.value.reason.text == BOUND
    assert str(refused.value).startswith("Gas valve acts")
    assert place.registry.of_device(device)[0].enabled


async def test_what_warns_is_ignored_only_by_a_second_press(place: Place) -> None:
    device = place.announce("a")
    place.watched.add(device)
    with pytest.raises(AddProblem) as refused:
        await place.adding.ignore_device(device)
    assert (refused.value.reason.text, refused.value.field) == (WATCHES, "sure")
    assert names(place) == ["Plug a"]
    await place.adding.ignore_device(device, sure=True)
    assert names(place) == []


async def test_a_disk_that_takes_nothing_leaves_the_device_as_it_was(place: Place) -> None:
    device = place.announce("a")
    await place.registry.kept()
    await place.store.run(
        lambda db: db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON adding BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    )
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        await place.adding.ignore_device(device)
    assert place.registry.of_device(device)[0].enabled
    assert names(place) == ["Plug a"]


async def test_no_device_of_that_id(place: Place) -> None:
    with pytest.raises(AddProblem):
        await place.adding.ignore_device("x")
