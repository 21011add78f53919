"""The community's app process: portal, duty desk, gateway, escalation, siren."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web
from sqlmodel import Session

from community.acts import routes as act_routes
from community.core import access, people, retention, settings, witnesses
from community.core.accounts import StaffTable
from community.core.portal import DUTY as DUTY_ROLES
from community.core.portal import KEEPERS, MANAGERS, OPERATORS, PORTAL, Portal
from community.core.store import Store, StoreError, open_store
from community.core.words import DOMAIN, N_
from community.gateway import manage
from community.gateway import routes as gateway_routes
from community.gateway.keys import GATEWAY_PUBLIC, gateway_key
from community.gateway.retention import forget_events
from community.gateway.service import Gateway
from community.incidents import arrivals, calls, handover
from community.incidents import routes as incident_routes
from community.incidents.escalation import Escalation
from community.incidents.retention import forget_incidents
from community.incidents.screen import Screen
from community.incidents.siren import Siren
from community.incidents.supervision import Watcher
from community.issuer import routes as issuer_routes
from community.issuer.service import Issuer, forget_issuances
from community.options import SLOT_S, UPSTREAM_PORT, add_community_options
from community.transparency import routes as transparency_routes
from community.transparency.routes import LOG_KEY, WITNESSED, LogKey
from hub.accounts.accounts import Accounts
from hub.accounts.model import COMMUNITY_ROLES
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.settings import (
    LOOPBACK,
    NEVER,
    REFUSED,
    Listen,
    Parser,
    SettingsProblem,
    add_listen_options,
    data_folder,
    join_address,
    listen_from,
    private_folder,
    split_address,
)
from hub.http.health import Health
from hub.http.live import Live
from hub.http.server import Server, create_app, serve, tls_context
from privacy import logs
from privacy.cell_keys import CellKeystore
from privacy.gateway import GatewayKey
from privacy.tokens.signer_socket import SignerSocket
from web.design import Design, NavItem
from web.design.page import DESIGN

PORT = 8200
RELAY_PORT = 8300
_SETTINGS_EVERY = 2.0
_HERE = Path(__file__).resolve().parent
_ROOMS = ("core", "incidents", "gateway")
_LOG = logging.getLogger(__name__)
FORGETS = (forget_events, forget_incidents, forget_issuances)

NAV = (
    NavItem("/duty", "duty", N_("Duty desk"), DUTY_ROLES),
    NavItem("/incidents", "history", N_("Incidents"), DUTY_ROLES),
    NavItem("/manage", "building", N_("Management"), MANAGERS),
    NavItem("/roster", "roster", N_("Flats and codes"), MANAGERS),
    NavItem("/zones", "zone", N_("Zones"), MANAGERS),
    NavItem("/staff", "people", N_("Staff"), MANAGERS),
    NavItem("/operations", "pairing", N_("Operations"), OPERATORS),
    NavItem("/settings", "settings", N_("Settings"), KEEPERS),
    NavItem("/audit", "review", N_("Audit"), KEEPERS),
)


def community_design() -> Design:
    """Return the look of the community's face."""
    return Design(
        "community",
        template_dirs=[_HERE / room / "templates" for room in _ROOMS],
        domains=(DOMAIN,),
        nav=NAV,
        static={
            "community": _HERE / "core" / "static",
            "incidents": _HERE / "incidents" / "static",
        },
        names={
            "role_words": people.ROLE_WORDS,
            "events_kept": retention.EVENTS_KEPT_DAYS,
            "incidents_kept": retention.INCIDENTS_KEPT_DAYS,
        },
    )


