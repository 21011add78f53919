"""The kinds of entity that a home has: values, commands, units, and what they tell of people.

Names and device classes are Home Assistant's where it has one. A kind is one row of `KINDS`.
"""

from __future__ import annotations

Value = bool | float | str | None

PRESENCE = "presence"
HABITS = "habits"
NONE = "none"
"""What a state can tell of the people who live there: presence at home, habits, or nothing."""


FLAG = "flag"
WORD = "word"
NUMBER = "number"
FIGURE = "figure"
TEXT = "text"
MOMENT = "moment"
"""What a state is: True or False; one of the kind's words; a number in the entity's unit; a number
or, without a unit, a text; a text; the ISO 8601 time of the last time it happened."""

COLOR = "color"
SECRET = "secret"  # noqa: S105 - what an argument is
"""What an argument can be besides `FLAG`, `NUMBER` and `TEXT`: a list of two to five numbers, or
something that is never written down."""


KEEP_DAYS = {PRESENCE: 10, HABITS: 90, NONE: 365}
KEEP_NUMBERS_DAYS = 365
"""How many days the history is kept unless a household chooses otherwise: what tells who is at home
for some days, habits for a season, figures and what tells nothing of people for a year."""


class Kind:
    """One kind.

    Attributes:
        name: Home Assistant's name of the component.
        state: `FLAG`, `WORD`, `NUMBER`, `FIGURE`, `TEXT` or `MOMENT`.
        values: the words of a state that is one of them; ones of the device's own may come too.
        commands: what it can be told, with the names of the arguments.
        twice: of these, what a person is asked to press a second time for.
        device_classes: what it can measure or be.
        hazards: what it can be watched for, by device class; "" where the resident has to say so.
        roles: what it can be bound to do in a hazard.
        personal: `PRESENCE`, `HABITS` or `NONE`.
    """

    __slots__ = (
        "commands",
        "device_classes",
        "hazards",
        "name",
        "personal",
        "roles",
        "state",
        "twice",
        "values",
    )

    def __init__(
        self,
        name: str,
        state: str,
        *,
        values: str = "",
        commands: dict[str, tuple[str, ...]] | None = None,
        twice: str = "",
        classes: str = "",
        hazards: dict[str, str] | None = None,
        roles: str = "",
        personal: str = HABITS,
    ) -> None:
        self.name = name
        self.state = state
        self.values = tuple(values.split())
        self.commands = commands or {}
        self.twice = frozenset(twice.split())
        self.device_classes = frozenset(classes.split())
        self.hazards = {key: tuple(words.split()) for key, words in (hazards or {}).items()}
        self.roles = frozenset(roles.split())
        self.personal = personal

    @property
    def keep_days(self) -> int:
        """How many days its history is kept unless a household chooses otherwise."""
        if self.personal != PRESENCE and self.state in {FIGURE, NUMBER}:
            return KEEP_NUMBERS_DAYS
        return KEEP_DAYS[self.personal]

    def watched_for(self, device_class: str | None) -> tuple[str, ...]:
        """What an entity of this kind and class can be watched for, the nearest first."""
        own = self.hazards.get(device_class or "", ()) if device_class else ()
        return tuple(dict.fromkeys((*own, *self.hazards.get("", ()))))


