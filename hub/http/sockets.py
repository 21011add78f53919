"""What the sockets for pages and for programs have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

if TYPE_CHECKING:
    from hub.accounts.model import Session

BEAT_S = 2.0
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
CLOSED_SIGNED_OUT = 4401
"""The session ended or its role changed: load the page anew."""
CLOSED_SLOW = 4408
"""The client did not read what was sent; it may connect again."""

Recheck = Callable[[], Awaitable["Session | None"]]


async def send(socket: web.WebSocketResponse, text: bytes) -> None:
    """Send a text message that is UTF-8 already.

    Raises:
        TimeoutError: the client did not read for ``SEND_TIMEOUT_S``.
        ConnectionError: the socket is gone.
    """
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await socket.send_frame(text, WSMsgType.TEXT)


async def close(
    request: web.Request, socket: web.WebSocketResponse, code: int, reason: str
) -> None:
    """Close a socket with a reason, and cut it where the client does not take that in."""
    cut = code == CLOSED_SLOW  # the library waits for its buffer to empty, which it never does
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, ConnectionError):
        cut = True
    if cut and request.transport is not None:
        request.transport.abort()


class Talks:
    """The open sockets of one kind, so that a stopping server can end them in order."""

    def __init__(self) -> None:
        self.stopping = False
        self._open: dict[asyncio.Task[object], asyncio.Event] = {}

    def check(self) -> None:
        """End the talk if the server stops.

        Raises:
            Ended: it does.
        """
        if self.stopping:
            raise Ended(WSCloseCode.GOING_AWAY, "the server stops")

    def opened(self, wake: asyncio.Event) -> None:
        """Note that the running task talks, and how to wake it."""
        task = asyncio.current_task()
        if task is not None:
            self._open[task] = wake
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """End all talks; returns when they have ended, within little more than a second."""
        self.stopping = True
        for wake in self._open.values():
            wake.set()
        if self._open:
            await asyncio.wait(list(self._open), timeout=CLOSE_TIMEOUT_S + 0.3)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._open.pop(task, None)


class Ended(Exception):
    """The talk is over for a reason that the client is told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def talk(
    request: web.Request,
    socket: web.WebSocketResponse,
    say: Callable[[], Awaitable[None]],
    hear: Callable[[str | bytes], None],
    wake: asyncio.Event,
) -> None:
    """Say and hear until the client goes or the talk is ended.

    Args:
        request: The request that opened the socket.
        socket: The open socket.
        say: Sends until the socket is closed; raises ``Ended`` to close it.
        hear: Called with each message of the client.
        wake: Set when the client is gone, for ``say`` to see.
    """

    async def listen() -> None:
        async for message in socket:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                hear(message.data)
        wake.set()

    listener = asyncio.create_task(listen())
    try:
        await say()
    except Ended as end:
        listener.cancel()
        await close(request, socket, end.code, end.reason)
    except TimeoutError:
        listener.cancel()
        await close(request, socket, CLOSED_SLOW, "too slow")
    except ConnectionError:
        return
    finally:
        listener.cancel()


async def still_signed_in(session: Session | None, recheck: Recheck) -> bool:
    """Tell whether the session that opened a socket still stands, with the same role."""
    if session is None:
        return True
    fresh = await recheck()
    return fresh is not None and fresh.role == session.role


def beat_time() -> str:
    """Return the time that a beat carries, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


async def woken(wake: asyncio.Event, until: float) -> None:
    """Wait for the event, at most until that moment of the monotonic clock."""
    try:
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            await wake.wait()
    except TimeoutError:
        return
