"""The bound sensors, by their key, by entity, and by entity and hazard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from .records import SUPERVISION, HazardRecord
from .supervision import Sensor


class Sensors(dict[str, Sensor]):
    """Sensors by key: the entity's id for one that speaks words.

    A figure can be read for several hazards; the key of each of these sensors names its hazard
    too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, dict[str, Sensor]] = {}

    def bind(self, sensors: Iterable[Sensor], now: float) -> None:
        """Replace all, keeping what is known of those that stay."""
        old = dict(self)
        self.clear()
        self._of = {}
        for sensor in sensors:
            before = old.get(sensor.key)
            if before is None:
                sensor.seen = now
            elif before.hazard == sensor.hazard:
                sensor.take_over(before, now)
            self[sensor.key] = sensor
            self._of.setdefault(sensor.entity_id, {})[sensor.hazard] = sensor

    def of(self, entity_id: str) -> Iterator[Sensor]:
        """Every sensor that reads this entity."""
        return iter(self._of.get(entity_id, {}).values())

    def behind(self, record: HazardRecord) -> Sensor | None:
        """The sensor that a hazard is about, None when it is no longer bound for it."""
        watching = self._of.get(record.entity_id, {})
        if record.hazard == SUPERVISION:
            return next(iter(watching.values()), None)
        return watching.get(record.hazard)

    def detects(self, record: HazardRecord) -> bool:
        """Whether an open hazard still calls for its actuators."""
        sensor = self.behind(record)
        return sensor is not None and (sensor.latched or sensor.value is True)

    def own(self, record: HazardRecord) -> Collection[str]:
        """The sockets of the device whose sensor raised the hazard."""
        sensor = self.behind(record)
        return () if sensor is None else sensor.own