class Community:
    """One running community.

    Args:
        store: The community's database.
        listen: Where the portal is served.
        upstream: Where the gateway listens for the relay.
        key: The gateway's key.
        broker: The facilities' broker, None without facilities.
        slot_s: The slot in seconds.
        clock: Unix seconds.
        relay: The relay's address as homes reach it, "" to keep what is set.
        signer: The token signer's socket; None issues no tokens.
        log_key: Signs the log's checkpoints; None publishes no log.
        cells: The epochs' keys that cells are sealed to; None uses the gateway's lasting one.
    """

    def __init__(
        self,
        store: Store,
        listen: Listen,
        upstream: tuple[str, int],
        key: GatewayKey,
        *,
        broker: MqttSettings | None = None,
        slot_s: float = SLOT_S,
        clock: Callable[[], float] = time.time,
        relay: str = "",
        signer: SignerSocket | None = None,
        log_key: LogKey | None = None,
        cells: CellKeystore | None = None,
    ) -> None:
        self.store = store
        self.listen = listen
        self.accounts = Accounts(StaffTable(store), COMMUNITY_ROLES, clock=clock)
        self.health = Health()
        self.gateway_public = key.public
        self._upstream = upstream
        self._relay = relay
        live = Live()
        design = community_design()
        self.portal = Portal(store, clock, live, design)
        self.gateway = Gateway(
            store,
            key,
            clock=clock,
            slot_s=slot_s,
            receive=arrivals.receive,
            changed=self.portal.incidents_changed,
            log_key=None if log_key is None else log_key.private,
            cells=cells,
        )
        self.issuer: Issuer | None = None
        if signer is not None:
            self.issuer = Issuer(store, signer, clock=clock, keys_changed=self._keys_changed)
        self.mqtt = MqttConnection(broker) if broker else None
        self.siren = Siren(self.mqtt, topic="", on="", off="") if self.mqtt is not None else None
        self.escalation = Escalation(
            store, clock=clock, escalated=self._escalated, siren=self._sound
        )
        self.watcher = Watcher(self.portal, self.gateway, self.escalation, self.mqtt, self.siren)
        self.app = self._compose(live, design, key)
        self.app[LOG_KEY] = log_key
        self.app[WITNESSED] = self._keys_changed
        self.server: Server | None = None
        self.upstream_port = 0

    def _compose(self, live: Live, design: Design, key: GatewayKey) -> web.Application:
        flats = calls.Flats(key.box(calls.PURPOSE))
        Screen(self.portal, self.watcher.entries, flats).register()
        gateway_routes.OperationsPart(self.portal, self.gateway, self.health).register()
        self.watcher.checks(self.health)
        if self.issuer is not None:
            self.health.add("signer", self.issuer.check)
        self.health.add("witnesses", self._witnessed)
        app = create_app(
            name="community",
            accounts=self.accounts,
            listen=self.listen,
            pages=design.render,
            routes=(
                access.ROUTES,
                people.ROUTES,
                incident_routes.ROUTES,
                handover.ROUTES,
                manage.ROUTES,
                gateway_routes.ROUTES,
                act_routes.ROUTES,
                issuer_routes.ROUTES,
                transparency_routes.ROUTES,
            ),
            live=live,
            static=design.mounts,
            health=self.health,
        )
        app[PORTAL] = self.portal
        app[DESIGN] = design
        app[GATEWAY_PUBLIC] = key.public
        app[act_routes.ACTS] = act_routes.Acts(key, flats.receive)
        app[gateway_routes.GATEWAY] = self.gateway
        app[issuer_routes.ISSUER] = (key, self.issuer)
        return app

    async def start(self) -> None:
        """Start everything; the gateway listens before the portal answers."""
        self.portal.on_incidents.append(self.escalation.nudge)
        self.portal.on_settings.append(self._settings_changed)
        if self.mqtt is not None and self.siren is not None:
            await self.mqtt.start()
            self.siren.start()
        await self._use_settings()
        self.escalation.start()
        host, port = self._upstream
        tls = tls_context(self.listen)
        self.upstream_port = await self.gateway.start(host, port, tls)
        if self.issuer is not None:
            self.issuer.start()
        self.server = await serve(self.app, self.listen)
        self.watcher.start()
        self.watcher.later(self._follow_settings())
        changed = self.portal.incidents_changed
        self.watcher.later(
            retention.keep_forgetting(self.store, self.portal.clock, FORGETS, changed)
        )
        await self.store.run(self._keep_addresses)

    async def stop(self) -> None:
        """Stop everything; the database is closed last by whoever opened it."""
        if self.server is not None:
            await self.server.stop()
        await self.watcher.stop()
        if self.issuer is not None:
            await self.issuer.stop()
        await self.gateway.stop()
        await self.escalation.stop()
        if self.siren is not None:
            await self.siren.stop()
        if self.mqtt is not None:
            await self.mqtt.stop()

    def _keep_addresses(self, session: Session) -> None:
        """Printed codes and answers name our addresses; on loopback they are what they are."""
        told, values = settings.read(session), {}
        if self.server is not None and self.listen.loopback:
            values[settings.PUBLIC_ADDRESS] = self.server.address
            values[settings.UPSTREAM_ADDRESS] = join_address(LOOPBACK, self.upstream_port)
        if self._relay:
            values[settings.RELAY_ADDRESS] = self._relay
        elif self.listen.loopback and not told[settings.RELAY_ADDRESS]:
            values[settings.RELAY_ADDRESS] = join_address(LOOPBACK, RELAY_PORT)
        changed = {key: value for key, value in values.items() if told[key] != value}
        if changed:
            settings.write(session, changed)

    def _escalated(self, ids: list[int]) -> None:
        self.portal.live.changed("incidents")
        for incident_id in ids:
            self.portal.live.changed(f"incident/{incident_id}")

    def _sound(self, on: bool) -> None:
        if self.siren is not None:
            self.siren.sound(on)

    async def _witnessed(self) -> str | None:
        at = self.portal.clock()
        return await self.store.read(lambda session: witnesses.problem(session, at))

    def _keys_changed(self) -> None:
        self.watcher.later(self.gateway.refresh())

    def _settings_changed(self) -> None:
        self.watcher.later(self._use_settings())

    async def _follow_settings(self) -> None:
        """Use what the command line stored meanwhile."""
        while True:
            await asyncio.sleep(_SETTINGS_EVERY)
            try:
                await self._use_settings()
            except StoreError as error:
                _LOG.warning("the settings could not be read: %s", error)

    async def _use_settings(self) -> None:
        told = await self.store.read(settings.read)
        if self.siren is not None:
            self.siren.configure(
                topic=told[settings.SIREN_TOPIC],
                on=told[settings.SIREN_ON],
                off=told[settings.SIREN_OFF],
            )


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="linli community-app", description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder("community"), help="data folder")
    add_listen_options(parser, PORT)
    parser.add_argument("--broker", default="", metavar="HOST:PORT", help="facilities' broker")
    add_community_options(parser)
    return parser.parse_args(argv)


