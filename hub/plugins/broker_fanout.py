"""amqtt with a short way for the messages that make up nearly all traffic.

amqtt queues every message, walks all subscriptions and starts a task per recipient: about a
hundred microseconds a message. Here the recipients of a topic are remembered, and a message
of QoS 0 is packed once and written to their sockets at once; `broker_intake` spares amqtt even
the reading. A session whose subscriptions overlap gets a message once, at the highest of their
levels, as Mosquitto does.

amqtt sends a newcomer the retained messages that others subscribed to; here nobody gets what
he didn't ask for. It also gives up a session as soon as anybody connects with its client id, and
looks at the password afterwards. Here the password comes first, and only the same user takes a
session over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from amqtt.adapters import StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import IDENTIFIER_REJECTED, NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.constants import QOS_0, QOS_1, QOS_2
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

from hub.plugins.broker_intake import Intake

_log = logging.getLogger(__name__)
_PUBACK = b"\x40\x02"  # MQTT 3.1.1 section 3.4; the packet identifier follows
_MAX_CACHED = 10_000
_LEAVE_WITHIN = 2.0  # seconds for a connection that was taken over
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


def _resumed(known: Session, new: Session) -> Session:
    """The kept session of a client that asked to have it again, with what CONNECT brought."""
    for field in ("will_flag", "will_message", "will_topic", "will_qos", "will_retain"):
        setattr(known, field, getattr(new, field))
    known.clean_session = False
    known.keep_alive, known.password = new.keep_alive, new.password
    known.remote_address, known.remote_port = new.remote_address, new.remote_port
    known.parent = 1
    return known


class FanoutBroker(Broker):  # type: ignore[misc]  # amqtt has no types
    """The broker; made and started like amqtt's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets: dict[str, tuple[tuple[Session, int], ...]] = {}
        self._arriving: dict[int, Intake] = {}
        self._serving: dict[str, tuple[Session, Intake, asyncio.Task[Any]]] = {}
        self._deliveries: set[asyncio.Future[Any]] = set()
        self._unsent: dict[Any, list[bytes]] = {}

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one client; asyncio calls this for each connection."""
        adapter = StreamWriterAdapter(writer)

        def sure(session: Session, topic: str, data: bytes, packet_id: bytes) -> None:
            """MQTT 3.1.1 section 4.3.2: handed on, then acknowledged."""
            self._fan_out(session, topic, data, QOS_1)
            self._unsent.setdefault(adapter, []).append(_PUBACK + packet_id)

        intake = Intake(reader, self._plain, self._flush, sure)
        pump = asyncio.create_task(intake.run())
        try:
            await self._client_connected(listener_name, intake, adapter)
        finally:
            pump.cancel()
            writer.close()  # amqtt leaves it open when the first packet was no CONNECT

    async def _initialize_client_session(
        self, reader: Intake, writer: Any, *_remote: Any
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Read CONNECT; whoever may come in takes over the session of the same id, if any.

        Raises:
            MQTTError: no CONNECT, a wrong password, or a client id that another user has.
        """
        handler, session = await BrokerProtocolHandler.init_from_connect(
            reader, writer, self.plugins_manager
        )
        if not await super()._authenticate(session, None):
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            raise MQTTError("a wrong user or password")
        client_id: str = session.client_id
        while (serving := self._serving.get(client_id)) is not None:
            await self._same_user(serving[0], session, writer)
            await self._end(*serving[1:])
        known = self._sessions.get(client_id, (None, None))[0]
        if known is not None:
            await self._same_user(known, session, writer)
        session.parent = 0
        if session.clean_session:
            await self._delete_session(client_id)
        elif known is not None:
            mark = getattr(session, "mark", None)
            session = _resumed(known, session)
            session.mark = mark
        return handler, session

    async def _same_user(self, known: Session, session: Session, writer: Any) -> None:
        if known.username != session.username:
            await ConnackPacket.build(0, IDENTIFIER_REJECTED).to_stream(writer)
            raise MQTTError("another user has this client id")

    async def end_where(self, marks: Mapping[str, str]) -> None:
        """End the connections of users whose password is another now, or who are gone.

        Args:
            marks: of every user what changes with the password; a session that came in by one
                carries it as ``mark``.
        """
        for session, intake, task in list(self._serving.values()):
            mark = getattr(session, "mark", None)
            if mark is not None and marks.get(session.username) != mark:
                await self._end(intake, task)

    async def _end(self, intake: Intake, task: asyncio.Task[Any]) -> None:
        """End a connection as if its client had gone (MQTT 3.1.1 section 3.1.4-2)."""
        intake.feed_eof()
        await asyncio.wait({task}, timeout=_LEAVE_WITHIN)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def _handle_client_session(
        self, reader: Intake, writer: Any, client_session: Session, *more: Any
    ) -> None:
        reader.keep_alive(client_session.keep_alive)
        self._arriving[id(client_session)] = reader
        if client_session.inflight_out:
            reader.handled()  # amqtt waits for what it acknowledges before it reads on
        task = asyncio.current_task()
        if task is not None:
            self._serving[client_session.client_id] = (client_session, reader, task)
        try:
            await super()._handle_client_session(reader, writer, client_session, *more)
        finally:
            self._arriving.pop(id(client_session), None)
            self._serving.pop(client_session.client_id, None)

    async def _publish_session_retained_messages(self, session: Session) -> None:
        """Runs once CONNACK is out and whatever the client sends is read."""
        intake = self._arriving.get(id(session))
        if intake is not None:
            intake.session = session
            intake.handled()
        self._later(super()._publish_session_retained_messages(session))

    async def _client_message_loop(self, session: Session, *more: Any) -> None:
        self._arriving.pop(id(session), None)
        await super()._client_message_loop(session, *more)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Runs once SUBACK is out, beside what the client sends: it waits for PUBACKs.

        amqtt calls it for whoever connects, too, with the topics that anybody subscribed to: those
        get nothing. Retained messages belong to a new subscription (section 3.8.4).
        """
        if id(session) in self._arriving:
            return
        self._later(super()._publish_retained_messages_for_subscription(subscription, session))

    async def _handle_subscription(self, session: Session, *more: Any) -> None:
        await super()._handle_subscription(session, *more)
        self._handled(session)

    async def _handle_unsubscription(self, session: Session, *more: Any) -> None:
        await super()._handle_unsubscription(session, *more)
        self._handled(session)

    async def _handle_message_delivery(self, session: Session, *more: Any) -> bool:
        alive: bool = await super()._handle_message_delivery(session, *more)
        self._handled(session)
        return alive

    def _handled(self, session: Session) -> None:
        serving = self._serving.get(session.client_id)
        if serving is not None and serving[0] is session:
            serving[1].handled()

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
            self._fan_out(session, topic, data, QOS_2 if force_qos is None else force_qos)
            self._flush()

    def _plain(self, session: Session, topic: str, data: bytes) -> None:
        """A message of QoS 0, not acknowledged."""
        self._fan_out(session, topic, data, QOS_0)

    def _fan_out(
        self,
        session: Session | None,
        topic: str,
        data: bytes | bytearray,
        level: int,
    ) -> None:
        """Hand a message on at the lower of its level and the subscriber's (section 3.8.4)."""
        targets = self._targets.get(topic)
        if targets is None:
            targets = self._find(topic)
        packet = b""
        for target, wanted in targets:
            qos = min(wanted, level)
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
