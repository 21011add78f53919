"""The platform's end of the events door: its key, opening cells, and the port for the relay.

`UpstreamServer` is storage-free: the community gives callbacks. Per relay there is one ordered
stream; a batch is acknowledged only after ``on_batch`` returned, that is after it is durable.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.box import Box, derive
from privacy.cell import NO_TOKEN, CellError, Opened, is_dummy, open_cell, verify
from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded
from privacy.handshake import HandshakeError, ServerSide, key_hash
from privacy.streams import FrameStream, StreamClosed
from privacy.tokens.ring import KeyRing
from privacy.tokens.token import TokenError
from privacy.wire import Body, FrameType, WireError, frame, unpack_batch

_LOG = logging.getLogger(__name__)
_SILENCE_S = 30.0
_HANDSHAKE_S = 5.0

OnBatch = Callable[[bytes, int, list[bytes]], Awaitable[None]]


class GatewayKey:
    """The community's X25519 key, in ``gateway.key`` (0600)."""

    __slots__ = ("hash", "private", "public")

    FILE = "gateway.key"

    def __init__(self, private: X25519PrivateKey) -> None:
        self.private = private
        self.public = private.public_key().public_bytes_raw()
        self.hash = key_hash(self.public)

    def box(self, purpose: str) -> Box:
        """A box for what the community keeps at rest under this key."""
        return Box(derive(self.private.private_bytes_raw(), purpose))

    @classmethod
    def load_or_create(cls, folder: Path) -> GatewayKey:
        """Read the key, made on first use. Blocking.

        Raises:
            PrivacyError: the file is damaged; it is never replaced.
        """
        path = private_folder(folder) / cls.FILE
        if not path.exists():
            create_once(path, X25519PrivateKey.generate().private_bytes_raw())
        data = read_bounded(path, 32)
        if len(data) != 32:
            raise PrivacyError("gateway.key is damaged; bring it back from a backup")
        return cls(X25519PrivateKey.from_private_bytes(data))


class OpenedEvent:
    """A verified event cell.

    ``nonce`` is the event's id; (nonce, body.seq) is unique. ``content`` is the SHA-256 of the
    plaintext: the same (nonce, seq) with the same content is a copy, with another it is to be
    refused and counted.
    """

    __slots__ = ("body", "content", "nonce")

    def __init__(self, nonce: bytes, body: Body, content: bytes) -> None:
        self.nonce = nonce
        self.body = body
        self.content = content


