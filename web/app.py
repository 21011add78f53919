"""The home's application: a running home, its pages, its program interface, one server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.http.live import Live
from hub.http.server import create_app
from web import words
from web.adding.routes import TEMPLATES as ADDING
from web.adding.routes import adding_routes
from web.api.routes import API, HomeApi
from web.calls.routes import STATIC as CALLS_STATIC
from web.calls.routes import TEMPLATES as CALLS
from web.calls.routes import call_routes, rings
from web.charts.routes import TEMPLATES as CHARTS
from web.charts.routes import chart_routes
from web.connect.routes import TEMPLATES as CONNECT
from web.connect.routes import connect_routes
from web.contacts.routes import TEMPLATES as CONTACTS
from web.contacts.routes import contact_routes
from web.dashboard.overview import Overview
from web.dashboard.ribbon import alarming
from web.dashboard.routes import TEMPLATES as DASHBOARD
from web.dashboard.routes import dashboard_routes
from web.design import Design, NavItem
from web.design.living import design_routes
from web.design.page import DESIGN
from web.devices.routes import TEMPLATES as DEVICES
from web.devices.routes import device_routes
from web.devices.settings import settings_routes
from web.favourites.routes import TEMPLATES as FAVOURITES
from web.favourites.routes import favourite_routes
from web.groups.routes import TEMPLATES as GROUPS
from web.groups.routes import group_routes
from web.health.routes import STATIC as HEALTH_STATIC
from web.health.routes import TEMPLATES as HEALTH
from web.health.routes import health_routes
from web.house import HOUSEHOLD, OWNER, RESIDENTS, House
from web.kept.routes import STATIC as KEPT_STATIC
from web.kept.routes import TEMPLATES as KEPT
from web.kept.routes import kept_routes
from web.kinds import commands, names
from web.mine.routes import TEMPLATES as MINE
from web.mine.routes import mine_routes
from web.people.routes import TEMPLATES as PEOPLE
from web.people.routes import people_routes
from web.rooms.routes import TEMPLATES as ROOMS
from web.rooms.routes import room_routes
from web.safety.routes import TEMPLATES as SAFETY
from web.safety.routes import safety_routes
from web.setup.locked import locked_routes
from web.setup.routes import TEMPLATES as SETUP
from web.setup.routes import setup_routes
from web.sharing.ledger import ledger_routes
from web.sharing.notices import notice_routes
from web.sharing.routes import TEMPLATES as SHARING
from web.sharing.routes import sharing_routes
from web.tokens.routes import TEMPLATES as TOKENS
from web.tokens.routes import token_routes
from web.wall.routes import STATIC as WALL_STATIC
from web.wall.routes import TEMPLATES as WALL
from web.wall.routes import wall_routes
from web.wall.screens import screen_routes

if TYPE_CHECKING:
    from aiohttp import web

    from hub.core.settings import Listen
    from hub.http.health import Health
    from hub.http.routes import Routes
    from web.facade import HomeRuntime


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


NAV = (
    NavItem("/", "home", _("Home"), HOUSEHOLD),
    NavItem("/devices", "device", _("Devices"), HOUSEHOLD),
    NavItem("/safety", "safety", _("Safety"), RESIDENTS),
    NavItem("/sharing", "data", _("My data"), HOUSEHOLD),
    NavItem("/people", "people", _("People"), OWNER),
)
NAMES = {
    "KINDS": names.KINDS,
    "said_of": commands.said,
    "HAZARDS": words.HAZARDS,
    "WATCH": words.WATCH,
    "GUARD": words.GUARD,
    "ROLES": words.ROLES,
    "HOME_ROLES": words.HOME_ROLES,
}


def home_design(runtime: HomeRuntime) -> Design:
    """Return the look of the household's face."""

    def header(_request: web.Request) -> Mapping[str, Any]:
        return {
            "sent_today": runtime.sent_today(),
            "home_locked": runtime.locked,
            "rings": rings(runtime),
            **alarming(runtime),
        }

    return Design(
        "home",
        template_dirs=(
            DASHBOARD,
            CALLS,
            DEVICES,
            CHARTS,
            ROOMS,
            FAVOURITES,
            GROUPS,
            SAFETY,
            SHARING,
            CONTACTS,
            PEOPLE,
            CONNECT,
            ADDING,
            SETUP,
            TOKENS,
            HEALTH,
            KEPT,
            MINE,
            WALL,
        ),
        domains=("web", "hub"),
        nav=NAV,
        static={
            "calls": CALLS_STATIC,
            "health": HEALTH_STATIC,
            "kept": KEPT_STATIC,
            "wall": WALL_STATIC,
        },
        extra=header,
        names=NAMES,
    )


def _routes(house: House, design: Design) -> tuple[Routes, ...]:
    """The pages of all rooms."""
    overview = Overview(house)
    return (
        dashboard_routes(house, overview),
        call_routes(house),
        device_routes(house),
        settings_routes(house),
        chart_routes(house),
        room_routes(house, overview),
        favourite_routes(house),
        group_routes(house),
        health_routes(house),
        kept_routes(house),
        mine_routes(house),
        safety_routes(house),
        sharing_routes(house),
        ledger_routes(house),
        notice_routes(house),
        contact_routes(house),
        people_routes(house),
        connect_routes(house),
        adding_routes(house),
        token_routes(house),
        wall_routes(house),
        screen_routes(house),
        setup_routes(house),
        locked_routes(house),
        design_routes(design),
    )


def compose(
    runtime: HomeRuntime,
    listen: Listen,
    *,
    health: Health | None = None,
    live: Live | None = None,
) -> web.Application:
    """Build the home's application.

    Args:
        runtime: The running home.
        listen: Where it will be served.
        health: Checks behind `/health`.
        live: The live parts, made here if not given.

    Raises:
        OpenToOthers: The address is not loopback and TLS or the host list is missing.
    """
    live = live or Live()
    design = home_design(runtime)
    house = House(runtime, live, design)
    api = HomeApi(house)
    app = create_app(
        name="home",
        accounts=runtime.accounts,
        listen=listen,
        pages=design.render,
        routes=(*_routes(house, design), api.routes()),
        live=live,
        static=design.mounts,
        health=health,
        tokens=runtime.tokens,
    )
    app[DESIGN] = design
    app[API] = api

    async def close(_app: web.Application) -> None:
        api.close()

    app.on_shutdown.append(close)
    house.watch()
    return app
