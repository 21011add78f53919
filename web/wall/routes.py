"""The screen on the wall: its page, its live parts, its presses, and how a tablet becomes one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from hub.accounts.model import LinkRefused, Session, TooManyAttempts
from hub.core.commands import Actor, CommandRefused, CommandTimeout
from hub.http.gate import GATE, see_other, token_of
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from web.design import done, refused
from web.house import AT_HOME, PRESENT, WALLS, House, actor_of, field
from web.kinds.commands import COMMANDS
from web.wall.look import alarms, headline, plan_of, press_of, screen_of, tiles_of

if TYPE_CHECKING:
    from hub.http.live import LiveContext

HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"
KEPT_S = 400 * 24 * 3600
"""How long a browser keeps a screen's cookie; no browser keeps one for longer (RFC 6265bis)."""


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


NOT_HERE = _("This can't be done from here. Use your phone.")


def wall_routes(house: House) -> Routes:
    """Return the screen's routes and register its live parts."""
    routes = Routes()
    _live_parts(house)

    @routes.get("/wall", allow=ANYONE)
    async def wall(request: web.Request) -> web.StreamResponse:
        """Show the screen; one that isn't paired leads to pairing, a locked home waits."""
        if not house.runtime.set_up:
            return see_other("/setup")
        if house.runtime.locked:
            return house.design.render(request, "wall_locked.html")
        session: Session | None = request["session"]
        if session is None:
            return see_other("/wall/pair")
        return _wall(house, request, session)

    @routes.get("/wall/pair", allow=ANYONE)
    async def show_pairing(request: web.Request) -> web.StreamResponse:
        return house.design.render(request, "pair.html", error="", wait_s=0)

    @routes.post("/wall/pair", allow=ANYONE)
    async def do_pairing(request: web.Request) -> web.StreamResponse:
        return await _pair(house, request)

    @routes.post("/wall/press/{id}", allow=AT_HOME)
    async def press(request: web.Request) -> web.Response:
        return await _press(house, request)

    return routes


def _wall(house: House, request: web.Request, session: Session) -> web.Response:
    words = house.design.language(request["lang"])
    screen = screen_of(house, session)
    tiles = tiles_of(house, screen, words)
    # What nobody put on a screen is there to be looked at.
    presses = bool(screen.tiles) or session.role not in WALLS
    response = house.design.render(
        request,
        "wall.html",
        screen=screen,
        part="wall-tile" if presses else "wall-look",
        tiles=[(view, press_of(house, view, session.role) if presses else None) for view in tiles],
        plan=plan_of(screen, tiles),
        headline=headline(house, words),
        **alarms(house, words),
    )
    if session.role in WALLS:
        # Kept on from here: a tablet that had no power for a year is still paired.
        request.app[GATE].set_cookie(response, token_of(request), KEPT_S)
    return response


async def _pair(house: House, request: web.Request) -> web.StreamResponse:
    """Make this browser the screen that the code is for; whoever was signed in is no more."""
    device = request.headers.get("User-Agent", "")[:120]
    error, wait_s, status = "", 0, 200
    try:
        token = await house.runtime.screen_codes.use(
            await field(request, "code", 256), request.remote or "", device
        )
    except LinkRefused:
        error, status = "code", 403
    except TooManyAttempts as refusal:
        error, status, wait_s = "wait", 429, math.ceil(refusal.wait_s)
    else:
        before = token_of(request)
        if before:
            await house.runtime.accounts.revoke(before)
        session = await house.runtime.accounts.session(token)
        if session is not None:
            await house.runtime.note(_actor(session), "pair screen", session.account_id)
        response = see_other("/wall")
        request.app[GATE].set_cookie(response, token, KEPT_S)
        return response
    page = house.design.render(request, "pair.html", error=error, wait_s=wait_s)
    page.set_status(status)
    if wait_s:
        page.headers["Retry-After"] = str(wait_s)
    return page


async def _press(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    entity_id = request.match_info["id"]
    view = house.view(entity_id, words)
    actor = actor_of(request)
    name = await field(request, "command", 32)
    if name not in COMMANDS or name not in view.commands:
        return refused(request, words(NOT_HERE))
    if not house.runtime.screens.may(actor, house.entity(entity_id), name):
        raise Problem(403, "not_allowed")
    try:
        await house.press(actor, entity_id, name)
    except CommandRefused:
        return refused(request, words(NOT_HERE))
    except CommandTimeout:
        return refused(request, words("%(name)s did not answer.", name=view.name))
    return done(request, words(COMMANDS[name].done, name=view.name))


def _live_parts(house: House) -> None:
    design = house.design

    async def status(context: LiveContext) -> str:
        seen = headline(house, design.language(context.lang))
        return design.fragment(context.lang, "wall_status.html", headline=seen)

    async def alarm(context: LiveContext) -> str:
        seen = alarms(house, design.language(context.lang))
        return design.fragment(
            context.lang, "wall_alarms.html", csrf=context.csrf, role=context.role, **seen
        )

    async def tile(context: LiveContext) -> str:
        if house.runtime.registry.get(context.arg) is None:
            return ""
        view = house.view(context.arg, design.language(context.lang))
        looks = context.part == "wall-look"
        press = None if looks else press_of(house, view, context.role or "")
        return design.fragment(
            context.lang, "wall_tile.html", csrf=context.csrf, view=view, press=press
        )

    async def plan(context: LiveContext) -> str:
        screen = house.runtime.screens.of(context.arg)
        return plan_of(screen, tiles_of(house, screen, design.language(context.lang)))

    async def shield(context: LiveContext) -> str:
        sent = house.runtime.sent_today()
        return design.fragment(context.lang, "wall_shield.html", sent_today=sent)

    house.live.part("wall-status", status, ("hazards", "safety", "alarming", "registry"), PRESENT)
    house.live.part("wall-alarms", alarm, ("hazards",), PRESENT)
    for name in ("wall-tile", "wall-look"):
        house.live.part(name, tile, ("entity:{arg}", "safety"), PRESENT)
    house.live.part("wall-plan", plan, ("screen:{arg}", "registry"), PRESENT)
    house.live.part("wall-shield", shield, ("sharing",), PRESENT)


def _actor(session: Session) -> Actor:
    return Actor(session.account_id, session.role, "person")
