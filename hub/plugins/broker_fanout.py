"""amqtt with a short way for the messages that make up nearly all traffic.

amqtt queues every message, walks all subscriptions and starts a task per recipient: about a
hundred microseconds a message. Here the recipients of a topic are remembered, and a message
of QoS 0 is packed once and written to their sockets at once. A session whose subscriptions
overlap gets a message once, at the highest of their levels, as Mosquitto does.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from amqtt.broker import Broker
from amqtt.mqtt.constants import QOS_0
from amqtt.session import Session

_log = logging.getLogger(__name__)
_MAX_CACHED = 10_000
_MAX_PENDING = 4 * 1024 * 1024  # bytes a reader may lag before QoS 0 messages are dropped


def publish_packet(topic: str, data: bytes | bytearray) -> bytes:
    """A PUBLISH packet of QoS 0, not retained (MQTT 3.1.1 section 3.3)."""
    name = topic.encode()
    left = 2 + len(name) + len(data)
    head = bytearray(b"\x30")
    while True:
        left, low = divmod(left, 128)
        head.append(low | 128 if left else low)
        if not left:
            break
    return bytes(head) + len(name).to_bytes(2, "big") + name + data


class FanoutBroker(Broker):  # type: ignore[misc]  # amqtt has no types
    """The broker; made and started like amqtt's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets: dict[str, tuple[tuple[Session, int], ...]] = {}
        self._deliveries: set[asyncio.Future[Any]] = set()

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        """Add a subscription, as amqtt does."""
        self._targets.clear()
        code: int = await super().add_subscription(subscription, session)
        return code

    def _del_subscription(self, a_filter: str, session: Session) -> int:
        self._targets.clear()
        deleted: int = super()._del_subscription(a_filter, session)
        return deleted

    def _find(self, topic: str) -> tuple[tuple[Session, int], ...]:
        """Who gets a topic's messages, each session once."""
        levels: dict[str, tuple[Session, int]] = {}
        for topic_filter, pairs in self._subscriptions.items():
            if not self._matches(topic, topic_filter):
                continue
            for session, qos in pairs:
                known = levels.get(session.client_id)
                if known is None or known[1] < qos:
                    levels[session.client_id] = (session, qos)
        if len(self._targets) >= _MAX_CACHED:
            self._targets.clear()
        found = self._targets[topic] = tuple(levels.values())
        return found

    async def _broadcast_message(
        self,
        session: Session | None,
        topic: str | None,
        data: bytes | bytearray | None,
        force_qos: int | None = None,
    ) -> None:
        """Send a message to everyone who wants it; amqtt calls this for each it receives."""
        if topic is None or data is None:
            return
        targets = self._targets.get(topic)
        if targets is None:
            targets = self._find(topic)
        packet = b""
        for target, wanted in targets:
            qos = wanted if force_qos is None else force_qos
            handler = self._get_handler(target)
            if target.transitions.state != "connected":
                if qos != QOS_0 and not target.clean_session and not target.is_anonymous:
                    kept = {"session": session, "topic": topic, "data": data}
                    await self._retain_broadcast_message(kept, qos, target)
            elif handler is None or handler.writer is None:
                continue
            elif qos == QOS_0:
                packet = packet or publish_packet(topic, data)
                stream = handler.writer._writer
                if stream.transport.get_write_buffer_size() <= _MAX_PENDING:
                    handler.writer.write(packet)
            else:
                self._deliver(handler, topic, data, qos)

    def _deliver(self, handler: Any, topic: str, data: bytes | bytearray, qos: int) -> None:
        """Send with acknowledgement, which takes as long as the client takes."""
        task = asyncio.ensure_future(handler.mqtt_publish(topic, data, qos, retain=False))
        self._deliveries.add(task)
        task.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Future[Any]) -> None:
        self._deliveries.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.debug("a delivery failed: %r", task.exception())
