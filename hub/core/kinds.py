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
        values: str = "",
        commands: dict[str, tuple[str, ...]] | None = None,
        classes: str = "",
        personal: str = HABITS,
        switched: bool = False,
    ) -> None:
        self.name = name
        self.values = tuple(values.split())
        self.commands = commands or {}
        self.device_classes = frozenset(classes.split())
        self.personal = personal
        self.switched = switched


_ON_OFF: dict[str, tuple[str, ...]] = {"turn_on": (), "turn_off": (), "toggle": ()}
_POSITION: dict[str, tuple[str, ...]] = {
    "open": (),
    "close": (),
    "stop": (),
    "set_position": ("position",),
}
_BINARY_CLASSES = (
    "battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light "
    "lock moisture motion moving occupancy opening plug power presence problem running safety "
    "smoke sound tamper update vibration window"
)
_SENSOR_CLASSES = (
    "apparent_power aqi area atmospheric_pressure battery blood_glucose_concentration "
    "carbon_dioxide carbon_monoxide conductivity current data_rate data_size date distance "
    "duration energy energy_distance energy_storage enum frequency gas humidity illuminance "
    "irradiance moisture monetary nitrogen_dioxide nitrogen_monoxide nitrous_oxide ozone ph pm1 "
    "pm10 pm25 pm4 power power_factor precipitation precipitation_intensity pressure "
    "reactive_energy reactive_power signal_strength sound_pressure speed sulphur_dioxide "
    "temperature timestamp volatile_organic_compounds volatile_organic_compounds_parts voltage "
    "volume volume_flow_rate volume_storage water weight wind_direction wind_speed"
)
_NUMBER_CLASSES = " ".join(
    word for word in _SENSOR_CLASSES.split() if word not in {"date", "enum", "timestamp"}
)

_MEASURING = (
    Kind("binary_sensor", classes=_BINARY_CLASSES, personal=PRESENCE, switched=True),
    Kind("sensor", classes=_SENSOR_CLASSES),
    Kind("event", classes="button doorbell motion", personal=PRESENCE),
    Kind("device_automation", personal=PRESENCE),
    Kind("device_tracker", personal=PRESENCE),
    Kind("tag", personal=PRESENCE),
    Kind("update", commands={"install": ()}, classes="firmware", personal=NONE, switched=True),
)
_SWITCHING = (
    Kind("switch", commands=_ON_OFF, classes="outlet switch", switched=True),
    Kind(
        "light",
        commands={
            **_ON_OFF,
            "turn_on": (
                "brightness",
                "color_temp_kelvin",
                "hs_color",
                "rgb_color",
                "rgbw_color",
                "rgbww_color",
                "xy_color",
                "white",
                "effect",
                "flash",
                "transition",
            ),
            "turn_off": ("flash", "transition"),
        },
        switched=True,
    ),
    Kind(
        "fan",
        commands={
            **_ON_OFF,
            "turn_on": ("percentage", "preset_mode"),
            "set_percentage": ("percentage",),
            "set_preset_mode": ("preset_mode",),
            "oscillate": ("oscillating",),
            "set_direction": ("direction",),
        },
        switched=True,
    ),
    Kind(
        "siren",
        commands={"turn_on": ("tone", "duration", "volume_level"), "turn_off": ()},
        personal=NONE,
        switched=True,
    ),
    Kind(
        "humidifier",
        commands={**_ON_OFF, "set_humidity": ("humidity",), "set_mode": ("mode",)},
        classes="dehumidifier humidifier",
        switched=True,
    ),
)
_MOVING = (
    Kind(
        "valve",
        values="open closed opening closing",
        commands=_POSITION,
        classes="gas water",
        personal=NONE,
    ),
    Kind(
        "cover",
        values="open closed opening closing",
        commands={
            **_POSITION,
            "open_tilt": (),
            "close_tilt": (),
            "stop_tilt": (),
            "set_tilt_position": ("tilt_position",),
        },
        classes="awning blind curtain damper door garage gate shade shutter window",
    ),
    Kind(
        "lock",
        values="locked unlocked locking unlocking open opening jammed",
        commands={"lock": ("code",), "unlock": ("code",), "open": ("code",)},
        personal=PRESENCE,
    ),
    Kind(
        "vacuum",
        values="cleaning docked paused idle returning error",
        commands={
            "start": (),
            "pause": (),
            "stop": (),
            "return_to_base": (),
            "clean_spot": (),
            "locate": (),
            "set_fan_speed": ("fan_speed",),
            "send_command": ("command", "params"),
        },
    ),
    Kind(
        "lawn_mower",
        values="mowing docked paused returning error",
        commands={"start_mowing": (), "pause": (), "dock": ()},
    ),
)
_CLIMATE = (
    Kind(
        "climate",
        values="off heat cool heat_cool auto dry fan_only",
        commands={
            "turn_on": (),
            "turn_off": (),
            "set_mode": ("mode",),
            "set_temperature": ("temperature", "target_temp_low", "target_temp_high"),
            "set_humidity": ("humidity",),
            "set_fan_mode": ("fan_mode",),
            "set_swing_mode": ("swing_mode",),
            "set_swing_horizontal_mode": ("swing_horizontal_mode",),
            "set_preset_mode": ("preset_mode",),
        },
    ),
    Kind(
        "water_heater",
        values="off eco electric gas heat_pump high_demand performance",
        commands={
            "turn_on": (),
            "turn_off": (),
            "set_mode": ("mode",),
            "set_temperature": ("temperature",),
        },
    ),
)
_SETTING = (
    Kind("number", commands={"set_value": ("value",)}, classes=_NUMBER_CLASSES),
    Kind("select", commands={"select_option": ("option",)}),
    Kind("text", commands={"set_value": ("value",)}, personal=PRESENCE),
    Kind("button", commands={"press": ()}, classes="identify restart update"),
    Kind("scene", commands={"turn_on": ()}),
    Kind("notify", commands={"send_message": ("message", "title")}),
    Kind(
        "alarm_control_panel",
        values="disarmed armed_home armed_away armed_night armed_vacation armed_custom_bypass "
        "pending triggered arming disarming",
        commands={
            "disarm": ("code",),
            "arm_home": ("code",),
            "arm_away": ("code",),
            "arm_night": ("code",),
            "arm_vacation": ("code",),
            "arm_custom_bypass": ("code",),
            "trigger": ("code",),
        },
        personal=PRESENCE,
    ),
)

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*_MEASURING, *_SWITCHING, *_MOVING, *_CLIMATE, *_SETTING)
}


def ha_state(value: Value) -> str:
    """A value as Home Assistant's state string; ``unknown`` for None."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
