from __future__ import annotations

import pytest

from hub.safety.policy import ActuatorBinding
from hub.safety.records import HazardRecord
from hub.safety.table import GAS_VALVE, SIREN
from tests.hub.safety.model import CLEAR_S, GRACE_S, LIMIT_S, Home, actuators, sensors


def test_gas_closes_the_gas_valve_and_switches_nothing_electrical() -> None:
    home = Home()
    assert home.hear("gas1", True) == ["valve.gas"]
    assert home.results("gas") == {
        "valve.gas": "sent",
        "siren.hall": "refused_electrical",
        "socket.oven": "refused_electrical",
    }
    assert set(home.hazards.leases()) == {"valve.gas", "siren.hall", "socket.oven"}


def test_gas_switches_what_is_bound_as_safe() -> None:
    siren = ActuatorBinding("siren.safe", SIREN, "turn_on", gas_safe=True)
    home = Home([siren, ActuatorBinding("valve.gas", GAS_VALVE, "close")])
    assert home.hear("gas1", True) == ["valve.gas", "siren.safe"]


def test_smoke_and_leak_act_in_order() -> None:
    home = Home()
    assert home.hear("smoke1", True) == ["siren.hall", "valve.gas", "socket.oven"]
    assert home.hear("leak1", True) == ["switch.water", "socket.oven"]


@pytest.mark.parametrize(
    ("sensor", "role"), [("gas1", "gas_valve"), ("smoke1", "siren"), ("leak1", "water_valve")]
)
def test_unbound_says_cannot_act(sensor: str, role: str) -> None:
    home = Home([])
    assert home.hear(sensor, True) == []
    assert home.results(sensor[:-1]) == {role: "unbound"}


def test_a_valve_bound_during_the_hazard_is_closed_at_once() -> None:
    home = Home([])
    home.hear("gas1", True)
    out = home.hazards.bind(sensors(), actuators())
    assert [one.entity_id for one in out.sends] == ["valve.gas"]
    assert "gas_valve" not in home.results("gas")


def test_the_first_retained_state_counts() -> None:
    home = Home()
    assert home.hear("gas1", True, live=False) == ["valve.gas"]


def test_an_unconfirmed_command_is_repeated_then_failed() -> None:
    home = Home()
    home.hear("gas1", True)
    start = home.clock.now
    assert home.wait(14.9) == ["valve.gas"] * 3
    assert [at - start for at, _ in home.sent] == [0, 3, 6, 12]
    assert home.results("gas")["valve.gas"] == "sent"
    assert home.wait(1) == []
    assert home.results("gas")["valve.gas"] == "failed"
    assert home.hear("gas1", True) == ["valve.gas"]  # still detecting: another round
    home.device("valve.gas", "closed")
    assert home.results("gas")["valve.gas"] == "confirmed"


def test_confirmed_by_the_devices_own_state_only() -> None:
    home = Home()
    home.hear("gas1", True)
    for value in ("open", "closing", None):
        home.device("valve.gas", value)
        assert home.results("gas")["valve.gas"] == "sent"
    home.device("valve.gas", "closed")
    assert home.results("gas")["valve.gas"] == "confirmed"
    assert home.wait(60) == []


def test_a_device_that_was_closed_already_counts_as_confirmed() -> None:
    home = Home()
    home.device("valve.gas", "closed")
    assert home.hear("gas1", True) == ["valve.gas"]
    assert home.wait(4) == []
    assert home.results("gas")["valve.gas"] == "confirmed"


def test_opened_again_while_detecting_is_closed_again_but_not_in_a_hurry() -> None:
    home = Home()
    home.hear("gas1", True)
    home.device("valve.gas", "closed")
    assert home.device("valve.gas", "open") == []
    assert home.wait(3) == ["valve.gas"]
    home.device("valve.gas", "closed")
    home.hear("gas1", False)
    home.device("valve.gas", "open")
    assert home.wait(20) == []


def test_clears_with_hysteresis_and_opens_nothing() -> None:
    home = Home()
    home.hear("gas1", True)
    home.device("valve.gas", "closed")
    home.hear("gas1", False)
    home.wait(CLEAR_S - 1)
    home.hear("gas1", True)  # flaps: the same hazard, no second command
    home.hear("gas1", False)
    home.wait(CLEAR_S - 1)
    assert home.open() == ["gas"]
    home.wait(1)
    assert home.open() == []
    assert [entity for _, entity in home.sent] == ["valve.gas"]
    assert home.hazards.leases() == {}
    assert home.made == 1


def test_an_unreadable_or_unavailable_sensor_never_clears() -> None:
    home = Home()
    home.hear("gas1", True)
    home.hear("gas1", False)
    home.hear("gas1", None)
    home.wait(CLEAR_S * 3)
    assert home.open() == ["gas"]
    home.hear("gas1", False)
    home.hazards.availability(("binary_sensor.gas1", False))
    home.wait(CLEAR_S * 3)
    assert home.open() == ["gas", "supervision"]


