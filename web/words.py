"""Words and pictures for entities: what a state means to a person, which command comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from web.design.formats import figure

if TYPE_CHECKING:
    from web.design.page import Words


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


# device class of a binary sensor -> the words for off and on
BINARY: dict[str, tuple[str, str]] = {
    "gas": (_("No gas"), _("Gas detected")),
    "carbon_monoxide": (_("No carbon monoxide"), _("Carbon monoxide detected")),
    "smoke": (_("No smoke"), _("Smoke detected")),
    "moisture": (_("Dry"), _("Water detected")),
    "heat": (_("Not hot"), _("Too hot")),
    "cold": (_("Not cold"), _("Too cold")),
    "battery": (_("Battery fine"), _("Battery low")),
    "door": (_("Closed"), _("Open")),
    "window": (_("Closed"), _("Open")),
    "opening": (_("Closed"), _("Open")),
    "motion": (_("No motion"), _("Motion")),
    "occupancy": (_("Nobody there"), _("Somebody there")),
    "problem": (_("No problem"), _("Problem")),
    "tamper": (_("Not tampered with"), _("Tampered with")),
    "connectivity": (_("Not connected"), _("Connected")),
}
ON_OFF = (_("Off"), _("On"))
SIREN = (_("Silent"), _("Sounding"))
VALVE = {
    "open": _("Open"),
    "closed": _("Closed"),
    "opening": _("Opening …"),
    "closing": _("Closing …"),
}
HAZARD_CLASSES = frozenset({"gas", "carbon_monoxide", "smoke", "moisture", "heat"})

KINDS = {
    "binary_sensor": _("Sensor"),
    "sensor": _("Measurement"),
    "switch": _("Switch"),
    "valve": _("Valve"),
    "siren": _("Siren"),
}

# command -> (button, while the device has not answered, sentence when it answered)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "turn_on": (_("Turn on"), _("Turning on …"), _("%(name)s is on.")),
    "turn_off": (_("Turn off"), _("Turning off …"), _("%(name)s is off.")),
    "open": (_("Open it"), _("Opening …"), _("%(name)s is open.")),
    "close": (_("Close it"), _("Closing …"), _("%(name)s is closed.")),
    "stop": (_("Stop"), _("Stopping …"), _("%(name)s has stopped.")),
}
PRESS_LABELS = {
    "turn_on": _("%(name)s: turn on"),
    "turn_off": _("%(name)s: turn off"),
    "open": _("%(name)s: open"),
    "close": _("%(name)s: close"),
    "stop": _("%(name)s: stop"),
}

ICONS = {
    "gas": "gas",
    "carbon_monoxide": "carbon_monoxide",
    "smoke": "smoke",
    "moisture": "leak",
    "heat": "overheat",
    "cold": "freezing",
    "battery": "battery",
    "door": "door",
    "motion": "motion",
    "occupancy": "motion",
    "temperature": "temperature",
    "humidity": "humidity",
    "power": "energy",
    "energy": "energy",
    "current": "energy",
    "voltage": "energy",
    "outlet": "plug",
    "water": "water",
}
KIND_ICONS = {
    "valve": "valve",
    "siren": "siren",
    "switch": "switch",
    "sensor": "sensor",
    "binary_sensor": "binary_sensor",
}

HAZARDS: dict[str, tuple[str, str, str]] = {
    # hazard, or class of event -> (level, name, picture)
    "gas": ("1", _("Gas alarm"), "gas"),
    "smoke": ("1", _("Smoke alarm"), "smoke"),
    "carbon_monoxide": ("1", _("Carbon monoxide alarm"), "carbon_monoxide"),
    "sos": ("1", _("Call for help"), "sos"),
    "leak": ("2", _("Water leak"), "leak"),
    "flood": ("2", _("Water leak"), "leak"),
    "overheat": ("2", _("Overheating"), "overheat"),
    "overload": ("2", _("Overload"), "overload"),
    "leakage": ("2", _("Leakage current"), "overload"),
    "arc": ("2", _("Electric arc"), "arc"),
    "running_water": ("2", _("Water keeps running"), "running_water"),
    "left_on": ("3", _("Appliance left on"), "left_on"),
    "freezing": ("3", _("Frost"), "freezing"),
    "battery": ("4", _("Battery low"), "battery"),
    "supervision": ("lost", _("A safety sensor is silent"), "supervision"),
}
ALARMS = frozenset({"1", "2", "3"})
"""Levels that are an alarm; the others are a note for whoever looks after the sensors."""
WATCH: dict[str, tuple[str, str, str]] = {
    # how a safety sensor is watched -> (level, sentence, short word); gravest first
    "lost": ("lost", _("No word from %(names)s"), _("Supervision lost")),
    "unavailable": ("lost", _("%(names)s can't be reached"), _("Can't be reached")),
    "unwatched": ("2", _("Not watched: %(names)s"), _("Not watched")),
    "unheard": ("4", _("Waiting to hear from %(names)s"), _("Not heard from yet")),
    "watching": ("ok", "", _("Watching")),
}


class Guard(NamedTuple):
    """Why alarms are not watched: level, sentence, and what that means."""

    level: str
    text: str
    detail: str


GUARD: dict[str, Guard] = {
    "starting": Guard("4", _("The alarm watch is starting"), _("It takes a few seconds.")),
    "unreachable": Guard(
        "1",
        _("The alarm watch does not answer"),
        _("The hub may not act in an alarm. It tries to start it again; sensors still sound."),
    ),
    "deaf": Guard(
        "1",
        _("The alarm watch hears no device"),
        _("The hub can't act in an alarm until its message broker is back; sensors still sound."),
    ),
}
"""What `HomeRuntime.guard` means where it isn't `watching`."""

