"""Listens for Tasmota's own announcements and keeps what each device said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hub.api import Mqtt, ParseProblem
from integrations.mqtt.discovery import Parsed
from integrations.mqtt.tasmota import PREFIX, Tasmota

MAX_DEVICES = 2000
MAX_KEPT_BYTES = 64 * 1024


class Apply(Protocol):
    """Brings a topic's entities to what its announcement says."""

    def __call__(self, topic: str, parsed: Parsed, *, whole: bool) -> None:
        """See `integrations.mqtt.integration`."""


class TasmotaDevices:
    """Hands the entities of each device on; the two announcements come in any order."""

    __slots__ = ("_apply", "_devices", "_mqtt", "_problem", "_shown")

    def __init__(self, mqtt: Mqtt, problem: Callable[..., None], apply: Apply) -> None:
        self._mqtt = mqtt
        self._problem = problem
        self._apply = apply
        self._devices: dict[str, Tasmota] = {}
        self._shown: dict[str, bytes] = {}
        mqtt.subscribe(f"{PREFIX}/+/config", self._on_config)
        mqtt.subscribe(f"{PREFIX}/+/sensors", self._on_sensors)

    def ask(self) -> None:
        """Have every device tell its state, as after the broker came back."""
        for device in self._devices.values():
            self._ask(device)

    def _ask(self, device: Tasmota) -> None:
        for topic, payload in device.questions():
            self._mqtt.publish_now(topic, payload)

    def _on_config(self, topic: str, payload: bytes, _retained: bool) -> None:
        mac = topic.split("/")[2]
        if not payload:
            self._devices.pop(mac, None)
            self._apply(topic, {}, whole=True)
            self._apply(f"{PREFIX}/{mac}/sensors", {}, whole=True)
            return
        if mac not in self._devices and len(self._devices) >= MAX_DEVICES:
            self._problem("too_many_entities", "%s: more than %d devices", topic, MAX_DEVICES)
            return
        try:
            device = Tasmota(mac, payload)
            entities = device.entities()
        except ParseProblem as problem:
            self._problem("bad_discovery", "%s: %s", topic, problem)
            return
        self._devices[mac] = device
        self._apply(topic, entities, whole=True)
        if mac in self._shown:
            self._show(device)
        self._ask(device)

    def _on_sensors(self, topic: str, payload: bytes, _retained: bool) -> None:
        mac = topic.split("/")[2]
        if len(payload) > MAX_KEPT_BYTES or len(self._shown) > MAX_DEVICES:
            self._problem("bad_discovery", "%s: %d bytes are too many", topic, len(payload))
            return
        if not payload:
            self._shown.pop(mac, None)
            self._apply(topic, {}, whole=True)
            return
        self._shown[mac] = payload
        device = self._devices.get(mac)
        if device is not None:
            self._show(device)
            self._ask(device)

    def _show(self, device: Tasmota) -> None:
        topic = f"{PREFIX}/{device.mac}/sensors"
        try:
            sensors = device.sensors(self._shown[device.mac])
        except ParseProblem as problem:
            self._problem("bad_discovery", "%s: %s", topic, problem)
        else:
            self._apply(topic, sensors, whole=True)
