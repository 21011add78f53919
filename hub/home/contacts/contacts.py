"""The contacts of a household: kept, granted, tried out, told, taken back.

What is needed to tell them lies under the machine key, because an alarm doesn't wait for
somebody to unlock the home; what the household calls them lies under its own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hub.core.commands import Actor
from hub.core.sealed import Box, SealedTable
from hub.core.store import Store, StoreError
from hub.home.contacts.model import MOST, Contact, Draft
from hub.home.contacts.teller import TABLE, Teller
from hub.home.contacts.telling import Telling
from hub.home.contacts.words import test_of
from hub.home.refusal import Refusal, refusal_of
from privacy.consent import ConsentError
from privacy.errors import PrivacyError
from privacy.grants import Grant, Grants, Message, NotGranted, NotLogged
from privacy.http_post import Unreached

_LOG = logging.getLogger(__name__)
Note = Callable[[Actor, str, str], Awaitable[None]]


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


OWNER = "owner"
UNKNOWN = _("There is no such contact any more.")
NOT_YOURS = _(
    "Only who added this contact, or the owner, can change it. You can remove it: then it is told"
    " nothing."
)


def migration(db: sqlite3.Connection) -> None:
    """Make the tables."""
    for name in ("contacts", "contact_names", TABLE):
        db.execute(SealedTable.migration(name))


class Told:
    """What became of telling one contact of one hazard.

    Attributes:
        name: of the contact; "" while the household is locked.
        state: ``waits`` (for `at`), ``seen`` (not told: somebody at home saw it in time),
            ``trying``, ``told`` (at `at`), ``ended`` (also that it ended, at `at`), or
            ``untold`` (it ended before anybody was told).
        at: epoch seconds; None while it is tried for the first time.
        problem: what the last try ended with, "" where there was none.
    """

    __slots__ = ("at", "name", "problem", "state")

    def __init__(self, name: str, telling: Telling, now: float) -> None:
        self.name = name
        self.problem = telling.problem
        wanted = telling.wants(now)
        if wanted is not None and (telling.ended or telling.due <= now):
            self.state, self.at = "trying", telling.told_at
        elif wanted is not None:
            self.state, self.at = "waits", telling.due
        elif telling.over_at is not None:
            self.state, self.at = "ended", telling.over_at
        elif telling.told_at is not None:
            self.state, self.at = "told", telling.told_at
        else:
            self.state, self.at = "seen" if telling.seen else "untold", None


class Contacts:
    """Who is told.

    Args:
        store: its migrations contain `migration`.
        box: of the machine key.
        names: of the household key.
        note: writes a line of the audit.
        changed: called with ``sharing`` or ``hazards`` when what pages show has changed.
        left: called when something left by the door.
        cancel_s: how long a call for help can be taken back before anybody is told.
    """

    def __init__(
        self,
        store: Store,
        box: Box,
        names: Box,
        *,
        note: Note,
        changed: Callable[[str], None],
        left: Callable[[], None],
        cancel_s: float,
    ) -> None:
        self._store = store
        self._rows = SealedTable("contacts", box)
        self._names = SealedTable("contact_names", names)
        self._tellings = SealedTable(TABLE, box)
        self._note = note
        self._changed = changed
        self._left = left
        self._grants: Grants | None = None
        self._contacts: dict[str, Contact] = {}
        self._teller = Teller(
            store,
            box,
            contact=self._contacts.get,
            send=self._send,
            changed=lambda: changed("hazards"),
            cancel_s=cancel_s,
        )

    async def start(self, grants: Grants | None) -> None:
        """Read who is told; a locked household's contacts have no names yet."""
        self._grants = grants
        for key, row in await self._store.read(lambda db: list(self._rows.all(db))):
            try:
                self._contacts[key] = Contact.from_json(key, row)
            except PrivacyError as problem:
                # An address that a newer release refuses: the others are told all the same.
                _LOG.warning("a contact can't be used: %s", problem)
        await asyncio.to_thread(self._look_up)

    async def begin(self) -> None:
        """Take up what is still to be told."""
        await self._teller.start()

    async def open(self) -> None:
        """The household key is here: read the names."""
        for key, row in await self._store.read(lambda db: list(self._names.all(db))):
            if key in self._contacts:
                self._contacts[key].name = str(row["name"])

    async def stop(self) -> None:
        """Tell nobody any more until the next start."""
        await self._teller.stop()

    # -- who ----------------------------------------------------------------------------

    def all(self) -> Sequence[Contact]:
        """All contacts, the first added first."""
        return sorted(self._contacts.values(), key=lambda one: one.since)

    def get(self, contact_id: str) -> Contact | None:
        """One contact."""
        return self._contacts.get(contact_id)

    def of(self, hazard: str) -> Sequence[Contact]:
        """Who is told of a hazard, and may be: the ledger holds a yes."""
        return [one for one in self.all() if hazard in one.hazards and hazard in one.granted]

    def may_change(self, contact: Contact, actor: Actor) -> bool:
        """Whether a contact is theirs to change: their own, or they are the owner.

        Another's can be removed by every adult of the home: that is a withdrawal.
        """
        return actor.role == OWNER or (bool(contact.by) and contact.by == actor.id)

    async def add(self, draft: Draft, actor: Actor) -> Contact:
        """Add a contact; the yes is in the ledger and both are on the disk when this returns.

        Raises:
            Refusal: something isn't right, or could not be stored.
        """
        if len(self._contacts) >= MOST:
            raise Refusal(_("There are %(most)s contacts already; remove one first."), most=MOST)
        contact = draft.contact(secrets.token_hex(16), time.time(), None)
        contact.by = actor.id
        await self._keep(contact, actor)
        await self._note(actor, "add contact", contact.id)
        return contact

    async def change(self, contact_id: str, draft: Draft, actor: Actor) -> Contact:
        """Change a contact. Another address or other hazards are another yes in the ledger.

        Raises:
            Refusal: as in `add`, there is no such contact, or it is another person's.
        """
        before = self._known(contact_id)
        if not self.may_change(before, actor):
            raise Refusal(NOT_YOURS)
        contact = draft.contact(contact_id, before.since, before)
        contact.by = before.by
        await self._keep(contact, actor)
        await self._note(actor, "change contact", contact.id)
        return contact

    async def remove(self, contact_id: str, actor: Actor) -> None:
        """Withdraw the consent and forget the contact; nothing is sent from now on.

        Raises:
            Refusal: it could not be stored.
        """
        contact = self._known(contact_id)
        if self._grants is not None:
            await self._withdraw(self._grants, contact, actor)
        keys = self._teller.forget(contact_id)

        def delete(db: sqlite3.Connection) -> None:
            self._rows.delete(db, contact_id)
            self._names.delete(db, contact_id)
            for key in keys:
                self._tellings.delete(db, key)

        contact.granted = frozenset()
        await self._stored(delete)
        self._contacts.pop(contact_id, None)
        self._changed("sharing")
        await self._note(actor, "remove contact", contact_id)

    @staticmethod
    async def _withdraw(grants: Grants, contact: Contact, actor: Actor) -> None:
        try:
            await asyncio.to_thread(grants.withdraw, contact.id, actor.id)
        except ConsentError as problem:
            # A chain that doesn't hold says no to everything: then the contact can go without.
            if await asyncio.to_thread(grants.granted, contact.grant):
                raise refusal_of(problem) from None

    async def look_again(self) -> None:
        """Read from the ledger what may be told now; something else wrote into it."""
        await asyncio.to_thread(self._look_up)

    async def test(self, contact_id: str, actor: Actor) -> int:
        """Send a message that says it is a test; returns the HTTP status of the answer.

        Raises:
            Refusal: nobody was reached, there was no answer, or it may not be sent.
        """
        contact = self._known(contact_id)
        await self._note(actor, "test contact", contact_id)
        try:
            return await self._send(contact.grant, None, test_of(contact, time.time()))
        except NotGranted:
            raise Refusal(_("No consent for this contact is in force. Save it again.")) from None
        except NotLogged:
            raise Refusal(
                _("It could not be written down, so it was not sent. Is the disk full?")
            ) from None
        except Unreached:
            raise Refusal(
                _("Nobody can be reached at this address: is it right, and its certificate?")
            ) from None
        except PrivacyError:
            raise Refusal(_("The message left, and no answer came.")) from None

    # -- in an alarm --------------------------------------------------------------------

    async def hazard_changed(self, record: dict[str, Any]) -> None:
        """Follow one hazard record of the kernel.

        Raises:
            StoreError: it could not be stored; hand it over again.
        """
        await self._teller.hazard_changed(record, self.all())

    async def cancel(self, hazard_id: str) -> bool:
        """Somebody at home says it was a false alarm; whether a contact is told so."""
        return await self._teller.cancel(hazard_id)

    def told(self, hazard_id: str) -> Sequence[Told]:
        """What became of telling each contact of a hazard."""
        now = time.time()
        return [
            Told(contact.name, telling, now)
            for telling in self._teller.tellings(hazard_id)
            if (contact := self._contacts.get(telling.contact_id)) is not None
        ]

    async def _send(self, grant: Grant, klass: str | None, message: Message) -> int:
        if self._grants is None:
            raise Unreached("the doors are closed")
        try:
            return await self._grants.send(grant, klass, message)
        finally:
            self._left()

    # -- storing ------------------------------------------------------------------------

    def _known(self, contact_id: str) -> Contact:
        contact = self._contacts.get(contact_id)
        if contact is None:
            raise Refusal(UNKNOWN)
        return contact

    async def _keep(self, contact: Contact, actor: Actor) -> None:
        """Store a contact, then the yes: in between nobody is told, which is the safe side."""
        if self._grants is None:
            raise Refusal(_("Set this home up first."))

        def put(db: sqlite3.Connection) -> None:
            self._rows.put(db, contact.id, contact.to_json())
            self._names.put(db, contact.id, {"name": contact.name})

        await self._stored(put)
        self._contacts[contact.id] = contact
        try:
            await asyncio.to_thread(self._grants.give, contact.grant, contact.hazards, actor.id)
        except ConsentError as problem:
            raise refusal_of(problem) from None
        finally:
            await asyncio.to_thread(self._look_up)
            self._changed("sharing")

    async def _stored(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            await self._store.run(work)
        except StoreError:
            raise Refusal(_("It could not be stored. Is the disk full?")) from None

    def _look_up(self) -> None:
        for contact in list(self._contacts.values()):
            granted = self._grants.granted(contact.grant) if self._grants else frozenset()
            contact.granted = granted
