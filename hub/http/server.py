"""The application of one face, and serving it."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from aiohttp import web

from hub.http.gate import (
    ACCOUNTS,
    GATE,
    Gate,
    Render,
    gate_middleware,
    language_of,
    token_of,
)
from hub.http.health import OK, Health
from hub.http.hosts import HostRule, check_listen
from hub.http.live import Live
from hub.http.problems import json_response
from hub.http.routes import ANYONE, NO_LARGER_THAN, Kind, Route, Routes
from hub.http.sign_in import sign_in_routes
from hub.http.sockets import TALKS, stop_talks
from hub.http.static import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hub.accounts.accounts import Accounts
    from hub.accounts.tokens import Tokens
    from hub.core.settings import Listen

SHUTDOWN_S = 1.0
"""How long answers under way may take when the server stops."""

HEALTH = web.AppKey("health", Health)
LIVE = web.AppKey("live", Live)
STATIC = web.AppKey("static", StaticFiles)
ROUTES = web.AppKey("routes", Routes)


def create_app(
    *,
    name: str,
    accounts: Accounts,
    listen: Listen,
    pages: Render,
    routes: Iterable[Routes] = (),
    live: Live | None = None,
    static: Mapping[str, Path] | None = None,
    health: Health | None = None,
    tokens: Tokens | None = None,
) -> web.Application:
    """Build the application of one face.

    Args:
        name: ``home`` or ``community``. With the port it makes the cookie's name, for
            browsers keep one jar for all ports of a host.
        accounts: Who may sign in; their roles are what routes name in ``allow``.
        listen: Where it will be served; it decides about TLS, cookies and Host headers.
        pages: Draws templates; it must know ``error.html`` and those of ``sign_in``.
        routes: The tables of the face's capabilities.
        live: The live parts, served under ``/live``.
        static: Folders by mount name, served under ``/static``.
        health: Checks behind ``/health``.
        tokens: What programs come in with; None for a face without.

    Raises:
        OpenToOthers: the address is not loopback and TLS or the host list is missing.
    """
    check_listen(listen)
    secure = bool(listen.tls_cert)
    gate = Gate(
        cookie=f"{'__Host-' if secure else ''}linli_{name}_{listen.port}",
        secure=secure,
        hosts=HostRule(listen.host, listen.allowed_hosts),
        find=accounts.session,
        render=pages,
        tokens=tokens,
    )
    app = web.Application(middlewares=[gate_middleware], client_max_size=NO_LARGER_THAN)
    app[GATE] = gate
    app[ACCOUNTS] = accounts
    app[HEALTH] = health or Health()
    app[LIVE] = live or Live()
    app[STATIC] = StaticFiles(static or {})
    app[ROUTES] = Routes()
    for table in (_own_routes(), sign_in_routes(), *routes):
        for route in table:
            _mount(app, gate, route)
    app[TALKS] = set()
    app.on_shutdown.append(stop_talks)
    return app


def static_url(request: web.Request, name: str) -> str:
    """Return the address of the static file ``mount/path``."""
    return request.app[STATIC].url(name)


def _mount(app: web.Application, gate: Gate, route: Route) -> None:
    readable = route.method == "GET" and route.kind is not Kind.SOCKET
    for method in ("GET", "HEAD") if readable else (route.method,):
        gate.routes[app.router.add_route(method, route.path, route.handler)] = route
    app[ROUTES].extend([route])


def _own_routes() -> Routes:
    routes = Routes()

    @routes.get("/health", allow=ANYONE)
    async def health(request: web.Request) -> web.Response:
        checks = await request.app[HEALTH].ask()
        well = all(answer == OK for answer in checks.values())
        body = {"status": OK if well else "failing", "checks": checks}
        return json_response(body, 200 if well else 503)

    @routes.socket("/live", allow=ANYONE)
    async def live(request: web.Request) -> web.StreamResponse:
        """Who may watch is decided part by part. A page goes on in the language it is in."""
        gate, token = request.app[GATE], token_of(request)
        drawn_in = request.query.get("lang", "")[:16]
        lang = language_of(drawn_in) if drawn_in else request["lang"]
        return await request.app[LIVE].serve(
            request, request["session"], lang, lambda: gate.find(token)
        )

    @routes.get("/static/{version}/{name:.+}", allow=ANYONE)
    async def static(request: web.Request) -> web.StreamResponse:
        return await request.app[STATIC].serve(request)

    return routes


class Server:
    """A running server. ``port`` is the real one where 0 was asked for."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, *, secure: bool) -> None:
        self._runner = runner
        self.host = host
        self.port = port
        self.secure = secure

    @property
    def address(self) -> str:
        """The address to print for a person."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"

    async def stop(self) -> None:
        """Take no more requests, close the sockets, end; within two seconds."""
        async with asyncio.timeout(2 * SHUTDOWN_S):
            await self._runner.cleanup()


def tls_context(listen: Listen) -> ssl.SSLContext | None:
    """Return the TLS settings of an address, None without a certificate.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: certificate and key don't belong together.
    """
    if not listen.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listen.tls_cert, listen.tls_key)
    return context


async def serve(app: web.Application, listen: Listen) -> Server:
    """Start serving; the caller stops the returned server.

    There is no access log: addresses can hold the token of a sign-in link.

    Raises:
        OpenToOthers: the address is not loopback and TLS or the host list is missing.
        OSError: the address is taken or not ours.
    """
    check_listen(listen)
    context = tls_context(listen)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, listen.host, listen.port, ssl_context=context)
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    port = runner.addresses[0][1]
    return Server(runner, listen.host, port, secure=context is not None)
