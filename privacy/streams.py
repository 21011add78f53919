"""Frames over an asyncio stream, with a limit on silence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from privacy.wire import FrameParser, FrameType, WireError, frame

_CHUNK = 64 * 1024
_DISCARD = struct.pack("ii", 1, 0)


class StreamClosed(WireError):
    """The other end went away or fell silent."""


class FrameStream:
    """One connection. Sending never waits; a peer that stops reading is dropped."""

    __slots__ = ("_high", "_parser", "_reader", "_ready", "_writer")

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        accepted: tuple[FrameType, ...],
        high: int = 64 * 1024,
    ) -> None:
        """Accept only some frame types; drop a peer with ``high`` bytes unsent."""
        self._reader = reader
        self._writer = writer
        self._parser = FrameParser(*accepted)
        self._ready: list[tuple[FrameType, bytes]] = []
        self._high = high

    async def next(self, silence_s: float) -> tuple[FrameType, bytes]:
        """The next frame.

        Raises:
            StreamClosed: end of stream, a broken connection, or ``silence_s`` without a byte.
            WireError: bytes that are no frame.
        """
        while not self._ready:
            try:
                async with asyncio.timeout(silence_s):
                    data = await self._reader.read(_CHUNK)
            except (OSError, TimeoutError):
                raise StreamClosed("the other end fell silent") from None
            if not data:
                raise StreamClosed("the other end closed the stream")
            self._ready.extend(self._parser.feed(data))
        return self._ready.pop(0)

    async def expect(self, kind: FrameType, silence_s: float) -> bytes:
        """The next frame's payload, which must be of this type.

        Raises:
            WireError: another frame; a REFUSED frame's reason is in the text.
        """
        got, payload = await self.next(silence_s)
        if got is FrameType.REFUSED:
            raise WireError("refused: " + payload.decode("utf-8", "replace"))
        if got is not kind:
            raise WireError(f"expected {kind.name}, got {got.name}")
        return payload

    def send(self, data: bytes) -> bool:
        """Hand over a whole frame; False if the connection is gone or the peer stalls."""
        transport = self._writer.transport
        if transport.is_closing():
            return False
        if transport.get_write_buffer_size() > self._high:
            self.cut()
            return False
        self._writer.write(data)
        return True

    async def drain(self) -> None:
        """Wait until the peer took most of what was sent.

        Raises:
            StreamClosed: the connection broke.
        """
        try:
            await self._writer.drain()
        except OSError:
            raise StreamClosed("the connection broke") from None

    async def refuse(self, reason: str) -> None:
        """Say why, and close."""
        self.send(frame(FrameType.REFUSED, reason.encode()[:200]))
        await self.close()

    def abort(self) -> None:
        """Close without waiting; what was sent still goes out if the peer reads."""
        self._writer.close()

    def cut(self) -> None:
        """Close and throw away what the peer has not taken yet, also in the system's buffers."""
        transport = self._writer.transport
        connection = transport.get_extra_info("socket")
        if connection is not None and not transport.is_closing():
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
        transport.abort()

    async def close(self) -> None:
        """Close; waits for the last bytes, at most a second."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
