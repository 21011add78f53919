"""The smallest MQTT 3.1.1 client that measures: blocking sockets, no threads, no queues.

A measuring client has to cost next to nothing beside what it measures, so packets are built
once and read with as little work as possible. For benches and tests only.
"""

from __future__ import annotations

import select
import socket
import struct
import time

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13
PING = b"\xc0\x00"


class BrokerRefused(ConnectionError):
    """The broker refused the connection, or closed it."""


def _length(size: int) -> bytes:
    """The variable length field (MQTT 3.1.1 section 2.2.3)."""
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | 128 if size else low)
        if not size:
            return bytes(out)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def publish_packet(
    topic: str, payload: bytes, *, qos: int = 0, retain: bool = False, packet_id: int = 1
) -> bytes:
    """A PUBLISH packet (section 3.3)."""
    body = _text(topic) + (struct.pack("!H", packet_id) if qos else b"") + payload
    return bytes([0x30 | qos << 1 | retain]) + _length(len(body)) + body


class RawClient:
    """One connection; every method returns when its packet is on the wire.

    Args:
        host: the broker's address.
        port: its TCP port.
        client_id: the client identifier.
        user: user name and password, or None.
        within: seconds for connecting.
        clean: False asks for a session that outlives the connection.

    Raises:
        BrokerRefused: the broker said no.
        OSError: no connection.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        user: tuple[str, str] | None = None,
        within: float = 10.0,
        *,
        clean: bool = True,
    ) -> None:
        self.socket = socket.create_connection((host, port), timeout=within)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._id = 0
        flags, end = 0x02 if clean else 0, b""
        if user is not None:
            flags, end = flags | 0xC0, _text(user[0]) + _text(user[1])
        body = _text("MQTT") + bytes([4, flags]) + struct.pack("!H", 600) + _text(client_id) + end
        self.socket.sendall(b"\x10" + _length(len(body)) + body)
        kind, _, data = self._packet(time.monotonic() + within)
        if kind != CONNACK or data[1] != 0:
            raise BrokerRefused(f"the broker refused {client_id}")

    def subscribe(self, topic: str, qos: int = 0, within: float = 10.0) -> None:
        """Subscribe and wait for the broker's word; earlier messages are dropped."""
        self._id = self._id % 65535 + 1
        body = struct.pack("!H", self._id) + _text(topic) + bytes([qos])
        self.socket.sendall(b"\x82" + _length(len(body)) + body)
        end = time.monotonic() + within
        while self._packet(end)[0] != SUBACK:
            pass

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish without waiting for an answer."""
        self._id = self._id % 65535 + 1
        self.socket.sendall(
            publish_packet(topic, payload, qos=qos, retain=retain, packet_id=self._id)
        )

    def message(self, within: float) -> tuple[str, bytes, float] | None:
        """The next message as (topic, payload, time.perf_counter() when read), None in vain."""
        end = time.monotonic() + within
        while True:
            try:
                kind, flags, data = self._packet(end)
            except TimeoutError:
                return None
            if kind == PUBLISH:
                break
        at = time.perf_counter()
        size = struct.unpack_from("!H", data)[0]
        topic, rest = data[2 : 2 + size].decode(), data[2 + size :]
        if flags & 0x06:
            self.socket.sendall(b"\x40\x02" + rest[:2])
            rest = rest[2:]
        return topic, bytes(rest), at

    def close(self) -> None:
        """Disconnect."""
        try:
            self.socket.sendall(b"\xe0\x00")
        except OSError:
            pass
        finally:
            self.socket.close()

    def _packet(self, end: float) -> tuple[int, int, bytes]:
        """The next packet: its type, its flags, its body; raises TimeoutError."""
        while True:
            found = self._parse()
            if found is not None:
                return found
            left = max(0.0, end - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                raise TimeoutError("no packet in time")
            data = self.socket.recv(65536)
            if not data:
                raise BrokerRefused("the broker closed the connection")
            self._buffer += data

    def _parse(self) -> tuple[int, int, bytes] | None:
        buffer = self._buffer
        size, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return None
            low = buffer[at]
            size |= (low & 127) << shift
            shift += 7
            at += 1
            if low < 128:
                break
        if len(buffer) < at + size:
            return None
        body = bytes(buffer[at : at + size])
        head = buffer[0]
        del buffer[: at + size]
        return head >> 4, head & 15, body
