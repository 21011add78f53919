"""The relay's side towards the gateway: one outgoing, ordered stream."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from privacy.addresses import client_tls, split_address
from privacy.errors import PrivacyError
from privacy.handshake import ClientSide
from privacy.relay_store import RelayPairing, RelayStore, Spool
from privacy.streams import FrameStream
from privacy.wire import FrameType, frame

_LOG = logging.getLogger(__name__)
_WINDOW = 4
_PING_S = 5.0
_SILENCE_S = 15.0
_ACCEPTED = (
    *(FrameType.HELLO, FrameType.WELCOME, FrameType.REFUSED, FrameType.PONG),
    *(FrameType.ROSTER, FrameType.PARAMETERS, FrameType.BATCH_RECEIPT, FrameType.BULLETIN),
)

Heard = Callable[[FrameType, bytes], Awaitable[None]]


class Upstream:
    """Connects, stays connected, sends the spool in order, keeps what has no receipt."""

    def __init__(
        self, store: RelayStore, pairing: RelayPairing, spool: Spool, heard: Heard
    ) -> None:
        self._store = store
        self._pairing = pairing
        self._spool = spool
        self._heard = heard
        self._waiting: set[int] = set()
        self._wake = asyncio.Event()
        self.connected = False

    def wake(self) -> None:
        """A new batch is in the spool."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; a broken connection is taken up again after 0.1 to 5 s."""
        delay = 0.1
        while True:
            try:
                await self._connect()
                delay = 0.1
            except (PrivacyError, OSError) as error:
                if self.connected:
                    delay = 0.1
                _LOG.info("no gateway: %s", error)
            self.connected = False
            await asyncio.sleep(delay * random.uniform(0.7, 1.3))  # noqa: S311  only a back-off
            delay = min(5.0, delay * 2)

    async def _connect(self) -> None:
        host, port = split_address(self._pairing.upstream)
        tls = client_tls(host, self._pairing.certificate)
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        stream = FrameStream(reader, writer, _ACCEPTED, high=64 * 1024 * 1024)
        try:
            side = ClientSide(self._store.key)
            hello = await stream.expect(FrameType.HELLO, _SILENCE_S)
            key = self._pairing.gateway_key
            stream.send(side.answer(hello, relay=None, gateway=key))
            side.check(await stream.expect(FrameType.WELCOME, _SILENCE_S))
            self.connected = True
            self._waiting.clear()
            await self._talk(stream)
        finally:
            await stream.close()

    async def _talk(self, stream: FrameStream) -> None:
        sender = asyncio.create_task(self._send_spool(stream))
        try:
            while True:
                kind, payload = await stream.next(_SILENCE_S)
                if kind is FrameType.BATCH_RECEIPT:
                    number = int.from_bytes(payload, "big")
                    await asyncio.to_thread(self._spool.done, number)
                    self._waiting.discard(number)
                    self._wake.set()
                elif kind in (FrameType.ROSTER, FrameType.PARAMETERS, FrameType.BULLETIN):
                    await self._heard(kind, payload)
                elif kind is FrameType.REFUSED:
                    raise PrivacyError("refused: " + payload.decode("utf-8", "replace"))
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send_spool(self, stream: FrameStream) -> None:
        last = 0
        while True:
            self._wake.clear()
            number = self._spool.after(last) if len(self._waiting) < _WINDOW else None
            if number is not None:
                last = number
                self._waiting.add(number)
                payload = await asyncio.to_thread(self._spool.read, number)
                stream.send(frame(FrameType.BATCH, payload))
                await stream.drain()
                continue
            try:
                async with asyncio.timeout(_PING_S):
                    await self._wake.wait()
            except TimeoutError:
                stream.send(frame(FrameType.PING))
