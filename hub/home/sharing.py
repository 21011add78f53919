"""The home's side of the three doors: pairing, offers, and what left.

Works while the household is locked; only reading what left needs the household key.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.home.consents import CLASSES, Consents, Underway
from hub.home.keys import Keys
from hub.home.left import UNSENT, act_view, event_view, grant_views
from hub.home.views import PairingView, SentView
from privacy.act_link import SOS, ActStatus
from privacy.act_seal import ActRefused
from privacy.consent import SOS_FLAT, TELL_ZONE, TELL_ZONE_NOW, Ledger
from privacy.egress import Egress, NotPaired, SafetyEvent
from privacy.errors import PrivacyError
from privacy.grants import Grants
from privacy.sender import OFFSETS
from privacy.vault import Household, MachineKey
from privacy.wire import HazardClass, Severity, Status
from privacy.zones import K

SEVERITIES = {klass: Severity(2 if klass == "flood" else 1) for klass in CLASSES}
LOOK_S = 1.0
GRANTS_READ = 2000
"""Letters of the grants door that are read for the pages: a contact out of reach makes many."""
BY_ACT = "act:"
"""How the name of what was told by an act begins; events are named by their hazard."""
_LOG = logging.getLogger(__name__)


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
        self.grants: Grants | None = None
        self._sent: list[SentView] = []
        self.consents = Consents(changed, self._underway)
        self._looking: asyncio.Task[None] | None = None
        self._on_the_way: dict[str, str] = {}
        self._acknowledged: dict[str, float] = {}
        self._seen: object = None

    async def start(self, household: Household) -> None:
        """Open ledger and doors; a paired home begins to send."""
        await asyncio.to_thread(self._open, household)
        if self._egress is not None:
            await self._egress.start()
        if self._ledger is not None:
            await self.consents.open(self._ledger)
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
        self.grants = Grants(self._path, household.letterbox, self._ledger)

    async def stop(self) -> None:
        """Close the doors; stopping twice is harmless."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        egress, self._egress = self._egress, None
        if egress is not None:
            await egress.stop()
        grants, self.grants = self.grants, None
        if grants is not None:
            await asyncio.to_thread(grants.close)
        self.consents.close()
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            await asyncio.to_thread(ledger.close)

    def _underway(self) -> Underway:
        queued = {event["event_id"]: event["class"] for event in self.status()["queue"]}
        return Underway(queued, dict(self._on_the_way))

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

    async def tell_flat(self, hazard_id: str, klass: str) -> str | None:
        """Tell that this flat calls for help; None when consent or the community is missing."""
        if self._egress is None or self._ledger is None or not self._egress.can_act:
            return None
        if not await asyncio.to_thread(self._ledger.allows, SOS_FLAT, klass):
            return None
        try:
            answer = await self._egress.act(klass, hazard_id, ActStatus.RAISED)
        except (ActRefused, NotPaired) as error:
            _LOG.warning("the community does not take the call of this flat: %s", error)
            return None
        finally:
            self.left()
        self._heard(hazard_id, answer)
        return BY_ACT + hazard_id

    async def ask(self, event_id: str) -> None:
        """Ask how the duty desk stands to the call of this flat.

        Raises:
            PrivacyError: no answer.
        """
        hazard_id = event_id.removeprefix(BY_ACT)
        if self._egress is not None and event_id != hazard_id:
            self._heard(hazard_id, await self._egress.act(SOS, hazard_id, ActStatus.ASKED))

    def acknowledged(self, hazard_id: str) -> float | None:
        """When the duty desk acknowledged the call of this flat, by its own clock."""
        return self._acknowledged.get(hazard_id)

    def _heard(self, hazard_id: str, answer: dict[str, object]) -> None:
        at = answer.get("acknowledged_at")
        if isinstance(at, int | float) and not isinstance(at, bool):
            self._acknowledged[hazard_id] = float(at)

    def left(self) -> None:
        """Something left by the acts or grants door: show it at the next look."""
        self._seen = None
        self._changed()

    async def update(self, event_id: str, status: str) -> None:
        """Say how the event, or the call of this flat, stands: ``cleared`` or ``cancelled``."""
        if self._egress is not None and event_id.startswith(BY_ACT):
            try:
                hazard_id = event_id.removeprefix(BY_ACT)
                self._heard(hazard_id, await self._egress.act(SOS, hazard_id, ActStatus(status)))
            except (ActRefused, NotPaired) as error:
                _LOG.warning("the community does not take the end of a call: %s", error)
            finally:
                self.left()
        elif self._egress is not None:
            await self._egress.update(event_id, Status[status.upper()])

    def standing(self, klass: str) -> str | None:
        """The choice made beforehand: ``zone``, for SOS ``flat``, ``nobody`` or None."""
        return self.consents.standing(klass)

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
        acts = self._egress is not None and self._egress.can_act
        held = status["tokens"]
        tokens = None if held is None else held["life"] + held["reserve"]
        named = status["community"], "", name, homes, status["slot_s"]
        return PairingView(*named, acts=acts, tokens=tokens, standing=status["standing"])

    def status(self) -> dict[str, Any]:
        """How the events door stands, for health checks."""
        return dict(self._egress.status()) if self._egress else {"paired": False, "queue": []}

    # -- what left ----------------------------------------------------------------------

    def sent(self) -> Sequence[SentView]:
        """Every message that left by a door, newest first."""
        return self._sent

    def sent_today(self) -> int:
        """How many messages left since midnight by any door, copies counted once."""
        midnight = (
            datetime.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        )
        since = midnight.timestamp()
        return sum(one.at >= since and one.state != UNSENT for one in self._sent)

    async def _look(self) -> None:
        """Keep the readable list in step with the log; the door itself never waits for it."""
        while True:
            if await self.consents.read():
                self._changed()
            status = self.status()
            told = status["queue"], status.get("accepted"), status.get("tokens")
            now = (*told, self._keys.locked, not status["paired"])
            if now != self._seen:
                try:
                    await self._read_sent()
                except PrivacyError as error:
                    _LOG.warning("what left could not be read, trying again: %s", error)
                else:
                    self._seen = now
                    self._changed()
            await asyncio.sleep(LOOK_S)

    async def _read_sent(self) -> None:
        household, egress, grants = self._keys.household, self._egress, self.grants
        if household is None or household.locked or egress is None or grants is None:
            self._sent = []
            return
        cells: list[dict[str, Any]] = await egress.sent(household.open_letter)
        acts: list[dict[str, Any]] = await asyncio.to_thread(
            egress.acts.lines, household.open_letter
        )
        views = [view for view in map(event_view, cells) if view is not None]
        told: list[dict[str, Any]] = await asyncio.to_thread(
            partial(grants.log.lines, household.open_letter, newest=GRANTS_READ)
        )
        views += [act_view(line) for line in acts] + grant_views(told)
        self._sent = sorted(views, key=lambda view: view.at, reverse=True)


def open_ledger(path: Path, machine: MachineKey) -> Ledger:
    """The consent ledger in ``egress.db``, with the keys that a home uses for it."""
    key = Ed25519PrivateKey.from_private_bytes(machine.derive("consent signature"))
    return Ledger(path, machine.box("consent"), key)
