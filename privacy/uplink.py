"""The home's stream to the relay: the only connection that the events door ever opens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.addresses import client_tls, split_address
from privacy.errors import PrivacyError
from privacy.handshake import ClientSide
from privacy.pairing import Pairing
from privacy.streams import FrameStream, StreamClosed
from privacy.wire import FrameType, WireError, frame

_HANDSHAKE_S = 10.0
_MAX_UNSENT = 8 * 1024
_ACCEPTED = (
    *(FrameType.HELLO, FrameType.WELCOME, FrameType.REFUSED),
    *(FrameType.PARAMETERS, FrameType.RECEIPT, FrameType.BULLETIN),
)


class Uplink:
    """Connects, stays connected, hands over cells and hears receipts.

    When it connects again depends on the slot length and chance, never on what is queued.
    """

    def __init__(
        self,
        key: Ed25519PrivateKey,
        pairing: Pairing,
        *,
        on_receipt: Callable[[int], Awaitable[None]],
        on_parameters: Callable[[bytes], Awaitable[None]],
        on_bulletin: Callable[[bytes], Awaitable[None]] | None = None,
    ) -> None:
        """Prepare; nothing is opened before `run`.

        Args:
            key: the home's enrolment key.
            pairing: names the relay.
            on_receipt: awaited with the counter of each cell that is on the relay's disk.
            on_parameters: awaited with a PARAMETERS payload; raising refuses the relay.
            on_bulletin: awaited with a BULLETIN payload, unchecked.
        """
        self._key = key
        self._pairing = pairing
        self._on_receipt = on_receipt
        self._on_parameters = on_parameters
        self._on_bulletin = on_bulletin
        self._stream: FrameStream | None = None
        self.problem = "not connected yet"

    @property
    def connected(self) -> bool:
        """Whether cells can go out now."""
        return self._stream is not None

    def send(self, counter: int, cell: bytes) -> bool:
        """Hand one cell to the relay; False if it did not leave."""
        if self._stream is None:
            return False
        return self._stream.send(frame(FrameType.CELL, counter.to_bytes(4, "big") + cell))

    async def run(self) -> None:
        """Until cancelled. Waits one slot, then up to 5 (at most 30 s), between tries."""
        slots = 1.0
        while True:
            try:
                await self._connect()
            except (PrivacyError, OSError) as error:
                self.problem = str(error)
            if self._stream is not None:
                slots = 1.0
            self._stream = None
            pause = min(30.0, slots * self._pairing.slot_s)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  only a back-off
            slots = min(5.0, slots * 2)

    async def _connect(self) -> None:
        host, port = split_address(self._pairing.relay_address)
        tls = client_tls(host, self._pairing.relay_certificate)
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        except TimeoutError:
            raise StreamClosed("the relay does not answer") from None
        stream = FrameStream(reader, writer, _ACCEPTED, high=_MAX_UNSENT)
        try:
            side = ClientSide(self._key)
            hello = await stream.expect(FrameType.HELLO, _HANDSHAKE_S)
            stream.send(side.answer(hello, relay=self._pairing.relay_key, gateway=None))
            side.check(await stream.expect(FrameType.WELCOME, _HANDSHAKE_S))
            await self._on_parameters(await stream.expect(FrameType.PARAMETERS, _HANDSHAKE_S))
            self._stream, self.problem = stream, ""
            while True:
                await self._hear(stream)
        finally:
            # Not closed in order: a cell sealed before a withdrawal must not leave the system's
            # buffers minutes after it, when a line that hung comes back.
            stream.cut()

    async def _hear(self, stream: FrameStream) -> None:
        kind, payload = await stream.next(max(10.0, 5 * self._pairing.slot_s))
        if kind is FrameType.RECEIPT:
            await self._on_receipt(int.from_bytes(payload, "big"))
        elif kind is FrameType.PARAMETERS:
            await self._on_parameters(payload)
        elif kind is FrameType.BULLETIN:
            if self._on_bulletin is not None:
                await self._on_bulletin(payload)
        elif kind is FrameType.REFUSED:
            raise WireError("refused: " + payload.decode("utf-8", "replace"))
        else:
            raise WireError(f"a {kind.name} frame is not expected here")
