"""From a hazard at home to an offer at the events door: ask, wait, follow the choice.

A life-safety hazard asks whoever is at home whether to tell the duty desk. If nobody answers
within ``ask_s`` seconds, ten for a call for help, the choice made at set-up decides; without a
choice nothing leaves (privacy protocol, section 1, "What the resident chooses at set-up").
Answers and deadlines are sealed under the machine key, so that a power cut at the wrong moment
neither forgets nor repeats an event, and so that a locked hub keeps its resident's word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from hub.core.sealed import Box, SealedTable
from hub.core.store import Store, StoreError
from hub.home.options import ASK_S
from hub.safety.table import HAZARDS
from privacy.errors import PrivacyError

KEPT_S = 24 * 3600.0
RETRY_S = 2.0
# Who presses for help wants it: the time to take a false press back, and no longer.
CANCEL_S = 10.0
LIFE_SAFETY = {kind.name: kind.told for kind in HAZARDS.values() if kind.told}

MIGRATION = SealedTable.migration("offers")

_LOG = logging.getLogger(__name__)


class Door(Protocol):
    """What this module needs of the events door."""

    async def offer(self, hazard_id: str, klass: str, basis: str, actor: str) -> str | None:
        """Queue the event once per hazard; ``None`` when consent or pairing is missing.

        Raises:
            PrivacyError: the door failed (its disk is full); try again.
        """

    async def update(self, event_id: str, status: str) -> None:
        """Say how the event stands: ``cleared`` or ``cancelled``.

        Raises:
            PrivacyError: the door failed; try again.
        """

    def standing(self, klass: str) -> str | None:
        """The choice made at set-up: ``zone``, ``nobody`` or ``None`` (never asked)."""


class Question:
    """One hazard's question; times are wall-clock seconds.

    Attributes:
        answer: ``tell``, ``dont`` or None while it is open.
        by: an account's id, ``choice`` (nobody answered) or ``over`` (it cleared first).
        event_id: what the door took; empty when it had nobody to tell, None before it was asked.
        status: ``raised``, ``cleared`` or ``cancelled``.
        door: the status that the door knows.
    """

    __slots__ = ("answer", "by", "deadline", "door", "event_id", "hazard_id", "klass", "status")

    def __init__(self, hazard_id: str, klass: str, deadline: float) -> None:
        self.hazard_id = hazard_id
        self.klass = klass
        self.deadline = deadline
        self.answer: str | None = None
        self.by: str | None = None
        self.event_id: str | None = None
        self.status = "raised"
        self.door = "raised"

    @property
    def told(self) -> bool:
        """Whether the event is queued or has left."""
        return bool(self.event_id)

    @property
    def unfinished(self) -> bool:
        """Whether the door has still to hear something."""
        if self.answer != "tell" or self.event_id == "":
            return False
        return self.event_id is None or self.door != self.status

    def to_json(self) -> dict[str, Any]:
        """Plain data, as stored."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Question:
        """The question that ``to_json`` wrote."""
        question = cls(data["hazard_id"], data["klass"], data["deadline"])
        for name in ("answer", "by", "door", "event_id", "status"):
            setattr(question, name, data[name])
        return question


