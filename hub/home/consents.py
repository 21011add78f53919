"""What a household chose about the doors: taken down, withdrawn, read, checked, compared.

Works while the household is locked: the ledger lies under the machine key. Who may give and who
may only withdraw is said by the roles of the pages and operations (ADR 0060).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.core.commands import Actor
from hub.home.refusal import Refusal, refusal_of
from hub.home.views import ChoiceView, LedgerLine, PurposeView
from privacy import codes
from privacy.act_link import SOS
from privacy.consent import (
    GIVEN,
    HEAD_DIGITS,
    PURPOSES,
    SOS_FLAT,
    TELL_ZONE,
    TELL_ZONE_NOW,
    Consent,
    ConsentError,
    Ledger,
)
from privacy.errors import PrivacyError
from privacy.purposes import Purpose, Purposes, purposes

CLASSES = ("gas", "smoke", "carbon_monoxide", "flood", "sos")
"""The classes that this hub recognises, in the order they are asked about."""
HEAD_LABEL = "consent head"


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


OLDER = _(
    "This code stands nowhere in the ledger: an older or another one was put in its place. Withdraw"
    " what you don't want, then choose anew."
)


class Underway(NamedTuple):
    """Events on their way out: id -> class, in the queue, and said yes to but not yet taken."""

    queued: Mapping[str, str]
    trying: Mapping[str, str]


class Checked(NamedTuple):
    """A ledger read again from the disk: how many lines, what is wrong (None: nothing), when."""

    lines: int
    problem: str | None
    at: float


class _View:
    """The ledger as last read: pages and timers never wait for the disk behind it."""

    __slots__ = ("flat", "head", "lines", "problem", "standing", "yeses")

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.standing = {
            klass: ledger.state(TELL_ZONE, klass) if ledger else None for klass in CLASSES
        }
        flat = ledger.state(SOS_FLAT, SOS) if ledger else None
        self.flat = flat if flat is not None and (flat.given or flat.lapsed) else None
        self.yeses = {name: ledger.given(name, lapsed=True) if ledger else [] for name in PURPOSES}
        self.lines: list[dict[str, Any]] = ledger.lines() if ledger else []
        self.head = ledger.head() if ledger else ""
        self.problem = ledger.problem if ledger else None


class Consents:
    """The choices of one home.

    Args:
        changed: called when what the pages show has changed.
        underway: what a no takes back besides.
        table: the purposes, those shipped unless a test brings others.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        underway: Callable[[], Underway],
        table: Purposes | None = None,
    ) -> None:
        self._changed = changed
        self._underway = underway
        self.table = table or purposes()
        self._ledger: Ledger | None = None
        self._view = _View()

    async def open(self, ledger: Ledger) -> None:
        """Take the ledger's choices."""
        self._ledger = ledger
        await self.read()

    def close(self) -> None:
        """The ledger is closed by who opened it; what was read last stays readable."""
        self._ledger = None

    async def read(self) -> bool:
        """Take the ledger's view anew; whether it differs from the one before."""
        if self._ledger is None:
            return False
        before = (len(self._view.lines), self._view.problem)
        self._view = await asyncio.to_thread(_View, self._ledger)
        return before != (len(self._view.lines), self._view.problem)

    # -- what is chosen -----------------------------------------------------------------

    def standing(self, klass: str) -> str | None:
        """The choice made beforehand: ``zone``, for SOS ``flat``, ``nobody`` or None.

        None where nobody chose yet, and where the notice was widened since: asked anew.
        """
        consent = self._line(klass)
        if consent is None or consent.lapsed:
            return None
        if not consent.given:
            return "nobody"
        return "flat" if consent.purpose == SOS_FLAT else "zone"

    def choices(self) -> Sequence[ChoiceView]:
        """The choice per class."""
        return [ChoiceView(one, self.standing(one), self._line(one)) for one in CLASSES]

    def _line(self, klass: str) -> Consent | None:
        if klass == SOS and self._view.flat is not None:
            return self._view.flat
        return self._view.standing.get(klass)

    def all(self) -> Sequence[PurposeView]:
        """Every purpose with its yeses; those in the moment are for one alarm and left out."""
        return [self._purpose(one) for one in self.table.all()]

    def _purpose(self, purpose: Purpose) -> PurposeView:
        yeses = [] if purpose.name == TELL_ZONE_NOW else self._view.yeses.get(purpose.name, [])
        return PurposeView(purpose, sorted(yeses, key=lambda one: one.seq))

    @property
    def asked_anew(self) -> bool:
        """Whether a notice was changed since the household said yes to it."""
        return any(
            one.lapsed or one.outdated
            for name, yeses in self._view.yeses.items()
            if name != TELL_ZONE_NOW
            for one in yeses
        )

    # -- choosing -----------------------------------------------------------------------

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        """Take down ``zone``, ``nobody`` or, for SOS, ``flat``; in force when this returns.

        Raises:
            Refusal: an unknown purpose or class, or a ledger that can't take it down.
        """
        known = {"zone", "nobody", "flat"} if klass == SOS else {"zone", "nobody"}
        if klass not in CLASSES or value not in known:
            raise refusal_of(PrivacyError("there is no such choice"))

        def work(ledger: Ledger) -> None:
            self._choose(ledger, purpose, klass, value, actor.id)

        await self._write(work)

    def _choose(self, ledger: Ledger, purpose: str, klass: str, value: str, actor: str) -> None:
        if value == "flat":
            # One of the two: an event that names no flat must not lie beside a call that does.
            ledger.give(SOS_FLAT, klass, actor)
            if _said_yes(ledger, TELL_ZONE, klass):
                ledger.withdraw(TELL_ZONE, klass, actor)
            return
        if _said_yes(ledger, SOS_FLAT, klass):
            ledger.withdraw(SOS_FLAT, klass, actor)
        if value == "zone":
            ledger.give(purpose, klass, actor)
            return
        ledger.withdraw(TELL_ZONE if purpose == SOS_FLAT else purpose, klass, actor)
        self._take_back(ledger, klass, actor)

    def _take_back(self, ledger: Ledger, klass: str, actor: str) -> None:
        """A no is meant for what is on its way too, also where it was said yes to in the moment."""
        queued, trying = self._underway()
        known = {**queued, **trying}
        for event_id in [one for one, its in known.items() if its == klass]:
            if event_id in trying or ledger.allows(TELL_ZONE_NOW, klass, event_id):
                ledger.withdraw(TELL_ZONE_NOW, klass, actor, scope=event_id)

    async def stop(self, actor: Actor) -> int:
        """Withdraw everything, contacts and what is on its way too; returns how many yeses.

        Raises:
            Refusal: the ledger can't take it down.
        """
        stopped: list[Consent] = []

        def work(ledger: Ledger) -> None:
            for name in PURPOSES:
                if name != TELL_ZONE_NOW:
                    stopped.extend(ledger.given(name, lapsed=True))
            for one in stopped:
                choice = {"scope": one.scope, "recipient": one.recipient}
                ledger.withdraw(one.purpose, one.klass, actor.id, **choice)
            for klass in CLASSES:
                self._take_back(ledger, klass, actor.id)

        await self._write(work)
        return len(stopped)

    async def _write(self, work: Callable[[Ledger], None]) -> None:
        if self._ledger is None:
            raise Refusal(_("Set this home up first."))
        try:
            await asyncio.to_thread(work, self._ledger)
        except ConsentError as problem:
            raise refusal_of(problem) from None
        finally:
            await self.read()
            self._changed()

    # -- the ledger ---------------------------------------------------------------------

    def lines(self, who: Callable[[str], str]) -> Sequence[LedgerLine]:
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

    @property
    def problem(self) -> str | None:
        """What is wrong with the chain; None while it holds."""
        return self._view.problem

    @property
    def head_code(self) -> str:
        """The ledger's head as people write it down; "" for an empty ledger."""
        if not self._view.lines:
            return ""
        return codes.encode(HEAD_LABEL, bytes.fromhex(self._view.head[:HEAD_DIGITS]))

    async def check(self) -> Checked:
        """Read every line from the disk again and check it."""
        ledger = self._ledger
        problem = await asyncio.to_thread(ledger.verify) if ledger else None
        await self.read()
        self._changed()
        return Checked(len(self._view.lines), problem, time.time())

    async def find(self, code: str) -> int:
        """The line at which a code that somebody kept was the head; nothing before it changed.

        Raises:
            Refusal: mistyped, not in this ledger, or the chain doesn't hold.
        """
        try:
            head = codes.decode(HEAD_LABEL, code).hex()
        except codes.CodeError as problem:
            raise refusal_of(problem, "code") from None
        if self._ledger is None:
            raise Refusal(_("Set this home up first."))
        checked = await self.check()
        if checked.problem is not None:
            raise refusal_of(ConsentError(f"the ledger cannot be added to: {checked.problem}"))
        place = await asyncio.to_thread(self._ledger.place_of, head)
        if place is None:
            raise Refusal(OLDER, "code")
        return place

    async def literal(self) -> bytes:
        """The whole ledger with the key to check it, as `privacy.consent.Ledger.export` has it."""
        return await asyncio.to_thread(self._ledger.export) if self._ledger else b"{}"


def _said_yes(ledger: Ledger, purpose: str, klass: str) -> bool:
    consent = ledger.state(purpose, klass)
    return consent is not None and (consent.given or consent.lapsed)