def keep_days(kind: str) -> int:
    """How many days a kind's history is kept unless chosen otherwise; the hub's own for longest."""
    known = KINDS.get(kind)
    return known.keep_days if known is not None else max(KEEP_DAYS.values())


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
    Kind(
        "binary_sensor",
        FLAG,
        classes=_BINARY_CLASSES,
        hazards={
            "battery": "battery",
            "carbon_monoxide": "carbon_monoxide",
            "gas": "gas",
            "heat": "overheat",
            "moisture": "leak",
            "smoke": "smoke",
            "": "sos overload leakage arc freezing",
        },
        personal=PRESENCE,
    ),
    Kind(
        "sensor",
        FIGURE,
        classes=_SENSOR_CLASSES,
        hazards={
            "battery": "battery",
            "carbon_monoxide": "carbon_monoxide",
            "current": "overload leakage",
            "power": "overload left_on",
            "temperature": "overheat freezing",
            "volume_flow_rate": "running_water",
            "water": "running_water",
        },
    ),
    Kind(
        "event",
        MOMENT,
        classes="button doorbell motion",
        hazards={"": "sos"},
        personal=PRESENCE,
    ),
    Kind("device_automation", MOMENT, hazards={"": "sos"}, personal=PRESENCE),
    Kind("device_tracker", TEXT, values="home not_home", personal=PRESENCE),
    Kind("tag", MOMENT, personal=PRESENCE),
    Kind("update", FLAG, commands={"install": ()}, classes="firmware", personal=NONE),
)
_SWITCHING = (
    Kind(
        "switch",
        FLAG,
        commands=_ON_OFF,
        classes="outlet switch",
        roles="gas_valve siren socket water_valve",
    ),
    Kind(
        "light",
        FLAG,
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
    ),
    Kind(
        "fan",
        FLAG,
        commands={
            **_ON_OFF,
            "turn_on": ("percentage", "preset_mode"),
            "set_percentage": ("percentage",),
            "set_preset_mode": ("preset_mode",),
            "oscillate": ("oscillating",),
            "set_direction": ("direction",),
        },
    ),
    Kind(
        "siren",
        FLAG,
        commands={"turn_on": ("tone", "duration", "volume_level"), "turn_off": ()},
        twice="turn_on",
        roles="siren",
        personal=NONE,
    ),
    Kind(
        "humidifier",
        FLAG,
        commands={**_ON_OFF, "set_humidity": ("humidity",), "set_mode": ("mode",)},
        classes="dehumidifier humidifier",
    ),
)
_MOVING = (
    Kind(
        "valve",
        WORD,
        values="open closed opening closing",
        commands=_POSITION,
        classes="gas water",
        roles="gas_valve water_valve",
        personal=NONE,
    ),
    Kind(
        "cover",
        WORD,
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
        WORD,
        values="locked unlocked locking unlocking open opening jammed",
        commands={"lock": ("code",), "unlock": ("code",), "open": ("code",)},
        twice="unlock open",
        personal=PRESENCE,
    ),
    Kind(
        "vacuum",
        WORD,
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
        WORD,
        values="mowing docked paused returning error",
        commands={"start_mowing": (), "pause": (), "dock": ()},
    ),
)
_CLIMATE = (
    Kind(
        "climate",
        WORD,
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
        WORD,
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
    Kind("number", NUMBER, commands={"set_value": ("value",)}, classes=_NUMBER_CLASSES),
    Kind("select", TEXT, commands={"select_option": ("option",)}),
    Kind("text", TEXT, commands={"set_value": ("value",)}, personal=PRESENCE),
    Kind("button", MOMENT, commands={"press": ()}, classes="identify restart update"),
    Kind("scene", MOMENT, commands={"turn_on": ()}),
    Kind("notify", MOMENT, commands={"send_message": ("message", "title")}),
    Kind(
        "alarm_control_panel",
        WORD,
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
        twice="disarm trigger",
        personal=PRESENCE,
    ),
)

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*_MEASURING, *_SWITCHING, *_MOVING, *_CLIMATE, *_SETTING)
}


_NUMBERS = frozenset(
    {
        "brightness",
        "color_temp_kelvin",
        "duration",
        "humidity",
        "percentage",
        "position",
        "target_temp_high",
        "target_temp_low",
        "temperature",
        "tilt_position",
        "transition",
        "volume_level",
        "white",
    }
)


def argument(kind: str, name: str) -> str:
    """What an argument of a kind's command is: FLAG, NUMBER, TEXT, COLOR or SECRET."""
    if name == "value":  # a text may be a password
        return NUMBER if kind == "number" else SECRET
    if name.endswith("_color"):
        return COLOR
    return {"code": SECRET, "oscillating": FLAG}.get(name, NUMBER if name in _NUMBERS else TEXT)


def secret(kind: str, name: str) -> bool:
    """Whether an argument is one that is never written down."""
    return argument(kind, name) == SECRET


def ha_state(value: Value) -> str:
    """A value as Home Assistant's state string; ``unknown`` for None."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
