"""Words and pictures of hazards, roles and rights; those of entities are in `web.kinds`."""

from __future__ import annotations

from typing import NamedTuple


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


HAZARD_CLASSES = frozenset({"gas", "carbon_monoxide", "smoke", "moisture", "heat"})

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

BROKER: dict[str, str] = {
    "unreachable": _("Nobody answers at its address. The hub tries again every few seconds."),
    "silent": _(
        "It doesn't answer as a message broker. Does that port want TLS, or another version of"
        " MQTT?"
    ),
    "ca": _("The certificate of its authority can't be used."),
    "certificate": _("Its certificate isn't one to trust, or names another host."),
    "tls": _("It doesn't speak TLS there."),
    "password": _("It refuses the hub's user or password."),
    "version": _("It doesn't speak this version of MQTT."),
    "refused": _("It refuses the connection."),
    "denied": _(
        "Its rules (ACL) don't let the hub read or write everywhere, so some devices are missing"
        " or can't be commanded."
    ),
}
"""What `BrokerView.problem` means; the rest of `hub.core.mqtt_settings.PROBLEMS` for people."""

BAD_INPUT: dict[str, str] = {
    "bad_attributes": _("Details of a device that can't be read"),
    "bad_availability": _("A device that says neither that it is there nor that it is away"),
    "bad_discovery": _("Announcements of devices that can't be read"),
    "bad_state": _("States that a device never announced"),
    "duplicate_unique_id": _("Two devices that say they are the same"),
    "flapping": _("A device that talks far too often"),
    "ignored": _("Pictures and cameras, which this hub doesn't show"),
    "payload_too_large": _("Messages that are too large"),
    "template_busy": _("Messages that come faster than their template can be worked out"),
    "template_failed": _("Messages that don't fit their template"),
    "too_many_entities": _("More devices than the hub takes"),
    "unsupported": _("Kinds of devices that the hub doesn't know"),
    "": _("Other messages that can't be used"),
}
"""What the counters of an integration's bad input mean; a kind begins with the key."""


def bad_input(kind: str) -> str:
    """The msgid for a counter's name."""
    return next(text for start, text in BAD_INPUT.items() if kind.startswith(start))


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
    "registry": _("names, rooms, groups, favourites; hide things, switch them off"),
    "safety": _("acknowledge and answer alarms, say what acts in them"),
    "sharing": _("choose what an alarm may tell"),
    "admin": _("people, tokens, keys, brokers, screens and the community"),
}
