"""Sign-in links from the running home, for a household that a command can't open by itself.

Whoever may enter the data folder may make a link (``linli home link``): with the machine key
alone the command does it, and while a passphrase keeps the household key, the home that somebody
unlocked does it on this socket. It speaks to the same user only.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.accounts.model import AccountProblem
from hub.core.store import StoreError
from hub.safety.link import LinkServer, Peer, decode, encode

if TYPE_CHECKING:
    from hub.home.runtime import Home

ANSWER_S = 5.0
LOCKED = "locked"
UNKNOWN = "unknown"


def socket_of(data: Path) -> Path:
    """Where a home of this data folder listens."""
    return data / "run" / "home.sock"


def link_server(home: Home) -> LinkServer:
    """The socket's server; the caller starts and stops it."""

    async def answer(peer: Peer, message: dict[str, Any]) -> None:
        peer.send(await _link(home, str(message.get("name", ""))))

    return LinkServer(socket_of(home.data), answer)


async def _link(home: Home, name: str) -> dict[str, Any]:
    if home.locked:
        return {"problem": LOCKED}
    try:
        account = await home.accounts.named(name)
        if account is None:
            return {"problem": UNKNOWN}
        return {"token": await home.accounts.new_link(account.id)}
    except (AccountProblem, StoreError) as problem:
        return {"problem": str(problem)}


async def ask_running(data: Path, name: str) -> dict[str, Any]:
    """Have the running home make a link.

    Returns:
        ``{"token"}``, or ``{"problem"}``: `LOCKED` also where no home is running.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(str(socket_of(data)))
            try:
                writer.write(encode({"name": name}))
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return {"problem": LOCKED}
    return decode(line) or {"problem": LOCKED}
