"""Figures, presses, gas and restarts in any order: these hold."""

from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.safety.memory import memories, remember
from hub.safety.records import HazardRecord
from hub.safety.supervision import Sensor
from hub.safety.table import HAZARDS, HOUR_S, MINUTE_S, Measure
from tests.hub.safety.metered import bound, figures_of, sensor_for
from tests.hub.safety.model import Home, sensors

READ: dict[str, Measure] = {
    name: HAZARDS[name].measures[0]
    for name in ("carbon_monoxide", "overheat", "overload", "left_on", "running_water", "freezing")
}
ELECTRICAL = {"siren.hall", "socket.oven", "switch.own", "siren.hall quiet"}
NAMES = st.sampled_from(sorted(READ))


def watched() -> list[Sensor]:
    figures = [sensor_for(name, measure) for name, measure in READ.items()]
    return [*figures, sensor_for("sos", None), *sensors()]


class Figures(RuleBasedStateMachine):
    """A plain model beside it: since when each figure has been over, by the definition."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Home([])
        self.home.hazards.bind(watched(), bound())
        self.last: dict[str, int] = {}
        self.called_for_help = False

    @property
    def gas(self) -> bool:
        return "gas" in self.home.open()

    @rule(name=NAMES, which=st.sampled_from([0, 1, 2]), live=st.booleans())
    def read(self, name: str, which: int, live: bool) -> None:
        gas = self.gas
        figure = figures_of(READ[name])[which]
        out = self.home.hazards.figure(f"sensor.{name}", figure, live=live)
        sent = set() if out is None else set(self.home.note(out))
        assert not (gas and ELECTRICAL & sent)
        self.last[name] = which
        if which == 0 and not READ[name].for_s:
            assert name in self.home.open()

    @rule(name=NAMES)
    def unreadable(self, name: str) -> None:
        before = self.home.open()
        self.home.note(self.home.hazards.unreadable(f"sensor.{name}"))
        self.last.pop(name, None)
        after = [one for one in self.home.open() if one != "supervision"]
        assert after == [one for one in before if one != "supervision"]

    @rule(value=st.booleans())
    def leak_of_gas(self, value: bool) -> None:
        self.home.hear("gas1", value)

    @rule()
    def press(self) -> None:
        gas = self.gas
        sent = set(self.home.note(self.home.hazards.sensor("sensor.sos", True)))
        self.called_for_help = True
        assert not (gas and ELECTRICAL & sent)

    @rule()
    def help_came(self) -> None:
        for record in self.home.hazards.open_records():
            if record.hazard == "sos":
                self.home.note(self.home.hazards.end(record.id, "Li"))
        self.called_for_help = False

    @rule(seconds=st.sampled_from([1.0, 15.0, MINUTE_S, 31 * MINUTE_S, 5 * HOUR_S, 25 * HOUR_S]))
    def wait(self, seconds: float) -> None:
        count, gas = len(self.home.sent), self.gas
        self.home.wait(seconds)
        if gas and self.gas:
            assert not ELECTRICAL & {entity for _, entity in self.home.sent[count:]}
        for name, which in self.last.items():
            measure = READ[name]
            sensor = self.home.hazards.sensors[f"sensor.{name}#{name}"]
            if which == 0 and seconds >= measure.for_s and sensor.available is not False:
                assert name in self.home.open()

    @rule(name=NAMES, available=st.booleans())
    def availability(self, name: str, available: bool) -> None:
        self.home.note(self.home.hazards.availability((f"sensor.{name}", available)))

    @rule()
    def restarted(self) -> None:
        kept = [one.to_json() for one in self.home.hazards.records.values()]
        rows = {
            ("seen", key): json.dumps(row).encode()
            for key, row in memories(self.home.hazards.sensors.values(), self.home.clock)
        }
        before, gas = set(self.home.open()), self.gas
        self.home.hazards = self.home.machine()
        self.home.hazards.bind(watched(), bound())
        remember(self.home.hazards.sensors.values(), rows, self.home.clock)
        records = [HazardRecord.from_json(one) for one in kept]
        sent = set(self.home.note(self.home.hazards.resume(records)))
        assert not (gas and ELECTRICAL & sent)
        assert before == set(self.home.open())
        self.last.clear()

    @invariant()
    def help_is_called_for_until_a_person_ends_it(self) -> None:
        assert ("sos" in self.home.open()) is self.called_for_help

    @invariant()
    def what_detects_is_open_once(self) -> None:
        found = [(one.entity_id, one.hazard) for one in self.home.hazards.open_records()]
        assert len(found) == len(set(found))
        for sensor in self.home.hazards.sensors.values():
            assert not sensor.value or (sensor.entity_id, sensor.hazard) in found

    @invariant()
    def nothing_due_is_left_behind(self) -> None:
        self.home.wait(0)
        due = self.home.hazards.due()
        assert due is None or due > self.home.clock.now


Figures.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFigures = Figures.TestCase
