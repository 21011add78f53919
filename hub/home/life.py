"""The life of a running home: what starts when, what waits for the household key.

What must work while the household is locked (the hazard link, the events door) starts first;
what is personal (names, devices, history, accounts) opens with the household key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from hub.accounts.model import AccountProblem, tidy_name
from hub.accounts.passwords import check_password
from hub.core.commands import Actor
from hub.core.states import State
from hub.history.history import History
from hub.history.past import Past
from hub.home.book import HazardBook
from hub.home.parts import HomeParts
from hub.home.refusal import Refusal, refusal_of
from hub.home.running import Running
from privacy.errors import PrivacyError
from privacy.vault import RecoveryCode

_LOG = logging.getLogger(__name__)


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


class HomeLife(HomeParts):
    """One household: started and stopped in order, and its keys. See `HomeParts`."""

    # -- life ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Start what a locked home does; open the rest where no passphrase is needed."""
        if self.keys.set_up:
            await self._begin()
            if await asyncio.to_thread(self.keys.try_alone):
                await self._open()

    async def stop(self) -> None:
        """End everything in order; what was acknowledged is on the disk."""
        await self.watch.stop()
        await self.offers.stop()
        await self.contacts.stop()
        if self._opened:
            await self.adding.stop()
        if self._opened and self.mqtt is not None:
            await self.mqtt.stop()
        await self.sharing.stop()
        if self.running is not None and self.history_store is not None:
            await self.running.stop()
            await self.history_store.close()
        await asyncio.to_thread(self.store.close)

    async def _begin(self) -> None:
        household = self.keys.household
        if household is None or self._book is not None:
            return
        self._book = HazardBook(self.store, household, lambda _record: self.bus.publish("hazards"))
        await self.sharing.start(household)
        await self.contacts.start(self.sharing.grants)
        if self.mqtt is not None:
            await self.contacts.begin()
            await self.offers.load()
            await self.watch.start(self._book, self._hazard_changed)

    async def _open(self) -> None:
        """The household key is here: names, devices, history."""
        if self._opened or self._book is None:
            return
        self._opened = True
        await self.residents.settle()
        await self.registry.load()
        self.inventory.groups.start()
        await self.favourites.load()
        await self.contacts.open()
        await self.keeping.load()
        await self.bindings_table.load()
        await self._book.load()
        await self.trials.load()
        await self.screens.load()
        await self.refresh_names()
        self._owned = bool(self._names)
        self.history_store = History(
            self.data / "history", self.keys.box("history"), days=self.keeping.days
        )
        self.history_store.start()
        self.keeping.history = self.history_store
        self.past = Past(self.history_store)
        self.running = Running(self.history_store, self.states, self._kept)
        self.running.start()
        self.states.subscribe(self._keep)
        self.registry.listen(self._registry_changed)
        if self.mqtt is not None:
            await self.mqtt.start()
        await self.adding.start()
        if self.mqtt is not None:
            self.watch.begin_binding()
        for topic in ("lock", "hazards", "sharing", "registry"):
            self.bus.publish(topic)

    def _keep(self, new: State, old: State | None) -> None:
        if self.history_store is not None and self._kept(new):
            self.history_store.record(new, old)

    def _kept(self, state: State) -> bool:
        entity = self.registry.get(state.entity_id)
        return entity is not None and not entity.category

    # -- keys ---------------------------------------------------------------------------

    @property
    def set_up(self) -> bool:
        """Whether the first owner was set up; a locked home was."""
        return self.keys.set_up and (self.locked or self._owned)

    @property
    def locked(self) -> bool:
        """Whether the household key is away."""
        return self.keys.locked

    @property
    def unlock_mode(self) -> str:
        """``passphrase``, ``media`` or ``machine``."""
        return self.keys.mode

    async def setup(self, *, name: str, password: str, unlock: Mapping[str, str]) -> str:
        """Make the household and its owner; returns the recovery code to print.

        Raises:
            Refusal: a name, password or unlock mode that can't be used.
        """
        if self.set_up:
            raise Refusal(_("This home is set up already."))
        try:
            check_password(password, tidy_name(name))
            code = await self._make_household(unlock)
            await self.accounts.create(name, "owner", password)
        except AccountProblem as problem:
            raise refusal_of(problem, "name" if "name" in problem.code else "password") from None
        except PrivacyError as problem:
            raise refusal_of(problem, "mode") from None
        self._owned = True
        await self.refresh_names()
        return code.text

    async def _make_household(self, unlock: Mapping[str, str]) -> RecoveryCode:
        """The household key; where a set-up was cut off after making it, only a new sheet."""
        if self.keys.set_up:
            await self.keys.change_mode(unlock)
            return await self.keys.new_recovery()
        code = await self.keys.create(unlock)
        await self._begin()
        await self._open()
        return code

    async def unlock(self, passphrase: str) -> None:
        """Open the household key.

        Raises:
            Refusal: it doesn't open.
        """
        await self._opening(self.keys.unlock(passphrase), "passphrase")

    async def recover(self, code: str, passphrase: str) -> None:
        """Open it by the printed sheet's code and set a new passphrase.

        Raises:
            Refusal: a mistyped or foreign code, or too short a passphrase.
        """
        await self._opening(self.keys.recover(code, passphrase), "code")

    async def _opening(self, work: Any, field: str) -> None:
        try:
            await work
        except PrivacyError as problem:
            raise refusal_of(problem, field) from None
        await self._open()

    async def change_mode(self, unlock: Mapping[str, str], actor: Actor) -> None:
        """Choose another unlock mode.

        Raises:
            Refusal: the mode can't be used.
        """
        await self._opening(self.keys.change_mode(unlock), "mode")
        await self.note(actor, "change unlock mode", self.keys.mode)

    async def new_recovery(self, actor: Actor) -> str:
        """Make a new recovery code; the old sheet is void."""
        code = await self.keys.new_recovery()
        await self.note(actor, "new recovery code", "household")
        return code.text
