"""Programs that talk to a served home with a token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse

from hub.accounts.tokens import HOME_SCOPES
from tests.web.homes import Served


class Program:
    """One program and its token."""

    def __init__(self, http: ClientSession, text: str, token_id: str) -> None:
        self.http = http
        self.text = text
        self.token_id = token_id

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Send a request below /api/v1; returns status and JSON answer, None where it is empty."""
        if body is not None:
            more = {"json": body, **more}
        async with self.http.request(method, f"/api/v1{path}", **more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> str:
        """Send what is refused; returns `status code field reason`, without what is missing."""
        status, problem = await self.ask(method, path, body, **more)
        assert problem["type"] == f"urn:linli:problem:{problem['code']}"
        assert problem["status"] == status
        words = (status, problem["code"], problem.get("field"), problem.get("reason"))
        return " ".join(str(word) for word in words if word not in {None, ""})

    async def live(self, *topics: str) -> ClientWebSocketResponse:
        """Open the socket and follow topics."""
        socket = await self.http.ws_connect("/api/v1/live")
        for topic in topics:
            await socket.send_json({"do": "subscribe", "topic": topic})
        return socket


@asynccontextmanager
async def program(
    served: Served,
    role: str = "owner",
    scopes: Sequence[str] = HOME_SCOPES,
    *,
    name: str = "Demo program",
) -> AsyncIterator[Program]:
    """A program with a token of somebody of that role."""
    await served.link(role)
    account = next(one for one in await served.home.accounts.all() if one.role == role)
    text, row = await served.home.tokens.make(account.id, name, scopes)
    headers = {"Authorization": f"Bearer {text}", "Accept-Language": "en"}
    timeout = ClientTimeout(total=20)
    async with ClientSession(served.address, headers=headers, timeout=timeout) as http:
        yield Program(http, text, row.id)
