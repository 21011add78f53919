"""The contacts of a home without devices: a real ledger, log and door."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.core.store import Store
from hub.home.contacts.contacts import Contacts, Note
from privacy.box import Box
from privacy.consent import Ledger
from privacy.grants import Grants
from privacy.purposes import Purposes, purposes
from privacy.vault import Household, MachineKey

BOX = Box(b"k" * 32)


class Reachable:
    """Contacts and what is behind them; start and stop it."""

    def __init__(self, store: Store, note: Note, changed: Callable[[str], None]) -> None:
        folder = Path(store.path).parent
        machine = MachineKey.load_or_create(folder)
        self._household, _code = Household.create(folder, "machine", machine=machine)
        self.path = folder / "egress.db"
        self.table = purposes()
        self.ledger = self._open(self.table)
        self.grants = Grants(self.path, self._household.letterbox, self.ledger)
        self.contacts = Contacts(
            store,
            BOX,
            BOX,
            note=note,
            changed=changed,
            left=lambda: changed("sharing"),
            cancel_s=10,
        )

    def _open(self, table: Purposes) -> Ledger:
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        return Ledger(self.path, BOX, key, table=table)

    def read_under(self, table: Purposes) -> None:
        """Open the ledger anew, as a release with other notices would."""
        self.ledger.close()
        self.ledger = self._open(table)

    def put_back_empty(self) -> None:
        """Put a ledger of before the first choice in place of this one."""
        self.ledger.close()
        with sqlite3.connect(self.path) as db:
            db.execute("DELETE FROM consent")
            db.execute("DELETE FROM consent_head")
        db.close()
        self.ledger = self._open(self.table)

    async def start(self) -> None:
        await self.contacts.start(self.grants)
        await self.contacts.begin()
        await self.contacts.open()

    async def stop(self) -> None:
        await self.contacts.stop()
        self.grants.close()
        self.ledger.close()
