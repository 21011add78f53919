"""The gateway: cells from the relay in, durable events and incidents out, then the receipt."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from sqlmodel import Session

from community.core import attestation, roster, token_keys, zones
from community.core.events import Receive, SafetyEvent, Word
from community.core.store import Store, StoreError
from community.gateway import intake
from community.gateway.intake import Taken
from privacy.attestation import Attested
from privacy.gateway import (
    GatewayKey,
    OpenedBatch,
    OpenedEvent,
    TokenCheck,
    UpstreamServer,
    open_batch,
)
from privacy.parameters import Parameters
from privacy.tokens.ring import KeyRing
from privacy.wire import Flags, slot_at
from privacy.zones import K, Partition, Zone

_LOG = logging.getLogger(__name__)

LATE_AFTER = 60.0
"""Seconds after its slot from which an event counts as late."""
_LOOK_EVERY = 2.0
_COUNT_EVERY = 30.0


class Known(NamedTuple):
    """What the gateway tells the relay, and whom it lets in."""

    relay: bytes | None
    homes: tuple[bytes, ...]
    table: Partition
    tokens: KeyRing | None
    attested: Attested | None = None

    def same(self, other: Known) -> bool:
        """Whether there is nothing new to tell."""
        mine, others = (
            (
                *(one.relay, one.homes, one.table.to_json()),
                one.tokens and one.tokens.to_json(),
                one.attested and one.attested.to_json(),
            )
            for one in (self, other)
        )
        return mine == others


def known(session: Session, now: float) -> Known:
    """Read the paired relay, the enrolled keys, the zone table and the token keys in force."""
    frozen = zones.current(session)
    table = frozen.partition if frozen else whole_community()
    homes = tuple(roster.home_keys(session))
    stands = attestation.standing(session)
    attested = None if stands is None else stands.attested
    tokens = token_keys.ring(session, now)
    return Known(roster.relay_key(session), homes, table, tokens, attested)


def whole_community() -> Partition:
    """Return the table before the first freezing: one zone, the community, version 0."""
    return Partition([Zone(0, "community", (), 0)], K, 0)


class Gateway:
    """Listens for the relay.

    Args:
        store: The community's database.
        key: The gateway's key.
        clock: Unix seconds.
        slot_s: The community's slot in seconds.
        receive: Turns new events into incidents, in the batch's transaction.
        changed: Called with the ids of incidents that a batch raised or changed.
    """

    def __init__(
        self,
        store: Store,
        key: GatewayKey,
        *,
        clock: Callable[[], float],
        slot_s: float,
        receive: Receive,
        changed: Callable[..., None],
    ) -> None:
        self._store = store
        self._key = key
        self._clock = clock
        self.slot_s = slot_s
        self._receive = receive
        self._changed = changed
        self._known = Known(None, (), whole_community(), None)
        self._uncounted: Counter[str] = Counter()
        self._counted_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.listening = False
        self.batch_at: float | None = None
        self._server = UpstreamServer(
            key,
            allows=lambda relay: relay == self._known.relay,
            on_batch=self.on_batch,
            roster=lambda: self._known.homes,
            parameters=self._parameters,
        )

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; returns the port."""
        self._known = await self._read_known()
        port = await self._server.start(host, port, tls)
        self.listening = True
        self._tasks.add(asyncio.create_task(self._look(), name="gateway-roster"))
        return port

    async def stop(self) -> None:
        """Close the port and keep the counters."""
        self.listening = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.stop()
        try:
            await self._keep_counts()
        except StoreError as error:
            _LOG.warning("the last counters were not kept: %s", error)

    @property
    def paired(self) -> bool:
        """Whether a relay is paired."""
        return self._known.relay is not None

    @property
    def connected(self) -> bool:
        """Whether the paired relay is connected."""
        return self._known.relay in self._server.connected

    @property
    def homes(self) -> int:
        """How many homes are enrolled."""
        return len(self._known.homes)

    async def refresh(self) -> None:
        """Read roster and zones again and tell the relay where they changed."""
        fresh = await self._read_known()
        same, self._known = fresh.same(self._known), fresh
        if not same:
            self._server.push()

    async def on_batch(self, _relay: bytes, number: int, cells: list[bytes]) -> None:
        """Make a batch durable; the caller sends the receipt when this returns.

        Raises:
            StoreError: Nothing was kept; the relay sends the batch again.
        """
        at = self._clock()
        opened = await asyncio.to_thread(open_batch, self._key.private, cells, self._tokens(at))
        self._count(opened)
        if opened:
            events = [self._read(event, at) for event in opened]
            taken = await self._keep(events, at)
            _LOG.info("batch %d: %d events, %d new", number, len(events), taken.accepted)
            if taken.incidents:
                self._changed(*taken.incidents)
        elif at - self._counted_at > _COUNT_EVERY:
            await self._keep_counts()
        self.batch_at = at

    async def counts(self) -> dict[str, int]:
        """Return every counter up to now."""
        kept = await self._store.read(intake.counts)
        return {name: value + self._uncounted[name] for name, value in kept.items()}

    def _read(self, event: OpenedEvent, at: float) -> SafetyEvent:
        body = event.body
        age = (slot_at(at, self.slot_s) - body.slot) * self.slot_s
        return SafetyEvent(
            nonce=event.nonce,
            seq=body.seq,
            body=body.pack(),
            content=event.content,
            hazard=body.hazard.word,
            word=Word(body.status.name.lower()),
            severity=int(body.severity),
            zone=body.zone,
            drill=bool(body.flags & Flags.DRILL),
            test=bool(body.flags & Flags.TEST),
            late=age > LATE_AFTER,
        )

    def _count(self, opened: OpenedBatch) -> None:
        self._uncounted[intake.BATCHES] += 1
        self._uncounted[intake.DUMMY_BATCHES] += not opened
        self._uncounted[intake.INVALID] += sum(opened.invalid.values())

    async def _keep(self, events: list[SafetyEvent], at: float) -> Taken:
        counts = dict(self._uncounted)

        def work(session: Session) -> Taken:
            taken = intake.take(session, events, self._receive, at=at)
            counts[intake.EVENTS] = taken.accepted
            counts[intake.REPLAYED] = taken.replayed
            counts[intake.CONFLICTING] = taken.conflicting
            counts[intake.LATE] = taken.late
            intake.add_counts(session, counts)
            return taken

        taken = await self._store.run(work)
        self._forget_counts(counts)
        return taken

    async def _keep_counts(self) -> None:
        counts = dict(self._uncounted)
        await self._store.run(lambda session: intake.add_counts(session, counts))
        self._forget_counts(counts)

    def _forget_counts(self, counts: dict[str, int]) -> None:
        for name in list(self._uncounted):
            self._uncounted[name] -= counts.get(name, 0)
        self._counted_at = self._clock()

    def _parameters(self) -> bytes:
        now = self._known
        key, attested = self._key.public, now.attested
        made = Parameters(key, now.table, self.slot_s, self.homes, now.tokens, attested=attested)
        return made.to_bytes()

    def _tokens(self, at: float) -> TokenCheck | None:
        """What events' tokens are checked against; None where none were ever issued."""
        ring = self._known.tokens
        return None if ring is None else TokenCheck(ring, self.slot_s, at)

    async def _read_known(self) -> Known:
        at = self._clock()
        return await self._store.read(lambda session: known(session, at))

    async def _look(self) -> None:
        """Notice what another process, the command line above all, changed."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self.refresh()
            except StoreError as error:
                _LOG.warning("the roster could not be read: %s", error)
