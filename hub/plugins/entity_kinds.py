"""An entity class for each kind: what an integration's author makes entities of.

Each docstring says what the canonical value is; the commands' arguments stand in
`hub.core.kinds.KINDS`.
"""

from __future__ import annotations

from hub.plugins.entities import Entity


class BinarySensor(Entity):
    """Something that is on or off and can't be switched: True, False or None."""

    kind = "binary_sensor"
    __slots__ = ()


class Sensor(Entity):
    """A measurement in ``unit``, or a text without unit."""

    kind = "sensor"
    __slots__ = ()


class Event(Entity):
    """Something that happens: the ISO 8601 time it last did; ``event_type`` says what."""

    kind = "event"
    __slots__ = ()


class DeviceAutomation(Entity):
    """A press of a button or the like: the ISO 8601 time of the last one."""

    kind = "device_automation"
    __slots__ = ()


class DeviceTracker(Entity):
    """Where a thing or person is: ``home``, ``not_home`` or a place's name."""

    kind = "device_tracker"
    __slots__ = ()


class Tag(Entity):
    """A reader of tags: the ISO 8601 time of the last one; ``tag_id`` says which."""

    kind = "tag"
    __slots__ = ()


class Update(Entity):
    """Firmware: True while a newer one than the installed is offered."""

    kind = "update"
    commands = frozenset({"install"})
    __slots__ = ()


class Switch(Entity):
    """Something to switch: True, False or None."""

    kind = "switch"
    commands = frozenset({"turn_off", "turn_on"})
    __slots__ = ()


class Light(Entity):
    """A light: True while lit.

    ``turn_on`` takes ``brightness`` 1..255, ``color_temp_kelvin``, a colour, ``white`` 1..255,
    ``effect``, ``flash`` and ``transition`` in seconds, as far as the light can.
    """

    kind = "light"
    commands = frozenset({"turn_off", "turn_on"})
    __slots__ = ()


class Fan(Entity):
    """A fan: True while it turns; ``percentage`` 0..100 is its speed."""

    kind = "fan"
    commands = frozenset(
        {"oscillate", "set_direction", "set_percentage", "set_preset_mode", "turn_off", "turn_on"}
    )
    __slots__ = ()


class Siren(Entity):
    """A siren: True while sounding.

    ``turn_on`` takes ``tone``, ``duration`` in seconds and ``volume_level`` 0..1 if it can.
    """

    kind = "siren"
    commands = frozenset({"turn_off", "turn_on"})
    __slots__ = ()


class Humidifier(Entity):
    """A humidifier or dehumidifier: True while on; ``humidity`` in percent."""

    kind = "humidifier"
    commands = frozenset({"set_humidity", "set_mode", "turn_off", "turn_on"})
    __slots__ = ()


class Valve(Entity):
    """A valve: ``open``, ``closed``, ``opening``, ``closing`` or None.

    The attribute ``current_position`` is in percent, 100 is open.
    """

    kind = "valve"
    commands = frozenset({"close", "open", "set_position", "stop"})
    __slots__ = ()


class Cover(Entity):
    """A curtain, blind, door or gate: ``open``, ``closed``, ``opening``, ``closing`` or None.

    The attributes ``current_position`` and ``current_tilt_position`` are in percent, 100 is open.
    """

    kind = "cover"
    commands = frozenset(
        {
            "close",
            "close_tilt",
            "open",
            "open_tilt",
            "set_position",
            "set_tilt_position",
            "stop",
            "stop_tilt",
        }
    )
    __slots__ = ()


class Lock(Entity):
    """A lock: ``locked``, ``unlocked``, ``open``, on the way to these, or ``jammed``."""

    kind = "lock"
    commands = frozenset({"lock", "open", "unlock"})
    __slots__ = ()


class Vacuum(Entity):
    """A cleaning robot: what it does, a word of its kind's."""

    kind = "vacuum"
    commands = frozenset(
        {
            "clean_spot",
            "locate",
            "pause",
            "return_to_base",
            "send_command",
            "set_fan_speed",
            "start",
            "stop",
        }
    )
    __slots__ = ()


class LawnMower(Entity):
    """A mowing robot: ``mowing``, ``docked``, ``paused``, ``returning`` or ``error``."""

    kind = "lawn_mower"
    commands = frozenset({"dock", "pause", "start_mowing"})
    __slots__ = ()


class Climate(Entity):
    """Heating or cooling: its mode, a word of its kind's.

    Temperatures are in the unit that ``temperature_unit`` says, degrees Celsius unless it does.
    """

    kind = "climate"
    commands = frozenset(
        {
            "set_fan_mode",
            "set_humidity",
            "set_mode",
            "set_preset_mode",
            "set_swing_horizontal_mode",
            "set_swing_mode",
            "set_temperature",
            "turn_off",
            "turn_on",
        }
    )
    __slots__ = ()


class WaterHeater(Entity):
    """A boiler: its mode of operation; ``temperature`` as with `Climate`."""

    kind = "water_heater"
    commands = frozenset({"set_mode", "set_temperature", "turn_off", "turn_on"})
    __slots__ = ()


class Number(Entity):
    """A number to set, in ``unit``, between the attributes ``min`` and ``max``."""

    kind = "number"
    commands = frozenset({"set_value"})
    __slots__ = ()


class Select(Entity):
    """One of the attribute ``options``."""

    kind = "select"
    commands = frozenset({"select_option"})
    __slots__ = ()


class Text(Entity):
    """A text to set."""

    kind = "text"
    commands = frozenset({"set_value"})
    __slots__ = ()


class Button(Entity):
    """Something to press: the ISO 8601 time of the last press, None before."""

    kind = "button"
    commands = frozenset({"press"})
    __slots__ = ()


class Scene(Entity):
    """A scene to turn on: the ISO 8601 time of the last time, None before."""

    kind = "scene"
    commands = frozenset({"turn_on"})
    __slots__ = ()


class Notify(Entity):
    """A device that shows a message: the ISO 8601 time of the last one, None before."""

    kind = "notify"
    commands = frozenset({"send_message"})
    __slots__ = ()


class AlarmControlPanel(Entity):
    """A burglar alarm: ``disarmed``, ``armed_…``, ``triggered`` or on the way to these."""

    kind = "alarm_control_panel"
    commands = frozenset(
        {
            "arm_away",
            "arm_custom_bypass",
            "arm_home",
            "arm_night",
            "arm_vacation",
            "disarm",
            "trigger",
        }
    )
    __slots__ = ()


CLASSES: dict[str, type[Entity]] = {
    entity.kind: entity
    for entity in (
        BinarySensor,
        Sensor,
        Event,
        DeviceAutomation,
        DeviceTracker,
        Tag,
        Update,
        Switch,
        Light,
        Fan,
        Siren,
        Humidifier,
        Valve,
        Cover,
        Lock,
        Vacuum,
        LawnMower,
        Climate,
        WaterHeater,
        Number,
        Select,
        Text,
        Button,
        Scene,
        Notify,
        AlarmControlPanel,
    )
}
