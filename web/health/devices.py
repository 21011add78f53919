"""What can be said about each device: reachable, heard, battery, signal, firmware.

Figures come from the device's own entities by device class (Home Assistant's names); Zigbee's
link quality has none and is known by its unit, `lqi`. Limits for signals are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from web.words import ALARMS, HAZARDS

if TYPE_CHECKING:
    from hub.core.registry import Entity
    from hub.core.states import State
    from web.facade import HomeRuntime
    from web.views import SensorView

EMPTY, LOW = 5.0, 15.0
"""Percent; at 15 the hazard kernel calls the battery of a safety device low too."""
WEAK_DBM = -85.0
WEAK_LQI = 50.0
"""Of 255."""
LEVELS = ("1", "2", "3", "lost", "4", "ok")
"""The gravest first."""
WATCHES = {"lost": "2", "unavailable": "2", "unwatched": "2", "unheard": "4"}
"""Words of `web.words.WATCH` that need somebody -> level."""


class Concern(NamedTuple):
    """One thing that needs a person: `word` is a key of `web.health.words.CONCERNS`."""

    level: str
    word: str


class DeviceCondition:
    """One device, or one entity that belongs to none.

    Attributes:
        key: the device's id, or the entity's.
        entity_id: whose page shows it; "" where nothing of it is shown to people.
        safety: whether it is watched by the hazard kernel or acts for it.
        heard: when anything of it was last heard, seconds since 1970; None for never.
        gone_since: since when nothing of it can be reached; None while something can.
        battery: percent; None where it says none.
        battery_low: the device itself says that its battery is low.
        signal: the figure of its link; None where it says none.
        signal_unit: ``dBm`` or ``lqi``.
        update: (installed, offered) firmware, "" where it doesn't say; None where none is offered.
        concerns: what needs a person, the gravest first.
    """

    __slots__ = (
        "area",
        "battery",
        "battery_low",
        "concerns",
        "entity_id",
        "gone_since",
        "heard",
        "key",
        "name",
        "safety",
        "signal",
        "signal_unit",
        "update",
    )

    def __init__(self, key: str, name: str, area: str, *, safety: bool) -> None:
        self.key = key
        self.name = name
        self.area = area
        self.safety = safety
        self.entity_id = ""
        self.heard: float | None = None
        self.gone_since: float | None = None
        self.battery: float | None = None
        self.battery_low = False
        self.signal: float | None = None
        self.signal_unit = ""
        self.update: tuple[str, str] | None = None
        self.concerns: list[Concern] = []

    @property
    def level(self) -> str:
        """The gravest of its concerns, `ok` without any."""
        return self.concerns[0].level if self.concerns else "ok"


def conditions(runtime: HomeRuntime) -> list[DeviceCondition]:
    """Return every device, what needs a person first, safety devices before others."""
    by_device: dict[str, list[Entity]] = {}
    for entity in runtime.registry.entities():
        if entity.enabled:
            by_device.setdefault(entity.device_id or entity.entity_id, []).append(entity)
    watches: dict[str, list[SensorView]] = {}
    for sensor in runtime.supervision():
        watches.setdefault(sensor.entity_id, []).append(sensor)
    acting = {binding.entity_id for binding in runtime.bindings()}
    rooms = {area.id: area.name for area in runtime.areas}
    found = []
    for key, entities in by_device.items():
        sensors = [one for entity in entities for one in watches.get(entity.entity_id, ())]
        # A note of a battery is no watch over the home.
        sensors = [one for one in sensors if HAZARDS[one.hazard][0] in ALARMS]
        safety = bool(sensors) or any(entity.entity_id in acting for entity in entities)
        device = runtime.registry.device(entities[0].device_id)
        name = device.name if device is not None else ""
        area = device.area if device is not None else ""
        made = DeviceCondition(
            key,
            name or runtime.registry.name_of(entities[0].entity_id),
            rooms.get(area, area),
            safety=safety,
        )
        _fill(made, runtime, entities, sensors)
        found.append(made)
    return sorted(
        found,
        key=lambda one: (LEVELS.index(one.level), not one.safety, one.area, one.name),
    )


def _fill(
    made: DeviceCondition,
    runtime: HomeRuntime,
    entities: Sequence[Entity],
    sensors: Sequence[SensorView],
) -> None:
    states = [(entity, runtime.states.get(entity.entity_id)) for entity in entities]
    shown = sorted(entities, key=lambda one: (one.category is not None, one.entity_id))
    watched = [one.entity_id for one in sensors]
    made.entity_id = watched[0] if watched else shown[0].entity_id
    known = [state for _entity, state in states if state is not None]
    said = [state.updated for state in known if state.available or state.value is not None]
    seen = [one.seen_at for one in sensors if one.seen_at is not None]
    made.heard = max([*said, *seen], default=None)
    if known and not any(state.available for state in known):
        made.gone_since = max(state.changed for state in known)
    for entity, state in states:
        if state is not None:
            _measure(made, entity, state)
    made.concerns = sorted(_concerns(made, sensors), key=lambda one: LEVELS.index(one.level))


def _measure(made: DeviceCondition, entity: Entity, state: State) -> None:
    """Take in what an entity says about its own device."""
    value = state.value
    number = (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    )
    if entity.device_class == "battery" and entity.kind == "sensor":
        if number is not None:
            made.battery = min(number, made.battery) if made.battery is not None else number
    elif entity.device_class == "battery" and entity.kind == "binary_sensor":
        made.battery_low = made.battery_low or value is True
    elif entity.device_class == "signal_strength" or (entity.unit or "").lower() == "lqi":
        if number is not None:
            made.signal = number
            made.signal_unit = "lqi" if (entity.unit or "").lower() == "lqi" else "dBm"
    elif entity.kind == "update" and value is True:
        installed = state.attributes.get("installed_version")
        offered = state.attributes.get("latest_version")
        made.update = (str(installed or ""), str(offered or ""))


def _concerns(made: DeviceCondition, sensors: Iterable[SensorView]) -> Iterable[Concern]:
    sensors = list(sensors)
    watch = {one.watch for one in sensors}
    words = [word for word in WATCHES if word in watch]
    if words:
        yield Concern(WATCHES[words[0]], words[0])
    elif made.gone_since is not None:
        yield Concern("2" if made.safety else "3", "gone")
    elif made.heard is None:
        yield Concern("2" if made.safety else "4", "never")
    if made.battery is not None and made.battery <= EMPTY:
        yield Concern("2" if made.safety else "3", "empty")
    elif made.battery_low or (made.battery is not None and made.battery <= LOW):
        yield Concern("3" if made.safety else "4", "low")
    if any(one.test_due for one in sensors):
        yield Concern("4", "test")
    if _weak(made) and made.gone_since is None:
        yield Concern("4", "weak")
    if made.update is not None:
        yield Concern("4", "update")


def _weak(made: DeviceCondition) -> bool:
    if made.signal is None:
        return False
    return made.signal < (WEAK_LQI if made.signal_unit == "lqi" else WEAK_DBM)
