"""Config entries: tried, stored sealed, started; they outlive a restart and can be taken out."""

from __future__ import annotations

import pytest

from hub.adding.adding import BUILT_IN
from hub.adding.finds import BROKER
from hub.adding.lan import Service
from hub.adding.problems import AddProblem
from hub.plugins.config import ConfigProblem
from tests.hub.adding.homes import Place

FOUND = Service("_demo-gate._tcp.local.", "Front gate", "192.0.2.7", 8080, {"code": "1234"})


async def test_an_added_gate_runs_and_is_there_after_a_restart(place: Place) -> None:
    entry = await place.adding.add("demo_gate", {"host": "gate.local", "code": "secret word"})
    assert entry.id == "demo_gate"
    second = await place.adding.add("demo_gate", {"host": "back.local"})
    assert second.id == "demo_gate-2"
    assert {one.unique_id for one in place.registry.entities()} == {"gate.local-1", "back.local-1"}
    await place.again()
    assert [one.id for one in place.adding.entries.all()] == ["mqtt", "demo_gate", "demo_gate-2"]
    assert set(place.plugins.running) == {"mqtt", "demo_gate", "demo_gate-2"}
    assert b"secret word" not in (place.folder / "home.db").read_bytes()
    wal = place.folder / "home.db-wal"
    assert not wal.exists() or b"secret word" not in wal.read_bytes()


async def test_what_the_device_refuses_is_not_saved(place: Place) -> None:
    with pytest.raises(ConfigProblem) as refused:
        await place.adding.add("demo_gate", {"host": "gate.local", "code": "wrong"})
    assert refused.value.problems == {"code": "The gate refuses this code."}
    with pytest.raises(ConfigProblem):
        await place.adding.add("demo_gate", {"host": "gate.local", "port": "80"})
    assert [one.id for one in place.adding.entries.all()] == ["mqtt"]
    assert place.registry.entities() == []


async def test_a_change_takes_the_place_of_what_was(place: Place) -> None:
    await place.adding.add("demo_gate", {"host": "gate.local", "code": "1"})
    await place.adding.change("demo_gate", {"host": "other.local", "code": "1"})
    here = {one.unique_id for one in place.registry.entities() if one.present}
    assert "other.local-1" in here
    with pytest.raises(ConfigProblem):
        await place.adding.change("demo_gate", {"host": "third.local", "code": "wrong"})
    kept = place.adding.entries.get("demo_gate")
    assert kept is not None
    assert kept.data == {"host": "other.local", "code": "1"}
    assert "demo_gate" in place.plugins.running


async def test_one_can_be_taken_out_and_the_homes_own_not(place: Place) -> None:
    await place.adding.add("demo_gate", {"host": "gate.local"})
    await place.adding.remove("demo_gate")
    assert "demo_gate" not in place.plugins.running
    with pytest.raises(AddProblem) as refused:
        await place.adding.remove("mqtt")
    assert refused.value.reason.text == BUILT_IN
    with pytest.raises(AddProblem):
        await place.adding.remove("demo_gate")
    await place.again()
    assert [one.id for one in place.adding.entries.all()] == ["mqtt"]


async def test_the_homes_own_can_be_changed(place: Place) -> None:
    await place.adding.change("mqtt", {"discovery_prefix": "home"})
    await place.again()
    place.connection.deliver("home/switch/x/config", '{"command_topic": "x", "unique_id": "x"}')
    assert place.registry.of_source("mqtt", "switch", "x") is not None


async def test_a_find_fills_the_form_and_is_gone_when_it_was_added(place: Place) -> None:
    place.adding._found(FOUND)
    (find,) = place.adding.finds.open()
    assert (find.domain, find.name, find.place) == ("demo_gate", "Front gate", "192.0.2.7:8080")
    assert find.fills == {"host": "192.0.2.7", "port": "8080", "code": "1234"}
    assert "adding" in place.told
    await place.adding.add("demo_gate", {"host": "192.0.2.7"}, find=find.id)
    assert place.adding.finds.open() == []


async def test_an_ignored_find_stays_ignored_and_can_be_taken_back(place: Place) -> None:
    place.adding._found(FOUND)
    (find,) = place.adding.finds.open()
    assert await place.adding.finds.ignore(find.id)
    assert not await place.adding.finds.ignore("nothing")
    await place.again()
    place.adding._found(FOUND)
    assert place.adding.finds.open() == []
    assert place.adding.finds.ignored() == [(find.id, "Front gate")]
    assert await place.adding.finds.take_back(find.id)
    assert not await place.adding.finds.take_back(find.id)
    assert [one.id for one in place.adding.finds.open()] == [find.id]


async def test_a_broker_in_the_network_is_a_find_too(place: Place) -> None:
    place.adding._found(Service("_mqtt._tcp.local.", "old hub", "192.0.2.9", 1883, {}))
    place.adding._found(Service("_mqtt._tcp.local.", "ours", "192.0.2.1", 1883, {}))
    place.adding._found(Service("_other._tcp.local.", "printer", "192.0.2.8", 80, {}))
    assert [(one.domain, one.name) for one in place.adding.finds.open()] == [(BROKER, "old hub")]


async def test_a_network_full_of_finds_has_a_limit(place: Place) -> None:
    for number in range(500):
        place.adding._found(FOUND._replace(name=f"gate {number}"))
    assert len(place.adding.finds.open()) == 200


async def test_nothing_of_that_name(place: Place) -> None:
    with pytest.raises(AddProblem):
        await place.adding.add("nothing", {})
    with pytest.raises(AddProblem):
        await place.adding.config_of("nothing")
