"""``linli home-app``: the home's process. ``linli home`` starts it beside broker and kernel."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hub.core.memory import settle
from hub.core.mqtt_settings import PROBLEMS
from hub.core.settings import (
    NEVER,
    REFUSED,
    Listen,
    Parser,
    SettingsProblem,
    add_listen_options,
    data_folder,
    listen_from,
    split_address,
)
from hub.home.broker import mqtt_settings
from hub.home.links import link_server
from hub.home.options import add_home_options
from hub.home.runtime import Home
from hub.home.where import noted
from hub.http.gate import see_other
from hub.http.health import Health
from hub.http.problems import Problem
from hub.http.server import serve
from privacy import logs
from privacy.witnessed import Standing
from web.app import compose

PORT = 8100
RECEIPT_S, RECEIPT_SLOTS = 60.0, 10
"""A relay that took no cell for this long is not well."""
UNVOUCHED = {
    Standing.WAITING: "have not vouched for the community yet",
    Standing.RUN_ON: "vouch for nothing new, the home goes on with what it has",
    Standing.STOPPED: "have vouched for nothing for 28 days, no events leave",
}
OPEN_ALWAYS = frozenset(
    ("/", "/setup", "/unlock", "/recover", "/health", "/live", "/language", "/theme", "/wall")
)
"""What answers while a home is not set up or locked."""


def main(argv: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    parser = Parser(prog="linli home-app", description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder("home"), help="data folder")
    parser.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    add_home_options(parser)
    add_listen_options(parser, PORT)
    options = parser.parse_args(argv)
    redactor = logs.begin()
    try:
        listen = listen_from(options, PORT)
        host, port = split_address(options.broker, 1883)
        reach = partial(mqtt_settings, options.data, host, port)
        broker = reach()
    except SettingsProblem as problem:
        sys.stderr.write(f"linli home: {problem}\n")
        return REFUSED
    home = Home(
        options.data,
        broker,
        broker=reach,
        ask_s=options.ask_seconds,
        clear_s=options.clear_seconds,
    )
    redactor.watch(home.personal_names)
    try:
        asyncio.run(_serve(home, listen, (host, port)))
    except OSError as problem:
        sys.stderr.write(f"linli home: {problem}\n")
        return REFUSED if problem.errno in NEVER else 1
    return 0


async def _witnesses(home: Home) -> str | None:
    return UNVOUCHED.get(home.sharing.status().get("standing", Standing.NONE))


def health_of(home: Home) -> Health:
    """The checks behind ``/health``; they say nothing personal."""
    health = Health()

    async def database() -> str | None:
        await home.store.read(lambda db: db.execute("SELECT 1").fetchone())
        return None

    async def safety() -> str | None:
        status = home.watch.client.status
        if not home.watch.client.connected or status is None:
            return None if not home.set_up else "the safety process does not answer"
        if not status["broker_connected"]:
            return "the safety process has no broker"
        return None if status["store_ok"] else "the safety process can't store"

    async def broker() -> str | None:
        if home.locked or home.mqtt is None or home.mqtt.connected:
            return None
        return f"no broker: {PROBLEMS.get(home.mqtt.problem, 'not yet')}"

    async def door() -> str | None:
        status = home.sharing.status()
        if not status["paired"]:
            return None
        if not status["connected"]:
            return "no relay"
        silent_s = time.time() - (status["last_receipt"] or time.time())
        if silent_s > max(RECEIPT_S, RECEIPT_SLOTS * status["slot_s"]):
            return "the relay gives no receipts"
        return None

    for name, check in (
        ("database", database),
        ("safety", safety),
        ("broker", broker),
        ("relay", door),
        ("witnesses", partial(_witnesses, home)),
    ):
        health.add(name, check)
    return health


def compose_home(home: Home, listen: Listen) -> web.Application:
    """The whole application of one home: pages, program interface, health."""
    app = compose(home, listen, health=health_of(home))
    app.middlewares.append(_only_when_open(home))
    return app


def _only_when_open(home: Home) -> Middleware:
    """A home that is new or locked has nobody to sign in: all leads to set-up or unlocking."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        open_now = home.set_up and not home.locked
        if open_now or request.path in OPEN_ALWAYS or request.path.startswith("/static/"):
            return await handler(request)
        if request.path.startswith("/api/"):
            raise Problem(503, "locked")
        return see_other("/")

    return gate


async def _serve(home: Home, listen: Listen, broker: tuple[str, int]) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    await home.start()
    links = link_server(home)
    await links.start()
    server = await serve(compose_home(home, listen), listen)
    sys.stdout.write(f"ready on {server.address}\n")
    sys.stdout.flush()
    settle()
    with noted(home.data, server.address, listen.tls_cert, broker):
        await ending.wait()
    await links.stop()
    await server.stop()
    await home.stop()
