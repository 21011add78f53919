"""What a home is made of, and what its parts tell each other."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.accounts import home_tokens
from hub.accounts.accounts import Accounts
from hub.accounts.home_table import SCHEMA as ACCOUNTS_SCHEMA
from hub.accounts.home_table import HomeAccountsTable, without_name_index
from hub.accounts.home_tokens import HomeTokensTable
from hub.accounts.model import HOME_ROLES, SCREENS, Session
from hub.accounts.pairing import ScreenCodes
from hub.accounts.tokens import HOME_SCOPES, Tokens
from hub.adding import entries
from hub.adding.adding import Adding, Safety
from hub.core import audit, registry
from hub.core.audit import Audit
from hub.core.bus import Bus
from hub.core.commands import Actor, Commands
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.registry import Entity, Registry
from hub.core.settings import private_folder
from hub.core.states import States
from hub.core.store import Store, StoreError, migrate
from hub.history.history import History
from hub.history.past import Past
from hub.home import book, favourites, keeping, offer, residents, roles, screens
from hub.home.book import HazardBook
from hub.home.contacts import contacts
from hub.home.contacts.contacts import Contacts
from hub.home.device_users import BrokerAccess
from hub.home.favourites import Favourites
from hub.home.inventory import Inventory
from hub.home.keeping import Keeping
from hub.home.keys import Keys
from hub.home.offer import CANCEL_S, Offers
from hub.home.options import ASK_S, CLEAR_S
from hub.home.residents import Residents
from hub.home.roles import Bindings
from hub.home.running import Running
from hub.home.screens import Screens
from hub.home.sharing import Sharing
from hub.home.trials import Trials
from hub.home.watch import Watch
from hub.plugins.entities import CommandProblem
from hub.plugins.loader import Plugins
from hub.safety.calling import CALL_ID
from hub.safety.table import HAZARDS
from privacy.vault import VaultLocked

_LOG = logging.getLogger(__name__)


def _own_keys(db: sqlite3.Connection) -> None:
    """Residents get keys of their own: no hash of a name beside them, and receipts of removals."""
    without_name_index(db)
    db.execute(residents.MIGRATION)


MIGRATIONS = (
    registry.MIGRATION,
    audit.MIGRATION,
    book.MIGRATION,
    roles.MIGRATION,
    offer.MIGRATION,
    *ACCOUNTS_SCHEMA,
    home_tokens.MIGRATION,
    screens.MIGRATION,
    entries.MIGRATION,
    favourites.MIGRATION,
    contacts.migration,
    keeping.MIGRATION,
    _own_keys,
)
BUILT_IN_CONFIGS: dict[str, dict[str, object]] = {"mqtt": {}}
"""Integrations that run without being added: the embedded broker is always there."""
TESTED = frozenset(kind.name for kind in HAZARDS.values() if kind.tested)
"""Hazards whose sensors are to be tried now and then."""


class HomeAccounts(Accounts):
    """Accounts that nobody can use while the household is locked, removed with their keys.

    Args:
        table: where they are kept.
        residents: their keys.
    """

    def __init__(self, table: HomeAccountsTable, residents: Residents) -> None:
        super().__init__(table, HOME_ROLES)
        self._residents = residents

    async def remove(self, account_id: str) -> None:
        """See `Accounts.remove`; what was theirs alone is unreadable afterwards."""
        await super().remove(account_id)
        await self._residents.finish()

    async def session(self, token: str) -> Session | None:
        """See `Accounts.session`; a locked home knows nobody."""
        try:
            return await super().session(token)
        except VaultLocked:
            return None


class HomeParts:
    """One household's parts, made and tied to each other; `HomeLife` starts and stops them.

    Args:
        data: its folder.
        mqtt: how to reach the broker; None for a command that only touches keys, accounts and
            choices: no devices then, and no hazard kernel.
        ask_s: how long a hazard's question waits for an answer, seconds.
        clear_s: how long a sensor has to be quiet before its hazard is over, seconds.
        broker: reads again how to reach the broker, blocking, when another was chosen; None
            where none can be chosen.
    """

    def __init__(
        self,
        data: Path,
        mqtt: MqttSettings | None,
        *,
        ask_s: float = ASK_S,
        clear_s: float = CLEAR_S,
        broker: Callable[[], MqttSettings] | None = None,
    ) -> None:
        self.data = private_folder(data)
        self.keys = Keys(private_folder(data / "keys"))
        self.store = Store(data / "home.db")
        self.store.run_sync(lambda db: migrate(db, MIGRATIONS))
        self.bus = Bus()
        self.states = States()
        self.registry = Registry(self.store, self.keys.box("registry"))
        self.inventory = Inventory(self.registry, self.states, self.note, self._registry_changed)
        self.favourites = Favourites(self.store, self.keys.own_box("favourites"))
        self.keeping = Keeping(self.store, self.keys.box("keeping"), self.note)
        self.audit = Audit(self.store, self.keys.box("audit"))
        self._make_accounts()
        self.screens = Screens(self.store, self.keys.box("screens"), role_of=self._role_of)
        self.commands = self._make_commands()
        self.mqtt = MqttConnection(mqtt) if mqtt is not None else None
        self.broker = BrokerAccess(data, mqtt, self.mqtt)
        self.plugins = Plugins(
            registry=self.registry, states=self.states, commands=self.commands, mqtt=self.mqtt
        )
        self.bindings_table = Bindings(
            self.store, self.keys.box("bindings"), self.registry, clear_s=clear_s
        )
        self.adding = self._make_adding(broker)
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
        self.contacts = self._make_contacts(min(ask_s, CANCEL_S))
        self.history_store: History | None = None
        self.past = Past(None)
        self.running: Running | None = None
        self._book: HazardBook | None = None
        self._names: dict[str, str] = {}
        self._opened = False
        self._owned = False

    def _make_accounts(self) -> None:
        self.residents = Residents(
            self.store, self.keys, self.keys.box("erasures"), self.audit, SCREENS
        )
        tokens = HomeTokensTable(self.store, self.keys.own_box("tokens"))
        accounts = HomeAccountsTable(
            self.store,
            self.keys.own_box("accounts"),
            adding=self.residents.adding,
            forget=self.residents.forget,
        )
        self.residents.tables = (tokens, self.favourites)
        self.residents.unowned = accounts.unowned
        self.residents.settle_accounts = accounts.settle
        self.accounts: Accounts = HomeAccounts(accounts, self.residents)
        self.tokens = Tokens(tokens, self.accounts, accounts, HOME_SCOPES)
        self.screen_codes = ScreenCodes(accounts, self.accounts)

    def _make_commands(self) -> Commands:
        return Commands(
            self.registry,
            self.audit,
            may=self.screens.may,
            on_override=self._override,
            problems=(CommandProblem,),
        )

    def _make_adding(self, broker: Callable[[], MqttSettings] | None) -> Adding:
        made = Adding(
            self.data,
            self.store,
            self.keys.box("adding"),
            registry=self.registry,
            plugins=self.plugins,
            mqtt=self.mqtt,
            broker=broker,
            built_in=BUILT_IN_CONFIGS,
            safety=Safety(self._acts, self._warns),
            changed=self.bus.publish,
        )
        made.on_broker = self.broker.moved
        return made

    def _make_contacts(self, cancel_s: float) -> Contacts:
        return Contacts(
            self.store,
            self.keys.machine.box("contacts"),
            self.keys.box("contacts"),
            note=self.note,
            changed=self.bus.publish,
            left=self.sharing.left,
            cancel_s=cancel_s,
        )

    # -- what its parts report ---------------------------------------------------------

    def _role_of(self, entity_id: str) -> str:
        return self.bindings_table.roles.get(entity_id, "")

    async def _override(self, actor: Actor, entity_id: str, _hazard_id: str) -> None:
        await self.watch.client.override(entity_id, actor.id)

    def _registry_changed(self, _entity: Entity | None = None) -> None:
        self.bus.publish("registry")

    def _acts(self, device_id: str) -> list[str]:
        """The names of a device's actuators that act in an alarm."""
        roles = self.bindings_table.roles
        return [
            self.registry.name_of(one.entity_id)
            for one in self.registry.of_device(device_id)
            if one.entity_id in roles
        ]

    def _warns(self, device_id: str) -> bool:
        return any(one.entity.device_id == device_id for one in self.bindings_table.sensors())

    def _kernel_status(self, status: dict[str, Any]) -> None:
        self.commands.leases = dict(status["leases"])
        self.bus.publish("safety")

    async def _hazard_changed(self, record: dict[str, Any]) -> None:
        followed = await asyncio.gather(
            self.offers.hazard_changed(record),
            self.contacts.hazard_changed(record),
            return_exceptions=True,
        )
        for error in followed:
            if isinstance(error, BaseException):
                raise error
        if self._opened:
            await self._tried(record)

    async def _tried(self, record: dict[str, Any]) -> None:
        """To have detected is to have been tried."""
        if record["hazard"] in TESTED and record["entity_id"] != CALL_ID:
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

    def personal_names(self) -> set[str]:
        """What no line of a log says: people, rooms, contacts, and things by their names."""
        devices = self.registry.devices()
        entities = self.registry.entities()
        return {
            *self._names.values(),
            *self.registry.rooms(),
            *(one.name for one in self.contacts.all()),
            *(one.name for one in devices),
            *(serial for one in devices for serial in one.identifiers),
            *(one.own_name for one in entities),
        }

    async def note(self, actor: Actor, action: str, subject: str) -> None:
        """Write a line of the audit, with the token's name where a program acts."""
        await self.audit.write(
            actor=actor.id,
            role=actor.role,
            action=action,
            subject=subject,
            detail=dict(actor.through),
        )
