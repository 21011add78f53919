"""One device's own broker connection with a last will, which can be cut like a flat battery."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

KEEPALIVE_S = 10
CONNECT_S = 2.0
TICK_S = 0.25
RETRY_S = (0.1, 2.0)  # first and longest wait between two attempts

OnMessage = Callable[[str, bytes], None]


class Address:
    """Where the broker is and who connects; the password never appears in a text."""

    __slots__ = ("host", "password", "port", "username")

    def __init__(self, host: str, port: int, username: str | None, password: str | None) -> None:
        self.host = host
        self.port = port
        self.username = username
        self.password = password


class Link:
    """Connects, connects again, and calls back; everything runs on the event loop."""

    def __init__(
        self,
        address: Address,
        client_id: str,
        *,
        will: tuple[str, str] | None,
        on_connected: Callable[[], None],
        on_message: OnMessage,
    ) -> None:
        self._address = address
        self._client_id = f"{client_id}-{secrets.token_hex(4)}"
        self._will = will
        self._on_connected = on_connected
        self._on_message = on_message
        self._client: Client | None = None
        self._fd = -1
        self._refused = False
        self._ended = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until cancelled; then the broker publishes the last will."""
        wait = RETRY_S[0]
        try:
            while True:
                await self._wanted.wait()
                with contextlib.suppress(OSError, ValueError):
                    await self._open()
                    wait = RETRY_S[0] if await self._hold() else wait
                self._drop()
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_S[1])
        finally:
            self._drop()

    def subscribe(self, *topics: str) -> None:
        """Subscribe at QoS 1; belongs into ``on_connected``."""
        if self._client is not None:
            self._client.subscribe([(topic, 1) for topic in topics])
            self._flush()

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = True) -> None:
        """Publish at QoS 1; without a connection the message is lost, as on a real device."""
        if self._client is not None and self.connected.is_set():
            self._client.publish(topic, payload, 1, retain)
            self._flush()

    def cut(self) -> None:
        """Fall silent without a goodbye and stay away until ``mend``."""
        self._wanted.clear()
        self._ended.set()

    def mend(self) -> None:
        """Come back after ``cut``."""
        self._wanted.set()

    async def _open(self) -> None:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._will is not None:
            client.will_set(*self._will, qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        client.on_connect = self._connect_answered
        client.on_message = self._message
        await asyncio.to_thread(client.connect, self._address.host, self._address.port, KEEPALIVE_S)
        opened = client.socket()
        if opened is None:
            raise ConnectionError("the broker closed the connection")
        self._client, self._fd = client, opened.fileno()
        self._ended.clear()
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    async def _hold(self) -> bool:
        """Keep the connection until it ends; returns whether the broker let us in at all."""
        let_in = False
        while not self._ended.is_set():
            # Not wait_for: before Python 3.12 it can swallow a cancellation that meets the end.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._ended.wait()
            let_in = let_in or self.connected.is_set()
            if self._client is not None and not self._ended.is_set():
                self._client.loop_misc()
                self._flush()
        return let_in

    def _readable(self) -> None:
        if self._client is None:
            return
        self._client.loop_read()
        self._flush()

    def _flush(self) -> None:
        client = self._client
        if client is None:
            return
        if client.want_write():
            client.loop_write()
        if client.socket() is None:
            self._ended.set()

    def _drop(self) -> None:
        client, self._client = self._client, None
        self.connected.clear()
        if self._fd >= 0:
            # Also when paho has closed the socket itself: the loop would keep the dead number.
            asyncio.get_running_loop().remove_reader(self._fd)
            self._fd = -1
        opened = client.socket() if client is not None else None
        if opened is None:
            return
        # Closed without MQTT's goodbye, so that the broker publishes the last will.
        opened.close()

    def _connect_answered(
        self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any
    ) -> None:
        if code.value:
            if not self._refused:
                sys.stderr.write(f"linli simulator: the broker refused {self._client_id}: {code}\n")
            self._refused = True
            self._ended.set()
            return
        self._refused = False
        self.connected.set()
        self._on_connected()

    def _message(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload))