class OpenedBatch(list[OpenedEvent]):
    """The events of a batch in arrival order; beside them the counts of everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.dummies = 0
        self.invalid: Counter[str] = Counter()


class TokenCheck(NamedTuple):
    """What tokens are checked against: keys, the slot in seconds, and now in Unix seconds."""

    ring: KeyRing
    slot_s: float
    now: float


def open_batch(
    privates: Sequence[X25519PrivateKey],
    cells: Iterable[bytes],
    tokens: TokenCheck | None = None,
) -> OpenedBatch:
    """Open cells and verify events: 0.05 ms each, an event 0.2, so run large batches in a thread.

    A cell doesn't say which of the keys it is sealed to: they are tried in turn, the one that
    opened the cell before first, for a batch is nearly always sealed to one.

    With ``tokens`` an event counts only with a token that is good for it; without, the community
    issues none, and an event that carries one is refused.

    Dummies are counted and dropped; so are invalid cells, by `privacy.cell.CellError.reason`.
    Copies within the batch are all returned.
    """
    batch, order = OpenedBatch(), list(privates)
    for cell in cells:
        try:
            plaintext = _opened(order, cell)
            if is_dummy(plaintext):
                # Thrown away either way: checking its signature would be two thirds of the work.
                batch.dummies += 1
                continue
            opened = verify(plaintext)
            _check_token(opened, tokens)
        except CellError as error:
            batch.invalid[error.reason] += 1
            continue
        if opened.body is not None:
            content = hashlib.sha256(plaintext).digest()
            batch.append(OpenedEvent(opened.nonce, opened.body, content))
    return batch


def _opened(order: list[X25519PrivateKey], cell: bytes) -> bytes:
    """The plaintext under whichever key opens it; that one comes to the front.

    Raises:
        CellError: none does.
    """
    refused: CellError | None = None
    for place, private in enumerate(order):
        try:
            plaintext = open_cell(private, cell)
        except CellError as error:
            refused = error
        else:
            order.insert(0, order.pop(place))
            return plaintext
    raise refused or CellError("seal", "there is no key to open cells with")


def _check_token(opened: Opened, tokens: TokenCheck | None) -> None:
    """Refuse an event without a good token.

    Raises:
        CellError: ``token``.
    """
    if opened.body is None:
        return
    if tokens is None:
        if opened.token != NO_TOKEN:
            raise CellError("token", "the cell carries a token where none is issued")
        return
    try:
        tokens.ring.spend(opened.body, opened.token, opened.nonce, tokens.slot_s, tokens.now)
    except TokenError as error:
        raise CellError("token", str(error)) from None


class UpstreamServer:
    """The port that relays connect to.

    Args of the constructor:
        key: the gateway key.
        allows: whether a relay's Ed25519 key (32 bytes) was paired.
        on_batch: ``await on_batch(relay_key, number, cells)`` makes the batch durable; the same
            batch may come again after a lost receipt. An exception closes the connection, and
            the relay sends the batch again.
        roster: the enrolled homes' Ed25519 keys.
        parameters: `privacy.parameters.Parameters.to_bytes` of what holds now.
    """

    def __init__(
        self,
        key: GatewayKey,
        *,
        allows: Callable[[bytes], bool],
        on_batch: OnBatch,
        roster: Callable[[], Iterable[bytes]],
        parameters: Callable[[], bytes],
    ) -> None:
        self._key = key
        self._allows = allows
        self._on_batch = on_batch
        self._roster = roster
        self._parameters = parameters
        self._streams: dict[FrameStream, bytes] = {}
        self._open: dict[FrameStream, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None

    @property
    def connected(self) -> set[bytes]:
        """Keys of the relays that are connected now."""
        return set(self._streams.values())

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; returns the port (useful with port 0)."""
        self._server = await asyncio.start_server(self._serve, host, port, ssl=tls)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Close the port and all connections; a batch that is being stored is finished first."""
        if self._server is None:
            return
        self._server.close()
        tasks = [task for task in self._open.values() if task is not None]
        for stream in list(self._open):
            stream.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def push(self) -> None:
        """Send roster and parameters to every relay, after one of them changed.

        Relays whose key is no longer allowed are cut off.
        """
        for stream, relay in list(self._streams.items()):
            if not self._allows(relay):
                stream.send(frame(FrameType.REFUSED, b"this relay is no longer paired"))
                stream.abort()
            else:
                self._send_all(stream)

    def tell(self, bulletin: bytes) -> None:
        """Send this slot's bulletin to every relay, which passes it on to every home."""
        for stream in self._streams:
            stream.send(frame(FrameType.BULLETIN, bulletin))

    def _send_all(self, stream: FrameStream) -> None:
        keys = sorted(base64.b64encode(key).decode() for key in self._roster())
        stream.send(frame(FrameType.PARAMETERS, self._parameters()))
        stream.send(frame(FrameType.ROSTER, json.dumps(keys).encode()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = (FrameType.AUTH, FrameType.BATCH, FrameType.PING)
        stream = FrameStream(reader, writer, accepted, high=8 * 1024 * 1024)
        self._open[stream] = asyncio.current_task()
        try:
            relay = await self._greet(stream)
            if relay is None:
                return
            self._streams[stream] = relay
            self._send_all(stream)
            while True:
                await self._handle(stream, relay, *await stream.next(_SILENCE_S))
        except StreamClosed:
            _LOG.info("a relay's stream ended")
        except PrivacyError as error:
            _LOG.warning("a relay's stream was closed: %s", error)
        except Exception:  # noqa: BLE001  whatever storing raised, the relay must send again
            _LOG.exception("a batch was not stored; the relay will send it again")
        finally:
            self._streams.pop(stream, None)
            await stream.close()
            del self._open[stream]

    async def _greet(self, stream: FrameStream) -> bytes | None:
        side = ServerSide(self._key.private)
        stream.send(side.hello())
        auth = await stream.expect(FrameType.AUTH, _HANDSHAKE_S)
        try:
            relay, welcome = side.accept(auth)
        except HandshakeError as error:
            await stream.refuse(str(error))
            return None
        if not self._allows(relay):
            await stream.refuse("this relay is not paired")
            return None
        stream.send(welcome)
        return relay

    async def _handle(
        self, stream: FrameStream, relay: bytes, kind: FrameType, payload: bytes
    ) -> None:
        if kind is FrameType.PING:
            stream.send(frame(FrameType.PONG, b"{}"))
            return
        if kind is not FrameType.BATCH:
            raise WireError(f"a {kind.name} frame is not expected here")
        number, cells = unpack_batch(payload)
        await self._on_batch(relay, number, cells)
        stream.send(frame(FrameType.BATCH_RECEIPT, payload[:8]))
