"""The programs' socket: topics to follow, numbered messages, a bounded queue for each program.

A program sends ``{"do": "subscribe", "topic": "states"}`` and gets a ``snapshot``, then
``changes``. Every message carries ``seq``, one more than the last. Who reads too slowly gets
``overrun``, with how many messages were dropped, and is subscribed to nothing any more: it
subscribes again and so starts from a new snapshot.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypedDict

import orjson
from aiohttp import web

from hub.http import sockets
from hub.http.operations import encoded
from hub.http.routes import Allow, permits
from hub.http.shapes import Items, Text, Wrong, record_of

if TYPE_CHECKING:
    from hub.accounts.model import Session
    from hub.core.states import State, States

log = logging.getLogger(__name__)

MOST_WAITING = 1024 * 1024
"""Bytes that may wait for one program before what waits is dropped."""
LONGEST_MESSAGE = 256 * 1024
STATES = "states"

_Id = Annotated[str, Text(1, 255)]


class Ask(TypedDict):
    """What a program may say; its ``id`` comes back with the answer."""

    do: Literal["subscribe", "unsubscribe", "ping"]
    id: NotRequired[int | Annotated[str, Text(0, 64)]]
    topic: NotRequired[_Id]
    entities: NotRequired[Annotated[list[_Id], Items(0, 1000)]]
    kinds: NotRequired[Annotated[list[_Id], Items(0, 100)]]


class Topic:
    """Something to follow. ``data(lang)`` is all of it; None where a change is only announced."""

    __slots__ = ("allow", "data", "name", "scope")

    def __init__(
        self, name: str, *, allow: Allow, scope: str, data: Callable[[str], object]
    ) -> None:
        self.name = name
        self.allow = allow
        self.scope = scope
        self.data = data


class _Filter:
    """Which entities a program wants: all, or those of these ids or kinds."""

    __slots__ = ("_entities", "_kinds", "all")

    def __init__(self, ask: Ask) -> None:
        self._entities = frozenset(ask.get("entities", ()))
        self._kinds = frozenset(ask.get("kinds", ()))
        self.all = "entities" not in ask and "kinds" not in ask

    def passes(self, state: State) -> bool:
        entity_id = state.entity_id
        return self.all or entity_id in self._entities or entity_id.split(".")[0] in self._kinds


class _Program:
    """One connected program and what waits to be sent to it."""

    __slots__ = ("lang", "lost", "seq", "session", "size", "talk", "topics", "waiting")

    def __init__(self, talk: sockets.Talk, session: Session, lang: str) -> None:
        self.talk = talk
        self.session = session
        self.lang = lang
        self.topics: dict[str, _Filter] = {}
        self.waiting: deque[bytes] = deque()
        self.size = 0
        self.seq = 0
        self.lost = 0

    def put(self, kind: str, rest: bytes) -> None:
        """Let a message wait; ``rest`` is the inside of its JSON object, and may be empty."""
        self.seq += 1
        if self.waiting and self.size + len(rest) > MOST_WAITING:
            self.lost = len(self.waiting) + 1
            log.warning("a program reads slower than the home changes; it starts anew")
            self.waiting.clear()
            self.topics.clear()
            self.size, self.seq = 0, self.seq + 1
            kind, rest = "overrun", b'"lost":%d' % self.lost
        comma = b"," if rest else b""
        text = b'{"seq":%d,"type":"%s"%s%s}' % (self.seq, kind.encode(), comma, rest)
        self.waiting.append(text)
        self.size += len(text)
        self.talk.wake.set()


class Feed:
    """Sends topics to programs; a change that all follow is encoded once.

    Args:
        states: The home's states.
        model: Makes a state what programs see.
        topics: What can be followed; one of them is ``states``.
        beat_s: Seconds between two beats; each looks whether the session still stands.
    """

    def __init__(
        self,
        states: States,
        model: Callable[[State], object],
        topics: Iterable[Topic],
        *,
        beat_s: float = sockets.BEAT_S,
    ) -> None:
        self._states = states
        self._model = model
        self._beat_s = beat_s
        self._topics = {topic.name: topic for topic in topics}
        self._programs: set[_Program] = set()
        self._changes: list[State] = []
        self._stale: set[str] = set()
        self._unsubscribe = states.subscribe(self._state_changed)

    @property
    def connected(self) -> int:
        """How many programs are connected."""
        return len(self._programs)

    async def serve(
        self, request: web.Request, session: Session, recheck: sockets.Recheck
    ) -> web.StreamResponse:
        """Answer the socket's request; the server calls it after its own checks."""
        socket = await sockets.opened(request, longest=LONGEST_MESSAGE)
        talk = sockets.Talk(request, socket)
        program = _Program(talk, session, request["lang"])
        self._programs.add(program)
        try:
            await talk.run(
                lambda: self._say(program, recheck), lambda text: self._told(program, text)
            )
        finally:
            self._programs.discard(program)
        return socket

    def close(self) -> None:
        """Listen to the states no more; the sockets end with their app."""
        self._unsubscribe()

    def changed(self, topic: str) -> None:
        """Tell who follows a topic that it changed, once for all changes of this pass."""
        if any(topic in program.topics for program in self._programs):
            self._soon()
            self._stale.add(topic)

    # -- what programs say --------------------------------------------------------------

    def _told(self, program: _Program, text: str | bytes) -> None:
        ask: Ask = {"do": "ping"}
        answer: dict[str, Any] = {}
        try:
            data = orjson.loads(text)
            if isinstance(data, dict) and isinstance(data.get("id"), int | str):
                answer["id"] = data["id"]
            ask = record_of(Ask).check(data)
        except orjson.JSONDecodeError:
            program.put("problem", _inside({**answer, "code": "not_json"}))
            return
        except Wrong as wrong:
            refusal = {"code": "invalid", "field": wrong.field, "reason": wrong.reason}
            program.put("problem", _inside({**answer, **refusal}))
            return
        if ask["do"] == "ping":
            program.put("pong", _inside(answer))
            return
        topic = self._topics.get(ask.get("topic", ""))
        problem = _refused(topic, program.session)
        if topic is None or problem is not None:
            program.put("problem", _inside({**answer, **(problem or {})}))
        elif ask["do"] == "subscribe":
            self._subscribe(program, topic, ask, answer)
        else:
            program.topics.pop(topic.name, None)
            program.put("unsubscribed", _inside({**answer, "topic": topic.name}))

    def _subscribe(
        self, program: _Program, topic: Topic, ask: Ask, answer: Mapping[str, Any]
    ) -> None:
        self._flush()  # what changed before the snapshot must not follow it
        wanted = _Filter(ask)
        if topic.name == STATES:
            found = self._states.all()
            data: object = [self._model(one) for one in found if wanted.passes(one)]
        else:
            data = topic.data(program.lang)
        program.topics[topic.name] = wanted
        program.put("snapshot", _inside({**answer, "topic": topic.name, "data": data}))

    # -- what the home says -------------------------------------------------------------

    def _state_changed(self, new: State, _old: State | None) -> None:
        if self._programs:
            self._soon()
            self._changes.append(new)

    def _soon(self) -> None:
        if not self._changes and not self._stale:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        changes, self._changes = self._changes, []
        stale, self._stale = self._stale, set()
        if changes:
            self._flush_states(changes)
        for name in stale:
            try:
                self._flush_topic(name)
            except Exception:  # a topic that can't be read must not silence the others
                log.exception("the topic %s could not be read", name)

    def _flush_topic(self, name: str) -> None:
        by_lang: dict[str, bytes] = {}
        for program in [one for one in self._programs if name in one.topics]:
            if program.lang not in by_lang:
                data = self._topics[name].data(program.lang)
                by_lang[program.lang] = _inside({"topic": name, "data": data})
            program.put("changes", by_lang[program.lang])

    def _flush_states(self, changes: list[State]) -> None:
        whole: bytes | None = None
        for program in list(self._programs):
            wanted = program.topics.get(STATES)
            if wanted is None:
                continue
            if wanted.all:
                whole = whole or self._states_inside(changes)
                program.put("changes", whole)
                continue
            passed = [state for state in changes if wanted.passes(state)]
            if passed:
                program.put("changes", self._states_inside(passed))

    def _states_inside(self, states: list[State]) -> bytes:
        return _inside({"topic": STATES, "data": [self._model(state) for state in states]})

    async def _say(self, program: _Program, recheck: sockets.Recheck) -> None:
        """Send what waits and the beats, until closed or signed out."""
        next_beat = time.monotonic() + self._beat_s
        while program.talk.goes_on():
            program.talk.wake.clear()
            while program.waiting:
                text = program.waiting.popleft()
                program.size -= len(text)
                await sockets.send(program.talk.socket, text)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._beat_s
                if not await sockets.still_signed_in(program.session, recheck):
                    raise sockets.Ended(sockets.CLOSED_SIGNED_OUT, "signed out")
                program.put("beat", _inside({"at": sockets.beat_time()}))
                continue
            await sockets.woken(program.talk.wake, next_beat)


def _refused(topic: Topic | None, session: Session) -> dict[str, str] | None:
    """Return why a program may not follow a topic, None where it may."""
    if topic is None:
        return {"code": "unknown_topic", "field": "topic"}
    if not permits(topic.allow, session.role):
        return {"code": "not_allowed"}
    if session.scopes is not None and topic.scope not in session.scopes:
        return {"code": "scope_needed", "scope": topic.scope}
    return None


def _inside(data: Mapping[str, Any]) -> bytes:
    """Return the inside of a JSON object: what follows ``seq`` and ``type``."""
    return encoded(data)[1:-1]
