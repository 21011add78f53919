"""Whatever happens in whatever order, these hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.safety.records import HazardRecord
from hub.safety.table import HAZARDS
from tests.hub.safety.model import CLEAR_S, Home, actuators, sensors

SENSORS = st.sampled_from(["gas1", "gas2", "smoke1", "smoke2", "leak1", "leak2"])
DEVICES = st.sampled_from(["valve.gas", "switch.water", "siren.hall", "socket.oven"])
STATES = st.sampled_from(["open", "closed", "closing", "on", "off", None])
QUIET = "siren.hall quiet"
ELECTRICAL = {"siren.hall", "socket.oven", QUIET}


class AnyOrder(RuleBasedStateMachine):
    """Sensors, devices, people and time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Home()
        self.revs: dict[str, int] = {}
        self.closed: set[str] = set()
        self.theirs = False

    @rule(sensor=SENSORS, value=st.sampled_from([True, True, False, None]), live=st.booleans())
    def hear(self, sensor: str, value: bool | None, live: bool) -> None:
        hazard = sensor[:-1]
        already = any(
            one.hazard == hazard and one.entity_id.endswith(sensor)
            for one in self.home.hazards.open_records()
        )
        gas = "gas" in self.home.open() or (hazard == "gas" and value is True)
        sent = self.home.hear(sensor, value, live=live)
        if value and not already:
            wanted = {
                key
                for key, one in self.home.hazards.actuators.items()
                if one.role in HAZARDS[hazard].roles and (one.gas_safe or not gas)
            }
            assert set(sent) >= wanted
        assert not (gas and ELECTRICAL & set(sent))

    @rule(device=DEVICES, value=STATES)
    def device(self, device: str, value: str | None) -> None:
        gas = "gas" in self.home.open()
        assert not (gas and ELECTRICAL & set(self.home.device(device, value)))

    @rule(seconds=st.sampled_from([0.5, 1, 3, 5, 12, CLEAR_S, 3600]))
    def wait(self, seconds: float) -> None:
        count = len(self.home.sent)
        gas = "gas" in self.home.open()
        self.home.wait(seconds)
        if gas and "gas" in self.home.open():
            assert not ELECTRICAL & {entity for _, entity in self.home.sent[count:]}

    @rule(sensor=SENSORS, available=st.booleans())
    def availability(self, sensor: str, available: bool) -> None:
        self.home.hazards.availability((f"binary_sensor.{sensor}", available))

    @rule(sensor=SENSORS, value=st.booleans(), ago=st.sampled_from([0.0, 1.0, 60.0]))
    def told(self, sensor: str, value: bool, ago: float) -> None:
        gas = "gas" in self.home.open() or sensor.startswith("gas")
        heard = self.home.hazards.sensors[f"binary_sensor.{sensor}"]
        by_ear = heard.value and not heard.by_word
        sent = self.home.note(self.home.hazards.told(f"binary_sensor.{sensor}", value, ago))
        assert not (gas and ELECTRICAL & set(sent))
        assert heard.value or not by_ear

    @rule(device=DEVICES)
    def override(self, device: str) -> None:
        if device in self.home.hazards.leases():
            self.home.hazards.override(device, "Li")
            self.theirs = self.theirs or device == "siren.hall"
            assert device not in self.home.hazards.leases()

    @rule()
    def acknowledge(self) -> None:
        for record in self.home.hazards.open_records():
            self.home.hazards.acknowledge(record.id, "Li")

    @rule()
    def reconnected(self) -> None:
        gas = "gas" in self.home.open()
        sent = set(self.home.note(self.home.hazards.reconnected()))
        assert not (gas and ELECTRICAL & sent)

    @rule(send=st.booleans())
    def restarted(self, send: bool) -> None:
        kept = [one.to_json() for one in self.home.hazards.records.values()]
        gas = "gas" in self.home.open()
        self.home.hazards = self.home.machine()
        self.home.hazards.bind(sensors(), actuators())
        records = [HazardRecord.from_json(one) for one in kept]
        sent = set(self.home.note(self.home.hazards.resume(records, send=send)))
        assert not (gas and ELECTRICAL & sent)
        for one in records:
            if one.active and one.hazard != "supervision":
                self.home.hazards.sensor(one.entity_id, True, live=False)

    @invariant()
    def revisions_grow_and_the_closed_stay_closed(self) -> None:
        for key, record in self.home.hazards.records.items():
            assert record.rev >= self.revs.get(key, 1)
            self.revs[key] = record.rev
            assert record.active == (record.cleared_at is None)
            assert not (record.active and key in self.closed)
            if not record.active:
                self.closed.add(key)

    @invariant()
    def a_detecting_sensor_has_an_open_hazard(self) -> None:
        found = {(one.entity_id, one.hazard) for one in self.home.hazards.open_records()}
        assert len(found) == len(self.home.hazards.open_records())
        for key, sensor in self.home.hazards.sensors.items():
            assert not sensor.value or (key, sensor.hazard) in found

    @invariant()
    def a_siren_falls_silent_only_when_nobody_wants_it_and_then_it_does(self) -> None:
        said = [word for _, word in self.home.sent if word.startswith("siren.hall")]
        wanted = "siren.hall" in self.home.hazards.leases()
        waits = any(
            action.pending
            for record in self.home.hazards.records.values()
            for action in record.actions
        )
        if wanted:
            assert not waits or "gas" in self.home.open()
        elif said and not self.theirs:
            assert said[-1] == QUIET

    @invariant()
    def nothing_due_is_left_behind(self) -> None:
        self.home.wait(0)
        due = self.home.hazards.due()
        assert due is None or due > self.home.clock.now


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
