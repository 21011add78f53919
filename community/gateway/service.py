"""The gateway: cells from the relay in, durable events and incidents out, then the receipt."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.core import log, roster, standing, token_keys, witnesses, zones
from community.core.events import Receive, SafetyEvent, Word
from community.core.store import Store, StoreError
from community.gateway import intake
from community.gateway.intake import Taken
from privacy.bulletin import Accepted, Head
from privacy.cell_keys import CellKeys, CellKeystore
from privacy.gateway import (
    GatewayKey,
    OpenedBatch,
    OpenedEvent,
    TokenCheck,
    UpstreamServer,
    open_batch,
)
from privacy.parameters import Parameters
from privacy.tokens.epochs import Allotment
from privacy.tokens.ring import KeyRing
from privacy.transparency.proof import Proof
from privacy.transparency.tree import LogError, Tree
from privacy.wire import Flags, slot_at, slot_start
from privacy.witnessed import sha256
from privacy.zones import K, Partition, Zone

_LOG = logging.getLogger(__name__)

LATE_AFTER = 60.0
"""Seconds after its slot from which an event counts as late."""
TOLD = 0.4
"""When in the slot the bulletin is told: after the batch of the slot before, ahead of the flush."""
_LOOK_EVERY = 2.0
_COUNT_EVERY = 30.0
_CELLS_EVERY = 600.0


class Known(NamedTuple):
    """What the gateway tells the relay, and whom it lets in.

    Attributes:
        relay: The paired relay's key.
        homes: The enrolled keys.
        tokens: The keys that tokens are checked against; None where none were ever issued.
        table: The zone table that homes are told.
        told: The token keys that they are told.
        roster_size: How many homes they are told there are.
        cells: The keys of cells that they are told, by the digests in the log.
        proof: What two witnesses vouch for; None while they don't.
    """

    relay: bytes | None
    homes: tuple[bytes, ...]
    tokens: KeyRing | None
    table: Partition
    told: KeyRing | None
    roster_size: int
    cells: Mapping[int, str]
    proof: Proof | None

    def same(self, other: Known) -> bool:
        """Whether there is nothing new to tell."""
        mine, others = (
            (
                *(one.relay, one.homes, one.roster_size, one.table.to_json()),
                one.told and one.told.to_json(),
                one.cells,
                one.proof and one.proof.to_json(),
            )
            for one in (self, other)
        )
        return mine == others


def known(session: Session, now: float) -> Known:
    """Read the paired relay, the enrolled keys, and what homes are told now.

    Once two witnesses vouch for the log, homes are told what it says, and so what is new only
    when they can believe it.
    """
    relay, homes = roster.relay_key(session), tuple(roster.home_keys(session))
    tokens, vouched = token_keys.ring(session, now), _vouched(session, now)
    logged = {} if vouched is None else vouched.claims.tokens()
    # Without a key that it may use a home would send events that are refused for want of a token.
    if vouched is None or (tokens is not None and not logged):
        frozen = zones.current(session)
        table = frozen.partition if frozen else whole_community()
        return Known(relay, homes, tokens, table, tokens, len(homes), {}, None)
    claims = vouched.claims
    entry, counted = claims.zones(), claims.roster()
    found = None if entry is None else zones.logged(session, str(entry.said.get("sha256")))
    told = None
    if tokens is not None:
        keys = tokens.keys.items()
        told = KeyRing({name: key for name, key in keys if (str(name[0]), name[1]) in logged})
    size = 0 if counted is None else int(str(counted.said.get("homes")))
    sealing = {
        number: str(one.said.get("sha256"))
        for number, one in claims.cells().items()
        if not Allotment.EPOCH.over(number, now)
    }
    table = found or whole_community()
    return Known(relay, homes, tokens, table, told, size, sealing, vouched.proof)


def _vouched(session: Session, now: float) -> witnesses.Told | None:
    """What two witnesses vouch for; of a log that is damaged nothing is."""
    try:
        return witnesses.told(session, now)
    except LogError:  # said once, where it is written on
        return None


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
        log_key: Signs bulletins as it signs the log; None tells none.
        cells: The epochs' keys that cells are sealed to; None uses the lasting one alone.
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
        log_key: Ed25519PrivateKey | None = None,
        cells: CellKeystore | None = None,
    ) -> None:
        self._store = store
        self._key = key
        self._cells = cells
        self._cells_at = -_CELLS_EVERY
        self._clock = clock
        self.slot_s = slot_s
        self._receive = receive
        self._changed = changed
        self._known = Known(None, (), None, whole_community(), None, 0, {}, None)
        self._log_key = log_key
        self._head = Head(0, Tree().root())
        self._accepted = Accepted()
        self._uncounted: Counter[str] = Counter()
        self._counted_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._log_damaged = False
        self.listening = False
        self.batch_at: float | None = None
        self._server = UpstreamServer(
            key,
            allows=lambda relay: relay == self._known.relay,
            on_batch=self.on_batch,
            roster=lambda: self._known.homes,
            parameters=self.parameters,
        )

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; returns the port."""
        await self._keep_log()
        self._known = await self._read_known()
        port = await self._server.start(host, port, tls)
        self.listening = True
        self._tasks.add(asyncio.create_task(self._look(), name="gateway-roster"))
        if self._log_key is not None:
            bulletins = self._tell(self._log_key)
            self._tasks.add(asyncio.create_task(bulletins, name="gateway-bulletins"))
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
        await self._keep_log()
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
        privates = [*(self._cells.privates(at) if self._cells else ()), self._key.private]
        opened = await asyncio.to_thread(open_batch, privates, cells, self._tokens(at))
        self._count(opened)
        if opened:
            events = [self._read(event, at) for event in opened]
            taken = await self._keep(events, at)
            self._accepted.add((event.nonce, event.seq) for event in events)
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

    def parameters(self) -> bytes:
        """Return what every home is told now (`privacy.parameters.Parameters`)."""
        now = self._known
        log_key = self._log_key
        public = self._cells.public().keys.items() if self._cells is not None else ()
        cells = CellKeys({n: key for n, key in public if now.cells.get(n) == sha256(key)})
        made = Parameters(
            self._key.public,
            now.table,
            self.slot_s,
            now.roster_size,
            now.told,
            log_key=None if log_key is None else log_key.public_key().public_bytes_raw(),
            proof=now.proof,
            cells=cells,
        )
        return made.to_bytes()

    def _tokens(self, at: float) -> TokenCheck | None:
        """What events' tokens are checked against; None where none were ever issued."""
        ring = self._known.tokens
        return None if ring is None else TokenCheck(ring, self.slot_s, at)

    async def _read_known(self) -> Known:
        at = self._clock()

        def read(session: Session) -> Known:
            if log.size(session) != self._head.size:
                tree = Tree(log.entries(session))
                self._head = Head(tree.size, tree.root())
            return known(session, at)

        return await self._store.read(read)

    async def _tell(self, key: Ed25519PrivateKey) -> None:
        """A bulletin in every slot, at its moment, whatever was accepted."""
        while True:
            slot = slot_at(self._clock(), self.slot_s) + 1
            moment = slot_start(slot, self.slot_s) + TOLD * self.slot_s
            await asyncio.sleep(max(0.0, moment - self._clock()))
            self._server.tell(self._accepted.bulletin(slot, self._head).sign(key.sign))

    async def _keep_log(self) -> None:
        """Write into the log what it lacks of what homes are told."""
        at, cells = self._clock(), CellKeys()
        if self._cells is not None:
            if abs(at - self._cells_at) >= _CELLS_EVERY:
                await asyncio.to_thread(self._cells.maintain, at)
                self._cells_at = at
            cells = self._cells.public()
        own = standing.Own(self._key.public, cells, self.slot_s)
        try:
            if await self._store.read(lambda session: standing.due(session, own, at)):
                await self._store.run(lambda session: standing.say(session, own, at))
            self._log_damaged = False
        except LogError as error:
            if not self._log_damaged:
                _LOG.error("the log is damaged, nothing is added or vouched for: %s", error)
            self._log_damaged = True

    async def _look(self) -> None:
        """Notice what another process, the command line above all, changed."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self.refresh()
            except StoreError as error:
                _LOG.warning("the roster could not be read: %s", error)
