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
from web.house import HOUSEHOLD, RESIDENTS, House, actor_of, field, one_of

if TYPE_CHECKING:
    from hub.http.live import LiveContext

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

    @routes.post("/hazards/{id}/answer", allow=RESIDENTS)
    async def answer(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        choice = one_of(await field(request, "answer"), ("tell", "dont"))
        counted = await house.runtime.answer(request.match_info["id"], choice, actor_of(request))
        if not counted:
            return refused(request, words("This was answered already."))
        if choice == "tell":
            if not _told(house, request.match_info["id"]):
                return refused(request, words("The duty desk could not be told. Call it yourself."))
            return done(request, words("The duty desk is being told the zone, not your flat."))
        return done(request, words("The duty desk is not told. You can call it at any time."))

    @routes.post("/hazards/{id}/cancel", allow=RESIDENTS)
    async def cancel(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        if not await house.runtime.cancel(request.match_info["id"], actor_of(request)):
            return refused(request, words("There is nothing to take back."))
        return done(request, words("The duty desk hears with the next message: false alarm."))

    @routes.post("/hazards/{id}/acknowledge", allow=RESIDENTS)
    async def acknowledge(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.acknowledge(request.match_info["id"], actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("Noted. The alarm stays here until the sensor is quiet."))

    @routes.post("/hazards/{id}/end", allow=RESIDENTS)
    async def end(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.end_call(request.match_info["id"], actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("The call for help has ended. It stays in the list."))

    return routes


def _told(house: House, hazard_id: str) -> bool:
    """Whether the hazard's event is queued or has left."""
    asked = [hazard.question for hazard in house.runtime.hazards() if hazard.id == hazard_id]
    return any(question is not None and question.told for question in asked)


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

    part("home-status", "home_status.html", ("hazards", "safety", "states", "registry"))
    part("home-hazards", "home_hazards.html", ("hazards",))
    part("home-tiles", "home_tiles.html", ("states", "registry", "safety"))
    part("home-waiting", "home_waiting.html", ("safety", "sharing", "hazards", "registry"))

    async def tiles(context: LiveContext) -> str:
        seen = await overview.tiles(context.arg.split("+"), context.lang)
        return house.design.fragment(
            context.lang, "home_tiles.html", csrf=context.csrf, role=context.role, **seen
        )

    house.live.part("tiles", tiles, ("entity:{each}", "registry", "hazards"), HOUSEHOLD)

    async def shield(context: LiveContext) -> str:
        return house.design.fragment(
            context.lang, "shield.html", sent_today=house.runtime.sent_today()
        )

    house.live.part("shield", shield, ("sharing",), HOUSEHOLD)
    ribbon_part(house)
