"""What the sockets for pages and for programs have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from hub.http.problems import Problem

if TYPE_CHECKING:
    from hub.accounts.model import Session

BEAT_S = 2.0
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
GOODBYE_S = 0.4
"""How long the client's answer to a closing frame is waited for; then the library hangs up
in order, well before ``CLOSE_TIMEOUT_S`` cuts the connection."""
CLOSED_SIGNED_OUT = 4401
"""The session ended or its role changed: load the page anew."""
CLOSED_SLOW = 4408
"""The client did not read what was sent; it may connect again."""

MOST_EACH = 64
"""Sockets that one account may hold open, on all its browsers and programs together."""
SHARE = 3
"""What a client asked is followed by a pause so many times as long as answering took."""

Recheck = Callable[[], Awaitable["Session | None"]]


async def opened(request: web.Request, *, longest: int = 4096) -> web.WebSocketResponse:
    """Accept a WebSocket whose client says at most ``longest`` bytes at once.

    Raises:
        Problem: 503, its account holds as many as it may.
    """
    whose = _whose(request)
    if whose and sum(talk.whose == whose for talk in request.app[TALKS]) >= MOST_EACH:
        raise Problem(503, "too_many_sockets")
    socket = web.WebSocketResponse(autoping=True, max_msg_size=longest, timeout=GOODBYE_S)
    await socket.prepare(request)
    return socket


def _whose(request: web.Request) -> str:
    session: Session | None = request["session"]
    return session.account_id if session is not None else ""


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


class Ended(Exception):
    """The talk is over for a reason that the client is told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Talk:
    """One open socket: one side says, the other is heard, until either ends it.

    ``wake`` is set when there is something to say, or to see: that the client is gone, or
    that the server stops.
    """

    __slots__ = ("_request", "socket", "stopping", "task", "wake", "whose")

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self.socket = socket
        self.whose = _whose(request)
        self.wake = asyncio.Event()
        self.stopping = False
        self.task = asyncio.current_task()
        request.app[TALKS].add(self)

    def goes_on(self) -> bool:
        """Tell whether the socket is open.

        Raises:
            Ended: the server stops.
        """
        if self.stopping:
            raise Ended(WSCloseCode.GOING_AWAY, "the server stops")
        return not self.socket.closed

    async def run(
        self, say: Callable[[], Awaitable[None]], hear: Callable[[str | bytes], None]
    ) -> None:
        """Say and hear.

        Args:
            say: Sends while ``goes_on``; raises ``Ended`` to close the socket with a reason.
            hear: Called with each message of the client.
        """
        listener = asyncio.create_task(self._listen(hear))
        try:
            await say()
        except Ended as end:
            listener.cancel()
            await close(self._request, self.socket, end.code, end.reason)
        except TimeoutError:
            listener.cancel()
            await close(self._request, self.socket, CLOSED_SLOW, "too slow")
        except ConnectionError:
            return
        finally:
            listener.cancel()
            self._request.app[TALKS].discard(self)

    async def _listen(self, hear: Callable[[str | bytes], None]) -> None:
        async for message in self.socket:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                began = time.perf_counter()
                hear(message.data)
                # What has arrived comes without a pause; others' work has its turn between.
                await asyncio.sleep(SHARE * (time.perf_counter() - began))
        self.wake.set()


TALKS: web.AppKey[set[Talk]] = web.AppKey("talks")


async def stop_talks(app: web.Application) -> None:
    """End all talks of an app that stops; returns within little more than a second."""
    talks: set[Talk] = app[TALKS]
    for talk in talks:
        talk.stopping = True
        talk.wake.set()
    tasks = [talk.task for talk in talks if talk.task is not None]
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S + 0.3)


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
