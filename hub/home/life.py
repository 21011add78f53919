"""The life of a running home: what starts when, what waits for the household key.

What must work while the household is locked (the hazard link, the events door) starts first;
what is personal (names, devices, history, accounts) opens with the household key.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hub.accounts import home_tokens
from hub.accounts.accounts import Accounts
from hub.accounts.home_table import SCHEMA as ACCOUNTS_SCHEMA
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.home_tokens import HomeTokensTable
from hub.accounts.model import HOME_ROLES, AccountProblem, Session, tidy_name
from hub.accounts.passwords import check_password
from hub.accounts.tokens import HOME_SCOPES, Tokens
from hub.core import audit, registry
from hub.core.audit import Audit
from hub.core.bus import Bus
from hub.core.commands import Actor, Commands
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.registry import Entity, Registry
from hub.core.settings import private_folder
from hub.core.states import State, States
from hub.core.store import Store, StoreError, migrate
from hub.history.history import History
from hub.home import book, favourites, offer, roles
from hub.home.book import HazardBook
from hub.home.device_users import BrokerAccess
from hub.home.favourites import Favourites
from hub.home.inventory import Inventory
from hub.home.keys import Keys
from hub.home.offer import Offers
from hub.home.options import ASK_S, CLEAR_S
from hub.home.refusal import Refusal, refusal_of
from hub.home.roles import Bindings
from hub.home.sharing import Sharing
from hub.home.trials import Trials
from hub.home.watch import Watch
from hub.plugins.entities import CommandProblem
from hub.plugins.loader import Plugins
from hub.safety.table import HAZARDS
from privacy.errors import PrivacyError
from privacy.vault import RecoveryCode, VaultLocked

_LOG = logging.getLogger(__name__)

MIGRATIONS = (
    registry.MIGRATION,
    audit.MIGRATION,
    book.MIGRATION,
    roles.MIGRATION,
    offer.MIGRATION,
    *ACCOUNTS_SCHEMA,
    home_tokens.MIGRATION,
    favourites.MIGRATION,
)
BUILT_IN_CONFIGS: dict[str, dict[str, object]] = {"mqtt": {}}
"""Integrations that run without being added: the embedded broker is always there."""
TESTED = frozenset(kind.name for kind in HAZARDS.values() if kind.tested)
"""Hazards whose sensors are to be tried now and then."""


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


class HomeAccounts(Accounts):
    """Accounts that nobody can use while the household is locked."""

    async def session(self, token: str) -> Session | None:
        """See `Accounts.session`; a locked home knows nobody."""
        try:
            return await super().session(token)
        except VaultLocked:
            return None


Forget = Callable[[sqlite3.Connection, str], None]


def _both(one: Forget, other: Forget) -> Forget:
    def forget(db: sqlite3.Connection, account_id: str) -> None:
        one(db, account_id)
        other(db, account_id)

    return forget


class HomeLife:
    """One household: its parts, started and stopped in order, and its keys.

    Args:
        data: its folder.
        mqtt: how to reach the broker; None for a command that only touches keys, accounts and
            choices: no devices then, and no hazard kernel.
        ask_s: how long a hazard's question waits for an answer, seconds.
        clear_s: how long a sensor has to be quiet before its hazard is over, seconds.
    """

    def __init__(
        self,
        data: Path,
        mqtt: MqttSettings | None,
        *,
        ask_s: float = ASK_S,
        clear_s: float = CLEAR_S,
    ) -> None:
        self.data = private_folder(data)
        self.keys = Keys(private_folder(data / "keys"))
        self.store = Store(data / "home.db")
        self.store.run_sync(lambda db: migrate(db, MIGRATIONS))
        self.bus = Bus()
        self.states = States()
        self.registry = Registry(self.store, self.keys.box("registry"))
        self.inventory = Inventory(self.registry, self.states, self.note, self._registry_changed)
        self.favourites = Favourites(self.store, self.keys.box("favourites"))
        self.audit = Audit(self.store, self.keys.box("audit"))
        tokens = HomeTokensTable(self.store, self.keys.box("tokens"))
        accounts = HomeAccountsTable(
            self.store,
            self.keys.box("accounts"),
            forget=_both(tokens.forget, self.favourites.forget),
        )
        self.accounts: Accounts = HomeAccounts(accounts, HOME_ROLES)
        self.tokens = Tokens(tokens, self.accounts, accounts, HOME_SCOPES)
        self.commands = Commands(
            self.registry, self.audit, on_override=self._override, problems=(CommandProblem,)
        )
        self.mqtt = MqttConnection(mqtt) if mqtt is not None else None
        self.broker = BrokerAccess(data, mqtt)
        self.plugins = Plugins(
            registry=self.registry, states=self.states, commands=self.commands, mqtt=self.mqtt
        )
        self.bindings_table = Bindings(
            self.store, self.keys.box("bindings"), self.registry, clear_s=clear_s
        )
        self.trials = Trials(self.store, self.keys.box("bindings"))
        self.watch = Watch(
            data / "run" / "safety.sock",
            self.registry,
            self.bindings_table,
            self.states,
            self._kernel_status,
            on_unknown=lambda: self.bus.publish("safety"),
        )
        self.watch.on_bound = self._met
        self.sharing = Sharing(data, self.keys, lambda: self.bus.publish("sharing"))
        self.offers = Offers(
            self.store,
            self.keys.machine.box("offers"),
            self.sharing,
            lambda _hazard: self.bus.publish("hazards"),
            ask_s=ask_s,
        )
        self.history_store: History | None = None
        self._book: HazardBook | None = None
        self._names: dict[str, str] = {}
        self._opened = False
        self._owned = False

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
        if self._opened and self.mqtt is not None:
            await self.plugins.stop()
            await self.mqtt.stop()
        await self.sharing.stop()
        if self.history_store is not None:
            await self.history_store.close()
        await asyncio.to_thread(self.store.close)

    async def _begin(self) -> None:
        household = self.keys.household
        if household is None or self._book is not None:
            return
        self._book = HazardBook(self.store, household, lambda _record: self.bus.publish("hazards"))
        await self.sharing.start(household)
        if self.mqtt is not None:
            await self.offers.load()
            await self.watch.start(self._book, self._hazard_changed)

    async def _open(self) -> None:
        """The household key is here: names, devices, history."""
        if self._opened or self._book is None:
            return
        self._opened = True
        await self.registry.load()
        self.inventory.groups.start()
        await self.favourites.load()
        await self.bindings_table.load()
        await self._book.load()
        await self.trials.load()
        await self.refresh_names()
        self._owned = bool(self._names)
        self.history_store = History(self.data / "history", self.keys.box("history"))
        self.history_store.start()
        self.states.subscribe(self._keep)
        self.registry.listen(self._registry_changed)
        if self.mqtt is not None:
            await self.mqtt.start()
            await self.plugins.start(BUILT_IN_CONFIGS)
            self.watch.begin_binding()
        for topic in ("lock", "hazards", "sharing", "registry"):
            self.bus.publish(topic)

    def _keep(self, new: State, old: State | None) -> None:
        entity = self.registry.get(new.entity_id)
        if self.history_store is not None and entity is not None and not entity.category:
            self.history_store.record(new, old)

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

    # -- what its parts report ---------------------------------------------------------

    async def _override(self, actor: Actor, entity_id: str, _hazard_id: str) -> None:
        await self.watch.client.override(entity_id, actor.id)

    def _registry_changed(self, _entity: Entity | None = None) -> None:
        self.bus.publish("registry")

    def _kernel_status(self, status: dict[str, Any]) -> None:
        self.commands.leases = dict(status["leases"])
        self.bus.publish("safety")

    async def _hazard_changed(self, record: dict[str, Any]) -> None:
        await self.offers.hazard_changed(record)
        if self._opened:
            await self._tried(record)

    async def _tried(self, record: dict[str, Any]) -> None:
        """To have detected is to have been tried."""
        if record["hazard"] in TESTED:
            await self.trials.note(record["entity_id"], record["raised_at"])

    async def _met(self, sensors: list[dict[str, Any]]) -> None:
        """What is watched from now on; what detected while the home was locked is known now."""
        try:
            await self.trials.meet(one["entity_id"] for one in sensors if one["hazard"] in TESTED)
            for record in self._book.newest_first() if self._book else ():
                await self._tried(record)
        except StoreError as error:
            _LOG.warning("what was tested could not be stored: %s", error)
        self.bus.publish("safety")

    async def refresh_names(self) -> None:
        """Read again what people are called."""
        self._names = {account.id: account.name for account in await self.accounts.all()}

    async def note(self, actor: Actor, action: str, subject: str) -> None:
        """Write a line of the audit, with the token's name where a program acts."""
        await self.audit.write(
            actor=actor.id,
            role=actor.role,
            action=action,
            subject=subject,
            detail=dict(actor.through),
        )