def test_two_sensors_are_two_hazards() -> None:
    home = Home()
    home.hear("gas1", True)
    home.hear("gas2", True)
    assert home.open() == ["gas", "gas"]
    home.hear("gas1", False)
    home.wait(CLEAR_S)
    assert home.open() == ["gas"]
    assert "valve.gas" in home.hazards.leases()


def test_gas_stops_what_smoke_began_and_lets_it_go_on_afterwards() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.device("valve.gas", "closed")
    home.hear("gas1", True)
    assert home.wait(30) == []
    assert home.results("smoke")["siren.hall"] == "refused_electrical"
    home.hear("gas1", False)
    sent = home.wait(CLEAR_S)
    assert sent[:2] == ["siren.hall", "socket.oven"]


def test_acknowledged_once_by_the_first() -> None:
    home = Home()
    home.hear("gas1", True)
    record = home.hazards.open_records()[0]
    assert len(home.hazards.acknowledge(record.id, "Li").changed) == 1
    assert home.hazards.acknowledge(record.id, "Wang").changed == []
    assert record.acknowledged_by == "Li"
    with pytest.raises(KeyError):
        home.hazards.acknowledge("ffff", "Li")


def test_override_gives_the_actuator_back_for_this_hazard() -> None:
    home = Home()
    home.hear("gas1", True)
    home.hazards.override("valve.gas", "Li")
    assert "valve.gas" not in home.hazards.leases()
    assert home.wait(20) == []
    home.device("valve.gas", "open")
    assert home.hear("gas1", True) == []
    assert home.hear("gas2", True) == ["valve.gas"]
    home.hazards.override("valve.gas", "Li")
    with pytest.raises(KeyError):
        home.hazards.override("valve.gas", "Li")


def test_supervision_lost_by_silence_and_found() -> None:
    home = Home()
    home.hear("gas1", False)
    home.wait(LIMIT_S - 1)
    for name in ("gas2", "smoke1", "smoke2", "leak1", "leak2"):
        home.hear(name, False)
    assert home.open() == []
    home.wait(2)
    assert home.open() == ["supervision"]
    home.hear("gas1", False, live=False)  # a retained state is no sign of life
    assert home.open() == ["supervision"]
    home.hear("gas1", False)
    assert home.open() == []


def test_supervision_lost_by_availability_after_the_grace() -> None:
    home = Home()
    home.hazards.availability(("binary_sensor.gas1", False))
    home.wait(GRACE_S - 1)
    assert home.open() == []
    home.wait(1)
    assert home.open() == ["supervision"]
    home.hazards.availability(("binary_sensor.gas1", True))
    assert home.open() == []


def test_a_restart_keeps_the_hazard_and_sends_again_what_is_unconfirmed() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.device("siren.hall", "on")
    kept = [HazardRecord.from_json(one.to_json()) for one in home.hazards.open_records()]
    before = kept[0].id, kept[0].rev
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    out = home.hazards.resume(kept)
    assert [one.entity_id for one in out.sends] == ["valve.gas", "socket.oven"]
    assert home.hear("smoke1", True, live=False) == []
    record = home.hazards.open_records()[0]
    assert record.id == before[0]
    assert record.rev > before[1]


def test_a_restart_does_not_find_a_lost_sensor() -> None:
    home = Home()
    home.hazards.availability(("binary_sensor.gas1", False))
    home.wait(GRACE_S)
    kept = [HazardRecord.from_json(one.to_json()) for one in home.hazards.open_records()]
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    home.hazards.resume(kept)
    assert home.open() == ["supervision"]


def test_a_hazard_ends_with_its_binding() -> None:
    home = Home()
    home.hear("gas1", True)
    out = home.hazards.bind([], actuators())
    assert [one.active for one in out.changed] == [False]
    assert home.hazards.leases() == {}


def test_a_valve_that_was_without_power_is_closed_when_it_speaks_again() -> None:
    home = Home()
    home.hear("gas1", True)
    home.wait(60)
    assert home.results("gas")["valve.gas"] == "failed"
    # The gas sensor reports changes only: nothing but the valve itself will say a word.
    assert home.device("valve.gas", "open") == ["valve.gas"]
    assert home.results("gas")["valve.gas"] == "sent"
    home.device("valve.gas", "closed")
    assert home.results("gas")["valve.gas"] == "confirmed"


def test_an_actuator_that_comes_back_is_told_again_while_the_sensor_detects() -> None:
    blind = ActuatorBinding("valve.gas", GAS_VALVE, "close", confirmable=False)
    home = Home([blind])
    home.hear("gas1", True)
    home.wait(60)
    assert home.note(home.hazards.returned("valve.gas")) == ["valve.gas"]
    assert home.note(home.hazards.returned("valve.gas")) == [], "a round is under way"
    home.wait(60)
    home.hear("gas1", False)
    assert home.note(home.hazards.returned("valve.gas")) == [], "the gas is gone"
    home.hear("gas1", True)
    home.hazards.override("valve.gas", "somebody")
    assert home.note(home.hazards.returned("valve.gas")) == [], "a person took it back"
