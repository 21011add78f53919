"""The start page and what a person does there: answer, acknowledge, press."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.gate import see_other
from hub.http.problems import SignInNeeded
from hub.http.routes import ANYONE, Routes
from web.dashboard.overview import Overview
from web.dashboard.ribbon import ribbon_part
from web.design import done, refused
from web.facade import Refusal
from web.house import AT_HOME, HOUSEHOLD, PRESENT, WALLS, House, actor_of, field, one_of

if TYPE_CHECKING:
    from hub.core.commands import Actor
    from hub.http.live import LiveContext
    from web.views import QuestionView

TEMPLATES = Path(__file__).parent / "templates"


def dashboard_routes(house: House, overview: Overview) -> Routes:
    """Return the start page's routes and register its live parts."""
    routes = Routes()
    _live_parts(house, overview)

    @routes.get("/", allow=ANYONE)
    async def home(request: web.Request) -> web.StreamResponse:
        """Show the home; a new one leads to set-up, a locked one to unlocking."""
        if not house.runtime.set_up:
            return see_other("/setup")
        if house.runtime.locked:
            return see_other("/unlock")
        session = request["session"]
        if session is None:
            raise SignInNeeded
        if session.role in WALLS:
            return see_other("/wall")
        seen = await overview.look(request["lang"], session.role)
        favourites = await overview.tiles(
            house.runtime.favourites.of(session.account_id), request["lang"]
        )
        return house.design.render(
            request, "home.html", now=time.time(), favourites=favourites, **seen
        )

    routes.extend(_hazard_routes(house))
    return routes


def _hazard_routes(house: House) -> Routes:
    """What a person does about an open hazard: answer, take back, say that it was seen."""
    routes = Routes()

    @routes.post("/hazards/{id}/answer", allow=AT_HOME)
    async def answer(request: web.Request) -> web.Response:
        return await _answer(house, request)

    @routes.post("/hazards/{id}/cancel", allow=AT_HOME)
    async def cancel(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        if not await house.runtime.cancel(request.match_info["id"], actor_of(request)):
            return refused(request, words("There is nothing to take back."))
        return done(request, words("Whoever was told hears with the next message: false alarm."))

    @routes.post("/hazards/{id}/acknowledge", allow=AT_HOME)
    async def acknowledge(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.acknowledge(request.match_info["id"], actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("Noted. The alarm stays here until the sensor is quiet."))

    @routes.post("/hazards/{id}/end", allow=PRESENT)
    async def end(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        if not _may_end(house, request.match_info["id"], actor_of(request)):
            return refused(request, words("Only residents end somebody else's call for help."))
        try:
            await house.runtime.end_call(request.match_info["id"], actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("The call for help has ended. It stays in the list."))

    return routes


async def _answer(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    choice = one_of(await field(request, "answer"), ("tell", "dont"))
    counted = await house.runtime.answer(request.match_info["id"], choice, actor_of(request))
    if not counted:
        return refused(request, words("This was answered already."))
    if choice == "tell":
        question = _question(house, request.match_info["id"])
        if question is None or not question.told:
            return refused(request, words("The duty desk could not be told. Call it yourself."))
        if question.flat:
            return done(request, words("The duty desk has your flat's call."))
        return done(request, words("The duty desk is being told the zone, not your flat."))
    return done(request, words("The duty desk is not told. You can call it at any time."))


def _may_end(house: House, hazard_id: str, actor: Actor) -> bool:
    """A guest ends the call that was their own press, and no other; a screen at home ends any."""
    if actor.role in AT_HOME:
        return True
    return any(one.id == hazard_id and one.called_by == actor.id for one in house.runtime.hazards())


def _question(house: House, hazard_id: str) -> QuestionView | None:
    """What was asked about the hazard, None where nothing was."""
    asked = [hazard.question for hazard in house.runtime.hazards() if hazard.id == hazard_id]
    return asked[0] if asked else None


def _live_parts(house: House, overview: Overview) -> None:
    def part(name: str, template: str, topics: tuple[str, ...]) -> None:
        async def draw(context: LiveContext) -> str:
            seen: dict[str, Any] = await overview.look(context.lang, context.role or "")
            return house.design.fragment(
                context.lang,
                template,
                csrf=context.csrf,
                now=time.time(),
                **seen,
            )

        house.live.part(name, draw, topics, HOUSEHOLD)

    part("home-status", "home_status.html", ("hazards", "safety", "alarming", "registry"))
    part("home-hazards", "home_hazards.html", ("hazards",))
    part("home-tiles", "live_tiles.html", ("registry", "safety"))
    part("home-waiting", "home_waiting.html", ("safety", "sharing", "hazards", "registry"))

    async def tiles(context: LiveContext) -> str:
        seen = await overview.tiles(context.arg.split("+"), context.lang)
        return house.design.fragment(
            context.lang, "home_tiles.html", csrf=context.csrf, role=context.role, **seen
        )

    topics = ("entity:{each}", "registry", "hazards")
    house.live.part("tiles", tiles, topics, HOUSEHOLD, rests=True)

    async def shield(context: LiveContext) -> str:
        return house.design.fragment(
            context.lang, "shield.html", sent_today=house.runtime.sent_today()
        )

    house.live.part("shield", shield, ("sharing",), HOUSEHOLD)
    ribbon_part(house)
