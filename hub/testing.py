"""The test harness for integrations; it ships to device makers with ``hub.api``.

``FakeMqtt`` stands in for the broker and ``RecordingDoor`` for the hub, so that an integration
runs without either: deliver messages, then look at what was announced and which states came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.core.mqtt import MqttUnavailable, matches
from hub.plugins.connections.mqtt import Mqtt
from hub.plugins.entities import Attributes, Value
from hub.plugins.integration import Integration
from hub.plugins.problems import Problems

MessageCallback = Callable[[str, bytes, bool], None]


async def until(condition: Callable[[], object], *, within: float = 10.0) -> None:
    """Return as soon as the condition holds; AssertionError after ``within`` seconds."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"nothing happened within {within} s")
        await asyncio.sleep(0.005)


class Told:
    """The last state that an entity told."""

    __slots__ = ("attributes", "available", "value")

    def __init__(self, value: Value, attributes: Attributes | None, available: bool) -> None:
        self.value = value
        self.attributes = dict(attributes or {})
        self.available = available

    def __repr__(self) -> str:
        return f"Told({self.value!r}, {self.attributes!r}, available={self.available})"


class RecordingDoor:
    """The hub's side of the door: keeps everything that an integration says."""

    def __init__(self) -> None:
        self.announced: dict[str, dict[str, Any]] = {}
        self.withdrawn: list[str] = []
        self.states: dict[str, Told] = {}
        self.history: list[tuple[str, Value, bool]] = []
        self.problems = Problems("hub.testing")

    def announce(self, key: str, entity: dict[str, Any]) -> None:
        """Keep an announcement."""
        self.announced[key] = entity

    def withdraw(self, key: str) -> None:
        """Forget an entity and note that it was withdrawn."""
        self.announced.pop(key, None)
        self.states.pop(key, None)
        self.withdrawn.append(key)

    def state(self, key: str, value: Value, attributes: Attributes | None, available: bool) -> None:
        """Keep a state."""
        self.states[key] = Told(value, attributes, available)
        self.history.append((key, value, available))

    def problem(self, kind: str, text: str, *values: object) -> None:
        """Count a problem."""
        self.problems.note(kind, text, *values)


class FakeConnection:
    """A broker in memory, behind the same methods as the real connection."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connected = connected
        self.published: list[tuple[str, bytes, int, bool]] = []
        self.answers: dict[str, Callable[[bytes], None]] = {}
        self._subscriptions: list[tuple[str, MessageCallback]] = []
        self._listeners: list[Callable[[bool], None]] = []
        self._retained: dict[str, bytes] = {}

    def on_connection(self, callback: Callable[[bool], None]) -> Callable[[], None]:
        """Call back when the connection changes."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def subscribe(
        self, topic_filter: str, callback: MessageCallback, qos: int = 0
    ) -> Callable[[], None]:
        """Subscribe; retained messages come at once, as from a broker."""
        entry = (topic_filter, callback)
        self._subscriptions.append(entry)
        for topic, payload in list(self._retained.items()) if self.connected and qos >= 0 else []:
            if matches(topic_filter, topic):
                callback(topic, payload, True)
        return lambda: self._subscriptions.remove(entry)

    async def publish(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> None:
        """Record a message; a function in ``answers`` for its topic plays the device."""
        if not self.publish_now(topic, payload, qos, retain):
            raise MqttUnavailable("there is no broker")

    def publish_now(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> bool:
        """Record a message, False without connection."""
        if not self.connected:
            return False
        content = payload.encode() if isinstance(payload, str) else payload
        self.published.append((topic, content, qos, retain))
        if topic in self.answers:
            asyncio.get_running_loop().call_soon(self.answers[topic], content)
        return True

    def deliver(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """A device publishes."""
        content = payload.encode() if isinstance(payload, str) else payload
        if retain:
            self._retained[topic] = content
        for topic_filter, callback in tuple(self._subscriptions):
            if matches(topic_filter, topic):
                callback(topic, content, False)

    def change(self, *, connected: bool) -> None:
        """Lose the broker or bring it back; back, retained messages come again."""
        self.connected = connected
        if connected:
            for topic, payload in list(self._retained.items()):
                for topic_filter, callback in tuple(self._subscriptions):
                    if matches(topic_filter, topic):
                        callback(topic, payload, True)
        for listener in tuple(self._listeners):
            listener(connected)


class Harness:
    """One integration with a fake broker and a recording door.

    Example:
        >>> harness = Harness(MyIntegration)
        >>> await harness.start({"setting": "value"})
        >>> harness.mqtt.deliver("topic", b"payload")
        >>> harness.door.states["sensor.my_id"].value
    """

    def __init__(
        self,
        integration: type[Integration[Any]],
        *,
        subscribe: Sequence[str] = ("#",),
        publish: Sequence[str] = ("#",),
    ) -> None:
        self.door = RecordingDoor()
        self.mqtt = FakeConnection()
        self.integration = integration(self.door)
        self._narrow = Mqtt(self.mqtt, subscribe=subscribe, publish=publish)

    async def start(self, config: Mapping[str, object] | None = None) -> None:
        """Check the config and connect."""
        checked = self.integration.config_class().from_data(config or {})
        await self.integration.connect(checked, mqtt=self._narrow)

    async def stop(self) -> None:
        """Close the integration and its connections."""
        await self.integration.close()
        self._narrow.close()

    async def command(self, key: str, command: str, /, **args: Any) -> None:
        """Send a command as the hub does; raises what the integration raises."""
        await asyncio.wait_for(self.integration.handle_command(key, command, args), 5)
