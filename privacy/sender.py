"""Which bytes go into this slot's cell: the queue, the gate, the seal.

All calls come from one thread (`privacy.egress` sees to it) and may wait for the disk. An event
and a dummy take the same steps; the moment of sending is set by the clock, not by the work.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from collections.abc import Callable
from typing import Any

from privacy import cell
from privacy.board import Board
from privacy.consent import STANDING, TELL_ZONE, TELL_ZONE_NOW, Ledger
from privacy.door_log import OpenLetter
from privacy.errors import PrivacyError
from privacy.letterbox import Letterbox
from privacy.outbox import Outbox, QueuedEvent
from privacy.pairing import Pairing
from privacy.wire import Body, Flags, HazardClass, Severity, Status, slot_start
from privacy.zones import Zone

OFFSETS = (30, 150)
"""Slots from the first message's receipt to the follow-ups: 1 and 5 minutes at 2 s."""

LATE_SLOTS = 5
"""Later than this a routine event is dropped, a life-safety event is marked as late."""

MAX_AGE_S = 24 * 3600
"""An event that could not leave for so long is dropped."""

_LETTER = b"sent"

Seal = Callable[[bytes, bytes], bytes]
"""``seal(gateway_public, plaintext)``; `privacy.cell.seal` but in a simulation of weeks."""


class SafetyEvent:
    """What home offers to tell. ``event_id`` stays at home; it makes offering idempotent."""

    __slots__ = ("event_id", "flags", "hazard", "severity")

    def __init__(
        self,
        event_id: str,
        hazard: HazardClass,
        severity: Severity,
        flags: Flags = Flags.NONE,
    ) -> None:
        self.event_id = event_id
        self.hazard = hazard
        self.severity = severity
        self.flags = flags


