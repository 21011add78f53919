"""One MQTT connection (3.1.1 or 5) on the event loop that outlives its broker.

paho speaks the protocol; reading, writing and reconnecting are driven from here, so a
message reaches its callback in the wake-up that read it and a command published in that
callback is on the wire before the next packet is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hub.core.mqtt_settings import (
    BrokerProblem,
    MqttDenied,
    MqttSettings,
    MqttUnavailable,
    problem_of,
    refusal,
)
from hub.core.mqtt_socket import BufferedSocket, SocketClient, open_socket
from hub.core.mqtt_topics import MessageCallback, Subscriptions, matches

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage, MQTTMessageInfo

__all__ = [
    "ConnectionCallback",
    "MessageCallback",
    "MqttConnection",
    "MqttDenied",
    "MqttSettings",
    "MqttUnavailable",
    "matches",
]

ConnectionCallback = Callable[[bool], None]

_log = logging.getLogger(__name__)
_FIRST_WAIT, _LAST_WAIT = 0.1, 5.0  # seconds between attempts to connect
_OPEN_WITHIN = 5.0  # seconds for TCP, TLS and the broker's answer
_STEADY = 5.0  # seconds after which a connection counts as good
_TURN, _TURN_PACKETS = 0.004, 256  # seconds, packets read before others get their turn
_MAX_WAITING = 1_000  # publishes whose PUBACK is awaited
_MAX_BACKLOG = 20_000  # packets a stalled broker makes us hold
_MOST_FILTERS = 100  # in one SUBSCRIBE
_FAILURE = 128  # reason codes from here on say that something was refused


class MqttConnection:
    """Publishes and subscribes; connects again by itself until stopped.

    All methods belong to the event loop's thread. Callbacks are plain functions and run in
    the loop; one that raises is logged and the others go on.

    Attributes:
        settings: the broker and who we are there.
        connected: whether it is there now.
        problem: what is wrong, a key of `hub.core.mqtt_settings.PROBLEMS`, "" while nothing is.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self.settings = settings
        self.most_bytes = float("inf")  # of one connection; a stranger's broker gets a limit
        self.connected = False
        self.problem = ""
        self._client: SocketClient | None = None
        self._socket: BufferedSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._answer: asyncio.Future[int] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._up = asyncio.Event()
        self._subscriptions = Subscriptions()
        self._telling: asyncio.Handle | None = None
        self._inbox: list[MQTTMessage] = []
        self._waiting: dict[int, tuple[MQTTMessageInfo, asyncio.Future[None]]] = {}
        self._listeners: list[ConnectionCallback] = []
        self._fd = -1
        self._writing = False
        self._accepted = False

    async def start(self) -> None:
        """Begin to connect; returns at once, see `wait_connected`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="mqtt")

    async def wait_connected(self, within: float = 10.0) -> None:
        """Return when connected; raises MqttUnavailable after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._up.wait()
        except TimeoutError as error:
            raise MqttUnavailable(f"no MQTT broker at {self.settings.address}") from error

    async def change(self, settings: MqttSettings) -> None:
        """Go over to another broker; subscriptions and listeners stay."""
        running, self.settings, self.problem = self._task, settings, ""
        await self.stop()
        if running is not None:
            await self.start()

    async def stop(self) -> None:
        """Disconnect and stay so."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._client is not None:
            self._client.disconnect()
        self._lost()

    def on_connection(self, callback: ConnectionCallback) -> Callable[[], None]:
        """Call back with True when connected and False when lost; returns its undoing."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def subscribe(
        self, topic_filter: str, callback: MessageCallback, qos: int = 0
    ) -> Callable[[], None]:
        """Receive messages, now and after every reconnection; returns the undoing.

        Filters of one turn of the loop go in one packet, before whatever is published next: a
        broker takes thousands in no time so, and a command never waits behind them.
        The callback gets (topic, payload, retained). Retained messages come again whenever
        the same filter is subscribed once more and after reconnecting.
        """
        self._subscriptions.add(topic_filter, callback, qos)
        if self.connected and self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell)

        def undo() -> None:
            if not self._subscriptions.remove(topic_filter, callback):
                return
            self._tell()
            if self.connected and self._client is not None:
                self._client.unsubscribe(topic_filter)
                self._flush()

        return undo

    def _tell(self) -> None:
        """Subscribe to what the broker wasn't told yet."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self.connected:
            self._subscribe_to(self._subscriptions.untold())

    def _subscribe_to(self, filters: list[tuple[str, int]]) -> None:
        if self._client is not None and filters:
            for start in range(0, len(filters), _MOST_FILTERS):
                self._client.subscribe_all(filters[start : start + _MOST_FILTERS])
            self._flush()

    def publish_now(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> bool:
        """Hand a message to the broker's socket at once; False when that is impossible."""
        return self._publish(topic, payload, qos, retain) is not None

    async def publish(
        self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False
    ) -> None:
        """Publish; at QoS 1 and 2 returns when the broker has taken the message over.

        With MQTT 5 at least at QoS 1, for only there a broker says that it may not be.

        Raises:
            MqttUnavailable: not connected, or the connection ended before the answer.
            MqttDenied: the broker's rules don't let this user publish there.
        """
        if self.settings.version == "5":
            qos = max(qos, 1)
        if len(self._waiting) >= _MAX_WAITING:
            raise MqttUnavailable("too many messages wait for the MQTT broker")
        info = self._publish(topic, payload, qos, retain)
        if info is None:
            raise MqttUnavailable("there is no connection to the MQTT broker")
        if qos and not info.is_published():
            answer = asyncio.get_running_loop().create_future()
            self._waiting[info.mid] = (info, answer)
            try:
                await answer
            finally:
                self._waiting.pop(info.mid, None)

    def _publish(
        self, topic: str, payload: bytes | str, qos: int, retain: bool
    ) -> MQTTMessageInfo | None:
        client = self._client
        if client is None or not self.connected or client.backlog > _MAX_BACKLOG:
            return None
        if self._telling is not None:
            self._tell()
        info = client.publish(topic, payload, qos, retain)
        self._flush()
        return info if info.rc == 0 and self._client is client else None

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        while True:
            began = time.monotonic()
            try:
                await self._open()
            except OSError as error:
                self._say(problem_of(error))
                self._lost()
            except Exception:  # noqa: BLE001 -- whatever a peer sends, we try again
                _log.exception("connecting to %r failed", self.settings)
                self._lost()
            else:
                await self._hold()
                if time.monotonic() - began >= _STEADY:
                    wait = _FIRST_WAIT
            await asyncio.sleep(wait * random.uniform(0.7, 1.0))  # noqa: S311 -- only spreads load
            wait = min(wait * 2, _LAST_WAIT)

    async def _open(self) -> None:
        """Connect and wait for the broker's answer; raises OSError."""
        settings, loop = self.settings, asyncio.get_running_loop()
        opened = await open_socket(settings.host, settings.port, settings.tls_ca, _OPEN_WITHIN)
        opened.most = self.most_bytes
        client = SocketClient(opened, settings.client_id, settings.version)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        client.on_message = self._on_message
        client.on_connect = self._on_connect
        if settings.version == "5":  # before 5 no answer ever says no, and each call costs
            client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        self._client, self._socket, self._fd = client, opened, opened.fileno()
        self._answer, self._ended = loop.create_future(), loop.create_future()
        client.connect(settings.host, settings.port, settings.keepalive)
        loop.add_reader(self._fd, self._readable)
        self._flush()
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                code = await self._answer
        except TimeoutError:
            raise BrokerProblem("silent") from None
        if code:
            raise refusal(code)

    async def _hold(self) -> None:
        """Keep the connection alive until it ends."""
        ended = self._ended
        while ended is not None and not ended.done():
            await asyncio.wait((ended,), timeout=1.0)
            if self._client is not None and not ended.done():
                self._client.loop_misc()
                self._flush()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        """What follows waits until paho has let go of its locks: listeners publish."""
        self._accepted = not code.value
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(int(code.value))

    def _begin(self) -> None:
        self._accepted = False
        if self._client is None:
            return
        self._subscribe_to(self._subscriptions.all())
        self.problem = ""
        self._became(connected=True)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, codes: Any, _more: Any) -> None:
        if any(code.value >= _FAILURE for code in codes):
            self._say("denied")

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: Any, _more: Any) -> None:
        if code.value >= _FAILURE:
            self._say("denied")
            waiting = self._waiting.get(mid)
            if waiting is not None and not waiting[1].done():
                waiting[1].set_exception(MqttDenied(self.settings.line("denied")))

    def _say(self, problem: str) -> None:
        """One line for each new problem; it stays until a connection without it."""
        if problem != self.problem:
            self.problem = problem
            _log.warning("%s", self.settings.line(problem))

    def _on_message(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        self._inbox.append(message)

    def _readable(self) -> None:
        client = self._client
        until = time.monotonic() + _TURN
        for _ in range(_TURN_PACKETS):
            if client is None or client.socket() is None:
                break
            before = self._progress()
            client.loop_read()
            if self._accepted:
                self._begin()
            if self._inbox:
                self._dispatch()
            if client.want_write():
                self._flush()
            if self._client is not client or self._progress() == before:
                break
            if time.monotonic() > until:
                break
        if self._waiting:
            self._settle()
        if client is not None and client is self._client:
            if client.socket() is None:
                self._lost()
            elif self._socket is not None and self._socket.buffered:
                asyncio.get_running_loop().call_soon(self._readable)

    def _progress(self) -> int:
        return -1 if self._socket is None else self._socket.taken

    def _dispatch(self) -> None:
        """Give the messages just read to their callbacks, outside paho's locks."""
        inbox, self._inbox = self._inbox, []
        for message in inbox:
            try:
                topic = message.topic
            except UnicodeDecodeError:
                continue
            for callback in self._subscriptions.callbacks(topic):
                try:
                    callback(topic, bytes(message.payload), message.retain)
                except Exception:  # noqa: BLE001 -- one listener must not stop the others
                    _log.exception("a listener of %s failed", topic)

    def _settle(self) -> None:
        """Answer the publishers whose messages the broker has taken over."""
        for info, answer in list(self._waiting.values()):
            if not answer.done() and info.is_published():
                answer.set_result(None)

    def _flush(self) -> None:
        """Write what waits; what the socket doesn't take is written when it can."""
        client = self._client
        if client is None:
            return
        if client.want_write():
            client.loop_write()
        if client.socket() is None:
            asyncio.get_running_loop().call_soon(self._lost_if, client)
        elif client.want_write() != self._writing:
            self._writing = not self._writing
            loop = asyncio.get_running_loop()
            if self._writing:
                loop.add_writer(self._fd, self._flush)
            else:
                loop.remove_writer(self._fd)

    def _lost_if(self, client: SocketClient) -> None:
        if self._client is client:
            self._lost()

    def _lost(self) -> None:
        """Forget the connection and tell everyone who waits for it."""
        self._client = None
        if self._fd >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)
        if self._socket is not None:
            self._socket.finish()
        self._socket, self._fd, self._writing = None, -1, False
        self._inbox.clear()
        self._accepted = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(-1)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        for _, answer in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(MqttUnavailable("the MQTT connection was lost"))
        if self.connected:
            self._became(connected=False)

    def _became(self, *, connected: bool) -> None:
        self.connected = connected
        (self._up.set if connected else self._up.clear)()
        for listener in tuple(self._listeners):
            try:
                listener(connected)
            except Exception:  # noqa: BLE001 -- one listener must not stop the others
                _log.exception("a listener of the MQTT connection failed")
