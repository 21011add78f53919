"""What a device says beside its state, as rows of words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.core.kinds import HABITS, KINDS, PRESENCE
from web.design.formats import figure
from web.kinds.states import common_word

if TYPE_CHECKING:
    from web.design.page import Words


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


# attribute -> (name, unit); in the order in which they are shown
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "current_temperature": (_("Temperature now"), "°C"),
    "current_humidity": (_("Humidity now"), "%"),
    "hvac_action": (_("Doing now"), ""),
    "action": (_("Doing now"), ""),
    "event_type": (_("What happened"), ""),
    "type": (_("What happened"), ""),
    "tag_id": (_("Tag"), ""),
    "battery_level": (_("Battery"), "%"),
    "installed_version": (_("Installed"), ""),
    "latest_version": (_("Newest"), ""),
    "update_percentage": (_("Progress"), "%"),
    "release_summary": (_("What is new"), ""),
}
PERSONAL = {
    PRESENCE: _("who is at home and when"),
    HABITS: _("how you live, over time"),
}
NOTHING = _("nothing about people")


def facts(words: Words, attributes: Mapping[str, object]) -> list[tuple[str, str]]:
    """Rows of (name, value) of what a device says beside its state."""
    found = []
    for name, (label, unit) in ATTRIBUTES.items():
        value = attributes.get(name)
        if value is None or isinstance(value, bool | list | dict):
            continue
        heat = name.endswith("temperature")
        sign = attributes.get("temperature_unit", unit) if heat else unit
        text = figure(value) if isinstance(value, int | float) else common_word(words, value)
        found.append((words(label), f"{text} {sign}".strip()))
    return found


def tells(words: Words, kind: str) -> str:
    """What an entity's states can tell of the people who live there."""
    found = KINDS.get(kind)
    return words(PERSONAL.get(found.personal, NOTHING) if found else NOTHING)


def tile_figure(kind: str, attributes: Mapping[str, object]) -> str:
    """The figure of a tile beside its word: a brightness, a position, a temperature; or ""."""
    shown = {
        "climate": ("current_temperature", "temperature_unit"),
        "cover": ("current_position", "%"),
        "fan": ("percentage", "%"),
        "humidifier": ("current_humidity", "%"),
        "vacuum": ("battery_level", "%"),
        "valve": ("current_position", "%"),
        "water_heater": ("current_temperature", "temperature_unit"),
    }.get(kind)
    if kind == "light":
        level = attributes.get("brightness")
        return f"{round(level / 2.55)} %" if isinstance(level, int | float) else ""
    if shown is None:
        return ""
    name, unit = shown
    value = attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if kind in {"cover", "valve"} and value in {0, 100}:
        return ""
    sign = str(attributes.get("temperature_unit", "°C")) if unit == "temperature_unit" else unit
    return f"{figure(value)} {sign}"
