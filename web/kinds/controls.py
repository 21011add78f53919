"""What a person can set on an entity beyond pressing: sliders, choices, colours, texts, codes.

A control is made from what the device says it can (its commands and attributes), so that nothing
is offered that it would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.core.kinds import KINDS


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


SLIDER, CHOICE, COLOR, TEXT, BOX, FLAG = "slider", "choice", "color", "text", "box", "flag"
PERCENT = "%"
_MOST_STEPS = 200
PRESSES: dict[str, tuple[str, ...]] = {
    "alarm_control_panel": (
        "arm_home",
        "arm_away",
        "arm_night",
        "arm_vacation",
        "arm_custom_bypass",
        "disarm",
        "trigger",
    ),
    "button": ("press",),
    "climate": ("turn_on", "turn_off"),
    "cover": ("open", "stop", "close", "open_tilt", "stop_tilt", "close_tilt"),
    "fan": ("turn_on", "turn_off"),
    "humidifier": ("turn_on", "turn_off"),
    "lawn_mower": ("start_mowing", "pause", "dock"),
    "light": ("turn_on", "turn_off"),
    "lock": ("lock", "unlock", "open"),
    "scene": ("turn_on",),
    "siren": ("turn_on", "turn_off"),
    "switch": ("turn_on", "turn_off"),
    "update": ("install",),
    "vacuum": ("start", "pause", "stop", "return_to_base", "clean_spot", "locate"),
    "valve": ("open", "stop", "close"),
    "water_heater": ("turn_on", "turn_off"),
}
"""The buttons of a kind, in the order in which they stand; a sensor has none."""


class Control:
    """One thing to set.

    Attributes:
        sort: `SLIDER`, `CHOICE`, `COLOR`, `TEXT`, `BOX` (a number to type) or `FLAG`.
        command: what is sent.
        argument: what the value is sent as.
        label: a message, what is set.
        value: as it is now, None while unknown.
        options: of a choice.
    """

    __slots__ = (
        "argument",
        "command",
        "label",
        "least",
        "longest",
        "most",
        "options",
        "secret",
        "sort",
        "step",
        "unit",
        "value",
    )

    def __init__(
        self,
        sort: str,
        command: str,
        argument: str,
        label: str,
        value: object = None,
        *,
        least: float = 0,
        most: float = 100,
        step: float = 1,
        unit: str = "",
        options: Sequence[str] = (),
        longest: int = 255,
        secret: bool = False,
    ) -> None:
        self.sort = sort
        self.command = command
        self.argument = argument
        self.label = label
        self.value = value
        self.least = least
        self.most = most
        self.step = step
        self.unit = unit
        self.options = options
        self.longest = longest
        self.secret = secret

    @property
    def key(self) -> str:
        """Its place on the page."""
        return f"{self.command}-{self.argument}"


def presses(kind: str, commands: frozenset[str]) -> list[str]:
    """The buttons of an entity, in order."""
    return [name for name in PRESSES.get(kind, ()) if name in commands]


def asks_twice(kind: str, command: str) -> bool:
    """Whether a person is asked to press a second time."""
    found = KINDS.get(kind)
    return found is not None and command in found.twice


def wants_code(kind: str, command: str, attributes: Mapping[str, object]) -> bool:
    """Whether a command needs a code typed in."""
    if "code_format" not in attributes or kind not in {"alarm_control_panel", "lock"}:
        return False
    arms = command.startswith("arm_")
    return not arms or attributes.get("code_arm_required") is not False


def controls(
    kind: str,
    commands: frozenset[str],
    attributes: Mapping[str, Any],
    value: object,
    unit: str | None,
) -> list[Control]:
    """What can be set on an entity now."""
    made = _MAKERS.get(kind)
    found = made(attributes, value, unit or "") if made else []
    return [one for one in found if one.command in commands]


def _words(attributes: Mapping[str, Any], name: str) -> list[str]:
    found = attributes.get(name)
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _choice(
    attributes: Mapping[str, Any], of: str, command: str, argument: str, label: str
) -> list[Control]:
    options = _words(attributes, of)
    if not options:
        return []
    return [Control(CHOICE, command, argument, label, attributes.get(argument), options=options)]


def _light(attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    modes = set(_words(attributes, "supported_color_modes"))
    found = []
    if modes - {"onoff"}:
        found.append(
            Control(
                SLIDER,
                "turn_on",
                "brightness",
                _("Brightness"),
                attributes.get("brightness"),
                least=1,
                most=255,
            )
        )
    if "color_temp" in modes:
        found.append(
            Control(
                SLIDER,
                "turn_on",
                "color_temp_kelvin",
                _("Colour temperature"),
                attributes.get("color_temp_kelvin"),
                least=attributes.get("min_color_temp_kelvin", 2000),
                most=attributes.get("max_color_temp_kelvin", 6535),
                step=50,
                unit="K",
            )
        )
    if modes & {"hs", "rgb", "xy", "rgbw", "rgbww"}:
        rgb = attributes.get("rgb_color")
        found.append(Control(COLOR, "turn_on", "rgb_color", _("Colour"), rgb))
    return found + _choice(attributes, "effect_list", "turn_on", "effect", _("Effect"))


def _fan(attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    step = attributes.get("percentage_step", 1)
    return [
        Control(
            SLIDER,
            "set_percentage",
            "percentage",
            _("Speed"),
            attributes.get("percentage"),
            step=step if isinstance(step, int | float) and step >= 1 else 1,
            unit=PERCENT,
        ),
        *_choice(attributes, "preset_modes", "set_preset_mode", "preset_mode", _("Programme")),
        Control(FLAG, "oscillate", "oscillating", _("Swinging"), attributes.get("oscillating")),
        Control(
            CHOICE,
            "set_direction",
            "direction",
            _("Direction"),
            attributes.get("direction"),
            options=("forward", "reverse"),
        ),
    ]


def _humidifier(attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    return [
        Control(
            SLIDER,
            "set_humidity",
            "humidity",
            _("Humidity wanted"),
            attributes.get("humidity"),
            least=attributes.get("min_humidity", 0),
            most=attributes.get("max_humidity", 100),
            unit=PERCENT,
        ),
        *_choice(attributes, "available_modes", "set_mode", "mode", _("Programme")),
    ]


def _moved(attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    return [
        Control(
            SLIDER,
            "set_position",
            "position",
            _("How far open"),
            attributes.get("current_position"),
            unit=PERCENT,
        ),
        Control(
            SLIDER,
            "set_tilt_position",
            "tilt_position",
            _("Slats"),
            attributes.get("current_tilt_position"),
            unit=PERCENT,
        ),
    ]


_TARGETS = {
    "temperature": _("Temperature wanted"),
    "target_temp_low": _("Lowest temperature wanted"),
    "target_temp_high": _("Highest temperature wanted"),
}


def _heating(attributes: Mapping[str, Any], value: object, _unit: str) -> list[Control]:
    found = []
    modes = _words(attributes, "hvac_modes") or _words(attributes, "operation_list")
    if modes:
        found.append(Control(CHOICE, "set_mode", "mode", _("Mode"), value, options=modes))
    known = [name for name in _TARGETS if attributes.get(name) is not None]
    for name in known or ["temperature"]:
        found.append(
            Control(
                BOX,
                "set_temperature",
                name,
                _TARGETS[name],
                attributes.get(name),
                least=attributes.get("min_temp", 0),
                most=attributes.get("max_temp", 100),
                step=attributes.get("target_temp_step", 1),
                unit=str(attributes.get("temperature_unit", "°C")),
            )
        )
    return found


def _climate(attributes: Mapping[str, Any], value: object, unit: str) -> list[Control]:
    found = _heating(attributes, value, unit)
    if "min_humidity" in attributes:
        found += _humidifier(attributes, value, unit)[:1]
    for name, label in (
        ("fan_mode", _("Fan")),
        ("swing_mode", _("Swinging")),
        ("swing_horizontal_mode", _("Swinging sideways")),
        ("preset_mode", _("Programme")),
    ):
        found += _choice(attributes, f"{name}s", f"set_{name}", name, label)
    return found


def _number(attributes: Mapping[str, Any], value: object, unit: str) -> list[Control]:
    least, most = attributes.get("min", 0), attributes.get("max", 100)
    step = attributes.get("step", 1)
    # A slider of a thousand steps can't be set with a finger.
    fits = step > 0 and (most - least) / step <= _MOST_STEPS
    slides = attributes.get("mode") == "slider" or (attributes.get("mode") != "box" and fits)
    sort = SLIDER if slides else BOX
    return [
        Control(
            sort,
            "set_value",
            "value",
            _("Value"),
            value,
            least=least,
            most=most,
            step=step,
            unit=unit,
        )
    ]


def _select(attributes: Mapping[str, Any], value: object, _unit: str) -> list[Control]:
    options = _words(attributes, "options")
    return [Control(CHOICE, "select_option", "option", _("Choice"), value, options=options)]


def _text(attributes: Mapping[str, Any], value: object, _unit: str) -> list[Control]:
    secret = attributes.get("mode") == "password"
    longest = attributes.get("max", 255)
    return [
        Control(
            TEXT,
            "set_value",
            "value",
            _("Text"),
            None if secret else value,
            longest=longest if isinstance(longest, int) else 255,
            secret=secret,
        )
    ]


def _vacuum(attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    return _choice(attributes, "fan_speed_list", "set_fan_speed", "fan_speed", _("Suction"))


def _notify(_attributes: Mapping[str, Any], _value: object, _unit: str) -> list[Control]:
    return [Control(TEXT, "send_message", "message", _("Message"))]


_MAKERS = {
    "climate": _climate,
    "cover": _moved,
    "fan": _fan,
    "humidifier": _humidifier,
    "light": _light,
    "notify": _notify,
    "number": _number,
    "select": _select,
    "text": _text,
    "vacuum": _vacuum,
    "valve": _moved,
    "water_heater": _heating,
}