def _broker(options: argparse.Namespace) -> MqttSettings | None:
    if not options.broker:
        return None
    host, port = split_address(options.broker, 1883)
    if options.broker_password_file:
        password = options.broker_password_file.read_text(encoding="utf-8").strip()
    else:
        from hub.plugins import broker_users

        password = broker_users.load_or_create(options.data)["community"]
    return MqttSettings(
        host,
        port,
        username=options.broker_user,
        password=password,
        client_id=f"linli-community-{secrets.token_hex(8)}",
    )


async def _serve(options: argparse.Namespace, listen: Listen) -> None:
    upstream = split_address(options.upstream, UPSTREAM_PORT)
    store = await asyncio.to_thread(open_store, options.data)
    key = await asyncio.to_thread(gateway_key, options.data)
    broker = await asyncio.to_thread(_broker, options)
    community = Community(
        store,
        listen,
        upstream,
        key,
        broker=broker,
        slot_s=options.slot,
        relay=options.relay,
        signer=SignerSocket(options.data),
        log_key=await asyncio.to_thread(LogKey.load_or_create, options.data / "keys"),
        cells=await asyncio.to_thread(CellKeystore, options.data / "keys" / "cells"),
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await community.start()
        gc.collect()
        gc.freeze()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await community.stop()
        await asyncio.to_thread(store.close)


def main(argv: Sequence[str]) -> int:
    """`linli community-app`: serve until SIGINT or SIGTERM."""
    options = _options(argv)
    logs.begin(logging.INFO, timed=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        listen = listen_from(options, PORT)
        private_folder(options.data)
        asyncio.run(_serve(options, listen))
    except (SettingsProblem, StoreError, OSError) as error:
        sys.stderr.write(f"linli community: {error}\n")
        never = isinstance(error, SettingsProblem) or getattr(error, "errno", None) in NEVER
        return REFUSED if never else 1
    return 0
