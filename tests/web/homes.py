"""A home without devices: real registry, states and accounts, the rest as the pages see it."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import web

from hub.accounts import home_tokens
from hub.accounts.accounts import Accounts
from hub.accounts.home_tokens import HomeTokensTable
from hub.accounts.model import HOME_ROLES, SCREENS
from hub.accounts.pairing import ScreenCodes
from hub.accounts.tokens import HOME_SCOPES, Tokens
from hub.adding import entries
from hub.core import registry
from hub.core.commands import Actor
from hub.core.mqtt import MqttSettings
from hub.core.registry import Registry
from hub.core.sealed import OneKey
from hub.core.settings import Listen
from hub.core.states import States
from hub.core.store import Store, migrate
from hub.core.wire import Wire
from hub.history import History
from hub.history.blocks import Columns, Value
from hub.history.past import Past
from hub.home import favourites, keeping, screens
from hub.home.consents import Consents, Underway
from hub.home.contacts import contacts
from hub.home.device_users import BrokerAccess
from hub.home.favourites import Favourites
from hub.home.inventory import Inventory
from hub.home.keeping import Keeping
from hub.home.mine import Mine
from hub.home.residents import Erasure
from hub.home.screens import Screens
from hub.http.live import Live
from hub.http.server import Server, serve
from privacy.box import Box
from tests.hub.accounts.stores import open_table
from tests.web.guarding import FakeGuarding
from tests.web.newcomers import open_adding
from tests.web.orders import COMMANDS, FakeCommands
from tests.web.reachable import Reachable
from web.app import compose
from web.facade import Refusal

PASSWORD = "correct horse"
DEVICES = (
    # device, room, ((kind, device class, unit, name, value), ...)
    ("厨房燃气报警器", "厨房", (("binary_sensor", "gas", None, "燃气", False),)),
    ("厨房燃气阀", "厨房", (("valve", "gas", None, "", "open"),)),
    ("总水阀", "厨房", (("switch", None, None, "", True),)),
    ("客厅烟感", "客厅", (("binary_sensor", "smoke", None, "烟雾", False),)),
    (
        "客厅温湿度",
        "客厅",
        (
            ("sensor", "temperature", "°C", "温度", 24.5),
            ("sensor", "humidity", "%", "湿度", 48.0),
        ),
    ),
    ("阳台水浸", "阳台", (("binary_sensor", "moisture", None, "水浸", False),)),
    ("客厅插座", "客厅", (("switch", "outlet", None, "", True),)),
    ("警号", "客厅", (("siren", None, None, "", False),)),
)


class FakeHome(FakeGuarding):
    """What `web.facade.HomeRuntime` promises, from memory."""

    def __init__(
        self, store: Store, accounts: Accounts, tokens: Tokens, codes: ScreenCodes
    ) -> None:
        self.locked = False
        self.set_up = True
        self.unlock_mode = "passphrase"
        self.sheet_due = False
        self.removed: list[Erasure] = []
        self.registry = Registry(store, Box(b"k" * 32))
        self.states = States()
        self.commands = FakeCommands(self.states)
        self.inventory = Inventory(
            self.registry, self.states, self.note, lambda: self.changed("registry")
        )
        self.favourites = Favourites(store, OneKey(Box(b"k" * 32)))
        self.keeping = Keeping(store, Box(b"k" * 32), self.note)
        self.inventory.groups.start()
        self.accounts = accounts
        self.tokens = tokens
        self.screen_codes = codes
        self.screens = Screens(store, Box(b"k" * 32))
        self.past = Past(self)
        self.open: list[Any] = []
        self.bound: list[Any] = []
        self.messages: list[Any] = []
        self.paired: Any = None
        self.did: list[tuple[Any, ...]] = []
        self.furnish_watch()
        self.guard = "watching"
        self.hub = SimpleNamespace(
            broker="connected",
            broker_address="127.0.0.1:18830",
            broker_problem="",
            integrations=[
                SimpleNamespace(
                    domain="mqtt",
                    name={"en": "MQTT devices", "zh_CN": "MQTT 设备"},
                    problem="",
                    ignored={},
                )
            ],
            history_damaged=0,
            history_dropped=0,
            history_problem="",
            disk_free=20 * 2**30,
            disk_total=32 * 2**30,
        )
        self.broker = BrokerAccess(Path(store.path).parent, MqttSettings("127.0.0.1", 18830))
        self.bad: list[Any] = []
        self.listeners: list[Callable[[str], None]] = []
        self.adding = open_adding(store, self.registry, self.states, self.changed)
        self.reachable = Reachable(store, self.note, self.changed)
        self.contacts = self.reachable.contacts
        self.consents = Consents(
            lambda: self.changed("sharing"), lambda: Underway({}, {}), self.reachable.table
        )

    def bad_input(self) -> list[Any]:
        return self.bad

    def furnish(self) -> None:
        """Put the devices in."""
        self.registry.set_rooms(("厨房", "客厅", "阳台"))
        for name, area, entities in DEVICES:
            device = self.registry.announce_device("mqtt", (name,), name=name, area=area)
            for kind, device_class, unit, own, value in entities:
                wire = Wire("t", command_topic="c", commands=COMMANDS.get(kind, {}))
                entity = self.registry.announce(
                    "mqtt",
                    kind,
                    f"{name}-{own}",
                    suggested_id=f"{kind}_{len(self.registry.entities())}",
                    device_id=device.id,
                    device_class=device_class,
                    unit=unit,
                    name=own,
                    wire=wire,
                    commands=frozenset(COMMANDS.get(kind, {})),
                )
                self.states.set(entity.entity_id, value, at=time.time() - 3600)

    def named(self, name: str) -> str:
        """Return the entity id of a device's first entity."""
        for entity in self.registry.entities():
            device = self.registry.device(entity.device_id)
            if device is not None and device.name == name:
                return entity.entity_id
        raise KeyError(name)

    def listen(self, changed: Callable[[str], None]) -> Callable[[], None]:
        self.listeners.append(changed)
        return lambda: self.listeners.remove(changed)

    @property
    def areas(self) -> list[Any]:
        return [SimpleNamespace(id=one, name=one) for one in self.inventory.areas()]

    def changed(self, topic: str) -> None:
        for listener in self.listeners:
            listener(topic)

    def bindings(self) -> Sequence[Any]:
        return self.bound

    def candidates(self, role: str) -> Sequence[tuple[str, str]]:
        kinds = {"siren": ("siren",), "socket": ("switch",)}.get(role, ("valve", "switch"))
        return [
            (entity.entity_id, self.registry.name_of(entity.entity_id))
            for entity in self.registry.entities()
            if entity.kind in kinds
        ]

    async def bind(self, role: str, entity_id: str, _actor: Actor) -> None:
        name = self.registry.name_of(entity_id)
        self.bound.append(SimpleNamespace(role=role, entity_id=entity_id, name=name, present=True))
        self.changed("safety")

    async def unbind(self, entity_id: str, _actor: Actor) -> None:
        self.bound = [one for one in self.bound if one.entity_id != entity_id]
        self.changed("safety")

    async def test_press(self, entity_id: str, *_: Actor) -> bool:
        return entity_id not in self.commands.silent

    async def set_limit(self, entity_id: str, seconds: float, _actor: Actor) -> None:
        self.did.append(("limit", entity_id, seconds))

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        await self.consents.choose(purpose, klass, value, actor)

    async def withdraw(self, purpose: str, klass: str, actor: Actor) -> None:
        await self.choose(purpose, klass, "nobody", actor)

    async def stop_sharing(self, actor: Actor) -> int:
        stopped = await self.consents.stop(actor)
        await self.contacts.look_again()
        return stopped

    def sent(self) -> Sequence[Any]:
        return self.messages

    def sent_today(self) -> int:
        return len(self.messages)

    def ledger(self) -> Sequence[Any]:
        return self.consents.lines(lambda actor: actor)

    def pairing(self) -> Any:
        return self.paired

    async def unpair(self, _actor: Actor) -> None:
        self.paired = None

    async def pair(self, code: str, _actor: Actor) -> None:
        if not code.startswith("LINLI"):
            raise Refusal("That is not a pairing code. Look at the printed sheet again.", "code")
        self.paired = SimpleNamespace(
            community="阳光花园（演示）",
            address="http://127.0.0.1:8200",
            zone="3 号楼 高层区",
            homes=24,
            slot_s=2.0,
            acts=True,
            tokens=32,
            standing="good",
            claimed=True,
            attested=SimpleNamespace(
                at=1_800_000_000.0, homes=96, holds=True, fingerprint="0123-4567-89ab-cdef"
            ),
        )

    async def device_says(self, _entity_id: str, text: str, lang: str) -> str:
        return {"zh_CN": {"This isn't the right code.": "密码不对。"}}.get(lang, {}).get(text, text)

    async def note(self, actor: Actor, action: str, subject: str) -> None:
        self.did.append(("note", action, subject, actor.token))

    async def condition(self) -> Any:
        return self.hub

    async def history(
        self, entity_id: str, start: float, end: float
    ) -> Sequence[tuple[float, object]]:
        return [
            (at / 1000, value)
            for times, values in self.hours(entity_id, int(start * 1000), int(end * 1000))
            for at, value in zip(times, values, strict=True)
        ]

    def hours(
        self, entity_id: str, start: int, end: int, *, newest_first: bool = False
    ) -> Iterator[Columns]:
        """What `past` is read from, all hours in one."""
        entity = self.registry.get(entity_id)
        state = self.states.get(entity_id)
        if entity is not None and entity.kind == "sensor":
            times = list(range(start, end, 900_000))
            yield times, [23 + 2 * math.sin(at / 9e6) for at in times]
        elif state is not None and not newest_first:
            turned: dict[Value, Value] = {"open": "closed", True: False, False: True}
            other = turned.get(state.value, state.value)
            times = [start, start + 9_000_000, start + 9_600_000]
            yield times, [state.value, other, state.value]

    async def setup(self, *, name: str, password: str, unlock: Mapping[str, str]) -> str:
        await self.accounts.create(name, "owner", password)
        self.set_up = True
        self.did.append(("setup", unlock["mode"]))
        return "ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2-34567"

    async def change_mode(self, unlock: Mapping[str, str], _actor: Actor) -> None:
        self.unlock_mode = unlock["mode"]

    async def new_recovery(self, _actor: Actor) -> str:
        return "22222-33333-44444-55555-66666-77777"

    async def remove_person(self, account_id: str, actor: Actor) -> Erasure:
        account = await self.accounts.get(account_id)
        await self.accounts.remove(account_id)
        role = account.role if account else "resident"
        made = Erasure("5ea1", account_id, role, {"accounts": 1}, "ab" * 32, 1, 1.8e9, 1.8e9)
        self.removed.append(made)
        self.sheet_due = True
        await self.note(actor, "remove person", account_id)
        return made

    async def mine(self, account_id: str) -> Mine | None:
        account = await self.accounts.get(account_id)
        if account is None:
            return None
        sessions = await self.accounts.sessions_of(account_id)
        tokens = await self.tokens.of(account_id)
        return Mine(account, sessions, tokens, self.favourites.of(account_id), [], [])

    async def erasures(self) -> list[Erasure]:
        return self.removed

    async def unlock(self, passphrase: str) -> None:
        if passphrase != PASSWORD:
            raise Refusal("That passphrase does not open this home. Try again.", "passphrase")
        self.locked = False

    async def recover(self, code: str, _passphrase: str) -> None:
        if not code.startswith("ABCDE"):
            raise Refusal("That code does not open this home. Check it group by group.", "code")
        self.locked = False


