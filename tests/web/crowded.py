"""A home with very many things in it, for tests of what happens then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hub.core.wire import Wire

if TYPE_CHECKING:
    from tests.web.homes import FakeHome

ROOMS, EACH = 10, 40


def room_of(number: int) -> str:
    """The name of one of the rooms."""
    return f"Floor {number:02d}"


def sensor_of(room: int, number: int) -> str:
    """The entity of one sensor in a room."""
    return f"sensor.crowd_{room:02d}_{number:02d}"


def crowd(home: FakeHome) -> None:
    """Add `ROOMS` rooms of `EACH` sensors, each with a figure."""
    home.registry.set_rooms((*home.inventory.areas(), *map(room_of, range(ROOMS))))
    for room in range(ROOMS):
        for number in range(EACH):
            add_sensor(home, room, number)


def add_sensor(home: FakeHome, room: int, number: int, name: str = "") -> None:
    """Let one sensor announce itself and say 20."""
    entity_id = sensor_of(room, number)
    name = name or f"Sensor {room:02d} {number:02d}"
    device = home.registry.announce_device("mqtt", (entity_id,), name=name, area=room_of(room))
    home.registry.announce(
        "mqtt",
        "sensor",
        entity_id,
        suggested_id=entity_id.partition(".")[2],
        device_id=device.id,
        device_class="temperature",
        unit="°C",
        name="",
        wire=Wire("t"),
    )
    home.states.set(entity_id, 20.0, at=time.time() - 3600)
