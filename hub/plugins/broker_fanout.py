"""amqtt with a short way for the messages that make up nearly all traffic.

amqtt queues every message, walks all subscriptions and starts a task per recipient: about a
hundred microseconds a message. Here the recipients of a topic are remembered, and a message
of QoS 0 is packed once and written to their sockets at once; `broker_intake` spares amqtt even
the reading. A session whose subscriptions overlap gets a message once, at the highest of their
levels, as Mosquitto does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from amqtt.adapters import StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.mqtt.constants import QOS_0
from amqtt.session import Session

from hub.plugins.broker_intake import Intake

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
        self._arriving: dict[int, Intake] = {}
        self._deliveries: set[asyncio.Future[Any]] = set()
        self._unsent: dict[Any, list[bytes]] = {}

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one client; asyncio calls this for each connection."""
        intake = Intake(reader, self._fan_out, self._flush)
        pump = asyncio.create_task(intake.run())
        try:
            await self._client_connected(listener_name, intake, StreamWriterAdapter(writer))
        finally:
            pump.cancel()
            writer.close()  # amqtt leaves it open when the first packet was no CONNECT

    async def _handle_client_session(
        self, reader: Intake, writer: Any, client_session: Session, *more: Any
    ) -> None:
        reader.keep_alive = client_session.keep_alive
        self._arriving[id(client_session)] = reader
        try:
            await super()._handle_client_session(reader, writer, client_session, *more)
        finally:
            self._arriving.pop(id(client_session), None)

    async def _authenticate(self, session: Session, listener: Any) -> bool:
        allowed: bool = await super()._authenticate(session, listener)
        intake = self._arriving.pop(id(session), None)
        if allowed and intake is not None:
            intake.session = session
        return allowed

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
        if topic is not None and data is not None:
            self._fan_out(session, topic, data, force_qos)
            self._flush()

    def _fan_out(
        self,
        session: Session | None,
        topic: str,
        data: bytes | bytearray,
        force_qos: int | None = None,
    ) -> None:
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
                    self._later(self._retain_broadcast_message(kept, qos, target))
            elif handler is None or handler.writer is None:
                continue
            elif qos == QOS_0:
                packet = packet or publish_packet(topic, data)
                self._unsent.setdefault(handler.writer, []).append(packet)
            else:
                self._later(handler.mqtt_publish(topic, data, qos, retain=False))

    def _flush(self) -> None:
        """Write what `_fan_out` gathered, each reader's messages in one piece."""
        unsent, self._unsent = self._unsent, {}
        for writer, packets in unsent.items():
            transport = writer._writer.transport
            if transport.get_write_buffer_size() <= _MAX_PENDING:
                writer.write(b"".join(packets))

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run what takes as long as a client takes."""
        task = asyncio.ensure_future(work)
        self._deliveries.add(task)
        task.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Future[Any]) -> None:
        self._deliveries.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.debug("a delivery failed: %r", task.exception())
