"""The simulated device models: what each announces, and how it answers a command.

Texts are data that the devices send, so they come in the language that the program is given.
All of them say that they are demonstration devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROOT = "linli-demo"
DISCOVERY = "homeassistant"
LANGUAGES = ("en", "zh_CN")
KITCHEN, LIVING_ROOM, BATHROOM, BEDROOM, HALLWAY = (
    ("Kitchen", "厨房"),
    ("Living room", "客厅"),
    ("Bathroom", "卫生间"),
    ("Bedroom", "卧室"),
    ("Hallway", "过道"),
)
DUTY_ROOM = ("Duty room", "值班室")

State = dict[str, Any]
Config = dict[str, Any]


class Model:
    """One kind of simulated device.

    Attributes:
        key: its name in topics.
        names: device name by language.
        rooms: where it says that it stands, by language.
        first: its state when new.
        entities: (component, object id, config); a ``name`` may be one for each language.
        alarm: which key of the state an alarm sets, None where there is nothing to alarm.
        take: what a command payload does to the state, as the command's name and the changed
            keys, or None when the payload isn't one; None for a device without commands.
    """

    __slots__ = ("alarm", "entities", "first", "key", "names", "rooms", "take")

    def __init__(
        self,
        key: str,
        names: tuple[str, str],
        first: State,
        entities: list[tuple[str, str, Config]],
        *,
        room: tuple[str, str],
        alarm: str | None = None,
        take: Callable[[str], tuple[str, State] | None] | None = None,
    ) -> None:
        self.key = key
        self.names = dict(zip(LANGUAGES, names, strict=True))
        self.rooms = dict(zip(LANGUAGES, room, strict=True))
        self.first = first
        self.entities = entities
        self.alarm = alarm
        self.take = take

    @property
    def base(self) -> str:
        """The topic under which the device lives."""
        return f"{ROOT}/{self.key}"

    def discovery(self, language: str) -> list[tuple[str, Config]]:
        """Topic and payload of each retained announcement."""
        device = {
            "identifiers": [f"{ROOT}_{self.key}"],
            "name": self.names[language],
            "manufacturer": "Linli demo",
            "model": self.key,
            "suggested_area": self.rooms[language],
        }
        found = []
        for component, object_id, config in self.entities:
            topic = f"{DISCOVERY}/{component}/{ROOT}_{self.key}/{object_id}/config"
            payload: Config = {
                "~": self.base,
                "availability_topic": "~/availability",
                "default_entity_id": f"{component}.demo_{self.key}_{object_id}",
                "device": device,
                "object_id": f"demo_{self.key}_{object_id}",
                "state_topic": "~/state",
                "unique_id": f"{ROOT}_{self.key}_{object_id}",
                **config,
            }
            if isinstance(payload.get("name"), tuple):
                payload["name"] = payload["name"][LANGUAGES.index(language)]
            found.append((topic, payload))
        return found


def _value(key: str) -> str:
    return f'{{{{ value_json["{key}"] }}}}'


def _alarm_entity(key: str, device_class: str) -> tuple[str, str, Config]:
    config: Config = {
        "device_class": device_class,
        "payload_off": False,
        "payload_on": True,
        "value_template": _value(key),
    }
    return ("binary_sensor", key, config)


def _measured(key: str, unit: str, *, device_class: str | None = None, **more: Any) -> Any:
    config: Config = {
        "state_class": "measurement",
        "unit_of_measurement": unit,
        "value_template": _value(key),
        **more,
    }
    if device_class is not None:
        config["device_class"] = device_class
    return ("sensor", key, config)


def _battery() -> Any:
    return _measured("battery", "%", device_class="battery", entity_category="diagnostic")


def _counter() -> Any:
    config: Config = {
        "enabled_by_default": False,
        "entity_category": "diagnostic",
        "name": ("Commands received", "收到的指令"),
        "state_class": "total_increasing",
        "state_topic": "~/commands",
        "value_template": _value("total"),
    }
    return ("sensor", "commands", config)


def _on_off(payload: str) -> tuple[str, State] | None:
    word = payload.strip().upper()
    names = {"ON": "turn_on", "OFF": "turn_off"}
    return (names[word], {"state": word}) if word in names else None


def _valve(payload: str) -> tuple[str, State] | None:
    states = {"OPEN": ("open", "open"), "CLOSE": ("close", "closed")}
    found = states.get(payload.strip().upper())
    return None if found is None else (found[0], {"state": found[1]})


def _plug(payload: str) -> tuple[str, State] | None:
    found = _on_off(payload)
    if found is None:
        return None
    return found[0], {**found[1], "power": 62.0 if found[0] == "turn_on" else 0.0}


def _sounder(key: str, names: tuple[str, str], room: tuple[str, str]) -> Model:
    config: Config = {
        "command_template": "{{ value }}",
        "command_topic": "~/set",
        "name": None,
        "state_value_template": _value("state"),
        "support_duration": False,
        "support_volume_set": False,
    }
    siren = ("siren", "siren", config)
    return Model(key, names, {"state": "OFF"}, [siren, _counter()], room=room, take=_on_off)


HOME: tuple[Model, ...] = (
    Model(
        "gas_sensor",
        ("Kitchen gas sensor (demo)", "厨房燃气传感器（演示）"),
        {"gas": False, "gas_density": 0.0},
        [
            _alarm_entity("gas", "gas"),
            _measured("gas_density", "%LEL", name=("Gas density", "燃气浓度")),
        ],
        room=KITCHEN,
        alarm="gas",
    ),
    Model(
        "smoke_sensor",
        ("Living room smoke sensor (demo)", "客厅烟雾传感器（演示）"),
        {"smoke": False, "battery": 93},
        [_alarm_entity("smoke", "smoke"), _battery()],
        room=LIVING_ROOM,
        alarm="smoke",
    ),
    Model(
        "co_sensor",
        ("Bathroom carbon monoxide sensor (demo)", "卫生间一氧化碳传感器（演示）"),
        {"carbon_monoxide": False, "battery": 90},
        [_alarm_entity("carbon_monoxide", "carbon_monoxide"), _battery()],
        room=BATHROOM,
        alarm="carbon_monoxide",
    ),
    Model(
        "leak_sensor",
        ("Bathroom leak sensor (demo)", "卫生间漏水传感器（演示）"),
        {"leak": False, "battery": 88},
        [_alarm_entity("leak", "moisture"), _battery()],
        room=BATHROOM,
        alarm="leak",
    ),
    Model(
        "gas_valve",
        ("Gas valve (demo)", "燃气阀门（演示）"),
        {"state": "open"},
        [
            (
                "valve",
                "valve",
                {
                    "command_topic": "~/set",
                    "device_class": "gas",
                    "name": None,
                    "qos": 1,
                    "value_template": _value("state"),
                },
            ),
            _counter(),
        ],
        room=KITCHEN,
        take=_valve,
    ),
    Model(
        "water_valve",
        ("Water valve (demo)", "水阀（演示）"),
        {"state": "ON", "battery": 76, "flow": 0.0},
        [
            (
                "switch",
                "switch",
                {
                    "command_topic": "~/set",
                    "name": None,
                    "payload_off": "OFF",
                    "payload_on": "ON",
                    "qos": 1,
                    "value_template": _value("state"),
                },
            ),
            _battery(),
            _measured("flow", "m³/h", device_class="volume_flow_rate"),
            _counter(),
        ],
        room=BATHROOM,
        take=_on_off,
    ),
    Model(
        "plug",
        ("Kettle plug (demo)", "水壶插座（演示）"),
        {"state": "ON", "power": 62.0},
        [
            (
                "switch",
                "switch",
                {
                    "command_topic": "~/set",
                    "device_class": "outlet",
                    "name": None,
                    "value_template": _value("state"),
                },
            ),
            _measured("power", "W", device_class="power"),
            _counter(),
        ],
        room=KITCHEN,
        take=_plug,
    ),
    _sounder("siren", ("Hallway siren (demo)", "过道警号（演示）"), HALLWAY),
    Model(
        "climate",
        ("Bedroom thermometer (demo)", "卧室温湿度计（演示）"),
        {"temperature": 22.4, "humidity": 46.0, "battery": 81},
        [
            _measured("temperature", "°C", device_class="temperature"),
            _measured("humidity", "%", device_class="humidity"),
            _battery(),
        ],
        room=BEDROOM,
    ),
)

COMMUNITY: tuple[Model, ...] = (
    _sounder("community_siren", ("Duty room siren (demo)", "值班室警号（演示）"), DUTY_ROOM),
)

SETS: dict[str, tuple[Model, ...]] = {"home": HOME, "community": COMMUNITY}
