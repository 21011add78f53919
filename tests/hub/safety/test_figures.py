"""Hazards that are read from a figure: past the limit for long enough, back far enough."""

from __future__ import annotations

import json

import pytest

from hub.safety.memory import memories, remember
from hub.safety.policy import called
from hub.safety.records import HazardRecord
from hub.safety.table import HAZARDS, HOUR_S, MINUTE_S, SOCKET, Measure
from tests.hub.safety.metered import (
    OWN,
    MeteredHome,
    bound,
    figures_of,
    rule_of,
    sensor_for,
)
from tests.hub.safety.model import CLEAR_S, Home, sensors

MEASURED = [
    pytest.param(kind.name, measure, id=f"{kind.name}-{measure.device_class}")
    for kind in HAZARDS.values()
    for measure in kind.measures
    if not measure.rising
]
COUNTED = [one for one in MEASURED if isinstance(m := one.values[1], Measure) and m.for_s]


def called_by(hazard: str) -> list[str]:
    return [one.entity_id for one in called(hazard, bound(), (OWN,))]


@pytest.mark.parametrize(("hazard", "measure"), MEASURED)
def test_detects_acts_and_clears_with_hysteresis(hazard: str, measure: Measure) -> None:
    home = MeteredHome(hazard, measure)
    over, within, back = figures_of(measure)
    assert home.read(back) == []
    sent = home.feed(over, max(0.0, measure.for_s - 1))
    if measure.for_s:
        assert (sent, home.open()) == ([], [])
        sent = home.wait(1)
    assert home.open() == [hazard]
    assert list(dict.fromkeys(sent)) == called_by(hazard)
    for entity_id in called_by(hazard):
        home.device(entity_id, {"valve": "closed", "siren": "on"}.get(entity_id[:5], "off"))
    home.read(within)
    home.wait(measure.gap_s + CLEAR_S)
    assert home.open() == [hazard], "not far enough back"
    home.read(back)
    home.wait(measure.gap_s + CLEAR_S - 1)
    assert home.open() == [hazard]
    home.wait(1)
    assert home.open() == []
    assert home.made == 1


@pytest.mark.parametrize(("hazard", "measure"), COUNTED)
def test_a_break_begins_the_count_anew(hazard: str, measure: Measure) -> None:
    home = MeteredHome(hazard, measure)
    over, _, back = figures_of(measure)
    home.feed(over, measure.for_s - 1)
    home.read(back)
    home.wait(measure.gap_s)
    home.feed(over, measure.for_s - 1)
    assert home.open() == []
    home.wait(1)
    assert home.open() == [hazard]


@pytest.mark.parametrize(("hazard", "measure"), MEASURED)
def test_unbound_says_cannot_act(hazard: str, measure: Measure) -> None:
    home = MeteredHome(hazard, measure)
    home.hazards.bind(home.watched, [])
    home.feed(figures_of(measure)[0], measure.for_s)
    record = home.hazards.open_records()[0]
    assert [(one.role, one.result) for one in record.actions] == [
        (role, "unbound") for role in HAZARDS[hazard].needs
    ]


@pytest.mark.parametrize(("hazard", "measure"), MEASURED)
def test_gas_forbids_everything_electrical(hazard: str, measure: Measure) -> None:
    home = MeteredHome(hazard, measure)
    home.hazards.bind([*home.watched, *sensors()], home.bound)
    home.hear("gas1", True)
    sent = set(home.feed(figures_of(measure)[0], measure.for_s))
    assert hazard in home.open()
    assert sent <= {"valve.gas", "switch.water"}


@pytest.mark.parametrize(("hazard", "measure"), MEASURED)
def test_killed_in_the_middle_it_is_the_same_hazard(hazard: str, measure: Measure) -> None:
    home = MeteredHome(hazard, measure)
    over, _, back = figures_of(measure)
    home.feed(over, measure.for_s)
    kept = [one.to_json() for one in home.hazards.records.values()]
    home.hazards = home.machine()
    home.hazards.bind([sensor_for(hazard, measure)], home.bound)
    sent = home.note(home.hazards.resume([HazardRecord.from_json(one) for one in kept]))
    assert sent == called_by(hazard), "nothing was confirmed, so it is sent again"
    home.read(over, live=False)
    home.wait(measure.gap_s + CLEAR_S * 2)
    assert home.open() == [hazard], "the figure is over, so it goes on without counting anew"
    home.read(back)
    home.wait(measure.gap_s + CLEAR_S)
    assert home.open() == []
    assert home.made == 1


def test_only_the_own_socket_is_switched_off() -> None:
    home = MeteredHome("overload", HAZARDS["overload"].measures[0])
    assert home.feed(3000, 30, every=1) == [OWN]
    assert home.results("overload") == {OWN: "sent"}
    assert [one.entity_id for one in called("smoke", bound()) if one.role == SOCKET] == [
        "socket.oven",
        OWN,
    ]


