"""Tasmota's native discovery, said in the words of Home Assistant's: relays, switches, sensors.

A device announces ``tasmota/discovery/<MAC>/config`` and ``…/sensors``, both retained. Source:
tasmota.github.io, "Tasmota discovery" and "MQTT"; the keys are those of a device of version 8.4
to 14. Lights' colours and shutters' positions are Tasmota's own words and left out here: such a
relay is a switch that turns on and off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from hub.api import AnyTemplate, ParseProblem
from integrations.mqtt.components import TABLE
from integrations.mqtt.discovery import MAX_BYTES, Parsed
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Also, Spec

PREFIX = "tasmota/discovery"
MAX_DEPTH = 6
MAX_SENSORS = 256
Path = tuple[str | int, ...]
_MAC = re.compile(r"[0-9A-F]{12}")
_NO_RELAY = 0

# last name of a reading -> device class, unit, state class
_QUANTITIES: dict[str, tuple[str | None, str | None, str | None]] = {
    "ActiveEnergy": ("energy", "kWh", "total_increasing"),
    "ApparentPower": ("apparent_power", "VA", "measurement"),
    "CarbonDioxide": ("carbon_dioxide", "ppm", "measurement"),
    "CO2": ("carbon_dioxide", "ppm", "measurement"),
    "eCO2": ("carbon_dioxide", "ppm", "measurement"),
    "Current": ("current", "A", "measurement"),
    "DewPoint": ("temperature", "°C", "measurement"),
    "Distance": ("distance", "cm", "measurement"),
    "ExportActive": ("energy", "kWh", "total_increasing"),
    "ExportReactive": ("reactive_energy", "kvarh", "total_increasing"),
    "Factor": ("power_factor", None, "measurement"),
    "Frequency": ("frequency", "Hz", "measurement"),
    "Humidity": ("humidity", "%", "measurement"),
    "Illuminance": ("illuminance", "lx", "measurement"),
    "ImportActive": ("energy", "kWh", "total_increasing"),
    "ImportReactive": ("reactive_energy", "kvarh", "total_increasing"),
    "PB0.3": (None, "ppd", "measurement"),
    "PhaseAngle": (None, "°", "measurement"),
    "PM1": ("pm1", "µg/m³", "measurement"),
    "PM10": ("pm10", "µg/m³", "measurement"),
    "PM2.5": ("pm25", "µg/m³", "measurement"),
    "Power": ("power", "W", "measurement"),
    "Pressure": ("pressure", "hPa", "measurement"),
    "ReactivePower": ("reactive_power", "var", "measurement"),
    "SeaPressure": ("pressure", "hPa", "measurement"),
    "Temperature": ("temperature", "°C", "measurement"),
    "Today": ("energy", "kWh", "total_increasing"),
    "Total": ("energy", "kWh", "total"),
    "TotalTariff": ("energy", "kWh", "total"),
    "ExportTariff": ("energy", "kWh", "total"),
    "TotalStartTime": ("timestamp", None, None),
    "TVOC": ("volatile_organic_compounds_parts", "ppb", "measurement"),
    "Voltage": ("voltage", "V", "measurement"),
    "Weight": ("weight", "kg", "measurement"),
    "Yesterday": ("energy", "kWh", None),
}
_UNITS = {
    # announced unit of a whole device -> which quantities have it
    "TempUnit": (("Temperature", "DewPoint"), {"F": "°F", "C": "°C"}),
    "PressureUnit": (
        ("Pressure", "SeaPressure"),
        {"hPa": "hPa", "mmHg": "mmHg", "inHg": "inHg"},
    ),
}


class Tasmota:
    """One device, as its two announcements say.

    Raises:
        ParseProblem: The announcement isn't one of Tasmota's.
    """

    __slots__ = ("_config", "_prefixes", "_topic", "mac")

    def __init__(self, mac: str, payload: bytes) -> None:
        data = _load(payload)
        if not _MAC.fullmatch(mac) or data.get("mac") != mac:
            raise ParseProblem("a Tasmota announcement stands under another address than its own")
        self.mac = mac
        self._config = data
        fields = Fields(data)
        self._prefixes = fields.texts("tp")
        if len(self._prefixes) != 3:
            raise ParseProblem("a Tasmota announcement needs its three prefixes")
        full = fields.required_text("ft").rstrip("/")
        self._topic = full.replace("%topic%", fields.required_text("t")).replace(
            "%hostname%", fields.text("hn")
        )

    def topic(self, prefix: int, last: str) -> str:
        """The topic of a command (0), a state (1) or telemetry (2)."""
        return f"{self._topic.replace('%prefix%', self._prefixes[prefix])}/{last}"

    def questions(self) -> tuple[tuple[str, str], ...]:
        """Messages that make the device tell its state now instead of in five minutes."""
        return ((self.topic(0, "STATE"), ""), (self.topic(0, "STATUS"), "10"))

    def entities(self) -> Parsed:
        """Relays and switches."""
        found: Parsed = {}
        for number, relay in enumerate(_numbers(self._config, "rl"), 1):
            if relay != _NO_RELAY:
                found[f"relay_{number}"] = self._relay(number)
        for number, mode in enumerate(_numbers(self._config, "swc"), 1):
            if mode >= 0:
                found[f"switch_{number}"] = self._switch(number)
        return found

    def sensors(self, payload: bytes) -> Parsed:
        """The readings that the device's second announcement shows.

        Raises:
            ParseProblem: It isn't one.
        """
        shown = _load(payload).get("sn")
        if not isinstance(shown, dict):
            raise ParseProblem("a Tasmota announcement of sensors needs sn")
        found: Parsed = {}
        for path in _readings(shown, ()):
            if len(found) >= MAX_SENSORS:
                raise ParseProblem(f"a Tasmota device announces more than {MAX_SENSORS} sensors")
            found["sensor_" + "_".join(map(str, path))] = self._sensor(path, shown)
        return found

    def _relay(self, number: int) -> Spec:
        relays = sum(1 for one in _numbers(self._config, "rl") if one != _NO_RELAY)
        power = "POWER" if relays == 1 else f"POWER{number}"
        off, on = self._words()
        spec = self._spec(
            "switch",
            f"{self.mac}_switch_relay_{number}",
            name=self._friendly(number) if relays > 1 else "",
            command_topic=self.topic(0, f"POWER{number}" if relays > 1 else "POWER"),
            payload_on=on,
            payload_off=off,
            state_topic=self.topic(1, "RESULT"),
            value_template=_look_up((power,)),
        )
        spec.also = (Also(self.topic(2, "STATE"), spec.state_template),)
        return spec

    def _switch(self, number: int) -> Spec:
        off, on = self._words()
        names = self._config.get("swn")
        name = names[number - 1] if isinstance(names, list) and len(names) >= number else None
        spec = self._spec(
            "binary_sensor",
            f"{self.mac}_binary_sensor_switch_{number}",
            name=name or f"Switch {number}",
            payload_on=on,
            payload_off=off,
            state_topic=self.topic(1, "RESULT"),
            value_template=_look_up((f"Switch{number}", "Action")),
        )
        spec.also = (Also(self.topic(2, "SENSOR"), _template((f"Switch{number}",))),)
        return spec

    def _sensor(self, path: Path, shown: Mapping[str, Any]) -> Spec:
        words = [step for step in path if isinstance(step, str)]
        plain = (None, None, "measurement" if _is_number(shown, path) else None)
        device_class, unit, state_class = _QUANTITIES.get(words[-1], plain)
        for key, (quantities, units) in _UNITS.items():
            if words[-1] in quantities:
                unit = units.get(str(shown.get(key)), unit)
        spec = self._spec(
            "sensor",
            f"{self.mac}_sensor_sensor_" + "_".join(map(str, path)),
            name=" ".join(map(str, path)),
            device_class=device_class,
            unit_of_measurement=unit,
            state_class=state_class,
            state_topic=self.topic(2, "SENSOR"),
            value_template=_look_up(path),
        )
        spec.also = (Also(self.topic(1, "STATUS10"), _template(("StatusSNS", *path))),)
        return spec

    def _spec(self, component: str, unique_id: str, **more: object) -> Spec:
        config = self._config
        fields = {
            **{key: value for key, value in more.items() if value is not None},
            "unique_id": unique_id,
            "availability_topic": self.topic(2, "LWT"),
            "payload_available": config.get("onln", "Online"),
            "payload_not_available": config.get("ofln", "Offline"),
            "device": {
                "connections": [["mac", ":".join(re.findall("..", self.mac))]],
                "name": config.get("dn") or config.get("hn") or self.mac,
                "manufacturer": "Tasmota",
                "model": config.get("md", ""),
                "sw_version": config.get("sw", ""),
            },
        }
        return TABLE[component](Fields(fields), unique_id)

    def _words(self) -> tuple[str, str]:
        words = Fields(self._config).texts("state")
        return (words[0], words[1]) if len(words) > 1 else ("OFF", "ON")

    def _friendly(self, number: int) -> str:
        names = self._config.get("fn")
        name = names[number - 1] if isinstance(names, list) and len(names) >= number else None
        return name if isinstance(name, str) and name else f"Relay {number}"


def _load(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise ParseProblem(f"a discovery payload is larger than {MAX_BYTES} bytes")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ParseProblem("a discovery payload isn't JSON") from None
    if not isinstance(data, dict):
        raise ParseProblem("a discovery payload isn't a JSON object")
    return data


def _numbers(config: Mapping[str, Any], key: str) -> list[int]:
    rows = config.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(one, int) for one in rows):
        raise ParseProblem(f"{key} of a Tasmota announcement must be a list of numbers")
    return rows[:64]


def _readings(
    shown: Mapping[str, Any], above: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    """The paths to everything that is a reading: numbers, lists of numbers, and times."""
    if len(above) >= MAX_DEPTH:
        return
    for key, value in shown.items():
        path = (*above, key)
        if isinstance(value, dict):
            yield from _readings(value, path)
        elif not above and (key == "Time" or key.endswith("Unit")):
            continue
        elif isinstance(value, list):
            yield from ((*path, number) for number, _ in enumerate(value[:16]))
        else:
            yield path


def _is_number(shown: Mapping[str, Any], path: Path) -> bool:
    value: Any = shown
    for step in path:
        value = value[step]
    return isinstance(value, int | float) and not isinstance(value, bool)


def _template(path: Path) -> AnyTemplate | None:
    return Fields({"value_template": _look_up(path)}).template("value_template")


def _look_up(path: Path) -> str:
    """A template that finds a reading, and nothing where the message doesn't have it."""
    for step in path:
        if isinstance(step, str) and ('"' in step or "\\" in step or not step.isprintable()):
            raise ParseProblem("a Tasmota reading has a name that isn't allowed")
    parents = " and ".join(f"value_json{_steps(path[:n])} is defined" for n in range(1, len(path)))
    found = f"{{{{ value_json{_steps(path)} }}}}"
    return f"{{% if {parents} %}}{found}{{% endif %}}" if parents else found


def _steps(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f'["{step}"]' for step in path)
