"""Live parts of pages: one socket of HTML fragments, drawn once for all who see the same."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import orjson
from aiohttp import WSCloseCode, web

from hub.http import sockets
from hub.http.problems import Problem, SignInNeeded
from hub.http.routes import Allow, checked_allow, permits

if TYPE_CHECKING:
    from hub.accounts.model import Session

log = logging.getLogger(__name__)

SHORTEST_GAP_S = 0.25
"""At most four updates a second for each part."""
MOST_PARTS = 32
MOST_SEEN = 256
"""Parts on one screen at the same time."""
LONGEST_SAID = 32_768
"""Bytes of one message of a page: that many parts with the ids of what they show."""
MOST_STRANGERS = 32
"""Sockets of people who are not signed in, at the same time."""


class LiveContext:
    """What a part may depend on; it is drawn once for everybody who shares all of it.

    ``csrf`` is a stand-in that becomes each reader's own form token on the way out.
    ``arg`` is what follows the colon in ``data-live="part:arg"``, "" without one.
    """

    __slots__ = ("arg", "csrf", "lang", "part", "role")

    def __init__(self, part: str, arg: str, role: str | None, lang: str, csrf: str) -> None:
        self.part = part
        self.arg = arg
        self.role = role
        self.lang = lang
        self.csrf = csrf


Render = Callable[[LiveContext], Awaitable[str]]


class Part:
    """One live part. Topics may hold ``{arg}``, or ``{each}`` for what it joins by ``+``."""

    __slots__ = ("allow", "name", "render", "rests", "topics")

    def __init__(
        self, name: str, render: Render, topics: tuple[str, ...], allow: Allow, *, rests: bool
    ) -> None:
        self.name = name
        self.render = render
        self.topics = topics
        self.allow = allow
        self.rests = rests


class _Watched:
    """One part with its argument, while somebody watches it."""

    __slots__ = ("arg", "clients", "dirty", "drawn_at", "key", "part", "task", "topics")

    def __init__(self, key: str, part: Part, arg: str) -> None:
        self.key = key
        self.part = part
        self.arg = arg
        self.topics = tuple(
            topic.replace("{arg}", arg).replace("{each}", one)
            for topic in part.topics
            for one in (arg.split("+") if "{each}" in topic else ("",))
        )
        self.clients: set[_Client] = set()
        self.dirty = False
        self.drawn_at = 0.0
        self.task: asyncio.Task[None] | None = None


class _Client:
    """One socket: what waits to be sent, newest per part, and what was sent last.

    ``seen`` are the parts that it follows only while they are on the screen; ``wrong``: it
    said what no page of ours says.
    """

    __slots__ = ("lang", "pending", "recheck", "seen", "sent", "session", "talk", "wrong")

    def __init__(
        self,
        talk: sockets.Talk,
        session: Session | None,
        lang: str,
        recheck: sockets.Recheck,
    ) -> None:
        self.talk = talk
        self.session = session
        self.lang = lang
        self.recheck = recheck
        self.pending: dict[str, str] = {}
        self.sent: dict[str, str] = {}
        self.seen: set[str] = set()
        self.wrong = False

    @property
    def role(self) -> str | None:
        """The reader's role, None for nobody."""
        return self.session.role if self.session else None

    def offer(self, key: str, html: str) -> None:
        """Let the newest drawing of a part wait to be sent, unless the reader has it already."""
        if self.sent.get(key) == html:
            self.pending.pop(key, None)
        else:
            self.pending[key] = html
            self.talk.wake.set()


