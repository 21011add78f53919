"""A person's favourites: put on, taken off, put in order. They are that person's alone."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from hub.core.store import StoreError
from hub.home.favourites import MOST
from hub.http.gate import current
from hub.http.routes import Routes
from web.design import done, refused
from web.design.order import order_of
from web.devices.find import find
from web.house import HOUSEHOLD, House, field

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SEARCH = 64
OFFERED = 16
"""Without a search only so many are offered: the page stays one that can be looked over."""


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


FULL = _("These are as many as fit. Take one off first.")
NOT_KEPT = _("This could not be written down. Is the disk full?")


def favourite_routes(house: House) -> Routes:
    """Return the favourites' routes."""
    routes = Routes()

    @routes.get("/favourites", allow=HOUSEHOLD)
    async def favourites(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        wanted = request.query.get("q", "").strip()[:LONGEST_SEARCH]
        own = house.runtime.favourites.of(current(request).account_id)
        known = [one for one in own if house.runtime.registry.get(one) is not None]
        views = [house.view(one, words) for one in known]
        hits = find(house, wanted, words) if wanted else []
        offered = hits or [(view, True) for view in house.views(words)[:OFFERED]]
        return house.design.render(
            request,
            "favourites.html",
            items=[(one.entity_id, one.name, one.area, "") for one in views],
            wanted=wanted,
            nothing=bool(wanted) and not hits,
            offered=[view for view, _every_day in offered if view.entity_id not in known],
        )

    @routes.post("/favourites/order", allow=HOUSEHOLD)
    async def order(request: web.Request) -> web.Response:
        own = house.runtime.favourites.of(current(request).account_id)
        items = await order_of(request)
        gone = await field(request, "remove", 255)
        kept = [one for one in items if one in own and one != gone]
        # What another page of the same person put on meanwhile stays.
        kept += [one for one in own if one not in items]
        return await _keep(house, request, kept, "/favourites" if gone else None)

    @routes.post("/favourites/{id}", allow=HOUSEHOLD)
    async def choose(request: web.Request) -> web.Response:
        entity_id = house.entity(request.match_info["id"]).entity_id
        own = house.runtime.favourites.of(current(request).account_id)
        on = await field(request, "on", 8) == "yes"
        if on and entity_id not in own and len(own) >= MOST:
            return refused(request, house.design.language(request["lang"])(FULL))
        kept = [one for one in own if one != entity_id]
        back = "/favourites" if await field(request, "back", 16) == "favourites" else None
        return await _keep(house, request, [*kept, entity_id] if on else kept, back)

    return routes


async def _keep(
    house: House, request: web.Request, entities: list[str], go: str | None
) -> web.Response:
    words = house.design.language(request["lang"])
    try:
        await house.runtime.favourites.keep(current(request).account_id, entities)
    except StoreError:
        return refused(request, words(NOT_KEPT))
    return done(request, words("Saved."), go)
