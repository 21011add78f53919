"""The home's side of the three doors: choices, pairing, offers, and what left.

Works while the household is locked; only reading what left needs the household key.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.home.keys import Keys
from hub.home.views import ChoiceView, LedgerLine, PairingView, SentView
from privacy.consent import GIVEN, TELL_ZONE, TELL_ZONE_NOW, Ledger
from privacy.egress import Egress, NotPaired, SafetyEvent
from privacy.errors import PrivacyError
from privacy.sender import OFFSETS
from privacy.vault import Household, MachineKey
from privacy.wire import HazardClass, Severity, Status
from privacy.zones import K

CLASSES = ("gas", "smoke", "carbon_monoxide", "flood", "sos")
"""The classes that this hub recognises, in the order they are asked about."""

SEVERITIES = {klass: Severity(2 if klass == "flood" else 1) for klass in CLASSES}
LOOK_S = 1.0
_LOG = logging.getLogger(__name__)


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


_STATUS_WORDS = {
    "raised": _("raised"),
    "updated": _("still going on"),
    "cleared": _("all clear"),
    "cancelled": _("cancelled"),
}
_CLASS_WORDS = {
    "gas": _("gas"),
    "smoke": _("smoke"),
    "carbon_monoxide": _("carbon monoxide"),
    "flood": _("water leak"),
    "sos": _("call for help"),
}
_ACT_WORDS = {"pairing": _("pairing with the community")}
_DUTY_DESK = _("duty desk")


class _LedgerView:
    """The ledger as last read: pages and timers never wait for the disk behind it."""

    __slots__ = ("lines", "problem", "standing")

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.standing = {
            klass: ledger.state(TELL_ZONE, klass) if ledger else None for klass in CLASSES
        }
        self.lines: list[dict[str, Any]] = ledger.lines() if ledger else []
        self.problem = ledger.problem if ledger else None


class Sharing:
    """The doors of one home.

    Args:
        data: the home's folder.
        keys: machine key for the queue, household key for the log.
        changed: called when what the pages show has changed.
        offsets: slots from an event's first message to its follow-ups.
        floor: fewest homes in a zone that this home accepts.
    """

    def __init__(
        self,
        data: Path,
        keys: Keys,
        changed: Callable[[], None],
        *,
        offsets: tuple[int, int] = OFFSETS,
        floor: int = K,
    ) -> None:
        self._path = data / "egress.db"
        self._keys = keys
        self._changed = changed
        self._offsets = offsets
        self._floor = floor
        self._ledger: Ledger | None = None
        self._egress: Egress | None = None
        self._sent: list[SentView] = []
        self._view = _LedgerView()
        self._looking: asyncio.Task[None] | None = None
        self._on_the_way: dict[str, str] = {}

    async def start(self, household: Household) -> None:
        """Open ledger and doors; a paired home begins to send."""
        await asyncio.to_thread(self._open, household)
        if self._egress is not None:
            await self._egress.start()
        await self._read_ledger()
        self._looking = asyncio.create_task(self._look(), name="what left")

    def _open(self, household: Household) -> None:
        machine = self._keys.machine
        self._ledger = open_ledger(self._path, machine)
        self._egress = Egress(
            self._path,
            machine=machine,
            letterbox=household.letterbox,
            ledger=self._ledger,
            offsets=self._offsets,
            floor=self._floor,
        )

    async def stop(self) -> None:
        """Close the doors; stopping twice is harmless."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        egress, self._egress = self._egress, None
        if egress is not None:
            await egress.stop()
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            await asyncio.to_thread(ledger.close)

    async def _read_ledger(self) -> bool:
        """Take the ledger's view anew; whether it differs from the one before."""
        before = (len(self._view.lines), self._view.problem)
        self._view = await asyncio.to_thread(_LedgerView, self._ledger)
        return before != (len(self._view.lines), self._view.problem)

    # -- the door of `hub.home.offer` ---------------------------------------------------

    async def offer(self, hazard_id: str, klass: str, basis: str, actor: str) -> str | None:
        """Queue an event once per hazard; None when consent or pairing is missing."""
        if self._egress is None or self._ledger is None or self.pairing() is None:
            return None
        purpose = TELL_ZONE
        if basis == "moment":
            purpose = TELL_ZONE_NOW
            self._on_the_way[hazard_id] = klass
            if not await asyncio.to_thread(self._yes_once, self._ledger, klass, actor, hazard_id):
                self._on_the_way.pop(hazard_id, None)
                return None
        elif not await asyncio.to_thread(self._ledger.allows, TELL_ZONE, klass):
            return None
        event = SafetyEvent(hazard_id, HazardClass[klass.upper()], SEVERITIES[klass])
        try:
            await self._egress.offer(event, purpose)
        except NotPaired:
            self._on_the_way.pop(hazard_id, None)
            return None
        self._on_the_way.pop(hazard_id, None)
        self._changed()
        return hazard_id

    @staticmethod
    def _yes_once(ledger: Ledger, klass: str, actor: str, hazard_id: str) -> bool:
        """Take down the moment's yes, at the first try only: a no since then stays a no."""
        known = ledger.state(TELL_ZONE_NOW, klass, hazard_id)
        if known is None:
            ledger.give(TELL_ZONE_NOW, klass, actor, scope=hazard_id)
        return known is None or known.given

    async def update(self, event_id: str, status: str) -> None:
        """Say how the event stands: ``cleared`` or ``cancelled``."""
        if self._egress is not None:
            await self._egress.update(event_id, Status[status.upper()])

    def standing(self, klass: str) -> str | None:
        """The choice made at set-up: ``zone``, ``nobody`` or None."""
        consent = self._view.standing.get(klass)
        if consent is None:
            return None
        return "zone" if consent.given else "nobody"

    # -- choices ------------------------------------------------------------------------

    def choices(self) -> Sequence[ChoiceView]:
        """The choice per class."""
        found = []
        for klass in CLASSES:
            consent = self._view.standing.get(klass)
            since = consent.time if consent else None
            found.append(ChoiceView(TELL_ZONE, klass, self.standing(klass), since))
        return found

    async def choose(self, purpose: str, klass: str, value: str, actor: str) -> None:
        """Take down ``zone`` or ``nobody``; in force when this returns.

        Raises:
            PrivacyError: an unknown purpose or class, or a ledger that doesn't hold.
        """
        if self._ledger is None or klass not in CLASSES or value not in {"zone", "nobody"}:
            raise PrivacyError("there is no such choice")
        try:
            await asyncio.to_thread(self._choose, self._ledger, purpose, klass, value, actor)
        finally:
            await self._read_ledger()
            self._changed()

    def _choose(self, ledger: Ledger, purpose: str, klass: str, value: str, actor: str) -> None:
        if value == "zone":
            ledger.give(purpose, klass, actor)
            return
        ledger.withdraw(purpose, klass, actor)
        # A no is meant for what is on its way too, also where it was said yes to in the moment.
        queue = {event["event_id"]: event["class"] for event in self.status()["queue"]}
        trying = dict(self._on_the_way)  # said yes to, but the door has not taken it yet
        for event_id in [one for one, its in (queue | trying).items() if its == klass]:
            if event_id in trying or ledger.allows(TELL_ZONE_NOW, klass, event_id):
                ledger.withdraw(TELL_ZONE_NOW, klass, actor, scope=event_id)

    def ledger_lines(self, who: Callable[[str], str]) -> Sequence[LedgerLine]:
        """All lines, newest first."""
        in_force: set[tuple[str, str, str]] = set()
        lines = []
        for line in self._view.lines:
            what = (line["purpose"], line["class"], line["scope"])
            given = line["state"] == GIVEN
            lines.append(
                LedgerLine(line, who(line["actor"]), first_no=not given and what not in in_force)
            )
            (in_force.add if given else in_force.discard)(what)
        return lines[::-1]

    def ledger_problem(self) -> str | None:
        """What is wrong with the chain; None while it holds."""
        return self._view.problem

    # -- pairing ------------------------------------------------------------------------

    async def pair(self, code: str) -> None:
        """Pair by a printed code.

        Raises:
            PrivacyError: mistyped, used, or the community can't be reached.
        """
        if self._egress is None:
            raise PrivacyError("set this home up first")
        await self._egress.enrol(code)
        self._changed()

    async def unpair(self) -> None:
        """Leave the community: nothing is sent any more, not even dummies.

        Raises:
            PrivacyError: the disk did not take it; press again.
        """
        if self._egress is not None:
            await self._egress.unpair()
        self._changed()

    def pairing(self) -> PairingView | None:
        """The community, None while there is none."""
        status: dict[str, Any] = self._egress.status() if self._egress else {"paired": False}
        if not status["paired"]:
            return None
        zone = status["zone"]
        name = f"{zone['zh_CN']} · {zone['en']}" if zone else ""
        homes = zone["homes"] if zone else status["roster_size"]
        return PairingView(status["community"], "", name, homes, status["slot_s"])

    def status(self) -> dict[str, Any]:
        """How the events door stands, for health checks."""
        return dict(self._egress.status()) if self._egress else {"paired": False, "queue": []}

    # -- what left ----------------------------------------------------------------------

    def sent(self) -> Sequence[SentView]:
        """Every message that left by a door, newest first."""
        return self._sent

    def sent_today(self) -> int:
        """How many event messages left since midnight, copies counted once."""
        midnight = (
            datetime.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        )
        since = midnight.timestamp()
        return sum(one.door == "events" and one.at >= since for one in self._sent)

    async def _look(self) -> None:
        """Keep the readable list in step with the log; the door itself never waits for it."""
        seen: object = None
        while True:
            if await self._read_ledger():
                self._changed()
            now = (self.status()["queue"], self._keys.locked, self.pairing() is None)
            if now != seen:
                try:
                    await self._read_sent()
                except PrivacyError as error:
                    _LOG.warning("what left could not be read, trying again: %s", error)
                else:
                    seen = now
                    self._changed()
            await asyncio.sleep(LOOK_S)

    async def _read_sent(self) -> None:
        household, egress = self._keys.household, self._egress
        if household is None or household.locked or egress is None:
            self._sent = []
            return
        cells: list[dict[str, Any]] = await egress.sent(household.open_letter)
        acts: list[dict[str, Any]] = await asyncio.to_thread(
            egress.acts.lines, household.open_letter
        )
        views = [view for view in map(_event_view, cells) if view is not None]
        views += [_act_view(line) for line in acts]
        self._sent = sorted(views, key=lambda view: view.at, reverse=True)