ROLES: dict[str, tuple[str, str, str]] = {
    # role -> (name, what it does, picture)
    "gas_valve": (
        _("Gas valve"),
        _("closes when there is gas, carbon monoxide or smoke"),
        "valve",
    ),
    "water_valve": (
        _("Water valve"),
        _("closes when there is a leak, or water runs all day"),
        "water",
    ),
    "siren": (
        _("Siren"),
        _("sounds when there is smoke, carbon monoxide or heat, or somebody calls for help"),
        "siren",
    ),
    "socket": (
        _("Socket"),
        _("turns off when there is smoke or a leak, or its own device is in danger"),
        "plug",
    ),
}
RESULTS = {
    # result of an action -> its level, "" where it is none
    "sent": "",
    "confirmed": "ok",
    "failed": "2",
    "unbound": "2",
    "refused_electrical": "",
    "taken": "3",
}
HOME_ROLES = {
    "owner": (_("Owner"), _("everything, people and keys included")),
    "resident": (_("Resident"), _("devices, alarms and choices")),
    "guest": (_("Guest"), _("sees how things are, changes nothing")),
}
# scope of a program's token -> what it is for
SCOPES = {
    "read:states": _("see devices and their states"),
    "read:history": _("see what devices said before"),
    "read:safety": _("see alarms and how the home is watched"),
    "read:sharing": _("see what left the home and what may"),
    "command": _("operate devices"),
    "registry": _("name devices, say where they are, switch them off"),
    "safety": _("acknowledge and answer alarms, say what acts in them"),
    "sharing": _("choose what an alarm may tell"),
    "admin": _("people, tokens, keys and the community"),
}


def icon_of(kind: str, device_class: str | None) -> str:
    """Return the sprite's word for an entity."""
    if kind == "valve":
        return "valve"
    return ICONS.get(device_class or "", KIND_ICONS.get(kind, "device"))


def state_word(words: Words, kind: str, device_class: str | None, value: object) -> str:
    """Return a state as one word or short phrase; a sensor's figure is written without unit."""
    if value is None:
        return words("Unknown")
    if kind == "valve":
        return words(VALVE.get(str(value), str(value)))
    if isinstance(value, bool):
        pair = SIREN if kind == "siren" else BINARY.get(device_class or "", ON_OFF)
        return words(pair[value])
    if isinstance(value, int | float):
        return figure(value)
    return str(value)


def next_command(kind: str, value: object, commands: frozenset[str] | set[str]) -> str | None:
    """Return what a press does, None where a press does nothing.

    A siren and a valve in motion are never toggled by a press on a tile.
    """
    wanted: str | None = None
    if kind == "switch":
        wanted = "turn_off" if value is True else "turn_on"
    elif kind == "siren" and value is True:
        wanted = "turn_off"
    elif kind == "valve" and value in {"open", "closed"}:
        wanted = "close" if value == "open" else "open"
    return wanted if wanted in commands else None
