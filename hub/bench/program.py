"""A program that uses a home's interface: all that the benches know of paths and sign-in."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from hub.accounts.model import csrf_of

STATES = "/api/v1/states"
COMMANDS = "/api/v1/commands"
SOCKET = "/api/v1/live"
WITHIN_S = 10.0
NEVER = (OSError, http.client.HTTPException)


class Program:
    """One signed-in client of the home at ``127.0.0.1:port``."""

    def __init__(self, port: int) -> None:
        self._host = "127.0.0.1"
        self._port = port
        self._headers: dict[str, str] = {}

    @property
    def address(self) -> str:
        """Where pages are, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be let in."""
        return self._headers

    def sign_in(self, name: str, password: str) -> None:
        """Begin a session; it outlives restarts of the home.

        Raises:
            RuntimeError: refused.
        """
        origin = self.address
        headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"name": name, "password": password})
        with self._connected() as connection:
            connection.request("POST", "/sign-in", body, headers)
            answer = connection.getresponse()
            cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        if answer.status != 303 or not cookie:
            raise RuntimeError(f"signing in was refused: {answer.status}")
        token = cookie.partition("=")[2]
        self._headers = {"Cookie": cookie, "Origin": origin, "X-CSRF-Token": csrf_of(token)}

    def answers(self) -> bool:
        """Whether the home answers 200: its states, to who has signed in, else its sign-in page."""
        path = STATES if self._headers else "/sign-in"
        try:
            with self._connected() as connection:
                connection.request("GET", path, headers=self._headers)
                return connection.getresponse().status == 200
        except NEVER:
            return False

    def states(self) -> list[dict[str, Any]] | None:
        """All states, None while the home does not answer."""
        try:
            with self._connected() as connection:
                connection.request("GET", STATES, headers=self._headers)
                answer = connection.getresponse()
                body = answer.read()
        except NEVER:
            return None
        if answer.status != 200:
            return None
        found: list[dict[str, Any]] = json.loads(body)["states"]
        return found

    def command_request(self, entity_id: str, command: str) -> bytes:
        """The bytes of one request that gives a command, for a connection that stays open."""
        body = json.dumps({"entity_id": entity_id, "command": command}).encode()
        headers = {
            "Host": f"{self._host}:{self._port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **self._headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {COMMANDS} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def follow(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        """A socket that has had the snapshot and gets every change from now on."""
        socket = await session.ws_connect(
            self.address + SOCKET, headers=self._headers, max_msg_size=0
        )
        await socket.send_str('{"do":"subscribe","topic":"states"}')
        while (await socket.receive_json())["type"] != "snapshot":
            pass
        return socket

    @contextmanager
    def _connected(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=WITHIN_S)
        try:
            yield connection
        finally:
            connection.close()
