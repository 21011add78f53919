"""Tells contacts: a task for each hazard and contact, whose state is on the disk before it matters.

What is due survives a restart, and works while the household is locked. A message may arrive
twice where an answer was lost, always under the same key; none is lost while its hazard lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from hub.core.sealed import Box, SealedTable
from hub.core.store import Store, StoreError
from hub.home.contacts.model import Contact
from hub.home.contacts.telling import CANCELLED, Telling
from hub.home.contacts.words import message_of
from hub.safety.table import HAZARDS
from privacy.errors import PrivacyError
from privacy.grants import UNANSWERED, UNREACHED, Grant, Message, NotGranted, NotLogged
from privacy.http_post import Unanswered

KEPT_S = 24 * 3600.0
TABLE = "contact_tellings"
_LOG = logging.getLogger(__name__)

_WORDS: dict[type[PrivacyError], str] = {
    NotGranted: "ungranted",
    NotLogged: "unlogged",
    Unanswered: UNANSWERED,
}
Send = Callable[[Grant, str | None, Message], Awaitable[int]]


class _Running:
    """A telling and the task that carries it out."""

    __slots__ = ("news", "task", "telling", "tried_at")

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self.news = asyncio.Event()
        self.tried_at = 0.0
        self.task: asyncio.Task[None] | None = None


class Teller:
    """The tellings of one home.

    Args:
        store: the home's database.
        box: of the machine key.
        contact: the contact of an id, None where there is none any more.
        send: the grants door.
        changed: called when what a page shows of it has changed.
        cancel_s: how long a call for help can be taken back before anybody is told.
    """

    def __init__(
        self,
        store: Store,
        box: Box,
        *,
        contact: Callable[[str], Contact | None],
        send: Send,
        changed: Callable[[], None],
        cancel_s: float,
    ) -> None:
        self._store = store
        self._table = SealedTable(TABLE, box)
        self._contact = contact
        self._send = send
        self._changed = changed
        self._cancel_s = cancel_s
        self._running: dict[str, _Running] = {}

    async def start(self) -> None:
        """Take up what a stopped process left to be told."""
        for _key, row in await self._store.read(lambda db: list(self._table.all(db))):
            self._begin(Telling.from_json(row))

    async def stop(self) -> None:
        """End the tasks; what isn't told yet is told after the next start."""
        tasks = [one.task for one in self._running.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def hazard_changed(self, record: dict[str, Any], contacts: Iterable[Contact]) -> None:
        """Follow one hazard record of the kernel; what is due is on the disk when this returns.

        Raises:
            StoreError: it could not be stored; what can be told is told all the same.
        """
        now = time.time()
        changed = []
        for contact in contacts:
            running = self._running.get(f"{record['id']}:{contact.id}")
            if running is None and self._concerns(contact, record):
                running = self._begin(self._telling(contact, record))
                running.telling.heard(record, now)
                changed.append(running.telling)
            elif running is not None and running.telling.heard(record, now):
                running.news.set()
                changed.append(running.telling)
        await self._keep(changed)
        await self._tidy(now)

    @staticmethod
    def _concerns(contact: Contact, record: dict[str, Any]) -> bool:
        told = record["active"] and record["hazard"] in contact.hazards
        return bool(told and record["raised_at"] >= contact.since)

    def _telling(self, contact: Contact, record: dict[str, Any]) -> Telling:
        kind = HAZARDS.get(record["hazard"])
        pressed = kind is not None and kind.latched
        wait = self._cancel_s if pressed else contact.after_s
        return Telling(
            contact.id,
            record["id"],
            record["hazard"],
            raised_at=record["raised_at"],
            due=record["raised_at"] + wait,
            unseen_only=bool(wait) and not pressed,
        )

    async def cancel(self, hazard_id: str) -> bool:
        """Somebody at home says it was a false alarm; whether a contact is told so."""
        now = time.time()
        ended = [one for one in self._of(hazard_id) if one.telling.end(CANCELLED, now)]
        for one in ended:
            one.news.set()
        await self._note([one.telling for one in ended])
        return any(one.telling.wants(now) for one in ended)

    def forget(self, contact_id: str) -> list[str]:
        """Stop telling a contact anything, at once; the keys of the rows to delete."""
        keys = [key for key, one in self._running.items() if one.telling.contact_id == contact_id]
        for key in keys:
            task = self._running.pop(key).task
            if task is not None:
                task.cancel()
        return keys

    def tellings(self, hazard_id: str) -> list[Telling]:
        """What contacts are told of a hazard."""
        return [one.telling for one in self._of(hazard_id)]

    def _of(self, hazard_id: str) -> list[_Running]:
        return [one for one in self._running.values() if one.telling.hazard_id == hazard_id]

    def _begin(self, telling: Telling) -> _Running:
        running = self._running[telling.key] = _Running(telling)
        running.task = asyncio.create_task(self._run(running), name=f"tell {telling.key}")
        return running

    async def _run(self, running: _Running) -> None:
        telling = running.telling
        while True:
            running.news.clear()
            now = time.time()
            status = telling.wants(now)
            wait = None if status is None else telling.wait_s(now, running.tried_at)
            if status is None or wait:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await running.news.wait()
                continue
            contact = self._contact(telling.contact_id)
            if contact is None or telling.hazard not in contact.hazards:
                await self._drop(telling)
                return
            try:
                await self._try(running, contact, status)
            except Exception:  # noqa: BLE001  whatever it was, it is tried again
                telling.failed("fault")
                _LOG.exception("telling a contact stumbled and goes on")

    async def _try(self, running: _Running, contact: Contact, status: str) -> None:
        """Send once, and take down what became of it."""
        telling = running.telling
        message = message_of(contact, telling, status)
        before, telling.left = telling.left, True
        await self._note([telling])
        running.tried_at = time.time()
        try:
            answer = await self._send(contact.grant, telling.hazard, message)
        except PrivacyError as problem:
            if not isinstance(problem, Unanswered):
                telling.left = before
            telling.failed(_word(problem))
            _LOG.warning("a contact could not be told, trying again: %s", problem)
        else:
            if 200 <= answer < 300:
                telling.delivered(status, time.time())
            else:
                telling.failed(str(answer))
                _LOG.warning("a contact's address answered %d, trying again", answer)
        await self._note([telling])
        self._changed()

    async def _note(self, tellings: list[Telling]) -> None:
        try:
            await self._keep(tellings)
        except StoreError as error:
            # What the disk can't take the door's log can't take either, and holds back.
            _LOG.warning("how far a contact is told could not be stored: %s", error)

    async def _keep(self, tellings: list[Telling]) -> None:
        if not tellings:
            return
        rows = [(one.key, one.to_json()) for one in tellings]

        def put(db: sqlite3.Connection) -> None:
            for key, row in rows:
                self._table.put(db, key, row)

        await self._store.run(put)
        self._changed()

    async def _drop(self, telling: Telling) -> None:
        self._running.pop(telling.key, None)
        with contextlib.suppress(StoreError):
            await self._store.run(lambda db: self._table.delete(db, telling.key))
        self._changed()

    async def _tidy(self, now: float) -> None:
        """Forget what ended a day ago; what left stands in the door's log."""
        old = [key for key, one in self._running.items() if one.telling.forgettable(now, KEPT_S)]
        for key in old:
            task = self._running.pop(key).task
            if task is not None:
                task.cancel()
        if old:
            await self._store.run(lambda db: [self._table.delete(db, key) for key in old])


def _word(problem: PrivacyError) -> str:
    for kind, word in _WORDS.items():
        if isinstance(problem, kind):
            return word
    return UNREACHED
