"""What the kernel says of its sensors, actuators and open hazards."""

from __future__ import annotations

from typing import Any

from .acting import Clock
from .bindings import Bindings
from .hazards import Hazards
from .records import SUPERVISION
from .supervision import Sensor


def status_of(hazards: Hazards, bindings: Bindings, clock: Clock) -> dict[str, Any]:
    """The part of the kernel's status that is about what is bound."""
    now, wall = clock.steady(), clock.wall()
    open_records = hazards.open_records()
    lost = {one.entity_id for one in open_records if one.hazard == SUPERVISION}
    return {
        "bindings_version": bindings.version,
        "binding_problems": bindings.problems,
        "leases": hazards.leases(),
        "open": [{"id": one.id, "hazard": one.hazard} for one in open_records],
        "sensors": {
            key: _sensor(sensor, now, wall, lost=sensor.entity_id in lost)
            for key, sensor in hazards.sensors.items()
        },
        "actuators": {
            key: {
                "role": actuator.role,
                "value": hazards.values.get(key),
                "available": bindings.bound[key].reader.available,
            }
            for key, actuator in hazards.actuators.items()
        },
    }


def _sensor(sensor: Sensor, now: float, wall: float, *, lost: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "hazard": sensor.hazard,
        "detects": sensor.value,
        "seen_at": wall - (now - sensor.seen) if sensor.heard else None,
        "available": sensor.available,
        "lost": lost,
        "limit_s": None if sensor.limit_s == float("inf") else sensor.limit_s,
    }
    if sensor.count is not None:
        since = sensor.count.since
        found["figure"] = sensor.count.figure
        found["over_since"] = None if since is None else wall - (now - since)
    return found
