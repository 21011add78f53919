"""Browsers without scripts that visit a served home."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, CookieJar

from tests.web.homes import Served

TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Visitor:
    """One person's browser. `enhanced` posts are those of forms.js."""

    def __init__(self, session: ClientSession, address: str) -> None:
        self._session = session
        self._address = address
        self._csrf = ""

    async def get(self, path: str, *, follow: bool = True) -> tuple[int, str]:
        """Return a page's status and text; its form token is remembered."""
        async with self._session.get(self._address + path, allow_redirects=follow) as response:
            text = await response.text()
            found = TOKEN.search(text)
            self._csrf = found.group(1) if found else self._csrf
            return response.status, text

    async def download(self, path: str) -> tuple[int, str, bytes]:
        """Return a file's status, its Content-Disposition and its bytes."""
        async with self._session.get(self._address + path) as response:
            named = response.headers.get("Content-Disposition", "")
            return response.status, named, await response.read()

    async def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Send a form as a page load; returns status, text and where it ended."""
        async with self._session.post(
            self._address + path,
            data={"csrf": self._csrf, **fields},
            headers={"Origin": self._address, "Referer": f"{self._address}/devices"},
        ) as response:
            return response.status, await response.text(), response.url.path

    async def press(self, path: str, **fields: str) -> tuple[int, dict[str, Any]]:
        """Send a form as forms.js does; returns status and answer."""
        return await self.press_all(path, list(fields.items()))

    async def press_all(
        self, path: str, fields: list[tuple[str, str]]
    ) -> tuple[int, dict[str, Any]]:
        """As `press`, of a form in which a name stands several times."""
        async with self._session.post(
            self._address + path,
            data=[("csrf", self._csrf), *fields],
            headers={"Origin": self._address, "X-Linli-Form": "1"},
            allow_redirects=False,
        ) as response:
            is_json = "json" in response.content_type
            return response.status, await response.json(content_type=None) if is_json else {}


@asynccontextmanager
async def visiting(home: Served, role: str = "", lang: str = "en") -> AsyncIterator[Visitor]:
    """A browser, signed in as that role unless it is ""."""
    jar = CookieJar(unsafe=True)
    async with ClientSession(cookie_jar=jar, headers={"Accept-Language": lang}) as session:
        visitor = Visitor(session, home.address)
        if role:
            path = (await home.link(role)).removeprefix(home.address)
            await visitor.get(path)
            status, _text, _path = await visitor.post(path)
            assert status == 200
            await visitor.get("/")
        yield visitor
