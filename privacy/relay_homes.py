"""The relay's side towards homes: who may come in, and one cell per slot and home."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.addresses import is_loopback
from privacy.batch import CellQueue
from privacy.errors import PrivacyError
from privacy.handshake import ServerSide
from privacy.wire import FrameParser, FrameType, WireError, frame

HANDSHAKE_S = 5.0
_SPARE_CONNECTIONS = 64
_MAX_UNSENT = 256 * 1024

Waiting = tuple["HomeConnection", bytes, bytes]


class Homes:
    """All home connections. ``health`` gives the counts that a PING is answered with."""

    def __init__(self, key: Ed25519PrivateKey, health: Callable[[], dict[str, object]]) -> None:
        self.key = key
        self.health = health
        self.roster: frozenset[bytes] = frozenset()
        self.parameters: bytes | None = None
        self.silence_s = 30.0
        self.refused = 0
        self._open: set[HomeConnection] = set()
        self._present: dict[bytes, HomeConnection] = {}

    @property
    def online(self) -> int:
        """Homes connected now."""
        return len(self._present)

    def set_roster(self, roster: frozenset[bytes]) -> None:
        """Take a new roster; homes that are no longer on it are cut off."""
        self.roster = roster
        for key, connection in list(self._present.items()):
            if key not in roster:
                connection.refuse(b"this home is no longer enrolled")

    def set_parameters(self, payload: bytes) -> None:
        """Take new parameters and tell every home."""
        if payload == self.parameters:
            return
        self.parameters = payload
        for connection in self._present.values():
            connection.send(frame(FrameType.PARAMETERS, payload))

    def take(self) -> list[Waiting]:
        """At most one waiting cell of each home: (connection, counter, cell)."""
        taken = []
        for connection in self._present.values():
            if connection.queue:
                taken.append((connection, *connection.queue.take()))
        return taken

    def answer(self, taken: list[Waiting], bulletins: list[bytes]) -> None:
        """Receipts for cells that are on the disk, and the bulletin to everybody: one write each.

        Args:
            taken: what `take` gave and the disk has.
            bulletins: BULLETIN payloads that came since the last slot, one as a rule.
        """
        told = b"".join(frame(FrameType.BULLETIN, one) for one in bulletins)
        for connection, counter, _ in taken:
            connection.send(frame(FrameType.RECEIPT, counter) + told)
        if told:
            answered = {connection for connection, _, _ in taken}
            for connection in self._present.values():
                if connection not in answered:
                    connection.send(told)

    def opened(self, connection: HomeConnection) -> bool:
        """Whether one more connection is affordable."""
        self._open.add(connection)
        return len(self._open) <= 2 * len(self.roster) + _SPARE_CONNECTIONS

    def entered(self, connection: HomeConnection, key: bytes) -> None:
        """A home proved its key; an older connection of the same home gives way."""
        older = self._present.get(key)
        self._present[key] = connection
        if older is not None:
            older.close()

    def left(self, connection: HomeConnection) -> None:
        """A connection ended."""
        self._open.discard(connection)
        if connection.key is not None and self._present.get(connection.key) is connection:
            del self._present[connection.key]

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._open):
            connection.close()


class HomeConnection(asyncio.Protocol):
    """One home's stream."""

    __slots__ = ("_homes", "_parser", "_side", "_timer", "_transport", "key", "queue")

    def __init__(self, homes: Homes) -> None:
        self._homes = homes
        self._side = ServerSide(homes.key)
        self._parser = FrameParser(FrameType.AUTH, FrameType.CELL, FrameType.PING)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.key: bytes | None = None
        self.queue = CellQueue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet with our key and a challenge."""
        if not isinstance(transport, asyncio.Transport):
            transport.close()
            return
        self._transport = transport
        if not self._homes.opened(self):
            self.refuse(b"too many connections")
            return
        self._watch(HANDSHAKE_S)
        self.send(self._side.hello())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Forget the home's queue: what had no receipt is sent again by the home."""
        if self._timer is not None:
            self._timer.cancel()
        self.queue.clear()
        self._homes.left(self)

    def data_received(self, data: bytes) -> None:
        """Take frames; anything unexpected ends the connection."""
        try:
            for kind, payload in self._parser.feed(data):
                self._handle(kind, payload)
        except PrivacyError as error:
            self._homes.refused += 1
            self.refuse(str(error).encode())

    def _handle(self, kind: FrameType, payload: bytes) -> None:
        if kind is FrameType.PING:
            if not self._here():
                # How many homes are connected, second by second, is nobody else's business.
                raise WireError("only this machine may ask")
            self.send(frame(FrameType.PONG, json.dumps(self._homes.health()).encode()))
        elif kind is FrameType.AUTH and self.key is None:
            self._admit(payload)
        elif kind is FrameType.CELL and self.key is not None:
            self._watch(self._homes.silence_s)
            if not self.queue.add(payload[:4], payload[4:]):
                self._homes.refused += 1
        else:
            self._homes.refused += 1
            self.refuse(b"authenticate first, and once")

    def _here(self) -> bool:
        """Whether the other end is a program of this machine."""
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return isinstance(peer, tuple) and is_loopback(str(peer[0]))

    def _admit(self, auth: bytes) -> None:
        key, welcome = self._side.accept(auth)
        if self._homes.parameters is None:
            self.refuse(b"the relay has not met its gateway yet")
        elif key not in self._homes.roster:
            self._homes.refused += 1
            self.refuse(b"this home is not enrolled")
        else:
            self.key = key
            self._homes.entered(self, key)
            self._watch(self._homes.silence_s)
            self.send(welcome)
            self.send(frame(FrameType.PARAMETERS, self._homes.parameters))

    def send(self, data: bytes) -> None:
        """Send; a home that doesn't read is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _MAX_UNSENT:
            self._transport.abort()
            return
        self._transport.write(data)

    def refuse(self, reason: bytes) -> None:
        """Say why, and close."""
        self.send(frame(FrameType.REFUSED, reason[:200] or b"refused"))
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _watch(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.close)
