"""A browser without scripts, signed in by a link that a command printed."""

from __future__ import annotations

import json
import re
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Visitor:
    """One person at one face.

    Args:
        address: such as ``http://127.0.0.1:8100``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._csrf = ""

    def get(self, path: str) -> str:
        """A page's text; its form token is remembered."""
        return self._ask(Request(self.address + path))  # noqa: S310 - our own http address

    def post(self, path: str, **fields: str) -> str:
        """Send a form; returns the text of the page that follows."""
        data = urlencode({"csrf": self._csrf, **fields}).encode()
        return self._ask(Request(self.address + path, data, {"Origin": self.address}))  # noqa: S310 - our own http address

    def enter(self, link: str) -> str:
        """Press the button of a sign-in link."""
        path = link.removeprefix(self.address)
        self.get(path)
        return self.post(path)

    def health(self) -> dict[str, Any]:
        """What ``/health`` answers, well or not; empty while nobody answers."""
        try:
            text = self.get("/health")
        except HTTPError as answer:
            text = answer.read().decode()
        except (URLError, OSError):
            return {}
        found: dict[str, Any] = json.loads(text)
        return found

    def problems(self) -> str:
        """The names of the checks that failed; all of them while nobody answers."""
        found = self.health()
        checks = found.get("checks", {"safety": "no answer"})
        return " ".join(
            str(name) for name, problem in checks.items() if problem not in (None, "ok")
        )

    def _ask(self, request: Request) -> str:
        with self._opener.open(request, timeout=20) as answer:
            text: str = answer.read().decode()
        found = _TOKEN.search(text)
        self._csrf = found.group(1) if found else self._csrf
        return text
