"""The kinds of entity that a home has: values, commands, units, and what they tell of people.

Names and device classes are Home Assistant's where it has one. A kind is one row of `KINDS`.
"""

from __future__ import annotations

Value = bool | float | str | None

PRESENCE = "presence"
HABITS = "habits"
NONE = "none"
"""What a state can tell of the people who live there: presence at home, habits, or nothing."""


class Kind:
    """One kind.

    Attributes:
        name: Home Assistant's name of the component.
        values: the words of a state; empty for a number or free text.
        commands: what it can be told, with the names of the arguments.
        device_classes: what it can measure or be.
        personal: `PRESENCE`, `HABITS` or `NONE`.
        switched: canonical values are True and False, shown as on and off.
    """

    __slots__ = ("commands", "device_classes", "name", "personal", "switched", "values")

    def __init__(
        self,
        name: str,
        *,
        values: tuple[str, ...] = (),
        commands: dict[str, tuple[str, ...]] | None = None,
        device_classes: tuple[str, ...] = (),
        personal: str = HABITS,
        switched: bool = False,
    ) -> None:
        self.name = name
        self.values = values
        self.commands = commands or {}
        self.device_classes = frozenset(device_classes)
        self.personal = personal
        self.switched = switched


_ON_OFF: dict[str, tuple[str, ...]] = {"turn_on": (), "turn_off": (), "toggle": ()}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "binary_sensor",
            device_classes=(
                "gas",
                "smoke",
                "moisture",
                "carbon_monoxide",
                "battery",
                "tamper",
                "problem",
                "safety",
                "door",
                "window",
                "motion",
                "occupancy",
            ),
            personal=PRESENCE,
            switched=True,
        ),
        Kind(
            "sensor",
            device_classes=(
                "temperature",
                "humidity",
                "gas",
                "power",
                "energy",
                "voltage",
                "current",
                "battery",
                "carbon_dioxide",
                "pm25",
                "volatile_organic_compounds",
                "water",
            ),
        ),
        Kind("switch", commands=_ON_OFF, device_classes=("outlet", "switch"), switched=True),
        Kind(
            "valve",
            values=("open", "closed", "opening", "closing"),
            commands={"open": (), "close": (), "stop": (), "set_position": ("position",)},
            device_classes=("gas", "water"),
            personal=NONE,
        ),
        Kind(
            "siren",
            commands={"turn_on": ("tone", "duration", "volume_level"), "turn_off": ()},
            personal=NONE,
            switched=True,
        ),
    )
}


def ha_state(kind: str, value: Value) -> str:
    """A value as Home Assistant's state string; ``unknown`` for None."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and kind == "sensor" and value.is_integer():
        return str(int(value))
    return str(value)