class Offers:
    """The open questions of this home, durable before they matter."""

    def __init__(
        self,
        store: Store,
        box: Box,
        door: Door,
        changed: Callable[[str], None],
        *,
        ask_s: float = ASK_S,
    ) -> None:
        self._store = store
        self._table = SealedTable("offers", box)
        self._door = door
        self._changed = changed
        self._ask_s = ask_s
        self._questions: dict[str, Question] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def load(self) -> None:
        """Take up the questions a stopped process left open, late ones at once."""
        for hazard_id, row in await self._store.read(lambda db: list(self._table.all(db))):
            question = Question.from_json(row)
            self._questions[hazard_id] = question
            if question.answer is None:
                self._arm(question)
            elif question.unfinished:
                self._spawn(hazard_id, self._tell_on(question))

    def question(self, hazard_id: str) -> Question | None:
        """The hazard's question, answered or not."""
        return self._questions.get(hazard_id)

    async def hazard_changed(self, hazard: dict[str, Any]) -> None:
        """Follow one hazard record of the kernel (see ``hub.safety``)."""
        klass = LIFE_SAFETY.get(hazard["hazard"])
        if klass is None:
            return
        await self._tidy()
        async with self._lock(hazard["id"]):
            question = self._questions.get(hazard["id"])
            if question is None and hazard["active"]:
                pressed = HAZARDS[hazard["hazard"]].latched
                wait_s = min(self._ask_s, CANCEL_S) if pressed else self._ask_s
                question = Question(hazard["id"], klass, time.time() + wait_s)
                await self._save(question)
                self._questions[question.hazard_id] = question
                self._arm(question)
                self._changed(question.hazard_id)
            elif question is not None and not hazard["active"]:
                await self._over(question)

    async def answer(self, hazard_id: str, answer: str, actor: str) -> bool:
        """Somebody at home answered ``tell`` or ``dont``; the first answer counts.

        Returns:
            Whether this answer was the one that counted.
        """
        if answer not in {"tell", "dont"}:
            raise ValueError("an answer is 'tell' or 'dont'")
        async with self._lock(hazard_id):
            question = self._questions.get(hazard_id)
            if question is None or question.answer is not None:
                return False
            self._disarm(hazard_id)
            await self._decide(question, answer, actor)
            return True

    async def cancel(self, hazard_id: str) -> bool:
        """A person at home says it was a false alarm; whether there was an event to take back."""
        async with self._lock(hazard_id):
            question = self._questions.get(hazard_id)
            if question is None or question.status != "raised" or not question.told:
                return False
            await self._end(question, "cancelled")
            return True

    async def _tidy(self) -> None:
        """Forget questions that ended a day ago; the hazard itself is in the household's book."""
        before = time.time() - KEPT_S
        old = [
            one.hazard_id
            for one in self._questions.values()
            if one.status != "raised" and not one.unfinished and one.deadline < before
        ]
        if not old:
            return
        for hazard_id in old:
            self._questions.pop(hazard_id, None)
            self._locks.pop(hazard_id, None)
        try:
            await self._store.run(lambda db: [self._table.delete(db, one) for one in old])
        except StoreError as error:
            _LOG.warning("old questions could not be deleted: %s", error)

    async def stop(self) -> None:
        """End the timers; what they would have decided is decided at the next start."""
        tasks = list(self._timers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._timers.clear()

    def _lock(self, hazard_id: str) -> asyncio.Lock:
        return self._locks.setdefault(hazard_id, asyncio.Lock())

    def _arm(self, question: Question) -> None:
        self._spawn(question.hazard_id, self._wait(question))

    def _spawn(self, hazard_id: str, work: Coroutine[None, None, None]) -> None:
        self._timers[hazard_id] = asyncio.create_task(work, name=f"offer {hazard_id}")

    def _disarm(self, hazard_id: str) -> None:
        timer = self._timers.pop(hazard_id, None)
        if timer is not None and timer is not asyncio.current_task():
            timer.cancel()

    async def _wait(self, question: Question) -> None:
        await asyncio.sleep(max(0.0, question.deadline - time.time()))
        async with self._lock(question.hazard_id):
            if question.answer is None:
                choice = self._door.standing(question.klass)
                await self._decide(question, "tell" if choice == "zone" else "dont", "choice")

    async def _decide(self, question: Question, answer: str, actor: str) -> None:
        question.answer, question.by = answer, actor
        await self._save(question)
        await self._tell(question)

    async def _tell(self, question: Question) -> None:
        """Bring the door up to date; where it fails, go on trying beside."""
        if question.unfinished and await self._try(question):
            return
        self._changed(question.hazard_id)
        if not question.unfinished:
            return
        trying = self._timers.get(question.hazard_id)
        if trying is None or trying.done() or trying is asyncio.current_task():
            self._spawn(question.hazard_id, self._tell_on(question))

    async def _tell_on(self, question: Question) -> None:
        while True:
            async with self._lock(question.hazard_id):
                if not question.unfinished or await self._try(question):
                    return
            await asyncio.sleep(RETRY_S)

    async def _try(self, question: Question) -> bool:
        """Offer the event, and how it stands since; False when the door failed."""
        basis = "standing" if question.by == "choice" else "moment"
        try:
            if question.event_id is None:
                taken = await self._door.offer(
                    question.hazard_id, question.klass, basis, question.by or "choice"
                )
                # "Nobody to tell" is final: pairing next week must not tell of today.
                question.event_id = taken or ""
            status = question.status
            if question.event_id and status != question.door:
                await self._door.update(question.event_id, status)
                question.door = status
        except PrivacyError as error:
            _LOG.warning("the events door did not take an event, trying again: %s", error)
            return False
        await self._save(question)
        self._changed(question.hazard_id)
        return True

    async def _over(self, question: Question) -> None:
        if question.status != "raised":
            return
        if question.answer is None:
            # The danger passed while the question stood open: there is nothing left to tell.
            self._disarm(question.hazard_id)
            question.answer, question.by = "dont", "over"
        await self._end(question, "cleared")

    async def _end(self, question: Question, status: str) -> None:
        question.status = status
        await self._save(question)
        await self._tell(question)

    async def _save(self, question: Question) -> None:
        data = question.to_json()
        try:
            await self._store.run(lambda db: self._table.put(db, question.hazard_id, data))
        except StoreError as error:
            # A full disk must not keep an event at home that its resident wants told.
            _LOG.warning("a question could not be stored: %s", error)
