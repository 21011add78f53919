"""What the home binds: sensors and actuators with their wires, read and checked."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

from hub.core.templates import TemplateProblem
from hub.core.wire import Wire, WireProblem, WireReader

from .measure import Rule
from .policy import SILENCE, ActuatorBinding
from .supervision import BATTERY_LIMIT_S, CLEAR_S, Sensor
from .table import HAZARDS, ROLES

# A home has tens of these; more is a mistake or an attack, and the rest is left out ...
MAX_BINDINGS = 2000
# ... of which so many are named.
NAMED = 50


class BindingProblem(ValueError):
    """The bindings as a whole can't be read."""


class Bound:
    """One bound entity: how to read it, how to command it.

    Attributes:
        entity_id: the sensor or actuator.
        wire: topics, templates and payloads.
        reader: reads its messages; keeps what its availability topics said.
        sensor: True for a sensor, False for an actuator.
        actuator: its role and command, None for a sensor.
        figures: its states are numbers.
        presses: its messages tell of moments; the states that count, empty where each does, and
            None for a sensor whose states last.
    """

    __slots__ = ("actuator", "entity_id", "figures", "presses", "reader", "sensor", "wire")

    def __init__(
        self, entity_id: str, wire: Wire, *, actuator: ActuatorBinding | None = None
    ) -> None:
        self.entity_id = entity_id
        self.figures = False
        self.presses: frozenset[str] | None = None
        self.wire = wire
        self.reader = WireReader(wire)
        self.sensor = actuator is None
        self.actuator = actuator

    def payload(self, command: str) -> bytes | None:
        """The literal payload of the bound command, or of the one that silences a siren.

        What an earlier binding called for, and this one doesn't, has none.
        """
        known = self.actuator
        if known is None or command not in (known.command, known.silence):
            return None
        return self.wire.commands[command].encode()

    def state(self, payload: bytes) -> str | None:
        """The canonical state, None for a payload that means none."""
        try:
            return self.reader.state(payload)
        except TemplateProblem:
            return None

    def figure(self, payload: bytes) -> float | None:
        """The number that a payload says, None for one that says none."""
        text = self.state(payload)
        try:
            number = math.nan if text is None else float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def detects(self, payload: bytes) -> bool | None:
        """Whether a sensor of words detects; None for a payload that doesn't say."""
        text = self.state(payload)
        if self.presses is not None:
            pressed = text in self.presses if self.presses else bool(text)
            return True if pressed else None
        return True if text == "on" else False if text == "off" else None


class Bindings:
    """Everything bound, ready for use; what can't be used is listed in ``problems``.

    One unusable binding never disarms the others. ``rows`` is what was taken, as it came.
    """

    __slots__ = ("actuators", "bound", "problems", "rows", "sensors", "version")

    def __init__(self, version: int = 0) -> None:
        self.version = version
        self.sensors: list[Sensor] = []
        self.actuators: list[ActuatorBinding] = []
        self.bound: dict[str, Bound] = {}
        self.problems: dict[str, str] = {}
        self.rows: dict[str, Any] = {}

    def topics(self) -> set[str]:
        """Every topic to subscribe to: states and availability, nothing else."""
        found: set[str] = set()
        for one in self.bound.values():
            if one.wire.state_topic:
                found.add(one.wire.state_topic)
            found.update(availability.topic for availability in one.wire.availability)
        return found


