"""What a state means to a person, for every kind and device class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from web.design.formats import date, figure, when

if TYPE_CHECKING:
    from web.design.page import Words


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


# device class of a binary sensor -> the words for off and on
BINARY: dict[str, tuple[str, str]] = {
    "battery": (_("Battery fine"), _("Battery low")),
    "battery_charging": (_("Not charging"), _("Charging")),
    "carbon_monoxide": (_("No carbon monoxide"), _("Carbon monoxide detected")),
    "cold": (_("Not cold"), _("Too cold")),
    "connectivity": (_("Not connected"), _("Connected")),
    "door": (_("Closed"), _("Open")),
    "garage_door": (_("Closed"), _("Open")),
    "gas": (_("No gas"), _("Gas detected")),
    "heat": (_("Not hot"), _("Too hot")),
    "light": (_("Dark"), _("Bright")),
    "lock": (_("Locked"), _("Unlocked")),
    "moisture": (_("Dry"), _("Water detected")),
    "motion": (_("No motion"), _("Motion")),
    "moving": (_("Still"), _("Moving")),
    "occupancy": (_("Nobody there"), _("Somebody there")),
    "opening": (_("Closed"), _("Open")),
    "plug": (_("Unplugged"), _("Plugged in")),
    "power": (_("No power"), _("Power there")),
    "presence": (_("Away"), _("At home")),
    "problem": (_("No problem"), _("Problem")),
    "running": (_("Not running"), _("Running")),
    "safety": (_("Safe"), _("Not safe")),
    "smoke": (_("No smoke"), _("Smoke detected")),
    "sound": (_("No sound"), _("Sound heard")),
    "tamper": (_("Not tampered with"), _("Tampered with")),
    "update": (_("Up to date"), _("Update available")),
    "vibration": (_("No vibration"), _("Vibration")),
    "window": (_("Closed"), _("Open")),
}
ON_OFF = (_("Off"), _("On"))
PAIRS = {"siren": (_("Silent"), _("Sounding")), "update": BINARY["update"]}
_OPENED = {
    "open": _("Open"),
    "closed": _("Closed"),
    "opening": _("Opening …"),
    "closing": _("Closing …"),
}
_DOCKED = {
    "docked": _("Docked"),
    "paused": _("Paused"),
    "idle": _("Idle"),
    "returning": _("Returning …"),
    "error": _("Error"),
}
# kind -> the words of its states
STATES: dict[str, dict[str, str]] = {
    "valve": _OPENED,
    "cover": _OPENED,
    "lock": {
        "locked": _("Locked"),
        "unlocked": _("Unlocked"),
        "locking": _("Locking …"),
        "unlocking": _("Unlocking …"),
        "open": _("Open"),
        "opening": _("Opening …"),
        "jammed": _("Jammed"),
    },
    "vacuum": {**_DOCKED, "cleaning": _("Cleaning")},
    "lawn_mower": {**_DOCKED, "mowing": _("Mowing")},
    "climate": {
        "off": _("Off"),
        "heat": _("Heat"),
        "cool": _("Cool"),
        "heat_cool": _("Heat or cool"),
        "auto": _("Automatic"),
        "dry": _("Dehumidify"),
        "fan_only": _("Fan only"),
    },
    "water_heater": {
        "off": _("Off"),
        "eco": _("Eco"),
        "electric": _("Electric"),
        "gas": _("Gas heating"),
        "heat_pump": _("Heat pump"),
        "high_demand": _("High demand"),
        "performance": _("Performance"),
    },
    "alarm_control_panel": {
        "disarmed": _("Disarmed"),
        "armed_home": _("Armed, at home"),
        "armed_away": _("Armed, away"),
        "armed_night": _("Armed for the night"),
        "armed_vacation": _("Armed for holidays"),
        "armed_custom_bypass": _("Armed in part"),
        "pending": _("Type the code …"),
        "triggered": _("Alarm!"),
        "arming": _("Arming …"),
        "disarming": _("Disarming …"),
    },
    "device_tracker": {"home": _("At home"), "not_home": _("Away")},
}
# words that attributes and choices of devices use, in Home Assistant's names
COMMON: dict[str, str] = {
    "activity": _("Activity"),
    "auto": _("Automatic"),
    "away": _("Away"),
    "baby": _("Baby"),
    "boost": _("Boost"),
    "both": _("Both"),
    "comfort": _("Comfort"),
    "cooling": _("Cooling"),
    "defrosting": _("Defrosting"),
    "diffuse": _("Diffuse"),
    "drying": _("Drying"),
    "eco": _("Eco"),
    "fan": _("Fan running"),
    "focus": _("Focus"),
    "forward": _("Forward"),
    "heating": _("Heating"),
    "high": _("High setting"),
    "home": _("At home"),
    "horizontal": _("Horizontal"),
    "humidifying": _("Humidifying"),
    "idle": _("Idle"),
    "low": _("Low setting"),
    "medium": _("Medium setting"),
    "middle": _("Middle"),
    "none": _("None"),
    "normal": _("Normal"),
    "off": _("Off"),
    "on": _("On"),
    "preheating": _("Preheating"),
    "reverse": _("Reverse"),
    "single": _("Pressed once"),
    "double": _("Pressed twice"),
    "long": _("Pressed long"),
    "hold": _("Held"),
    "press": _("Pressed"),
    "release": _("Released"),
    "sleep": _("Sleep"),
    "top": _("Top"),
    "vertical": _("Vertical"),
}
UNITS: dict[str, str] = {
    "s": _("s"),
    "min": _("min"),
    "h": _("h"),
    "d": _("d"),
}
"""Units whose sign is a word's beginning; all others are written the same everywhere."""

_MOMENTS = frozenset({"button", "device_automation", "event", "notify", "scene", "tag"})
MASKED = "••••"


def state_word(
    words: Words,
    kind: str,
    device_class: str | None,
    value: object,
    attributes: Mapping[str, object] | None = None,
) -> str:
    """Return a state as one word or short phrase; a sensor's figure is written without unit."""
    if value is None:
        return words("Never yet") if kind in _MOMENTS else words("Unknown")
    if isinstance(value, bool):
        pair = PAIRS.get(kind) or BINARY.get(device_class or "", ON_OFF)
        return words(pair[value])
    if isinstance(value, int | float):
        return figure(value)
    text = str(value)
    if kind == "text" and (attributes or {}).get("mode") == "password":
        return MASKED
    if kind in _MOMENTS or device_class == "timestamp":
        return _moment(text, words.lang, whole=True)
    if device_class == "date":
        return _moment(text, words.lang, whole=False)
    own = STATES.get(kind, {}).get(text)
    return words(own) if own else common_word(words, text)


def common_word(words: Words, text: object) -> str:
    """Return a device's own word in the reader's language where it is a usual one."""
    found = COMMON.get(str(text))
    return words(found) if found else str(text)


def unit_word(words: Words, unit: str | None) -> str:
    """Return a unit as the reader writes it, "" without one."""
    if not unit:
        return ""
    return words(UNITS[unit]) if unit in UNITS else unit


def _moment(text: str, lang: str, *, whole: bool) -> str:
    """Return an ISO 8601 time as people write it; what isn't one stays as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if not whole:
        return date(at.replace(hour=12, tzinfo=UTC) if at.tzinfo is None else at, lang)
    return when(at if at.tzinfo else at.replace(tzinfo=UTC), lang)