def test_carbon_monoxide_closes_the_gas_and_wakes_everyone() -> None:
    home = MeteredHome("carbon_monoxide", HAZARDS["carbon_monoxide"].measures[0])
    assert home.feed(120, MINUTE_S, every=10) == ["valve.gas", "siren.hall"]


def test_a_day_of_water_with_pauses_shorter_than_half_an_hour() -> None:
    home = MeteredHome("running_water", HAZARDS["running_water"].measures[0])
    for _ in range(47):
        home.read(2.5)
        home.wait(MINUTE_S)
        home.read(0)
        home.wait(29 * MINUTE_S)
    assert home.open() == []
    home.read(0.2)
    assert home.wait(30 * MINUTE_S) == ["switch.water"]
    assert home.open() == ["running_water"]


def test_a_night_without_water_is_no_leak() -> None:
    home = MeteredHome("running_water", HAZARDS["running_water"].measures[0])
    for _ in range(10):
        home.feed(2.5, 16 * HOUR_S, every=HOUR_S / 4)
        home.feed(0, 8 * HOUR_S, every=HOUR_S / 4)
    assert home.made == 0


def test_a_meters_total_that_grows_every_half_hour() -> None:
    home = MeteredHome("running_water", HAZARDS["running_water"].measures[1])
    total = 1000.0
    for _ in range(49):
        home.read(total)
        total += 1
        home.wait(29 * MINUTE_S)
    assert home.open() == []
    home.read(total)
    home.wait(HOUR_S)
    home.read(total)
    assert home.open() == [], "an hour without a drop"
    for _ in range(52):
        total += 1
        home.read(total)
        home.wait(29 * MINUTE_S)
    assert home.open() == ["running_water"]
    home.wait(HOUR_S)
    assert home.open() == [], "a total that stands still needs no message to say so"


def test_one_figure_for_two_hazards_is_one_supervision() -> None:
    home = MeteredHome("overheat", HAZARDS["overheat"].measures[0])
    both = [*home.watched, sensor_for("freezing", HAZARDS["freezing"].measures[0])]
    both[1].entity_id = home.entity_id
    home.hazards.bind(both, home.bound)
    home.feed(-5, 10 * MINUTE_S)
    assert home.open() == ["freezing"]
    home.read(80)
    assert home.open() == ["freezing", "overheat"]
    home.hazards.availability((home.entity_id, False))
    home.wait(60)
    assert home.open().count("supervision") == 1
    home.hazards.availability((home.entity_id, True))
    home.read(20)
    home.wait(CLEAR_S)
    assert home.open() == []


def test_a_limit_that_is_edited_counts_at_once() -> None:
    measure = HAZARDS["overheat"].measures[0]
    home = MeteredHome("overheat", measure)
    home.read(55)
    assert home.open() == []
    lower = [sensor_for("overheat", measure, limit=50)]
    assert home.note(home.hazards.bind(lower, home.bound)) == ["siren.hall", OWN]
    assert home.open() == ["overheat"]
    home.note(home.hazards.bind([sensor_for("overheat", measure, limit=70)], home.bound))
    home.wait(CLEAR_S)
    assert home.open() == []


def test_what_cant_be_read_neither_begins_nor_ends() -> None:
    measure = HAZARDS["overload"].measures[0]
    home = MeteredHome("overload", measure)
    home.read(3000)
    home.note(home.hazards.unreadable(home.entity_id))
    home.wait(MINUTE_S)
    assert home.open() == []
    home.read(3000)
    assert home.open() == ["overload"]
    home.read(5)
    home.note(home.hazards.unreadable(home.entity_id))
    home.wait(CLEAR_S * 3)
    assert home.open() == ["overload"]
    home.read(5)
    home.wait(CLEAR_S)
    assert home.open() == []


def test_an_absence_is_not_counted() -> None:
    home = MeteredHome("left_on", HAZARDS["left_on"].measures[0])
    home.read(900)
    home.wait(HOUR_S)
    home.hazards.availability((home.entity_id, False))
    home.wait(4 * HOUR_S)
    assert "left_on" not in home.open(), "what it would say now, nobody knows"
    home.note(home.hazards.availability((home.entity_id, True)))
    assert "left_on" not in home.open()
    home.read(900)
    home.wait(4 * HOUR_S)
    assert "left_on" in home.open()


def test_what_is_said_counts_even_where_a_bridge_says_that_it_is_away() -> None:
    home = MeteredHome("overheat", HAZARDS["overheat"].measures[0])
    home.hazards.availability((home.entity_id, False))
    assert home.read(90) == ["siren.hall", OWN]


