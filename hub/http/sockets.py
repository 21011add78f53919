"""What the sockets for pages and for programs have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

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


async def still_signed_in(session: Session | None, recheck: Recheck) -> bool:
    """Tell whether the session that opened a socket still stands, with the same role."""
    if session is None:
        return True
    fresh = await recheck()
    return fresh is not None and fresh.role == session.role


def beat_time() -> str:
    """Return the time that a beat carries, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
