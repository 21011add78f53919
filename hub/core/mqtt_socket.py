"""The socket under an MQTT connection: opened on the event loop, read in large pieces.

paho reads a packet with three system calls; `BufferedSocket` answers them from one `recv`,
which takes most of the cost out of a busy connection and lets one wake-up drain many packets.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from math import inf
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.core.mqtt_settings import BrokerProblem, Version

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

PEM = "-----BEGIN CERTIFICATE-----"
"""How a certificate in text begins."""
_CHUNK = 65_536
_PROTOCOLS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
# A broker without TCP_NODELAY (Mosquitto's default) holds a message back until what it sent
# before is acknowledged, which Linux delays by up to 40 ms unless asked each time.
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class BufferedSocket:
    """A non-blocking socket with a read buffer, in the shape paho expects.

    `taken` counts the bytes handed out, so that a reader sees whether it got any further;
    after `most` of them the connection ends.
    """

    __slots__ = ("_at", "_data", "_secure", "_socket", "most", "taken")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._secure = connected if isinstance(connected, ssl.SSLSocket) else None
        self.most = inf
        self._data = b""
        self._at = 0
        self.taken = 0

    @property
    def buffered(self) -> bool:
        """Whether bytes wait here, or decrypted in TLS, that no selector will tell about."""
        if self._at < len(self._data):
            return True
        return self._secure is not None and self._secure.pending() > 0

    def recv(self, buffer_size: int) -> bytes:
        """Up to `buffer_size` bytes; raises BlockingIOError when none have come."""
        at = self._at
        if at >= len(self._data):
            self._data = self._socket.recv(_CHUNK)
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            at = 0
        if self.taken > self.most:
            raise ConnectionAbortedError("it sent more than we read")
        piece = self._data[at : at + buffer_size]
        self._at = at + len(piece)
        self.taken += len(piece)
        return piece

    def send(self, buffer: bytes | bytearray) -> int:
        """Send what the kernel takes; raises BlockingIOError when it takes none."""
        return self._socket.send(buffer)

    def close(self) -> None:
        """Nothing yet: the descriptor stays ours until the event loop has let go of it."""

    def finish(self) -> None:
        """Close the socket, after it was taken off the event loop."""
        self._socket.close()

    def fileno(self) -> int:
        """The file descriptor, for the event loop."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """Accept False, this socket is from the start."""
        if flag:
            raise ValueError("this socket never blocks")


class SocketClient(Client):
    """A paho client of one connection over a socket that is open already.

    It is thrown away when the connection ends: messages of a lost connection must not be
    sent later, when whoever asked has been told that they failed.
    """

    def __init__(self, open_socket: BufferedSocket, client_id: str, version: Version) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=_PROTOCOLS[version],
            reconnect_on_failure=False,
        )
        self._open_socket = open_socket
        self.max_inflight_messages = 200

    def _create_socket(self) -> SocketLike:
        return self._open_socket

    def subscribe_all(self, filters: list[tuple[str, int]]) -> None:
        """Subscribe to (topic filter, QoS) pairs in one packet, whichever version is spoken."""
        if self.protocol is not MQTTProtocolVersion.MQTTv5:
            self.subscribe(filters)
            return
        from paho.mqtt.subscribeoptions import SubscribeOptions

        self.subscribe([(name, SubscribeOptions(qos=qos)) for name, qos in filters])

    @property
    def backlog(self) -> int:
        """How many packets wait to be written."""
        return len(self._out_packet)


async def open_socket(host: str, port: int, tls_ca: str | None, within: float) -> BufferedSocket:
    """Connect without blocking the loop, TCP_NODELAY set.

    Args:
        host: name or address of the broker.
        port: its TCP port.
        tls_ca: see `hub.core.mqtt_settings.MqttSettings`; None for plain TCP.
        within: seconds after which to give up.

    Raises:
        OSError: no connection (TimeoutError and ssl.SSLError are among them).
        BrokerProblem: the file of the certificate authority can't be used.
    """
    async with asyncio.timeout(within):
        connected = await _connect(host, port)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls_ca is not None:
                connected = await asyncio.to_thread(_wrap, connected, host, tls_ca, within)
        except BaseException:
            connected.close()
            raise
    return BufferedSocket(connected)


async def _connect(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = OSError(f"no address for {host}")
    addresses: list[Any] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, address in addresses:
        candidate = socket.socket(family, kind, protocol)
        candidate.setblocking(False)
        try:
            await loop.sock_connect(candidate, address)
        except OSError as error:
            candidate.close()
            failure = error
        except BaseException:
            candidate.close()
            raise
        else:
            return candidate
    raise failure


def _wrap(plain: socket.socket, host: str, tls_ca: str, within: float) -> ssl.SSLSocket:
    """The TLS handshake, in a thread."""
    try:
        if tls_ca.lstrip().startswith(PEM):
            context = ssl.create_default_context(cadata=tls_ca)
        else:
            context = ssl.create_default_context(cafile=tls_ca or None)
    except OSError:  # missing, not readable, no certificate
        raise BrokerProblem("ca") from None
    plain.settimeout(within)
    secure = context.wrap_socket(plain, server_hostname=host)
    secure.setblocking(False)
    return secure
