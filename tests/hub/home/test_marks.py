"""Which sensor is watched for what: by what it is, or because the resident said so."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hub.core.registry import Entity, Registry
from hub.core.wire import Wire
from hub.home.marks import Mark
from hub.home.refusal import Refusal
from hub.home.roles import Bindings
from hub.home.runtime import Home
from hub.home.trials import DAY_S, Trials
from hub.safety.bindings import read_bindings
from hub.safety.table import HAZARDS
from tests.hub.home.conftest import OWNER
from tests.hub.home.test_roles import BOX, Both, both

__all__ = ["both"]


def add(known: Registry, kind: str, name: str, device_class: str | None, **facts: Any) -> Entity:
    """An entity whose device has the first word of its name."""
    device = known.announce_device(
        "mqtt", (name.split(maxsplit=1)[0],), name=name.split(maxsplit=1)[0]
    )
    commands = {"turn_off": "OFF", "turn_on": "ON"} if kind == "switch" else {}
    facts.setdefault("wire", Wire(f"{name}/state", command_topic="set", commands=commands))
    return known.announce(
        "mqtt",
        kind,
        name,
        suggested_id=name,
        name=name,
        device_id=device.id,
        device_class=device_class,
        **facts,
    )


def told(bindings: Bindings) -> dict[tuple[str, str], dict[str, Any]]:
    """What the kernel is told, which it can use."""
    rows = bindings.for_kernel()
    assert read_bindings(rows).problems == {}
    return {(row["entity_id"], row["hazard"]): row for row in rows["sensors"]}


async def test_what_has_one_meaning_is_watched_by_itself(both: Both) -> None:
    bindings, known, _ = both
    for device_class in ("gas", "smoke", "moisture", "carbon_monoxide", "heat", "cold", "battery"):
        add(known, "binary_sensor", f"{device_class} it", device_class)
    add(known, "sensor", "co ppm", "carbon_monoxide", unit="ppm")
    for device_class, unit in (("temperature", "°C"), ("power", "W"), ("current", "mA")):
        add(known, "sensor", f"{device_class} it", device_class, unit=unit)
    assert {hazard for _, hazard in told(bindings)} == {
        "gas",
        "smoke",
        "leak",
        "carbon_monoxide",
        "overheat",
    }
    assert told(bindings)["sensor.co_ppm", "carbon_monoxide"]["measure"]["limit"] == 50


async def test_batteries_of_what_keeps_watch_only(both: Both) -> None:
    bindings, known, _ = both
    add(known, "binary_sensor", "detector smoke", "smoke")
    add(known, "sensor", "detector battery", "battery", unit="%")
    add(known, "sensor", "phone battery", "battery", unit="%")
    add(known, "switch", "plug", None)
    add(known, "binary_sensor", "plug battery", "battery")
    assert [key for key in told(bindings) if key[1] == "battery"] == [
        ("sensor.detector_battery", "battery")
    ]
    await bindings.bind("socket", "switch.plug")
    assert ("binary_sensor.plug_battery", "battery") in told(bindings)


async def test_a_mark_has_its_limit_in_the_sensors_unit(both: Both) -> None:
    bindings, known, store = both
    add(known, "sensor", "kettle power", "power", unit="kW")
    await bindings.mark("sensor.kettle_power", "overload", Mark(1500, 30))
    measure = told(bindings)["sensor.kettle_power", "overload"]["measure"]
    assert (measure["limit"], measure["for_s"]) == (1.5, 30)
    again = Bindings(store, BOX, known)
    await again.load()
    assert told(again) == told(bindings)
    await again.unmark("sensor.kettle_power", "overload")
    assert told(again) == {}


async def test_the_own_socket_is_the_one_of_the_same_device(both: Both) -> None:
    bindings, known, _ = both
    power = add(known, "sensor", "kettle power", "power", unit="W").entity_id
    add(known, "switch", "kettle", None)
    add(known, "switch", "lamp", None)
    await bindings.mark(power, "overload", Mark())
    await bindings.mark(power, "left_on", Mark())
    assert bindings.missing(bindings.sensors()[0]) == ["socket"]
    await bindings.bind("socket", "switch.kettle")
    await bindings.bind("socket", "switch.lamp")
    assert told(bindings)[power, "overload"]["own"] == ["switch.kettle"]
    assert "own" not in told(bindings)[power, "left_on"], "not asked for"
    assert bindings.missing(bindings.sensors()[0]) == []
    await bindings.mark(power, "left_on", Mark(acts=True))
    assert told(bindings)[power, "left_on"]["own"] == ["switch.kettle"]


@pytest.mark.parametrize(
    ("entity_id", "hazard", "mark", "wrong"),
    [
        ("sensor.kettle_power", "overload", Mark(1), "limit"),
        ("sensor.kettle_power", "overload", Mark(for_s=-1), "minutes"),
        ("sensor.kettle_power", "overload", Mark(for_s=8 * DAY_S), "minutes"),
        ("sensor.kettle_power", "freezing", Mark(), "entity_id"),
        ("sensor.odd", "overload", Mark(), "entity_id"),
        ("sensor.nowhere", "overload", Mark(), "entity_id"),
        ("binary_sensor.kettle_smoke", "arc", Mark(), "entity_id"),
        ("binary_sensor.kettle_door", "arc", Mark(3), "limit"),
    ],
)
async def test_what_cant_be_marked(
    both: Both, entity_id: str, hazard: str, mark: Mark, wrong: str
) -> None:
    bindings, known, _ = both
    add(known, "sensor", "kettle power", "power", unit="W")
    add(known, "sensor", "odd", "power", unit="horse")
    add(known, "binary_sensor", "kettle smoke", "smoke")
    add(known, "binary_sensor", "kettle door", "door")
    with pytest.raises(ValueError, match=wrong):
        await bindings.mark(entity_id, hazard, mark)
    assert bindings.version == 0


async def test_a_button_calls_for_help(both: Both) -> None:
    bindings, known, _ = both
    wire = Wire("b", state_template="{{ value_json.event_type }}", states={"one": "one"})
    add(known, "event", "bedside", "button", wire=wire)
    await bindings.mark("event.bedside", "sos", Mark(presses=("one",)))
    row = told(bindings)["event.bedside", "sos"]
    assert (row["presses"], row["limit_s"]) == (["one"], None)
    assert "measure" not in row


async def test_a_unit_that_changed_is_not_compared(both: Both) -> None:
    bindings, known, _ = both
    add(known, "sensor", "kettle power", "power", unit="W")
    await bindings.mark("sensor.kettle_power", "overload", Mark())
    add(known, "sensor", "kettle power", "power", unit="VA")
    assert told(bindings) == {}


async def test_bindings_from_before_there_were_marks(both: Both) -> None:
    """The record as commit 2d275b9 wrote it."""
    bindings, known, store = both
    saved = {
        "version": 4,
        "roles": {"valve.gas_valve": "gas_valve"},
        "gas_safe": [],
        "limits": {"binary_sensor.gas": 120.0},
    }
    await store.run(lambda db: bindings._table.put(db, "resident", saved))
    again = Bindings(store, BOX, known)
    await again.load()
    assert (again.version, again.roles, again.limits, again.marks) == (
        4,
        {"valve.gas_valve": "gas_valve"},
        {"binary_sensor.gas": 120.0},
        {},
    )


async def test_days_without_a_test(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, store = both
    trials = Trials(store, BOX)
    await trials.meet(["a", "b"])
    start = time.time()

    def days(count: float) -> None:
        monkeypatch.setattr("hub.home.trials.time.time", lambda: start + count * DAY_S)

    days(91)
    await trials.meet(["a", "b"])
    assert [trials.due(one) for one in ("a", "b", "never watched")] == [True, True, False]
    await trials.note("a", start + 90 * DAY_S)
    await trials.note("a", start)
    again = Trials(store, BOX)
    await again.load()
    assert [again.due(one) for one in ("a", "b")] == [False, True]
    await again.set_days(365)
    assert not again.due("b")
    for wrong in (6, 731):
        with pytest.raises(ValueError, match="days"):
            await again.set_days(wrong)


def power_and_button(home: Home) -> None:
    add(home.registry, "sensor", "kettle power", "power", unit="W")
    add(home.registry, "switch", "kettle", None)
    add(home.registry, "binary_sensor", "hall smoke", "smoke")
    wire = Wire("b", states={"one": "one", "two": "two"})
    add(home.registry, "event", "bedside", "button", wire=wire)


async def test_as_the_pages_see_it(home: Home) -> None:
    power_and_button(home)
    assert home.markable("left_on") == [("sensor.kettle_power", "kettle kettle power")]
    assert [value for value, _ in home.markable("sos")] == [
        "event.bedside one",
        "event.bedside two",
    ]
    await home.mark("sos", "event.bedside two", OWNER)
    await home.mark("left_on", "sensor.kettle_power", OWNER, limit=40, for_s=3600, acts=True)
    assert home.markable("sos") == home.markable("left_on") == []
    smoke, button, power = home.supervision()
    assert [one.hazard for one in (smoke, button, power)] == ["smoke", "sos", "left_on"]
    assert (smoke.missing, smoke.marked, button.limit_s) == (["siren"], False, None)
    assert (power.limit, power.for_s, power.marked, power.acts) == (40, 3600, True, True)
    await home.mark("sos", "event.bedside", OWNER)
    assert home.bindings_table.marks["event.bedside"]["sos"].presses == ("two",)
    await home.unmark("sos", "event.bedside", OWNER)
    assert [one.hazard for one in home.supervision()] == ["smoke", "left_on"]
    for limit, for_s, field in ((0.0, None, "limit"), (None, 1e9, "minutes")):
        with pytest.raises(Refusal) as refused:
            await home.mark("left_on", "sensor.kettle_power", OWNER, limit=limit, for_s=for_s)
        assert refused.value.field == field
    with pytest.raises(Refusal):
        await home.mark("gas", "sensor.kettle_power", OWNER)


async def test_to_have_detected_is_to_have_been_tested(home: Home) -> None:
    power_and_button(home)
    smoke = "binary_sensor.hall_smoke"
    await home._met(home.bindings_table.for_kernel()["sensors"])
    assert home.supervision()[0].tested_at is None
    record = {"id": "1", "hazard": "smoke", "active": False, "entity_id": smoke, "raised_at": 77.0}
    await home._hazard_changed(record)
    assert home.supervision()[0].tested_at == 77.0
    await home.tested(smoke, OWNER)
    tested_at = home.supervision()[0].tested_at
    assert tested_at is not None
    assert tested_at > 77.0
    await home.set_test_days(30, OWNER)
    assert home.test_days == 30
    with pytest.raises(Refusal):
        await home.set_test_days(3, OWNER)


async def test_ending_a_call_needs_the_kernel(home: Home) -> None:
    with pytest.raises(Refusal, match="does not answer"):
        await home.end_call("1", OWNER)


def test_no_more_is_told_outside_than_the_protocol_names() -> None:
    told_outside = {kind.told for kind in HAZARDS.values() if kind.told}
    assert told_outside == {"gas", "smoke", "carbon_monoxide", "flood", "sos"}
