"""What a resident decides about one thing: name, room, shown or not, replaced, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.core import groups
from hub.http.routes import Routes
from web.design import done, refused
from web.facade import Refusal
from web.groups.routes import candidates
from web.house import RESIDENTS, House, actor_of, field
from web.kinds.names import KINDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub.core.registry import Device


def settings_routes(house: House) -> Routes:
    """Return the routes of a thing's settings."""
    routes = Routes()

    @routes.get("/devices/{id}/settings", allow=RESIDENTS)
    async def settings(request: web.Request) -> web.Response:
        return house.design.render(request, "device_settings.html", **_settings(house, request))

    @routes.post("/devices/{id}/settings", allow=RESIDENTS)
    async def describe(request: web.Request) -> web.Response:
        entity = house.entity(request.match_info["id"])
        choices: dict[str, str | bool] = {
            "name": await field(request, "name", 256),
            "area": await field(request, "area", 256),
            "hidden": await field(request, "shown", 8) != "yes",
            "enabled": await field(request, "enabled", 8) == "yes",
        }
        return await _answer(
            house,
            request,
            lambda: house.runtime.inventory.choose(entity.entity_id, actor_of(request), **choices),
        )

    @routes.post("/devices/{id}/device", allow=RESIDENTS)
    async def device(request: web.Request) -> web.Response:
        found = _device(house, request)
        name, area = await field(request, "name", 256), await field(request, "area", 256)
        return await _answer(
            house,
            request,
            lambda: house.runtime.inventory.rename_device(found, actor_of(request), name, area),
        )

    @routes.post("/devices/{id}/replace", allow=RESIDENTS)
    async def replace(request: web.Request) -> web.Response:
        found, other = _device(house, request), await field(request, "device", 64)
        return await _answer(
            house,
            request,
            lambda: house.runtime.inventory.replace(found, other, actor_of(request)),
        )

    @routes.post("/devices/{id}/remove", allow=RESIDENTS)
    async def remove(request: web.Request) -> web.Response:
        found = _device(house, request)
        return await _answer(
            house,
            request,
            lambda: house.runtime.inventory.remove_device(found, actor_of(request)),
            "/devices",
        )

    return routes


def _device(house: House, request: web.Request) -> str:
    """The id of the entity's device, "" where it has none."""
    return house.entity(request.match_info["id"]).device_id or ""


async def _answer(
    house: House,
    request: web.Request,
    change: Callable[[], Awaitable[object]],
    go: str | None = None,
) -> web.Response:
    words = house.design.language(request["lang"])
    try:
        await change()
    except Refusal as refusal:
        text = refusal.say(words)
        return refused(request, text, {refusal.field: text} if refusal.field else {})
    return done(request, words("Saved."), go or f"/devices/{request.match_info['id']}")


def _settings(house: House, request: web.Request) -> dict[str, Any]:
    words = house.design.language(request["lang"])
    registry = house.runtime.registry
    entity = house.entity(request.match_info["id"])
    device = registry.device(entity.device_id)
    rooms = [(area.name, area.name) for area in house.runtime.areas]
    grouped = entity.integration == groups.INTEGRATION
    return {
        "entity": entity,
        "name": house.name_of(entity, words),
        "device": device,
        "rooms": rooms,
        "others": _others(house, device) if device else [],
        "gone": device is not None and not _announced(house, device),
        "grouped": grouped,
        "able": candidates(house, entity.kind, request["lang"]) if grouped else [],
        "kind": words(KINDS.get(entity.kind, entity.kind)),
    }


def _announced(house: House, device: Device) -> bool:
    return any(one.present for one in house.runtime.registry.of_device(device.id))


def _others(house: House, device: Device) -> list[tuple[str, str]]:
    """Return (id, name and room) of what could take the device's place."""
    found = house.runtime.inventory.replacements(device.id)
    named = [(one.id, " · ".join(filter(None, (one.name, one.area, one.model)))) for one in found]
    return sorted(named, key=lambda one: one[1])
