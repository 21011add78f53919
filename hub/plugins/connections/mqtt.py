"""The broker as an integration sees it: only topics that its manifest declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hub.core.mqtt import ConnectionCallback, MessageCallback, MqttDenied, MqttUnavailable

__all__ = ["Mqtt", "MqttDenied", "MqttUnavailable", "NotDeclared", "covers"]


class Connection(Protocol):
    """What ``Mqtt`` needs of a connection: ``hub.core.mqtt`` has it, and the test harness."""

    connected: bool

    def on_connection(self, callback: ConnectionCallback, /) -> Callable[[], None]:
        """Call back with True when connected and False when lost; returns its undoing."""

    def subscribe(
        self, topic_filter: str, callback: MessageCallback, qos: int = 0, /
    ) -> Callable[[], None]:
        """Call back for each message; returns its undoing."""

    async def publish(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False, /
    ) -> None:
        """Publish and wait for the broker's answer."""

    def publish_now(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False, /
    ) -> bool:
        """Publish without waiting."""


class NotDeclared(PermissionError):
    """The integration's manifest doesn't declare this topic."""


def covers(declared: str, wanted: str) -> bool:
    """Whether every topic under the filter ``wanted`` is under the filter ``declared``.

    Wildcards at the start don't cover the broker's own ``$`` topics (MQTT 3.1.1 section 4.7.2).
    """
    have, want = declared.split("/"), wanted.split("/")
    if want[0].startswith("$") and have[0] in {"+", "#"}:
        return False
    for number, level in enumerate(have):
        if level == "#":
            return True
        if number >= len(want) or want[number] == "#":
            return False
        if level not in {"+", want[number]}:
            return False
    return len(have) == len(want)


class Mqtt:
    """Subscribe and publish within the declared filters; arguments and answers are plain data."""

    __slots__ = ("_connection", "_next", "_publish", "_subscribe", "_undo")

    def __init__(
        self, connection: Connection, *, subscribe: Sequence[str], publish: Sequence[str]
    ) -> None:
        self._connection = connection
        self._subscribe = tuple(subscribe)
        self._publish = tuple(publish)
        self._undo: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._connection.connected

    def on_connection(self, callback: ConnectionCallback) -> None:
        """Be told True when the broker is there (at once if it is) and False when it is lost."""
        self._remember(self._connection.on_connection(callback))
        if self._connection.connected:
            callback(True)

    def subscribe(
        self, topic_filter: str, callback: MessageCallback, qos: int = 0
    ) -> Callable[[], None]:
        """Get messages as ``callback(topic, payload, retained)``; returns the way to end it.

        Subscriptions outlive a lost broker.

        Raises:
            NotDeclared: The manifest doesn't cover the filter.
        """
        if not any(covers(declared, topic_filter) for declared in self._subscribe):
            raise NotDeclared(f"the manifest doesn't declare subscribing to {topic_filter}")
        undo = self._connection.subscribe(topic_filter, callback, qos)
        number = self._remember(undo)

        def end() -> None:
            if self._undo.pop(number, None) is not None:
                undo()

        return end

    async def publish(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> None:
        """Publish one message; with QoS 1 it returns when the broker has it.

        Raises:
            NotDeclared: The manifest doesn't cover the topic.
            MqttUnavailable: The broker isn't there.
            MqttDenied: Its rules don't let the hub publish there (MQTT 5 only).
        """
        self._check_publish(topic)
        await self._connection.publish(topic, payload, qos, retain)

    def publish_now(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> bool:
        """Publish without waiting; False when the broker isn't there. Raises NotDeclared."""
        self._check_publish(topic)
        return self._connection.publish_now(topic, payload, qos, retain)

    def close(self) -> None:
        """End every subscription and listener made through this object."""
        undos, self._undo = self._undo, {}
        for undo in undos.values():
            undo()

    def _remember(self, undo: Callable[[], None]) -> int:
        self._next += 1
        self._undo[self._next] = undo
        return self._next

    def _check_publish(self, topic: str) -> None:
        if not any(covers(declared, topic) for declared in self._publish):
            raise NotDeclared(f"the manifest doesn't declare publishing to {topic}")
