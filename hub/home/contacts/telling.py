"""One contact and one hazard: what they are still to be told, and when. Pure; times are wall-clock.

``raised`` is told once it is due, and again until it was delivered or the hazard ended. Whoever
may have got that is then told that it is over, or that it was a false alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RAISED, OVER, CANCELLED = "raised", "over", "cancelled"
BACKOFF_S = (2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
GIVE_UP_S = 24 * 3600.0
"""How long after the end of a hazard it is still tried to say so."""


class Telling:
    """How far the telling is.

    Attributes:
        due: when the contact is to be told.
        unseen_only: not, if somebody at home acknowledged the hazard before that.
        seen: somebody did.
        ended: None, ``over`` or ``cancelled``.
        left: the first message left at least in part, so that it may have arrived.
        told_at: when the contact's address took it; None before.
        over_at: when it took that the hazard ended; None before.
        problem: what the last try ended with: an HTTP status, ``unreached``, ``unanswered``,
            ``unlogged`` (the disk is full), ``ungranted`` (the ledger holds no yes) or ``fault``.
        tries: how often the message that is wanted now was tried since the start.
    """

    __slots__ = (
        *("contact_id", "due", "ended", "ended_at", "hazard", "hazard_id", "left", "over_at"),
        *("problem", "raised_at", "seen", "told_at", "tries", "unseen_only"),
    )

    def __init__(
        self,
        contact_id: str,
        hazard_id: str,
        hazard: str,
        *,
        raised_at: float,
        due: float,
        unseen_only: bool,
    ) -> None:
        self.contact_id = contact_id
        self.hazard_id = hazard_id
        self.hazard = hazard
        self.raised_at = raised_at
        self.due = due
        self.unseen_only = unseen_only
        self.seen = False
        self.ended: str | None = None
        self.ended_at: float | None = None
        self.left = False
        self.told_at: float | None = None
        self.over_at: float | None = None
        self.problem = ""
        self.tries = 0

    @property
    def key(self) -> str:
        """Names it among all tellings."""
        return f"{self.hazard_id}:{self.contact_id}"

    def heard(self, record: Mapping[str, Any], now: float) -> bool:
        """Take the kernel's word of the hazard; whether it changes anything."""
        seen_at = record["acknowledged_at"]
        in_time = seen_at is not None and seen_at < self.due and not self.left
        if self.unseen_only and in_time and not self.seen and self.ended is None:
            self.seen = True
            return True
        return not record["active"] and self.end(OVER, now)

    def end(self, how: str, now: float) -> bool:
        """The hazard is ``over``, or was ``cancelled``; whether that is news."""
        if self.ended is not None:
            return False
        self.ended, self.ended_at, self.tries, self.problem = how, now, 0, ""
        return True

    def wants(self, now: float) -> str | None:
        """The status that the contact is to be told next, due or not; None for nothing."""
        if self.ended is None:
            return None if self.seen or self.told_at is not None else RAISED
        may_know = self.left or self.told_at is not None
        late = now - (self.ended_at or now) > GIVE_UP_S
        return self.ended if may_know and self.over_at is None and not late else None

    def wait_s(self, now: float, tried_at: float) -> float:
        """Seconds until what is wanted is to be tried.

        Args:
            now: the wall clock.
            tried_at: when it was last tried.
        """
        wait = min(self.due - now, self.due - self.raised_at) if self.ended is None else 0.0
        if self.tries:
            pause = BACKOFF_S[min(self.tries, len(BACKOFF_S)) - 1]
            wait = max(wait, min(tried_at + pause - now, pause))
        return max(0.0, wait)

    def delivered(self, status: str, now: float) -> None:
        """The contact's address took it."""
        if status == RAISED:
            self.told_at = now
        else:
            self.over_at = now
        self.tries, self.problem = 0, ""

    def failed(self, problem: str) -> None:
        """It didn't; it is tried again."""
        self.tries += 1
        self.problem = problem

    def forgettable(self, now: float, kept_s: float) -> bool:
        """Whether it ended long ago and has nothing left to say."""
        ended = self.ended_at
        return ended is not None and now - ended > kept_s and self.wants(now) is None

    def to_json(self) -> dict[str, Any]:
        """Plain data, as stored."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "tries"}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Telling:
        """The telling that ``to_json`` wrote."""
        made = cls(
            row["contact_id"],
            row["hazard_id"],
            row["hazard"],
            raised_at=row["raised_at"],
            due=row["due"],
            unseen_only=row["unseen_only"],
        )
        for name in ("seen", "ended", "ended_at", "left", "told_at", "over_at", "problem"):
            setattr(made, name, row[name])
        return made
