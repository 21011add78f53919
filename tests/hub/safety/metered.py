"""A home whose sensors give figures or tell of presses, one for every row of the table."""

from __future__ import annotations

from hub.safety.measure import Rule
from hub.safety.policy import ActuatorBinding
from hub.safety.supervision import Sensor
from hub.safety.table import HAZARDS, SOCKET, Measure
from tests.hub.safety.model import CLEAR_S, LIMIT_S, Home, actuators

OWN = "switch.own"


def rule_of(measure: Measure, limit: float | None = None) -> Rule:
    row = measure.row(measure.unit, limit)
    edge, clear = row.pop("limit"), row.pop("clear")
    return Rule(edge, clear, **row)


def figures_of(measure: Measure) -> tuple[float, float, float]:
    """A figure that is over, one within the hysteresis, one that is back."""
    step = measure.hysteresis / 2
    if measure.below:
        return measure.limit, measure.limit + step, measure.limit + measure.hysteresis + 0.1
    over = measure.limit + 0.1
    within = measure.limit - step if step else over
    return over, within, measure.limit - measure.hysteresis


def bound(owner: str = OWN) -> list[ActuatorBinding]:
    """The model's actuators, and a socket that some sensor's own device has."""
    return [*actuators(), ActuatorBinding(owner, SOCKET, "turn_off")]


def sensor_for(hazard: str, measure: Measure | None, *, limit: float | None = None) -> Sensor:
    return Sensor(
        f"sensor.{hazard}",
        hazard,
        limit_s=LIMIT_S,
        clear_s=CLEAR_S,
        rule=None if measure is None else rule_of(measure, limit),
        own=(OWN,),
        pulse=HAZARDS[hazard].latched,
    )


class MeteredHome(Home):
    """One sensor of one hazard, and every role bound."""

    def __init__(self, hazard: str, measure: Measure | None = None) -> None:
        super().__init__([])
        self.entity_id = f"sensor.{hazard}"
        self.bound = bound()
        self.watched = [sensor_for(hazard, measure)]
        self.hazards.bind(self.watched, self.bound)

    def read(self, figure: float, *, live: bool = True) -> list[str]:
        out = self.hazards.figure(self.entity_id, figure, live=live)
        return [] if out is None else self.note(out)

    def press(self) -> list[str]:
        return self.note(self.hazards.sensor(self.entity_id, True))

    def feed(self, figure: float, seconds: float, every: float = 60.0) -> list[str]:
        """The same figure again and again for so long; what was sent meanwhile."""
        sent = self.read(figure)
        end = self.clock.now + seconds
        while self.clock.now < end:
            sent += self.wait(min(every, end - self.clock.now))
            sent += self.read(figure)
        return sent
