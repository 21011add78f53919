"""The locked home: alarms are shown and run on, personal data waits for the passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.gate import see_other
from hub.http.routes import ANYONE, Routes
from web.dashboard.overview import HazardCard
from web.design import done, refused
from web.facade import Refusal
from web.house import House, field
from web.setup.routes import SHORTEST_PASSPHRASE
from web.words import GUARD

if TYPE_CHECKING:
    from hub.http.live import LiveContext
    from web.design.page import Words


def locked_routes(house: House) -> Routes:
    """Return the routes of a locked home and register its live part."""
    routes = Routes()

    async def draw(context: LiveContext) -> str:
        seen = _seen(house, house.design.language(context.lang))
        return house.design.fragment(context.lang, "locked_hazards.html", **seen)

    house.live.part("locked", draw, ("hazards", "lock", "safety"), ANYONE)

    @routes.get("/unlock", allow=ANYONE)
    async def show_unlock(request: web.Request) -> web.StreamResponse:
        if not house.runtime.locked:
            return see_other("/")
        return _unlock_page(house, request, {})

    @routes.post("/unlock", allow=ANYONE)
    async def do_unlock(request: web.Request) -> web.StreamResponse:
        if not house.runtime.locked:
            return see_other("/")  # nobody tries passphrases at an open home
        words = house.design.language(request["lang"])
        try:
            await house.runtime.unlock(await field(request, "passphrase"))
        except Refusal as refusal:
            errors = {"passphrase": refusal.say(words)}
            return refused(
                request, refusal.say(words), errors, _unlock_page(house, request, errors)
            )
        return done(request, words("Unlocked. Sign in to go on."), "/")

    @routes.get("/recover", allow=ANYONE)
    async def show_recover(request: web.Request) -> web.StreamResponse:
        if not house.runtime.locked:
            return see_other("/")
        return house.design.render(request, "recover.html", errors={}, code="")

    @routes.post("/recover", allow=ANYONE)
    async def do_recover(request: web.Request) -> web.StreamResponse:
        if not house.runtime.locked:
            return see_other("/")
        return await _recover(house, request)

    return routes


def _seen(house: House, words: Words) -> dict[str, Any]:
    """Return open alarms and the guard while locked.

    Nothing once unlocked: this part asks for no role.
    """
    if not house.runtime.locked:
        return {"cards": [], "guard": None, "locked": False}
    hazards = [hazard for hazard in house.runtime.hazards() if hazard.active]
    return {
        "cards": [
            card for card in (HazardCard(one, words) for one in hazards) if card.level != "4"
        ],
        "guard": GUARD.get(house.runtime.guard),
        "locked": True,
    }


def _unlock_page(house: House, request: web.Request, errors: dict[str, str]) -> web.Response:
    words = house.design.language(request["lang"])
    return house.design.render(
        request,
        "unlock.html",
        mode=house.runtime.unlock_mode,
        errors=errors,
        **_seen(house, words),
    )


async def _recover(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    code = (await field(request, "code", 512)).strip()
    passphrase = await field(request, "passphrase")
    errors = {}
    if len(passphrase) < SHORTEST_PASSPHRASE:
        errors["passphrase"] = words(
            "Use at least 8 characters; a short sentence is easy to remember."
        )
    elif passphrase != await field(request, "passphrase_again"):
        errors["passphrase_again"] = words("The two passphrases differ.")
    else:
        try:
            await house.runtime.recover(code, passphrase)
        except Refusal as refusal:
            errors[refusal.field or "code"] = refusal.say(words)
    if errors:
        page = house.design.render(request, "recover.html", errors=errors, code=code)
        return refused(request, words("Please look at the marked field."), errors, page)
    return done(request, words("Unlocked with the sheet. Your new passphrase is in force."), "/")
