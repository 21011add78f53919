"""Contacts with a real store, ledger, log and webhook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.commands import Actor
from hub.core.store import Store, migrate
from hub.home.contacts.contacts import Contacts, migration
from hub.home.contacts.model import Draft
from privacy.grants import Grants
from privacy.vault import MachineKey
from tests.hub.home.conftest import OWNER
from tests.privacy.contacts import Webhook, webhook
from tests.privacy.test_grants import Door

CANCEL_S = 0.2


def draft(address: str, **more: Any) -> Draft:
    """What a resident writes."""
    given: dict[str, Any] = {
        "name": "女儿",
        "address": address,
        "hazards": ["gas", "sos", "leakage"],
        "after_s": 0,
        "lang": "zh_CN",
        "label": "奶奶家",
        "warned": True,
    }
    return Draft(**(given | more))


def hazard(kind: str = "gas", *, active: bool = True, **more: Any) -> dict[str, Any]:
    """A kernel's record, as far as contacts read it."""
    record = {
        "id": "h1",
        "hazard": kind,
        "active": active,
        "raised_at": time.time(),
        "acknowledged_at": None,
    }
    return record | more


class Household:
    """A home's contacts, and what they write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.door = Door(folder)
        self.store = Store(folder / "home.db")
        self.store.run_sync(lambda db: migrate(db, [migration]))
        self.noted: list[tuple[str, str]] = []
        self.contacts = self._contacts()

    def _contacts(self) -> Contacts:
        async def note(_actor: Actor, action: str, subject: str) -> None:
            self.noted.append((action, subject))

        return Contacts(
            self.store,
            MachineKey.load_or_create(self.folder).box("contacts"),
            self.door.household.box("contacts"),
            note=note,
            changed=lambda _topic: None,
            left=lambda: None,
            cancel_s=CANCEL_S,
        )

    async def start(self) -> None:
        await self.contacts.start(self.door.grants)
        await self.contacts.begin()
        await self.contacts.open()

    async def again(self) -> None:
        """Stop and start, as after a restart."""
        await self.contacts.stop()
        self.contacts = self._contacts()
        await self.start()

    async def stop(self) -> None:
        await self.contacts.stop()
        self.door.close()
        await asyncio.to_thread(self.store.close)

    def grants(self) -> Grants:
        return self.door.grants

    async def add(self, place: Webhook, **more: Any) -> str:
        return (await self.contacts.add(draft(place.address, **more), OWNER)).id

    def states(self, hazard_id: str = "h1") -> list[str]:
        return [one.state for one in self.contacts.told(hazard_id)]


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    made = Household(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def phone() -> Iterator[Webhook]:
    """The contact's webhook."""
    with webhook() as made:
        yield made
