"""A simulated device at work: announces itself, tells its state, answers after a moment."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

import orjson

from integrations.mqtt.simulator.link import Address, Link
from integrations.mqtt.simulator.models import DISCOVERY, Model

STATUS_TOPIC = f"{DISCOVERY}/status"


class Device:
    """One device with its own connection and last will."""

    def __init__(
        self,
        model: Model,
        address: Address,
        *,
        language: str,
        answer_s: float,
        remembered: dict[str, Any],
        on_change: Callable[[], None],
    ) -> None:
        self.model = model
        self.state = {**model.first, **remembered.get("state", {})}
        self.commands: dict[str, int] = dict(remembered.get("commands", {"total": 0}))
        self._language = language
        self._answer_s = answer_s
        self._on_change = on_change
        self._availability = f"{model.base}/availability"
        self._set = f"{model.base}/set"
        self.link = Link(
            address,
            f"linli-demo-{model.key}",
            will=(self._availability, "offline"),
            on_connected=self._connected,
            on_message=self._message,
        )

    def remember(self) -> dict[str, Any]:
        """What must outlive the program: the state and how many commands came."""
        return {"state": self.state, "commands": self.commands}

    def control(self, order: dict[str, Any]) -> None:
        """Play a scene: ``alarm`` starts or ends its alarm, ``lost`` cuts or mends its link."""
        if isinstance(order.get("lost"), bool):
            (self.link.cut if order["lost"] else self.link.mend)()
        alarm = order.get("alarm")
        if isinstance(alarm, bool) and self.model.alarm is not None:
            self.state[self.model.alarm] = alarm
            if "gas_density" in self.state:
                self.state["gas_density"] = 18.0 if alarm else 0.0
            self._changed()

    def heartbeat(self) -> None:
        """Tell the state once more; measurements wander a little."""
        if "temperature" in self.state:
            wave = math.sin(time.time() / 600)
            self.state["temperature"] = round(22.5 + 0.8 * wave, 1)
            self.state["humidity"] = round(46 - 3 * wave, 1)
        self._tell()

    def _connected(self) -> None:
        self.link.subscribe(STATUS_TOPIC, *([self._set] if self.model.take else []))
        self._announce()

    def _announce(self) -> None:
        for topic, payload in self.model.discovery(self._language):
            self.link.publish(topic, orjson.dumps(payload))
        self.link.publish(self._availability, "online")
        self._tell()
        if self.model.take is not None:
            self._tell_commands()

    def _tell(self) -> None:
        self.link.publish(f"{self.model.base}/state", orjson.dumps(self.state))

    def _tell_commands(self) -> None:
        self.link.publish(f"{self.model.base}/commands", orjson.dumps(self.commands))

    def _changed(self) -> None:
        self._on_change()
        self._tell()

    def _message(self, topic: str, payload: bytes) -> None:
        if topic == STATUS_TOPIC:
            if payload == b"online":
                self._announce()
            return
        found = self.model.take and self.model.take(payload.decode(errors="replace"))
        if found is None:
            return
        name, changes = found
        for counted in ("total", name):
            self.commands[counted] = self.commands.get(counted, 0) + 1
        self._on_change()
        self._tell_commands()
        asyncio.get_running_loop().call_later(self._answer_s, self._answer, changes)

    def _answer(self, changes: dict[str, Any]) -> None:
        self.state.update(changes)
        self._changed()