def limited(
    sensors: Sequence[Any],
    actuators: Sequence[Any],
    known: Container[str] = (),
    *,
    most: int = MAX_BINDINGS,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Choose what is taken of too many: actuators first, then known sensors, then new ones.

    Returns:
        Sensors and actuators to take, and the rest.
    """
    if len(sensors) + len(actuators) <= most:
        return list(sensors), list(actuators), []
    ranked = sorted(sensors, key=lambda row: _name(row) not in known)
    room = max(0, most - len(actuators))
    return ranked[:room], list(actuators[:most]), [*actuators[most:], *ranked[room:]]


def _name(row: object) -> str:
    name = row.get("entity_id") if isinstance(row, Mapping) else None
    return name if isinstance(name, str) else ""


def read_bindings(data: Mapping[str, Any], known: Container[str] = ()) -> Bindings:
    """Read ``{"sensors": [...], "actuators": [...], "version": n}``.

    Args:
        data: what the home binds, or what was stored of it.
        known: the sensors bound until now; they come first where there are too many.

    Raises:
        BindingProblem: it isn't of that form at all.
    """
    sensors, actuators, version = (data.get(key) for key in ("sensors", "actuators", "version"))
    if not isinstance(sensors, list) or not isinstance(actuators, list):
        raise BindingProblem("sensors and actuators are lists")
    if isinstance(version, bool) or not isinstance(version, int):
        raise BindingProblem("version is a whole number")
    bindings = Bindings(version)
    sensors, actuators, rest = limited(sensors, actuators, known)
    if rest:
        bindings.problems["*"] = f"more than {MAX_BINDINGS} bindings: the others are left out"
        bindings.problems.update({_name(row) or "?": "left out" for row in rest[:NAMED]})
    bindings.rows = {"sensors": sensors, "actuators": actuators, "version": version}
    for row in sensors:
        _one(bindings, row, sensor=True)
    for row in actuators:
        _one(bindings, row, sensor=False)
    return bindings


def _one(bindings: Bindings, row: object, *, sensor: bool) -> None:
    """Add one binding, or note why it can't be used."""
    entity_id = _name(row)
    if not isinstance(row, Mapping) or not entity_id:
        bindings.problems["?"] = "a binding names its entity"
        return
    try:
        wire = Wire.from_json(row.get("wire") or {})
        _check_topics(wire)
        if sensor:
            _add_sensor(bindings, _sensor(entity_id, row, wire), row, wire)
            return
        _new(bindings, entity_id)
        actuator = _actuator(entity_id, row, wire)
        bindings.bound[entity_id] = Bound(entity_id, wire, actuator=actuator)
        bindings.actuators.append(actuator)
    except (BindingProblem, WireProblem, TemplateProblem) as problem:
        bindings.problems[entity_id] = str(problem)


def _new(bindings: Bindings, entity_id: str) -> None:
    if entity_id in bindings.bound:
        raise BindingProblem("bound twice")


def _add_sensor(bindings: Bindings, found: Sensor, row: Mapping[str, Any], wire: Wire) -> None:
    """Add a sensor; a figure may be read for several hazards, by the same wire."""
    known = bindings.bound.get(found.entity_id)
    if known is not None and known.figures and found.count is not None and known.wire == wire:
        if any(one.key == found.key for one in bindings.sensors):
            raise BindingProblem("bound twice")
    else:
        _new(bindings, found.entity_id)
        known = bindings.bound[found.entity_id] = Bound(found.entity_id, wire)
        known.figures = found.count is not None
        known.presses = frozenset(_texts(row, "presses")) if found.pulse else None
    bindings.sensors.append(found)


def _check_topics(wire: Wire) -> None:
    """No wildcard: it would let other clients' traffic into the kernel."""
    topics = [wire.state_topic, wire.command_topic, *(one.topic for one in wire.availability)]
    for topic in topics:
        if topic is not None and (not topic or "+" in topic or "#" in topic or "\0" in topic):
            raise BindingProblem("a topic is empty or has a wildcard")


def _sensor(entity_id: str, row: Mapping[str, Any], wire: Wire) -> Sensor:
    hazard = row.get("hazard")
    if hazard not in HAZARDS:
        raise BindingProblem(f"hazard is one of {', '.join(HAZARDS)}")
    if wire.state_topic is None:
        raise BindingProblem("a sensor has a state topic")
    pulse = row.get("presses") is not None
    if pulse and not HAZARDS[hazard].latched:
        raise BindingProblem("a press is for a hazard that a person ends")
    return Sensor(
        entity_id,
        hazard,
        limit_s=_limit(row),
        clear_s=_seconds(row, "clear_s", CLEAR_S, least=0.0),
        rule=_rule(row.get("measure")),
        own=_texts(row, "own"),
        pulse=pulse,
    )


def _rule(data: object) -> Rule | None:
    """What figures are held against; None for a sensor of words."""
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise BindingProblem("measure is an object")
    rule = Rule(
        _number(data, "limit"),
        _number(data, "clear"),
        for_s=_seconds(data, "for_s", 0.0, least=0.0),
        gap_s=_seconds(data, "gap_s", 0.0, least=0.0),
        below=data.get("below") is True,
        rising=data.get("rising") is True,
    )
    if (rule.clear < rule.limit) if rule.below else (rule.clear > rule.limit):
        raise BindingProblem("clear lies on the quiet side of limit")
    return rule


def _actuator(entity_id: str, row: Mapping[str, Any], wire: Wire) -> ActuatorBinding:
    role, command = row.get("role"), row.get("command")
    if role not in ROLES:
        raise BindingProblem("role is gas_valve, water_valve, siren or socket")
    if not isinstance(command, str) or command not in wire.commands:
        raise BindingProblem("the device has no such command")
    if wire.command_topic is None:
        raise BindingProblem("an actuator has a command topic")
    return ActuatorBinding(
        entity_id,
        role,
        command,
        gas_safe=row.get("gas_safe") is True,
        confirmable=wire.state_topic is not None,
        can_silence=SILENCE.get(command) in wire.commands,
    )


def _limit(row: Mapping[str, Any]) -> float:
    """The longest silence; null for a sensor that speaks only when something happens."""
    if row.get("limit_s", BATTERY_LIMIT_S) is None:
        return math.inf
    return _seconds(row, "limit_s", BATTERY_LIMIT_S, least=1e-9)


def _texts(row: Mapping[str, Any], key: str) -> list[str]:
    texts = row.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise BindingProblem(f"{key} is a list of texts")
    return texts


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise BindingProblem(f"{key} is a number")
    return float(value)


def _seconds(row: Mapping[str, Any], key: str, default: float, *, least: float) -> float:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e9:
        raise BindingProblem(f"{key} is a number of seconds")
    return float(value)
