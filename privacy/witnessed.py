"""What a home believes of its community's parameters, having pinned the log's witnesses.

The parameters come through the relay, the same for all. A home that pinned three witnesses at
pairing uses none that two of them don't vouch for: it goes on with what it has, for 28 days.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from privacy.parameters import Parameters
from privacy.tokens.epochs import Allotment
from privacy.tokens.ring import names_in_force
from privacy.transparency.claims import Claims, Entry, digest_of
from privacy.transparency.notes import Checkpoint
from privacy.transparency.proof import View
from privacy.transparency.tree import LogError
from privacy.transparency.witness import Trust

N = TypeVar("N")

QUIET_S = 24 * 3600
"""After so long without two witnesses the pages say so; they sign every hour, seconds."""
RUN_ON_S = 28 * 86_400
"""After so long without two witnesses no events leave, seconds."""


class Standing(StrEnum):
    """How a home stands with its witnesses."""

    NONE = "none"
    """It pinned none: it believes what the community and the relay tell."""
    WAITING = "waiting"
    """Newly paired; two of three have not vouched for anything yet, and nothing is told."""
    GOOD = "good"
    RUN_ON = "run_on"
    """Nothing new is vouched for; what is there goes on."""
    STOPPED = "stopped"
    """That was longer than 28 days ago: no events leave."""

    @property
    def tells(self) -> bool:
        """Whether events may leave."""
        return self not in {Standing.WAITING, Standing.STOPPED}


class Believer:
    """The memory of one home: what two witnesses vouched for last.

    Args:
        trust: whom to believe, pinned at pairing.
        kept: what ``keep`` was given last, None at first.
        keep: stores it durably; called on the thread that calls `believe`.
    """

    def __init__(self, trust: Trust, kept: bytes | None, keep: Callable[[bytes], None]) -> None:
        self._trust = trust
        self._keep = keep
        self.seen: Checkpoint | None = None
        self.vouched_at: int | None = None
        self.problem = ""
        if kept is not None:
            stored = json.loads(kept)
            self.seen = Checkpoint.parse(stored["checkpoint"])
            self.vouched_at = int(stored["vouched_at"])

    def believe(self, told: Parameters, now: float) -> bool:
        """Whether what was told may be used; if so it is remembered.

        An older state of the log than the last one changes nothing and is no fault: a relay
        without its gateway tells what it has.
        """
        try:
            view = self._vouched(told, now)
            if self.seen is not None and view.checkpoint.size < self.seen.size:
                return False
            check(told, view.claims, now)
        except LogError as error:
            self.problem = str(error)
            return False
        self.problem = ""
        grown = self.seen is None or view.checkpoint.size > self.seen.size
        if grown or view.vouched_at > (self.vouched_at or 0):
            self.seen = view.checkpoint
            self.vouched_at = max(view.vouched_at, self.vouched_at or 0)
            kept = {"checkpoint": self.seen.text, "vouched_at": self.vouched_at}
            self._keep(json.dumps(kept).encode())
        return True

    def _vouched(self, told: Parameters, now: float) -> View:
        """The log that two witnesses vouch for.

        Raises:
            LogError: they don't, or it is another than the one that this home knows.
        """
        if told.proof is None:
            raise LogError("nothing is vouched for by the witnesses")
        view = View(told.proof, self._trust, now)
        grown = self.seen is None or view.checkpoint.size >= self.seen.size
        if self.seen is not None and grown and not view.continues(self.seen):
            raise LogError("the log is not the one that this home knows: its history changed")
        return view

    def standing(self, now: float) -> Standing:
        """How this home stands with its witnesses."""
        if self.vouched_at is None:
            return Standing.WAITING
        if now - self.vouched_at > RUN_ON_S:
            return Standing.STOPPED
        old = now - self.vouched_at > QUIET_S
        return Standing.RUN_ON if old or self.problem else Standing.GOOD


def check(told: Parameters, claims: Claims, now: float) -> None:
    """Check that parameters say what the log says, and all of it.

    Raises:
        LogError: a key, a table, the slot or the number of homes isn't the log's, or a key of
            this epoch or the next is left out.
    """
    gateway, slot, roster = claims.gateway(), claims.slot(), claims.roster()
    if gateway is None or gateway.said.get("sha256") != sha256(told.gateway_key):
        raise LogError("the gateway's key is not the one in the log")
    if slot is None or slot.said.get("ms") != milliseconds(told.slot_s):
        raise LogError("the slot's length is not the one in the log")
    if roster is None or roster.said.get("homes") != told.roster_size:
        raise LogError("the number of homes is not the one in the log")
    table = claims.zones()
    if table is None and not (claims.whole and told.zones.undivided):
        raise LogError("the zone table is not in the log")
    if table is not None and table.said.get("sha256") != digest_of(told.zones.to_json()):
        raise LogError("the zone table is not the one in the log")
    tokens = told.tokens.keys if told.tokens else {}
    shown = {(str(kind), number): key.id.hex() for (kind, number), key in tokens.items()}
    wanted = {(str(kind), number) for kind, number in names_in_force(now)}
    _check_keys(shown, claims.tokens(), wanted)
    current = Allotment.EPOCH.number_at(now)
    cells = {number: sha256(key) for number, key in told.cells.keys.items()}
    _check_keys(cells, claims.cells(), {current, current + 1})


def _check_keys(shown: Mapping[N, str], logged: Mapping[N, Entry], wanted: Collection[N]) -> None:
    """Check that all keys shown are in the log, and that none that is wanted is left out."""
    for name, digest in shown.items():
        entry = logged.get(name)
        if entry is None or entry.said.get("sha256") != digest:
            raise LogError("a key is not in the log, or not for long enough")
    if any(name in wanted and name not in shown for name in logged):
        raise LogError("a key that everybody is told was left out")


def sha256(key: bytes) -> str:
    """What stands in the log for a key, in hex."""
    return hashlib.sha256(key).hexdigest()


def milliseconds(slot_s: float) -> int:
    """A slot's length as the log says it."""
    return round(slot_s * 1000)
