"""A clock that tests turn, and a home of two sensors a hazard with every role bound."""

from __future__ import annotations

from hub.safety.acting import Outcome
from hub.safety.hazards import Hazards
from hub.safety.policy import ActuatorBinding
from hub.safety.supervision import Sensor
from hub.safety.table import GAS_VALVE, SIREN, SOCKET, WATER_VALVE

CLEAR_S, LIMIT_S, GRACE_S = 30.0, 7200.0, 10.0


class Turned:
    """Both clocks, standing still until turned."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def steady(self) -> float:
        return self.now


def actuators() -> list[ActuatorBinding]:
    return [
        ActuatorBinding("socket.oven", SOCKET, "turn_off"),
        ActuatorBinding("siren.hall", SIREN, "turn_on"),
        ActuatorBinding("valve.gas", GAS_VALVE, "close"),
        ActuatorBinding("switch.water", WATER_VALVE, "turn_off"),
    ]


def sensors() -> list[Sensor]:
    return [
        Sensor(f"binary_sensor.{hazard}{n}", hazard, limit_s=LIMIT_S, clear_s=CLEAR_S)
        for hazard in ("gas", "smoke", "leak")
        for n in (1, 2)
    ]


class Home:
    """The state machine, its clock, and everything it sent."""

    def __init__(self, bound: list[ActuatorBinding] | None = None) -> None:
        self.clock = Turned()
        self.made = 0
        self.hazards = self.machine()
        self.hazards.bind(sensors(), actuators() if bound is None else bound)
        self.sent: list[tuple[float, str]] = []

    def machine(self) -> Hazards:
        return Hazards(self.clock, self._id, grace_s=GRACE_S)

    def _id(self) -> str:
        self.made += 1
        return f"{self.made:016x}"

    def hear(self, sensor: str, value: bool | None, *, live: bool = True) -> list[str]:
        out = self.hazards.sensor(f"binary_sensor.{sensor}", value, live=live)
        return self.note(out)

    def device(self, entity_id: str, value: str | None) -> list[str]:
        out = self.hazards.actuator(entity_id, value)
        return self.note(out)

    def wait(self, seconds: float) -> list[str]:
        """Turn the clock, ticking whenever the machine asks for it."""
        end, sent = self.clock.now + seconds, []
        while (due := self.hazards.due()) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            sent += self.note(self.hazards.tick())
        self.clock.now = end
        return sent

    def note(self, out: Outcome) -> list[str]:
        """What is sent: an actuator's id, with " quiet" behind it where a siren is silenced."""
        words = [one.entity_id + (" quiet" if one.pending else "") for one in out.sends]
        self.sent += [(self.clock.now, word) for word in words]
        return words

    def results(self, hazard: str) -> dict[str, str]:
        record = next(one for one in self.hazards.open_records() if one.hazard == hazard)
        return {action.entity_id or action.role: action.result for action in record.actions}

    def open(self) -> list[str]:
        return sorted(one.hazard for one in self.hazards.open_records())
