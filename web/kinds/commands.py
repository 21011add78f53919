"""What commands are called: on their button, while the device has not answered, and afterwards."""

from __future__ import annotations

from typing import NamedTuple


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


class Said(NamedTuple):
    """A command in words: its button, while it is under way, when done, and read aloud."""

    button: str
    underway: str
    done: str
    label: str


SETTING = _("Setting …")
SET = _("%(name)s: set.")

COMMANDS: dict[str, Said] = {
    "turn_on": Said(_("Turn on"), _("Turning on …"), _("%(name)s is on."), _("%(name)s: turn on")),
    "turn_off": Said(
        _("Turn off"), _("Turning off …"), _("%(name)s is off."), _("%(name)s: turn off")
    ),
    "open": Said(_("Open it"), _("Opening …"), _("%(name)s is open."), _("%(name)s: open")),
    "close": Said(_("Close it"), _("Closing …"), _("%(name)s is closed."), _("%(name)s: close")),
    "stop": Said(_("Stop"), _("Stopping …"), _("%(name)s has stopped."), _("%(name)s: stop")),
    "open_tilt": Said(_("Open the slats"), SETTING, SET, _("%(name)s: open the slats")),
    "close_tilt": Said(_("Close the slats"), SETTING, SET, _("%(name)s: close the slats")),
    "stop_tilt": Said(_("Stop the slats"), SETTING, SET, _("%(name)s: stop the slats")),
    "lock": Said(_("Lock it"), _("Locking …"), _("%(name)s is locked."), _("%(name)s: lock")),
    "unlock": Said(
        _("Unlock it"), _("Unlocking …"), _("%(name)s is unlocked."), _("%(name)s: unlock")
    ),
    "press": Said(_("Press it"), _("Pressing …"), _("%(name)s: pressed."), _("%(name)s: press")),
    "install": Said(
        _("Install it"),
        _("Starting the update …"),
        _("%(name)s: the update has started."),
        _("%(name)s: install"),
    ),
    "start": Said(
        _("Clean"), _("Starting …"), _("%(name)s is cleaning."), _("%(name)s: start cleaning")
    ),
    "pause": Said(_("Pause"), _("Pausing …"), _("%(name)s pauses."), _("%(name)s: pause")),
    "return_to_base": Said(
        _("Back to the dock"),
        _("Returning …"),
        _("%(name)s returns to its dock."),
        _("%(name)s: back to the dock"),
    ),
    "clean_spot": Said(
        _("Clean this spot"),
        _("Starting …"),
        _("%(name)s is cleaning."),
        _("%(name)s: clean this spot"),
    ),
    "locate": Said(_("Find it"), _("Calling it …"), _("%(name)s calls."), _("%(name)s: find it")),
    "start_mowing": Said(
        _("Mow"), _("Starting …"), _("%(name)s is mowing."), _("%(name)s: start mowing")
    ),
    "dock": Said(
        _("Back to the dock"),
        _("Returning …"),
        _("%(name)s returns to its dock."),
        _("%(name)s: back to the dock"),
    ),
    "send_message": Said(
        _("Show it"), _("Sending …"), _("%(name)s shows the message."), _("%(name)s: show a text")
    ),
    "disarm": Said(
        _("Disarm"), _("Disarming …"), _("%(name)s is disarmed."), _("%(name)s: disarm")
    ),
    "trigger": Said(
        _("Raise the alarm"), _("Triggering …"), _("%(name)s: alarm!"), _("%(name)s: raise alarm")
    ),
}
_ARMS = {
    "arm_home": _("Arm, at home"),
    "arm_away": _("Arm, away"),
    "arm_night": _("Arm for the night"),
    "arm_vacation": _("Arm for holidays"),
    "arm_custom_bypass": _("Arm in part"),
}
COMMANDS.update(
    {
        name: Said(button, _("Arming …"), _("%(name)s: arming."), _("%(name)s: arm"))
        for name, button in _ARMS.items()
    }
)
ASKS = {
    "unlock": _("Whoever stands outside can then come in."),
    "open": _("The door then stands open for whoever is outside."),
    "turn_on": _("It is loud. People nearby will think that there is an alarm."),
    "disarm": _("Nobody is warned of burglars then."),
    "trigger": _("It is loud. People nearby will think that there is an alarm."),
}
"""What a person is told before the second press (`hub.core.kinds.Kind.twice`)."""


def said(command: str) -> Said:
    """A command in words; settings share theirs."""
    return COMMANDS.get(command) or Said(_("Set"), SETTING, SET, _("%(name)s: set"))


def next_command(kind: str, value: object, commands: frozenset[str]) -> str | None:
    """Return what a press on a tile does, None where a press does nothing.

    What a person has to press twice, and what is in motion, is never set off by a tile.
    """
    wanted: str | None = None
    if kind in {"switch", "light", "fan", "humidifier"}:
        wanted = "turn_off" if value is True else "turn_on"
    elif kind == "siren" and value is True:
        wanted = "turn_off"
    elif kind in {"valve", "cover"} and value in {"open", "closed"}:
        wanted = "close" if value == "open" else "open"
    elif kind in _STEPS:
        wanted = _STEPS[kind].get(value if isinstance(value, str) else "", None)
    elif kind in {"button", "scene"}:
        wanted = "press" if kind == "button" else "turn_on"
    return wanted if wanted in commands else None


_STEPS: dict[str, dict[str, str]] = {
    "lock": {"unlocked": "lock"},
    "vacuum": {
        "docked": "start",
        "idle": "start",
        "paused": "start",
        "cleaning": "return_to_base",
    },
    "lawn_mower": {"docked": "start_mowing", "paused": "start_mowing", "mowing": "dock"},
}