def open_ledger(path: Path, machine: MachineKey) -> Ledger:
    """The consent ledger in ``egress.db``, with the keys that a home uses for it."""
    key = Ed25519PrivateKey.from_private_bytes(machine.derive("consent signature"))
    return Ledger(path, machine.box("consent"), key)


def _event_view(line: dict[str, Any]) -> SentView | None:
    """One message; its two safety copies say nothing new and are left out."""
    if line["kind"] != "cell" or line["copy"] != 1:
        return None
    body = line["body"]
    fields = [
        (_("What"), _CLASS_WORDS.get(body["class"], str(body["class"]))),
        (_("Status"), _STATUS_WORDS.get(body["status"], str(body["status"]))),
        (_("Zone"), " · ".join(line["zone_names"].values())),
        (_("Level"), str(body["severity"])),
        (_("Message of this event"), str(body["seq"] + 1)),
        (_("Slot"), str(body["slot"])),
    ]
    if line["late"]:
        fields.append((_("Sent late"), _("yes; a late message can point to your home")))
    return SentView(
        at=line["at"],
        door="events",
        recipient=_DUTY_DESK,
        state="received" if line["receipt_at"] else "sent",
        fields=fields,
        raw=line["plaintext"],
    )


def _act_view(line: dict[str, Any]) -> SentView:
    return SentView(
        at=line["at"],
        door="acts",
        recipient=line["recipient"],
        state="sent",
        fields=[(_("What"), _ACT_WORDS.get(line["purpose"], line["purpose"]))],
        raw=line["data"],
    )