class Served:
    """A served home and its address."""

    def __init__(self, home: FakeHome, app: web.Application, server: Server, live: Live) -> None:
        self.home = home
        self.app = app
        self.server = server
        self.live = live
        self.address = server.address

    async def link(self, role: str = "owner") -> str:
        """Make an account of that role and return the address of a sign-in link."""
        name = {
            "owner": "演示户主",
            "resident": "演示住户",
            "guest": "演示客人",
            "wall": "演示墙屏",
        }[role]
        account = await self.home.accounts.named(name)
        password = None if role in SCREENS else PASSWORD
        account = account or await self.home.accounts.create(name, role, password)
        return f"{self.address}/link/{await self.home.accounts.new_link(account.id)}"


@asynccontextmanager
async def served(folder: Path, *, furnished: bool = True) -> AsyncIterator[Served]:
    """Serve a fake home on a free port."""
    store = Store(folder / "registry.db")
    tables = (registry, favourites, home_tokens, keeping, screens, entries)
    store.run_sync(lambda db: migrate(db, [*(one.MIGRATION for one in tables), contacts.migration]))
    small, table = open_table(folder / "accounts.db")
    accounts = Accounts(table, HOME_ROLES)
    tokens = HomeTokensTable(store, OneKey(Box(b"k" * 32)))
    made = Tokens(tokens, accounts, table, HOME_SCOPES)
    home = FakeHome(store, accounts, made, ScreenCodes(table, accounts))
    if furnished:
        home.furnish()
    await home.adding.start()
    history = History(folder / "history", Box(b"h" * 32), days=home.keeping.days)
    history.start()
    home.keeping.history = history
    await home.reachable.start()
    await home.consents.open(home.reachable.ledger)
    listen = Listen(port=0)
    live = Live()
    app = compose(home, listen, live=live)
    server = await serve(app, listen)
    try:
        yield Served(home, app, server, live)
    finally:
        await server.stop()
        await home.adding.stop()
        await history.close()
        await home.reachable.stop()
        small.close()
        store.close()
