"""The kernel's side of the local socket: one JSON object a line, same user only."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

MAX_LINE = 4 * 1024 * 1024
# A reader that stopped (its process may be suspended) is dropped beyond this; it will be back.
MAX_BEHIND = 1024 * 1024
MAX_PEERS = 16
_UCRED = struct.Struct("3i")

Handler = Callable[["Peer", dict[str, Any]], Awaitable[None]]


class Peer:
    """One connected client."""

    __slots__ = ("_writer", "watching")

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.watching = False

    def send(self, message: dict[str, Any]) -> None:
        """Queue one message; never waits. A client too far behind is cut off."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_BEHIND:
            transport.abort()
            return
        self._writer.write(encode(message))

    async def drain(self) -> None:
        """Wait while the client is behind; raises ConnectionError when it went away."""
        await self._writer.drain()


class LinkServer:
    """Listens on a unix socket that only this user (or root) may speak to."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self.path = path
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.peers: set[Peer] = set()
        self.refused = 0

    async def start(self) -> None:
        """Listen; a socket file left by an earlier run is replaced.

        Raises:
            OSError: the path can't be listened on.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._connected, path=str(self.path), limit=MAX_LINE
            )
        finally:
            os.umask(old)

    async def stop(self) -> None:
        """Stop listening and cut every client off."""
        if self._server is not None:
            self._server.close()
            self.path.unlink(missing_ok=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def broadcast(self, message: dict[str, Any]) -> None:
        """Send to every client that watches."""
        for peer in list(self.peers):
            if peer.watching:
                peer.send(message)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not _same_user(writer) or len(self.peers) >= MAX_PEERS:
            self.refused += 1
            writer.close()
            return
        peer = Peer(writer)
        self.peers.add(peer)
        try:
            await self._serve(peer, reader)
        except (asyncio.CancelledError, ConnectionError, ValueError):
            pass  # the server stops, the client left, or a line was longer than allowed
        finally:
            self.peers.discard(peer)
            writer.close()

    async def _serve(self, peer: Peer, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = decode(line)
            if message is None:
                peer.send({"reply": {"ok": False, "reason": "not a JSON object"}})
            else:
                await self._handler(peer, message)


def encode(message: dict[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """One line as a message; None when it isn't a JSON object."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _same_user(writer: asyncio.StreamWriter) -> bool:
    """True when the peer's process runs as our user, or as root (unix(7), SO_PEERCRED)."""
    connection = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    _, uid, _ = _UCRED.unpack(raw)
    return uid in (0, os.getuid())
