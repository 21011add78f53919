"""Streams: what a peer has not taken when we hang up."""

import asyncio
import socket

from privacy.streams import FrameStream
from privacy.wire import CELL_LENGTH, FrameType, frame

CELLS = 60


async def read_all(connection: socket.socket) -> bytes:
    """Everything until the end of the stream, or until it is reset."""
    loop, found = asyncio.get_running_loop(), b""
    try:
        while data := await loop.sock_recv(connection, 65536):
            found += data
    except ConnectionResetError:
        return found
    return found


async def hang_up(*, cut: bool) -> int:
    """Send cells to a peer that reads nothing, hang up, let it read; the bytes it gets."""
    loop = asyncio.get_running_loop()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        peer, _ = await loop.sock_accept(listener)
        with peer:
            stream = FrameStream(reader, writer, (FrameType.RECEIPT,), high=1 << 20)
            for number in range(CELLS):
                payload = number.to_bytes(4, "big") + bytes(CELL_LENGTH)
                assert stream.send(frame(FrameType.CELL, payload))
            if cut:
                stream.cut()
            else:
                writer.close()
            return len(await asyncio.wait_for(read_all(peer), 5))


async def test_a_hung_line_keeps_nothing_of_what_was_handed_to_it() -> None:
    # Sealed cells must not leave the system's buffers after a withdrawal.
    everything = CELLS * (5 + 4 + CELL_LENGTH)
    assert await hang_up(cut=False) == everything
    assert await hang_up(cut=True) < everything / 4
