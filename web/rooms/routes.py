"""A page of tiles for each room; and the rooms themselves: made, named, put in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from web.design import done, refused
from web.design.order import order_of
from web.facade import Refusal
from web.house import HOUSEHOLD, RESIDENTS, House, actor_of, field, room_key, shown

if TYPE_CHECKING:
    from web.dashboard.overview import Overview

TEMPLATES = Path(__file__).parent / "templates"
IN_A_PART = 6
"""Tiles of one live part: whole rows of two or three, and no more than a phone shows at once."""


def room_routes(house: House, overview: Overview) -> Routes:
    """Return the rooms' routes; tiles are the start page's live part ``tiles``."""
    routes = Routes()

    @routes.get("/rooms", allow=RESIDENTS)
    async def rooms(request: web.Request) -> web.Response:
        return house.design.render(request, "rooms.html", **_rooms(house, request["lang"]))

    @routes.get("/rooms/{key}", allow=HOUSEHOLD)
    async def room(request: web.Request) -> web.Response:
        area = house.area_named(request.match_info["key"])
        words = house.design.language(request["lang"])
        ids = [view.entity_id for view in house.room(area, words)]
        parts = [ids[at : at + IN_A_PART] for at in range(0, len(ids), IN_A_PART)]
        tiles = [await overview.tiles(part, request["lang"]) for part in parts]
        return house.design.render(request, "room.html", area=area, parts_of=tiles)

    @routes.post("/rooms/order", allow=RESIDENTS)
    async def order(request: web.Request) -> web.Response:
        names = [house.area_named(one) for one in await order_of(request)]
        return await _done(house, request, "order_areas", names)

    @routes.post("/rooms/add", allow=RESIDENTS)
    async def add(request: web.Request) -> web.Response:
        return await _done(house, request, "make_area", await field(request, "name", 256))

    @routes.post("/rooms/{key}/rename", allow=RESIDENTS)
    async def rename(request: web.Request) -> web.Response:
        area = house.area_named(request.match_info["key"])
        name = await field(request, "name", 256)
        return await _done(house, request, "rename_area", name, area)

    @routes.post("/rooms/{key}/remove", allow=RESIDENTS)
    async def remove(request: web.Request) -> web.Response:
        area = house.area_named(request.match_info["key"])
        return await _done(house, request, "remove_area", area)

    return routes


def _rooms(house: House, lang: str) -> dict[str, Any]:
    words = house.design.language(lang)
    counts: dict[str, int] = {}
    for entity in house.runtime.registry.entities():
        if shown(entity):
            area = house.area_of(entity)
            counts[area] = counts.get(area, 0) + 1
    items = []
    for name in house.runtime.inventory.areas():
        number = counts.get(name, 0)
        detail = words.ngettext("%(num)s thing", "%(num)s things", number) % {"num": number}
        items.append((room_key(name), name, detail, f"/rooms/{room_key(name)}"))
    homeless = [
        device
        for device in house.runtime.registry.devices()
        if not device.area and house.runtime.registry.of_device(device.id)
    ]
    firsts = [
        (device.name, house.runtime.registry.of_device(device.id)[0].entity_id)
        for device in homeless
    ]
    return {"items": items, "homeless": sorted(firsts)}


async def _done(
    house: House, request: web.Request, change: str, value: str | list[str], area: str = ""
) -> web.Response:
    """Make a change to the rooms; answers the form."""
    words, inventory = house.design.language(request["lang"]), house.runtime.inventory
    actor = actor_of(request)
    try:
        if change == "order_areas":
            await inventory.order_areas(actor, value)
            return done(request, words("Saved."))
        if change == "rename_area":
            await inventory.rename_area(area, actor, str(value))
        elif change == "make_area":
            await inventory.make_area(actor, str(value))
        else:
            await inventory.remove_area(actor, str(value))
    except Refusal as refusal:
        errors = {refusal.field: refusal.say(words)} if refusal.field else {}
        return refused(request, refusal.say(words), errors)
    return done(request, words("Saved."), "/rooms")