def test_a_restart_goes_on_counting() -> None:
    measure = HAZARDS["left_on"].measures[0]
    home = MeteredHome("left_on", measure)
    home.feed(900, 3 * HOUR_S)
    rows = {
        ("seen", key): json.dumps(row).encode()
        for key, row in memories(home.hazards.sensors.values(), home.clock)
    }
    home.clock.now += 5
    home.hazards = home.machine()
    home.hazards.bind([sensor_for("left_on", measure)], home.bound)
    remember(home.hazards.sensors.values(), rows, home.clock)
    home.wait(HOUR_S)
    assert home.open() == [], "not before it has spoken again"
    home.read(900, live=False)
    assert home.open() == ["left_on"]


def test_a_count_from_long_ago_is_not_taken_up() -> None:
    measure = HAZARDS["left_on"].measures[0]
    home = MeteredHome("left_on", measure)
    home.feed(900, 3 * HOUR_S)
    rows = {
        ("seen", key): json.dumps(row).encode()
        for key, row in memories(home.hazards.sensors.values(), home.clock)
    }
    home.clock.now += 12 * HOUR_S
    home.hazards = home.machine()
    home.hazards.bind([sensor_for("left_on", measure)], home.bound)
    remember(home.hazards.sensors.values(), rows, home.clock)
    home.feed(900, 3 * HOUR_S)
    assert home.open() == []


def test_a_battery_is_a_note_and_never_lost() -> None:
    home = MeteredHome("battery", HAZARDS["battery"].measures[0])
    assert home.read(12) == []
    assert home.open() == ["battery"]
    home.hazards.availability((home.entity_id, False))
    home.wait(100 * 24 * HOUR_S)
    assert home.open() == ["battery"]
    home.hazards.availability((home.entity_id, True))
    home.read(100)
    home.wait(CLEAR_S)
    assert home.open() == []
    assert home.sent == []
    assert home.hazards.due() is None


def test_help_is_called_for_until_a_person_ends_it() -> None:
    home = MeteredHome("sos")
    assert home.press() == ["siren.hall"]
    home.device("siren.hall", "on")
    home.wait(24 * HOUR_S)
    assert home.open().count("sos") == 1
    home.press()
    record = next(one for one in home.hazards.open_records() if one.hazard == "sos")
    home.device("siren.hall", "off")
    home.wait(5)
    assert home.sent[-1][1] == "siren.hall", "switched off, and nobody has ended the call"
    out = home.hazards.end(record.id, "Li")
    assert [(one.command) for one in out.sends] == ["turn_off"]
    assert (record.active, record.acknowledged_by) == (False, "Li")
    with pytest.raises(KeyError):
        home.hazards.end(record.id, "Li")
    home.press()
    assert home.open().count("sos") == 1


def test_a_button_that_stays_pressed_is_one_call() -> None:
    home = MeteredHome("sos")
    home.watched[0].pulse = False
    home.press()
    record = home.hazards.open_records()[0]
    home.hazards.end(record.id, "Li")
    home.press()
    assert home.open() == []
    home.note(home.hazards.sensor(home.entity_id, False))
    home.wait(CLEAR_S)
    home.press()
    assert home.open() == ["sos"]


def test_only_what_a_press_began_is_ended_by_a_person() -> None:
    home = Home()
    home.hear("gas1", True)
    with pytest.raises(KeyError):
        home.hazards.end(home.hazards.open_records()[0].id, "Li")


def test_a_call_for_help_outlives_a_restart() -> None:
    home = MeteredHome("sos")
    home.press()
    kept = [one.to_json() for one in home.hazards.records.values()]
    home.hazards = home.machine()
    home.hazards.bind([sensor_for("sos", None)], home.bound)
    sent = home.note(home.hazards.resume([HazardRecord.from_json(one) for one in kept]))
    assert sent == ["siren.hall"]
    assert home.open() == ["sos"]


def test_a_figure_that_changes_nothing_asks_for_nothing() -> None:
    home = MeteredHome("overload", HAZARDS["overload"].measures[0])
    assert home.hazards.figure(home.entity_id, 100) is not None, "heard for the first time"
    assert all(home.hazards.figure(home.entity_id, n) is None for n in range(1000))


@pytest.mark.parametrize(("unit", "limit", "clear"), [("°F", 140, 131), ("K", 333.15, 328.15)])
def test_limits_are_told_in_the_sensors_unit(unit: str, limit: float, clear: float) -> None:
    row = HAZARDS["overheat"].measures[0].row(unit)
    assert (round(row["limit"], 6), round(row["clear"], 6)) == (limit, clear)


def test_every_row_makes_sense() -> None:
    for kind in HAZARDS.values():
        assert set(kind.needs) <= set(kind.roles)
        for measure in kind.measures:
            assert measure.least <= measure.limit <= measure.most
            assert measure.gap_s or not measure.rising, "a total would never be over for long"
            rule = rule_of(measure)
            assert (rule.clear >= rule.limit) if rule.below else (rule.clear <= rule.limit)
