"""The events door: one cell per slot from pairing on, event or dummy, through one code path.

In each slot, a moment before the home's own phase, the cell of that slot is made: consent is
looked up, a body is chosen or none, signed, sealed. At the phase it is handed over. A home that
was never paired opens no socket. Nothing here waits for the platform: the relay's receipt ends
a message, its absence sends it again in the next slot.

The queue lives in `privacy.sender`; this file is the clock, the pairing, and what others call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from privacy.act_link import ActStatus, act_body, act_id, send_act
from privacy.act_seal import Recipient
from privacy.clock import Clock, SystemClock
from privacy.consent import Ledger
from privacy.door_log import DoorLog, OpenLetter
from privacy.errors import PrivacyError
from privacy.handshake import HandshakeError, key_hash
from privacy.letterbox import Letterbox
from privacy.membership import Membership
from privacy.outbox import Outbox
from privacy.pairing import HOME, Pairing, PairingCode, PairingError, enrol
from privacy.parameters import Parameters
from privacy.sender import OFFSETS, SafetyEvent, Sender
from privacy.slots import lead, next_slot, sending_moment
from privacy.uplink import Uplink
from privacy.vault import MachineKey
from privacy.wire import Status, WireError, slot_at
from privacy.witnessed import Believer, Standing
from privacy.zones import K

if TYPE_CHECKING:
    from privacy.tokens.provision import Provision

__all__ = ["Clock", "Egress", "NotPaired", "NotStored", "SafetyEvent"]

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class NotPaired(PrivacyError):
    """This home has no community; nothing can be told to anyone."""


class NotStored(PrivacyError):
    """The disk did not take it; nothing was changed."""


class Egress:
    """The events door of one home.

    Args of the constructor:
        path: ``egress.db``.
        machine: its box seals the queue and the pairing.
        letterbox: where the literal messages go; readable by the unlocked household only.
        ledger: asked at every sealing.
        clock: the machine's, unless a test brings one.
        offsets: slots from the first message to the two follow-ups.
        floor: fewest homes in a zone that this home accepts.
    """

    def __init__(
        self,
        path: Path,
        *,
        machine: MachineKey,
        letterbox: Letterbox,
        ledger: Ledger,
        clock: Clock | None = None,
        offsets: tuple[int, int] = OFFSETS,
        floor: int = K,
    ) -> None:
        self._clock = clock or SystemClock()
        self._floor = floor
        self._letterbox = letterbox
        self._worker = ThreadPoolExecutor(1, "egress")
        self._outbox = Outbox(path, machine)
        self.acts = DoorLog(path, letterbox, "acts")
        self._sender = Sender(self._outbox, letterbox, ledger, offsets, self._clock.now)
        self._uplink: Uplink | None = None
        self._provision: Provision | None = None
        self._pairing: Pairing | None = None
        self._member = Membership(self._outbox, letterbox)
        self._believer: Believer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._counter = 0
        self._cells_sent = 0
        self._last_receipt: float | None = None

    async def start(self) -> None:
        """Read the stored state; paired, begin with the next slot. Unpaired: stay silent."""
        self._pairing = await self._in_worker(self._load)
        if self._pairing is not None:
            await self._go(self._pairing)

    async def stop(self) -> None:
        """End the slots, close stream and database."""
        await self._halt()
        await self._in_worker(self._outbox.close)
        self.acts.close()
        self._worker.shutdown()

    async def enrol(self, text: str, certificate: str | None = None) -> Pairing:
        """Pair by a printed code; the first cell leaves in the next slot.

        Args:
            text: the code as typed or scanned.
            certificate: PEM to trust for the community's address instead of the system's.

        Raises:
            codes.CodeError: mistyped.
            PairingError: refused, unreachable, or somebody else's gateway key; nothing changed.
        """
        code = PairingCode.parse(text)
        if code.kind != HOME:
            raise PairingError("this code is for a relay, not for a home")
        if self._pairing is not None:
            raise PairingError("this home is paired already; leave that community first")
        key = await self._in_worker(self._member.enrolment_key)
        pairing = await enrol(code, key, self.acts, certificate=certificate, floor=self._floor)
        await self._in_worker(lambda: self._member.store(pairing, code.address, certificate))
        self._pairing = await self._in_worker(self._load)
        if self._pairing is not None:
            await self._go(self._pairing)
        return pairing

    async def unpair(self) -> None:
        """Leave the community: stop sending, forget pairing and queue. The log stays."""
        await self._halt()
        self._pairing = self._believer = None
        await self._in_worker(self._sender.clear)
        await self._in_worker(self._outbox.forget)

    async def offer(self, event: SafetyEvent, basis: str) -> str:
        """Queue an event; it is on the disk when this returns. Offering it again is harmless.

        Args:
            event: what happened.
            basis: the purpose that the resident said yes to: ``tell_zone``, or
                ``tell_zone_now`` with a ledger line whose scope is the event's id.

        Raises:
            NotPaired: there is nobody to tell.
            NotStored: the disk is full or broken; offer it again later.
        """
        if self._pairing is None:
            raise NotPaired("this home is not paired with a community")
        slot = slot_at(self._clock.now(), self._pairing.slot_s)
        await self._in_worker(lambda: self._sender.offer(event, basis, slot))
        return event.event_id

    async def update(self, event_id: str, status: Status) -> bool:
        """Take down how an event stands; the next follow-up carries it, at its fixed time.

        Returns False if the event is unknown or all its messages have left.
        """
        return await self._in_worker(lambda: self._sender.update(event_id, status))

    @property
    def can_act(self) -> bool:
        """Whether there is a community that an act can be sent to."""
        return self._pairing is not None and bool(self._member.portal)

    async def act(self, word: str, hazard_id: str, status: ActStatus) -> dict[str, object]:
        """Tell the community something as this flat; logged first, answered when this returns.

        Args:
            word: one of `privacy.act_link.ACTS`; that the resident said yes is for the caller.
            hazard_id: what it is about; told again, the community knows it again.
            status: how it stands.

        Returns:
            What the community says of it: ``status``, ``acknowledged_at``.

        Raises:
            NotPaired: there is nobody to tell.
            ActRefused: the community doesn't take it from this home.
            NotStored: the disk is full or broken: what isn't logged doesn't leave.
            PrivacyError: not reached, or not the community's own answer; try again.
        """
        pairing, portal = self._pairing, self._member.portal
        if pairing is None or not portal:
            raise NotPaired("this home is not paired with a community that takes acts")
        key = await self._in_worker(self._member.enrolment_key)
        named = act_id(key.public_key().public_bytes_raw(), hazard_id)
        body = act_body(word, named, status, self._clock.now())
        try:
            await asyncio.to_thread(self.acts.record, word, portal, body)
        except sqlite3.Error as error:
            raise NotStored(f"the log of acts failed ({type(error).__name__})") from None
        to = Recipient(portal, self._member.certificate, pairing.gateway_key)
        return await asyncio.to_thread(send_act, body, key, to)

    def status(self) -> dict[str, object]:
        """How the door stands, for pages and health checks; nothing personal."""
        pairing, uplink = self._pairing, self._uplink
        if pairing is None or uplink is None:
            return {"paired": False, "cells_sent": 0, "queue": []}
        zone = pairing.zones.zone_of(pairing.flat)
        return {
            "paired": True,
            "community": pairing.community,
            "connected": uplink.connected,
            "problem": uplink.problem or self._sender.problem or self._sender.board.problem,
            "slot_s": pairing.slot_s,
            "roster_size": pairing.roster_size,
            "zone": None if zone is None else zone.to_json(),
            "anonymity_claimed": pairing.zones.anonymity_claimed,
            "cells_sent": self._cells_sent,
            "last_receipt": self._last_receipt,
            "accepted": self._sender.board.heard,
            "queue": self._sender.queue(),
            "tokens": self._outbox.purse.left() if self._outbox.purse.required else None,
            "standing": self.standing,
            "vouched_at": None if self._believer is None else self._believer.vouched_at,
        }

    async def sent(self, open_letter: OpenLetter) -> list[dict[str, object]]:
        """Every event message that left or was dropped, literally, oldest first.

        Args:
            open_letter: `privacy.vault.Household.open_letter` of the unlocked household.

        Raises:
            VaultLocked: the household is locked.
        """
        return await self._in_worker(lambda: self._sender.sent(open_letter))

    async def flat(self, open_letter: OpenLetter) -> tuple[str, ...] | None:
        """This home's full path, kept as a letter; None when not paired."""
        return await self._in_worker(lambda: self._member.flat(open_letter))

    def _load(self) -> Pairing | None:
        self._sender.load()
        pairing = self._member.load(self._floor)
        self._believer = None if pairing is None else self._member.believer(pairing)
        return pairing

    async def _go(self, pairing: Pairing) -> None:
        key = await self._in_worker(self._member.enrolment_key)
        self._uplink = Uplink(
            key,
            pairing,
            on_receipt=self._receipt,
            on_parameters=self._parameters,
            on_bulletin=self._bulletin,
        )
        runs: list[Callable[[], Awaitable[None]]] = [
            self._uplink.run,
            partial(self._slots, pairing, self._uplink),
        ]
        if self._member.portal:
            from privacy.tokens.provision import Provision

            to = Recipient(self._member.portal, self._member.certificate, pairing.gateway_key)
            clock, worker = self._clock, self._in_worker
            self._provision = Provision(
                self._outbox.purse, self.acts, key, to, clock=clock, in_worker=worker
            )
            runs.append(self._provision.run)
        self._tasks = [asyncio.create_task(self._lasting(run)) for run in runs]

    async def _lasting(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run for ever: a fault of ours must not make this home fall silent."""
        while True:
            try:
                await run()
            except Exception:  # noqa: BLE001  whatever it was, the stream goes on
                _LOG.exception("the events door stumbled and goes on")
            await asyncio.sleep(1)

    async def _halt(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self._uplink, self._provision = [], None, None

    async def _slots(self, pairing: Pairing, uplink: Uplink) -> None:
        """The constant stream. The slot running at start is left out: one cell per slot."""
        last = slot_at(self._clock.now(), pairing.slot_s)
        while True:
            slot_s = pairing.slot_s
            ahead = lead(slot_s)
            now = self._clock.now()
            last = slot = next_slot(last, now, slot_s)
            moment = sending_moment(slot, slot_s, self._member.phase)
            await self._clock.sleep_until(min(moment - ahead, now + 2 * slot_s))
            self._counter = (self._counter + 1) % 2**32
            online = uplink.connected and self.standing.tells
            make = partial(self._sender.prepare, slot, self._counter, pairing, online=online)
            cell = await self._in_worker(make)
            # Bounded, should the clock be set back just now.
            await self._clock.sleep_until(min(moment, self._clock.now() + ahead))
            self._cells_sent += uplink.send(self._counter, cell)

    async def _receipt(self, counter: int) -> None:
        self._last_receipt = self._clock.now()
        # Unstored, the message goes again after a restart; the stream must not break for it.
        with contextlib.suppress(NotStored):
            await self._in_worker(lambda: self._sender.receipt(counter))

    async def _bulletin(self, payload: bytes) -> None:
        """Remember what of ours the platform has; it changes nothing of what is sent."""
        with contextlib.suppress(NotStored, WireError):
            await self._in_worker(lambda: self._sender.bulletin(payload))

    async def _parameters(self, payload: bytes) -> None:
        """Check what the relay passes on, and keep it if it is new."""
        pairing = self._pairing
        if pairing is None:
            raise HandshakeError("not paired")
        read = Parameters.read(payload, key_hash(pairing.gateway_key), self._floor)
        if not await self._believed(read):
            return
        before = pairing.to_json(), pairing.cells.keys
        if read.slot_s != pairing.slot_s:
            await self._in_worker(partial(self._sender.rescale, pairing.slot_s, read.slot_s))
        pairing.zones, pairing.slot_s = read.zones, read.slot_s
        pairing.roster_size = read.roster_size
        if (log_key := read.log_key) is not None:
            with contextlib.suppress(NotStored):
                await self._in_worker(lambda: self._sender.board.learn(log_key))
        if self._believer is not None:
            pairing.cells = read.cells
        if read.tokens is not None:
            now, tokens = self._clock.now(), read.tokens
            with contextlib.suppress(NotStored):
                await self._in_worker(lambda: self._outbox.purse.learn(tokens, now))
            if self._provision is not None:
                self._provision.nudge()
        if (pairing.to_json(), pairing.cells.keys) != before:
            with contextlib.suppress(NotStored):
                await self._in_worker(lambda: self._member.keep(pairing))

    async def _believed(self, told: Parameters) -> bool:
        """Whether what was told may be used: vouched for, or nobody was pinned who could."""
        believer, now = self._believer, self._clock.now()
        if believer is None:
            return True
        before = believer.problem
        try:
            believed = await self._in_worker(lambda: believer.believe(told, now))
        except NotStored:
            return False
        if believer.problem and believer.problem != before:
            _LOG.warning("what the relay told is not used: %s", believer.problem)
        return believed

    @property
    def standing(self) -> Standing:
        """How this home stands with its community's witnesses."""
        believer = self._believer
        return Standing.NONE if believer is None else believer.standing(self._clock.now())

    async def _in_worker(self, work: Callable[[], T]) -> T:
        """Run on the one thread that owns queue and database."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except sqlite3.Error as error:
            raise NotStored(f"the events door's store failed ({type(error).__name__})") from None
