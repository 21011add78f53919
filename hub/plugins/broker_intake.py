"""What stands between a client's socket and amqtt: plain messages take a short way.

amqtt spends about a hundred microseconds and several tasks on each packet it reads. Nearly
all traffic of a home is PUBLISH without retain at QoS 0, and commands at QoS 1, which need no
state: those are parsed here and handed on at once. Every other packet goes to amqtt, whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from amqtt.adapters import ReaderAdapter
from amqtt.session import Session

_CHUNK = 4_096  # bytes parsed before others get their turn
_MAX_PACKET = 16 * 1024 * 1024
_MAX_AHEAD = 1024 * 1024  # bytes that amqtt may lag before the client has to wait
_PLAIN_PUBLISH = 0x30  # MQTT 3.1.1 section 3.3.1: no DUP, QoS 0, no RETAIN
_SURE_PUBLISH = 0x32  # the same at QoS 1
_GRACE = 1.5  # of the keep-alive time, section 3.1.2.10
_FIRST_WITHIN = 10.0  # seconds to say CONNECT

Publish = Callable[[Session, str, bytes], None]
SurePublish = Callable[[Session, str, bytes, bytes], None]


class Intake(ReaderAdapter):  # type: ignore[misc]  # amqtt has no types
    """amqtt's reader of one client.

    Args:
        reader: the client's stream.
        publish: sends a message to who wants it; may keep it until `flush`.
        flush: called after each piece read.
        sure: the same for a message of QoS 1; its last argument is the packet identifier to
            acknowledge. Without it they go to amqtt.

    Attributes:
        session: set once the client may publish; plain messages go to amqtt before.
        keep_alive: seconds without any packet after which the client is given up; 0 is never.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        publish: Publish,
        flush: Callable[[], None],
        sure: SurePublish | None = None,
    ) -> None:
        self.session: Session | None = None
        self.keep_alive = _FIRST_WITHIN / _GRACE
        self._reader = reader
        self._publish = publish
        self._flush = flush
        self._sure = sure
        self._rest = asyncio.StreamReader(limit=_MAX_PACKET)
        self._ahead = 0
        self._room = asyncio.Event()

    async def read(self, n: int = -1) -> bytes:
        """Read n bytes of the packets left for amqtt."""
        data = await (self._rest.read() if n == -1 else self._rest.readexactly(n))
        self._ahead -= len(data)
        if self._ahead < _MAX_AHEAD:
            self._room.set()
        return data

    def feed_eof(self) -> None:
        """End the stream for amqtt."""
        self._rest.feed_eof()

    async def run(self) -> None:
        """Take in packets until the client is gone, silent or breaks the protocol."""
        waiting = bytearray()
        try:
            while data := await self._chunk():
                waiting += data
                used = self._take(waiting)
                self._flush()
                if used < 0:
                    return
                del waiting[:used]
                if self._ahead >= _MAX_AHEAD:
                    self._room.clear()
                    await self._room.wait()
                await asyncio.sleep(0)
        except (OSError, TimeoutError):
            return
        finally:
            self.feed_eof()

    async def _chunk(self) -> bytes:
        async with asyncio.timeout(self.keep_alive * _GRACE or None):
            return await self._reader.read(_CHUNK)

    def _take(self, data: bytearray) -> int:
        """Handle the complete packets; returns how many bytes they had, -1 for no MQTT."""
        begin, size = 0, len(data)
        while size - begin >= 2:
            length, shift, at = 0, 0, begin + 1
            while True:
                if at >= size:
                    return begin
                length |= (data[at] & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if data[at - 1] < 0x80:
                    break
                if shift > 21:
                    return -1
            if length > _MAX_PACKET:
                return -1
            end = at + length
            if end > size:
                return begin
            if not self._plain(data[begin], data, at, end):
                self._rest.feed_data(bytes(data[begin:end]))
                self._ahead += end - begin
            begin = end
        return begin

    def _plain(self, head: int, data: bytearray, at: int, end: int) -> bool:
        """Hand a plain message on; False leaves it, and what is wrong with it, to amqtt."""
        sure = self._sure if head == _SURE_PUBLISH else None
        if (sure is None and head != _PLAIN_PUBLISH) or self.session is None or end - at < 3:
            return False
        name = at + 2 + (data[at] << 8 | data[at + 1])
        body = name if sure is None else name + 2
        if body > end:
            return False
        try:
            topic = data[at + 2 : name].decode()
        except UnicodeDecodeError:
            return False
        if not topic or topic[0] == "$" or "+" in topic or "#" in topic or "\0" in topic:
            return False
        if sure is None:
            self._publish(self.session, topic, bytes(data[body:end]))
        elif data[name:body] == b"\0\0":
            return False
        else:
            sure(self.session, topic, bytes(data[body:end]), bytes(data[name:body]))
        return True