class Live:
    """The live parts of one face.

    A page names its parts in ``GET /live?parts=a,b:arg``; a part is drawn when the socket
    opens and again after ``changed`` named one of its topics, at most four times a second.
    Parts that rest off the screen are named by messages instead, ``{"seen": ["c:arg"]}``, each
    in place of the one before: what comes into view is drawn at once, what left it no more. No
    such message reaches what the address names.
    With ``as=`` it says which session it was drawn for (``Session.mark``, "" for nobody):
    under another one it gets no parts, but one message ``{"whose": name or null}``, and 4401.
    """

    def __init__(self, *, beat_s: float = sockets.BEAT_S) -> None:
        self.parts: dict[str, Part] = {}
        self.drawn = 0
        self._beat_s = beat_s
        self._watched: dict[str, _Watched] = {}
        self._by_topic: dict[str, set[_Watched]] = {}
        self._clients: set[_Client] = set()
        self._csrf_mark = f"csrf-{secrets.token_hex(16)}"

    def part(
        self,
        name: str,
        render: Render,
        topics: Iterable[str],
        allow: Allow,
        *,
        rests: bool = False,
    ) -> None:
        """Register a part.

        Args:
            name: What ``data-live`` says, without colon or comma.
            render: Draws the inside of the element. It sees the reader's role and language only.
            topics: Names given to ``changed`` that make it stale; ``{arg}`` is replaced,
                and ``{each}`` by everything that the argument joins by ``+``.
            allow: Who may watch it.
            rests: It may wait while it is off the screen (``data-rests`` beside ``data-live``).
                Nothing that warns does.
        """
        if not name or set(name) & set(":,") or name in self.parts:
            raise ValueError(f"a part needs a name of its own without colon or comma: {name!r}")
        self.parts[name] = Part(name, render, tuple(topics), checked_allow(allow), rests=rests)

    def changed(self, topic: str) -> None:
        """Say that what is shown under this topic is stale. Cheap where nobody watches."""
        for watched in self._by_topic.get(topic, ()):
            self._stale(watched)

    @property
    def watching(self) -> int:
        """How many sockets are open."""
        return len(self._clients)

    def choose(
        self, wanted: Iterable[str], role: str | None, most: int = MOST_PARTS
    ) -> list[tuple[str, Part, str]]:
        """Look up the parts that a page names.

        Raises:
            Problem: a part is unknown (404), too many (400) or not for this role (401, 403).
        """
        chosen: list[tuple[str, Part, str]] = []
        for key in dict.fromkeys(filter(None, wanted)):
            name, _, arg = key.partition(":")
            part = self.parts.get(name)
            if part is None:
                raise Problem(404, "unknown_part")
            if not permits(part.allow, role):
                raise SignInNeeded if role is None else Problem(403, "not_allowed")
            chosen.append((key, part, arg))
        if len(chosen) > most:
            raise Problem(400, "too_many_parts")
        return chosen

    async def first(self, request: web.Request, *keys: str) -> dict[str, str]:
        """Draw parts into the page itself, so that it is whole before the socket opens.

        Args:
            request: The page's request; its reader must be allowed every part.
            keys: What ``data-live`` says, ``part`` or ``part:arg``.

        Returns:
            HTML by key.

        Raises:
            Problem: As for a socket that asks for them.
        """
        session: Session | None = request["session"]
        role, csrf = (session.role, session.csrf) if session else (None, "")
        return {
            key: await part.render(LiveContext(part.name, arg, role, request["lang"], csrf))
            for key, part, arg in self.choose(keys, role)
        }

    async def serve(
        self, request: web.Request, session: Session | None, lang: str, recheck: sockets.Recheck
    ) -> web.StreamResponse:
        """Answer ``GET /live``; the server calls it after its own checks."""
        mark = session.mark if session else ""
        if request.query.get("as", mark) != mark:
            return await self._tell_whose(request, session)
        wanted = request.query.get("parts", "").split(",")
        chosen = self.choose(wanted, session.role if session else None)
        if session is None and sum(one.session is None for one in self._clients) >= MOST_STRANGERS:
            # A locked home shows its alarms to whoever stands before it, not to a crowd.
            raise Problem(503, "too_many_sockets")
        socket = await sockets.opened(request, longest=LONGEST_SAID)
        talk = sockets.Talk(request, socket)
        client = _Client(talk, session, lang, recheck)
        self._clients.add(client)
        try:
            for key, part, arg in chosen:
                self._watch(client, key, part, arg)
            await talk.run(lambda: self._say(client), lambda text: self._heard(client, text))
        finally:
            self._clients.discard(client)
            for key in [key for key, one in self._watched.items() if client in one.clients]:
                self._leave(client, key)
        return socket

    def _heard(self, client: _Client, text: str | bytes) -> None:
        """Take what is on the reader's screen now; what no page of ours says ends the talk."""
        try:
            chosen = self.choose(_seen_in(text), client.role, MOST_SEEN)
        except (Problem, ValueError):
            chosen = None
        if chosen is None or not all(part.rests for _key, part, _arg in chosen):
            client.wrong = True
            client.talk.wake.set()
        else:
            self._look(client, chosen)

    def _look(self, client: _Client, chosen: list[tuple[str, Part, str]]) -> None:
        for key in client.seen.difference(key for key, _part, _arg in chosen):
            client.seen.discard(key)
            self._leave(client, key)
        for key, part, arg in chosen:
            watched = self._watched.get(key)
            if watched is None or client not in watched.clients:
                client.seen.add(key)
                self._watch(client, key, part, arg)

    async def _tell_whose(
        self, request: web.Request, session: Session | None
    ) -> web.StreamResponse:
        """Tell a page that it isn't its reader's any more, and who is signed in now.

        A page outlives its session: somebody signs in beside it, a link comes back. What it
        shows was drawn for its first reader, and nobody else's parts are put into it.
        """
        socket = await sockets.opened(request)
        name = session.name if session else None
        try:
            await sockets.send(socket, orjson.dumps({"whose": name}))
        except (TimeoutError, ConnectionError):
            log.info("a page went away before it was told whose it is")
        await sockets.close(request, socket, sockets.CLOSED_SIGNED_OUT, "another session")
        return socket

    def _watch(self, client: _Client, key: str, part: Part, arg: str) -> None:
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = _Watched(key, part, arg)
            for topic in watched.topics:
                self._by_topic.setdefault(topic, set()).add(watched)
        watched.clients.add(client)
        self._stale(watched)

    def _leave(self, client: _Client, key: str) -> None:
        """Draw a part for that reader no more; when it is seen again it is sent whatever it is."""
        client.pending.pop(key, None)
        client.sent.pop(key, None)
        watched = self._watched[key]
        watched.clients.discard(client)
        if watched.clients:
            return
        del self._watched[key]
        for topic in watched.topics:
            others = self._by_topic.get(topic)
            if others is not None:
                others.discard(watched)
                if not others:
                    del self._by_topic[topic]

    def _stale(self, watched: _Watched) -> None:
        watched.dirty = True
        if watched.task is None:
            watched.task = asyncio.get_running_loop().create_task(self._draw_until_clean(watched))

    async def _draw_until_clean(self, watched: _Watched) -> None:
        """Draw a part until nothing changed meanwhile; the task lives only that long."""
        try:
            while watched.dirty and watched.clients:
                wait = watched.drawn_at + SHORTEST_GAP_S - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                watched.dirty = False
                watched.drawn_at = time.monotonic()
                await self._draw(watched)
        finally:
            watched.task = None

    async def _draw(self, watched: _Watched) -> None:
        drawings: dict[tuple[str | None, str], str | None] = {}
        for client in list(watched.clients):
            shared = (client.role, client.lang)
            if shared not in drawings:
                drawings[shared] = await self._drawing(watched, *shared)
            html = drawings[shared]
            # While it was drawn the reader may have looked away, and may be back as another.
            if html is not None and client in watched.clients:
                client.offer(watched.key, html)

    async def _drawing(self, watched: _Watched, role: str | None, lang: str) -> str | None:
        self.drawn += 1
        context = LiveContext(watched.part.name, watched.arg, role, lang, self._csrf_mark)
        try:
            return await watched.part.render(context)
        except Exception:
            log.exception("live part %s could not be drawn", watched.part.name)
            return None

    async def _say(self, client: _Client) -> None:
        """Send what waits and the beats, until the socket is closed or the session ends."""
        beats = 0
        next_beat = time.monotonic()
        while client.talk.goes_on():
            if client.wrong:
                raise sockets.Ended(WSCloseCode.POLICY_VIOLATION, "not a page's message")
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._beat_s
                if beats and not await sockets.still_signed_in(client.session, client.recheck):
                    raise sockets.Ended(sockets.CLOSED_SIGNED_OUT, "signed out")
                beats += 1
                beat = orjson.dumps({"beat": beats, "at": sockets.beat_time()})
                await sockets.send(client.talk.socket, beat)
            await self._send_pending(client)
            await sockets.woken(client.talk.wake, next_beat)

    async def _send_pending(self, client: _Client) -> None:
        client.talk.wake.clear()
        csrf = client.session.csrf if client.session else ""
        while client.pending:
            key = next(iter(client.pending))
            html = client.pending.pop(key)
            client.sent[key] = html
            text = {"part": key, "html": html.replace(self._csrf_mark, csrf)}
            await sockets.send(client.talk.socket, orjson.dumps(text))


def _seen_in(text: str | bytes) -> list[str]:
    """The parts in a page's message; ValueError unless it is ``{"seen": [part, ...]}``."""
    said = orjson.loads(text)
    keys = said.get("seen") if isinstance(said, dict) and len(said) == 1 else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError("not what is seen")
    return keys
