"""What stands between a client's socket and amqtt: plain messages take a short way.

amqtt spends about a hundred microseconds and several tasks on each packet it reads. Nearly
all traffic of a home is PUBLISH without retain at QoS 0, and commands at QoS 1, which need no
state: those are parsed here and handed on at once. Every other packet goes to amqtt, whole.

A short way may overtake. So what follows a CONNECT, a subscription or a retained message waits
until amqtt has handled it: the packets of a client take effect in the order it sent them (MQTT
3.1.1 section 4.6), and one that sends and hangs up, waiting for nothing, loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from amqtt.adapters import ReaderAdapter
from amqtt.session import Session

_CHUNK = 4_096  # bytes parsed before others get their turn
_MAX_PACKET = 16 * 1024 * 1024
_MAX_AHEAD = 1024 * 1024  # bytes that amqtt may lag before the client has to wait
_PLAIN_PUBLISH = 0x30  # MQTT 3.1.1 section 3.3.1: no DUP, QoS 0, no RETAIN
_SURE_PUBLISH = 0x32  # the same at QoS 1
_CONNECT = 0x10  # section 3.1.1
_AWAITED = frozenset({_CONNECT, 0x31, 0x33, 0x82, 0xA2})
"""First bytes of what amqtt handles before the next packet is looked at: CONNECT, PUBLISH with
RETAIN at QoS 0 and 1, SUBSCRIBE, UNSUBSCRIBE."""
_AWAITED_FOR = 5.0  # seconds; amqtt passes over a malformed packet without a word
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
        session: whose messages these are, once it may publish; plain ones go to amqtt before.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        publish: Publish,
        flush: Callable[[], None],
        sure: SurePublish | None = None,
    ) -> None:
        self.session: Session | None = None
        self._silence: float | None = _FIRST_WITHIN  # seconds; None is for ever
        self._reading: asyncio.Timeout | None = None
        self._reader = reader
        self._publish = publish
        self._flush = flush
        self._sure = sure
        self._greeted = False
        self._rest = asyncio.StreamReader(limit=_MAX_PACKET)
        self._ahead = 0
        self._room = asyncio.Event()
        self._handled = asyncio.Event()
        self._handled.set()

    def keep_alive(self, seconds: int) -> None:
        """Give the client up when it says nothing for one and a half times so long; 0 is never."""
        self._silence = seconds * _GRACE or None
        if self._reading is not None:
            now = asyncio.get_running_loop().time()
            self._reading.reschedule(now + self._silence if self._silence else None)

    def handled(self) -> None:
        """Go on: amqtt is done with the packet that the next ones wait for."""
        self._handled.set()

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
        self._handled.set()

    async def run(self) -> None:
        """Take in packets until the client is gone, silent or breaks the protocol."""
        waiting = bytearray()
        try:
            while data := await self._chunk():
                waiting += data
                while True:
                    used = self._take(waiting)
                    self._flush()
                    if used < 0:
                        return
                    del waiting[:used]
                    if self._handled.is_set():
                        break
                    await self._amqtt_has_handled()
                if self._ahead >= _MAX_AHEAD:
                    self._room.clear()
                    await self._room.wait()
                await asyncio.sleep(0)
        except (OSError, TimeoutError):
            return
        finally:
            self.feed_eof()

    async def _chunk(self) -> bytes:
        try:
            async with asyncio.timeout(self._silence) as self._reading:
                return await self._reader.read(_CHUNK)
        finally:
            self._reading = None

    async def _amqtt_has_handled(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AWAITED_FOR):
                await self._handled.wait()
        self._handled.set()

    def _take(self, data: bytearray) -> int:
        """Handle complete packets, to the first that the next must wait for.

        Returns:
            How many bytes they had, -1 for no MQTT.
        """
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
            if not self._greeted:
                if data[begin] != _CONNECT:
                    return -1  # section 3.1; amqtt would wait for the rest of its CONNECT
                self._greeted = True
            end = at + length
            if end > size:
                return begin
            if not self._plain(data[begin], data, at, end):
                self._rest.feed_data(bytes(data[begin:end]))
                self._ahead += end - begin
                if data[begin] in _AWAITED:
                    self._handled.clear()
                    return end
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