class Sender:
    """The queue of one home and the cells made of it."""

    def __init__(
        self,
        outbox: Outbox,
        letterbox: Letterbox,
        ledger: Ledger,
        offsets: tuple[int, int],
        now: Callable[[], float],
        *,
        seal: Seal = cell.seal,
    ) -> None:
        self._outbox = outbox
        self._purse = outbox.purse
        self._letterbox = letterbox
        self._ledger = ledger
        self._offsets = offsets
        self._now = now
        self._seal = seal
        self._events: dict[str, QueuedEvent] = {}
        self._in_flight: dict[int, tuple[str, int, int, int]] = {}
        self.board = Board(outbox)
        self.problem = ""

    def load(self) -> None:
        """Take up the queue as the disk has it; messages without receipt go again."""
        self._events = {event.id: event for event in self._outbox.events()}

    def clear(self) -> None:
        """Forget the queue in memory."""
        self._events = {}
        self._in_flight = {}

    def offer(self, event: SafetyEvent, basis: str, slot: int) -> None:
        """Queue an event durably, with a fresh one-time key; known ids change nothing."""
        if basis not in (TELL_ZONE, TELL_ZONE_NOW):
            raise PrivacyError(f"{basis!r} is not a ground for telling the zone")
        if event.event_id in self._events or self._outbox.finished(event.event_id):
            return
        queued = QueuedEvent(
            event.event_id,
            event.hazard,
            event.severity,
            event.flags,
            basis=basis,
            seed=os.urandom(32),
            offered=slot,
        )
        self._outbox.save(queued)
        self._events[queued.id] = queued

    def rescale(self, before_s: float, after_s: float) -> None:
        """The community changed its slot length: slot numbers mean other times now."""
        for event in self._events.values():
            event.offered = round(event.offered * before_s / after_s)
            if event.base is not None:
                event.base = round(event.base * before_s / after_s)
            self._outbox.save(event)

    def update(self, event_id: str, status: Status) -> bool:
        """Set the status that the next unsealed follow-up will carry."""
        event = self._events.get(event_id)
        if event is None or len(event.bodies) > len(self._offsets):
            return False
        if status is not event.status:
            event.status = status
            self._outbox.save(event)
        return True

    def queue(self) -> list[dict[str, object]]:
        """What is waiting, for `privacy.egress.Egress.status`."""
        return [
            {
                "event_id": event.id,
                "class": event.hazard.word,
                "status": event.status.name.lower(),
                "sent": list(event.sent),
                "receipts": list(event.receipts),
            }
            for event in list(self._events.values())
        ]

    def waits_for(self) -> int | None:
        """The first slot in which something may leave (0: at once); None if nothing waits."""
        following = [event.next(self._offsets) for event in self._events.values()]
        return min((entry[1] for entry in following if entry is not None), default=None)

    def prepare(self, slot: int, counter: int, pairing: Pairing, *, online: bool) -> bytes:
        """This slot's cell.

        Consent is looked up here, in the sending slot, for everything that waits: what has no
        yes any more is dropped for good. Queue and log are on the disk before the cell exists.
        """
        sealed = b""
        try:
            self._gate(slot, pairing.slot_s, online=online)
            sealed = self._event_cell(slot, counter, pairing) if online else b""
            self.problem = ""
        except (sqlite3.Error, OSError, PrivacyError) as error:
            # A full disk must not stop the stream, and nothing leaves that was not logged.
            self.problem = f"events wait: {type(error).__name__}"
        to = pairing.seal_key(slot_start(slot, pairing.slot_s))
        return sealed or self._seal(to, cell.build(os.urandom(32), None))

    def _event_cell(self, slot: int, counter: int, pairing: Pairing) -> bytes:
        """The sealed event message whose turn it is, logged; empty if there is none."""
        zone = pairing.zones.zone_of(pairing.flat)
        moment = slot_start(slot, pairing.slot_s)
        chosen = self._choose(slot, moment)
        if chosen is None or zone is None:
            return b""
        event, seq = chosen
        name = self._purse.fit(event.hazard.life_safety, moment)
        if not self._armed(event) and name is not None:
            self._outbox.arm(event, name)
        body = self._body(event, seq, slot, zone)
        plaintext = cell.build(event.seed, Body.unpack(body), event.token or cell.NO_TOKEN)
        sealed = self._seal(pairing.seal_key(moment), plaintext)
        self._log(chosen, (slot, counter), (plaintext, sealed), zone)
        return sealed

    def _gate(self, slot: int, slot_s: float, *, online: bool) -> None:
        """Drop what may not leave. An empty queue asks the ledger too: the same steps."""
        if not self._events:
            self._ledger.allows(TELL_ZONE, HazardClass.GAS.word)
        for event in list(self._events.values()):
            scope = event.id if event.basis == TELL_ZONE_NOW else STANDING
            late = slot - event.offered > LATE_SLOTS and not any(event.sent)
            if not self._ledger.allows(event.basis, event.hazard.word, scope):
                if self._ledger.problem is not None:
                    raise PrivacyError("the consent ledger does not hold")
                self._drop(event, "consent_withdrawn")
            elif event.status is Status.CANCELLED and not any(event.sent):
                self._drop(event, "cancelled_before_sending")
            elif (slot - event.offered) * slot_s > MAX_AGE_S:
                self._drop(event, "too_old")
            elif online and late and not event.hazard.life_safety:
                self._drop(event, "late_routine")

    def _armed(self, event: QueuedEvent) -> bool:
        """Whether it needs no token any more.

        One that was taken but has sent nothing is replaced: its epoch may have passed.
        """
        return not self._purse.required or bool(event.token and event.bodies)

    def _choose(self, slot: int, moment: float) -> tuple[QueuedEvent, int] | None:
        """Life-safety first, then first copies before second ones, then the oldest.

        What has no token, and gets none, waits: nothing leaves that can't be verified.
        """
        waiting = []
        for event in self._events.values():
            seq = event.due(slot, self._offsets)
            able = self._armed(event) or self._purse.fit(event.hazard.life_safety, moment)
            if seq is not None and able:
                rank = (not event.hazard.life_safety, seq, event.receipts[seq], event.offered)
                waiting.append((rank, event, seq))
        if not waiting:
            return None
        _, event, seq = min(waiting, key=lambda entry: entry[0])
        return event, seq

    def _body(self, event: QueuedEvent, seq: int, slot: int, zone: Zone) -> bytes:
        """The 64 bytes of a message, made once: copies must be equal."""
        if seq not in event.bodies:
            first = event.bodies.get(0)
            status = event.status
            if seq == 0:
                status = Status.RAISED
            elif status is Status.RAISED:
                status = Status.UPDATED
            event.bodies[seq] = Body(
                flags=event.flags,
                status=status,
                zone=zone.id if first is None else Body.unpack(first).zone,
                hazard=event.hazard,
                severity=event.severity,
                seq=seq,
                slot=slot,
            ).pack()
        return event.bodies[seq]

    def _log(
        self,
        chosen: tuple[QueuedEvent, int],
        place: tuple[int, int],
        literal: tuple[bytes, bytes],
        zone: Zone,
    ) -> None:
        (event, seq), (slot, counter) = chosen, place
        body = Body.unpack(event.bodies[seq])
        line = {
            "kind": "cell",
            "at": round(self._now(), 3),
            "slot": slot,
            "copy": event.sent[seq] + 1,
            "late": body.slot - event.offered > LATE_SLOTS and seq == 0,
            "body": body.to_json(),
            "zone_names": {"zh_CN": zone.name("zh_CN"), "en": zone.name("en")},
            "plaintext": base64.b64encode(literal[0]).decode(),
            "cell": base64.b64encode(literal[1]).decode(),
        }
        event.sent[seq] += 1
        try:
            letter = self._outbox.save(event, self._letter(line))
        except sqlite3.Error:
            event.sent[seq] -= 1
            raise
        self.board.sent(cell.nonce_of(literal[0]), seq)
        self._in_flight[counter] = (event.id, seq, slot, letter)
        while len(self._in_flight) > 64:
            del self._in_flight[next(iter(self._in_flight))]

    def receipt(self, counter: int) -> None:
        """The relay has a cell on its disk; receipts of dummies are not remembered."""
        entry = self._in_flight.pop(counter, None)
        event = self._events.get(entry[0]) if entry is not None else None
        if entry is None or event is None:
            return
        _, seq, slot, letter = entry
        event.receipts[seq] += 1
        if event.base is None:
            event.base = slot
        note = {"kind": "receipt", "of": letter, "at": round(self._now(), 3)}
        self._outbox.save(event, self._letter(note))
        if event.done:
            del self._events[event.id]

    def bulletin(self, data: bytes) -> None:
        """Take down what the platform says it has. Nothing is sent, or not sent, because of it.

        Raises:
            WireError: not a bulletin of this community.
        """
        for nonce, seq in self.board.hear(data):
            note = {"kind": "accepted", "of": [nonce.hex(), seq], "at": round(self._now(), 3)}
            self._outbox.note(self._letter(note))

    def _drop(self, event: QueuedEvent, reason: str) -> None:
        line = {
            "kind": "dropped",
            "at": round(self._now(), 3),
            "class": event.hazard.word,
            "reason": reason,
            "messages_sent": sum(event.sent),
        }
        self._outbox.drop(event, self._letter(line))
        del self._events[event.id]

    def _letter(self, line: dict[str, object]) -> bytes:
        return self._letterbox.post(json.dumps(line).encode(), _LETTER)

    def sent(self, open_letter: OpenLetter) -> list[dict[str, Any]]:
        """The log: lines of kind ``cell`` and ``dropped``.

        Cells have ``receipt_at``, when the relay had them, and ``accepted_at``, when the platform
        told that it has their message; None where it isn't known.
        """
        lines: dict[int, dict[str, Any]] = {}
        accepted: dict[tuple[str, int], float] = {}
        for number, letter in self._outbox.letters():
            line = json.loads(open_letter(letter, _LETTER))
            if line["kind"] == "receipt":
                if line["of"] in lines:
                    lines[line["of"]]["receipt_at"] = line["at"]
                continue
            if line["kind"] == "accepted":
                accepted[tuple(line["of"])] = line["at"]
                continue
            if line["kind"] == "cell":
                line |= {"receipt_at": None, "plaintext": base64.b64decode(line["plaintext"])}
                line["cell"] = base64.b64decode(line["cell"])
            lines[number] = line
        for line in lines.values():
            if line["kind"] == "cell":
                named = cell.nonce_of(line["plaintext"]).hex(), line["body"]["seq"]
                line["accepted_at"] = accepted.get(named)
        return list(lines.values())
