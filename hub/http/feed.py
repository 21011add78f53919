"""The program's socket: a snapshot of all states, then every change, in loop-pass batches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from hub.http import sockets

if TYPE_CHECKING:
    from hub.accounts.model import Session
    from hub.core.states import State, States

log = logging.getLogger(__name__)

MOST_WAITING = 1024 * 1024
"""Bytes that may wait for one client before it is dropped."""


def state_json(state: State) -> dict[str, Any]:
    """Return a state as programs see it. Times are seconds since 1970, UTC."""
    return {
        "entity_id": state.entity_id,
        "value": state.value,
        "available": state.available,
        "attributes": state.attributes,
        "changed": state.changed,
        "updated": state.updated,
    }


def encoded(data: object) -> bytes:
    """Encode JSON; values that JSON does not know become text."""
    return orjson.dumps(data, default=str)


class _Program:
    """One connected program and what waits to be sent to it."""

    __slots__ = ("session", "size", "slow", "talk", "waiting")

    def __init__(self, talk: sockets.Talk, session: Session) -> None:
        self.talk = talk
        self.session = session
        self.waiting: deque[bytes] = deque()
        self.size = 0
        self.slow = False

    def put(self, text: bytes) -> bool:
        """Let a message wait; False when the client lags too far behind."""
        if self.size + len(text) > MOST_WAITING and self.waiting:
            self.slow = True
        else:
            self.waiting.append(text)
            self.size += len(text)
        self.talk.wake.set()
        return not self.slow


class Feed:
    """Sends states to programs; each change is encoded once, whoever listens."""

    def __init__(self, states: States, *, beat_s: float = sockets.BEAT_S) -> None:
        self._states = states
        self._beat_s = beat_s
        self._programs: set[_Program] = set()
        self._subscribed: set[_Program] = set()
        self._changes: list[State] = []
        self._unsubscribe = states.subscribe(self._changed)

    @property
    def connected(self) -> int:
        """How many programs are connected."""
        return len(self._programs)

    async def serve(
        self, request: web.Request, session: Session, recheck: sockets.Recheck
    ) -> web.StreamResponse:
        """Answer ``GET /api/ws``; the server calls it after its own checks."""
        socket = await sockets.opened(request)
        talk = sockets.Talk(request, socket)
        program = _Program(talk, session)
        self._programs.add(program)
        try:
            await talk.run(
                lambda: self._say(program, recheck), lambda text: self._told(program, text)
            )
        finally:
            self._forget(program)
        return socket

    def close(self) -> None:
        """Listen to the states no more; the sockets end with their app."""
        self._unsubscribe()

    def _told(self, program: _Program, text: str | bytes) -> None:
        try:
            asked = orjson.loads(text)
        except orjson.JSONDecodeError:
            asked = None
        if asked == {"subscribe": "states"}:
            self._flush()  # what changed before the snapshot must not follow it
            program.put(encoded({"states": [state_json(s) for s in self._states.all()]}))
            self._subscribed.add(program)
        elif asked == {"unsubscribe": "states"}:
            self._subscribed.discard(program)
        else:
            program.put(b'{"error":"not_understood"}')

    def _changed(self, new: State, _old: State | None) -> None:
        if not self._subscribed:
            return
        if not self._changes:
            asyncio.get_running_loop().call_soon(self._flush)
        self._changes.append(new)

    def _flush(self) -> None:
        if not self._changes:
            return
        text = encoded({"changes": [state_json(state) for state in self._changes]})
        self._changes.clear()
        for program in list(self._subscribed):
            if not program.put(text):
                self._subscribed.discard(program)

    def _forget(self, program: _Program) -> None:
        self._programs.discard(program)
        self._subscribed.discard(program)

    async def _say(self, program: _Program, recheck: sockets.Recheck) -> None:
        """Send what waits and the beats, until closed, signed out or too slow."""
        beats = 0
        next_beat = time.monotonic() + self._beat_s
        while program.talk.goes_on():
            program.talk.wake.clear()
            while program.waiting:
                if program.slow:
                    log.warning("a program was dropped: it reads slower than states change")
                    raise sockets.Ended(sockets.CLOSED_SLOW, "too slow")
                text = program.waiting.popleft()
                program.size -= len(text)
                await sockets.send(program.talk.socket, text)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._beat_s
                if not await sockets.still_signed_in(program.session, recheck):
                    raise sockets.Ended(sockets.CLOSED_SIGNED_OUT, "signed out")
                beats += 1
                program.put(encoded({"beat": beats, "at": sockets.beat_time()}))
                continue
            await sockets.woken(program.talk.wake, next_beat)
