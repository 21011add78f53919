"""How devices come into the home: what is new, what was found, what is connected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.adding.finds import BROKER
from hub.adding.problems import AddProblem
from hub.http.problems import Problem
from hub.http.routes import Routes
from hub.plugins.config import ConfigProblem
from hub.plugins.forms import read_form
from web.adding.settings import setting_routes
from web.adding.takeover import takeover_routes
from web.design import done, refused
from web.facade import Refusal
from web.house import OWNER, RESIDENTS, House, actor_of, field

if TYPE_CHECKING:
    from hub.adding.finds import Find
    from hub.core.registry import Device
    from hub.http.live import LiveContext

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


def adding_routes(house: House) -> Routes:
    """Return the routes about new devices and register their live part."""
    routes = Routes()

    @routes.get("/add", allow=RESIDENTS)
    async def add(request: web.Request) -> web.Response:
        seen = lists(house, request["lang"])
        return house.design.render(request, "add.html", **seen)

    async def draw(context: LiveContext) -> str:
        seen = lists(house, context.lang)
        return house.design.fragment(
            context.lang, "add_lists.html", csrf=context.csrf, role=context.role, **seen
        )

    house.live.part("adding", draw, ("adding", "registry", "lock"), RESIDENTS)
    routes.extend(_device_routes(house))
    routes.extend(_decision_routes(house))
    routes.extend(_find_routes(house))
    routes.extend(setting_routes(house))
    routes.extend(takeover_routes(house))
    return routes


def lists(house: House, lang: str) -> dict[str, Any]:
    """What the page shows, for owners and residents alike; what owners press is the template's."""
    adding = house.runtime.adding
    return {
        "new": [_device_row(house, device) for device in adding.tray.new()],
        "ignored_devices": adding.tray.ignored(),
        "finds": [_find_row(house, find, lang) for find in adding.finds.open()],
        "ignored_finds": adding.finds.ignored(),
        "looking": adding.look_around.running,
        "look_failed": adding.look_around.failed,
        "looked": adding.look_around.looked,
        "broker_find": BROKER,
        "kinds_to_add": [
            (one.domain, one.name[_key(lang)], one.description[_key(lang)])
            for one in adding.manifests()
            if not adding.entries.is_built_in(one.domain)
        ],
        "entries": [
            (one, adding.manifest(one.domain).name[_key(lang)], adding.trouble(one.id))
            for one in adding.entries.all()
            if one.domain in {manifest.domain for manifest in adding.manifests()}
        ],
        "own_broker": adding.outside is None,
        "may_choose_broker": not adding.operators_broker,
        "broker_address": house.runtime.broker.address,
    }


def _key(lang: str) -> str:
    return "zh_CN" if lang == "zh_CN" else "en"


def _device_row(house: House, device: Device) -> dict[str, Any]:
    safety = house.runtime.adding.safety
    return {
        "id": device.id,
        "name": device.name or device.id,
        "made": " ".join(filter(None, (device.manufacturer, device.model))),
        "area": device.area,
        "entities": sum(one.present for one in house.runtime.registry.of_device(device.id)),
        "warns": safety.watches(device.id),
        "acts": bool(safety.bound(device.id)),
    }


def _find_row(house: House, find: Find, lang: str) -> dict[str, Any]:
    adding = house.runtime.adding
    what = "" if find.domain == BROKER else adding.manifest(find.domain).name[_key(lang)]
    return {"id": find.id, "name": find.name, "place": find.place, "what": what}


def _device_routes(house: House) -> Routes:
    routes = Routes()
    adding = house.runtime.adding

    @routes.get("/add/devices/{device}", allow=RESIDENTS)
    async def device(request: web.Request) -> web.Response:
        found = _device(house, request)
        return _device_page(house, request, found, {"name": found.name, "area": found.area}, {})

    @routes.post("/add/devices/{device}", allow=RESIDENTS)
    async def place(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        found = _device(house, request)
        typed = {"name": await field(request, "name"), "area": await field(request, "area")}
        try:
            await house.runtime.inventory.rename_device(
                found.id, actor_of(request), typed["name"], typed["area"]
            )
        except Refusal as refusal:
            errors = {refusal.field or "name": refusal.say(words)}
            page = _device_page(house, request, found, typed, errors)
            return refused(request, refusal.say(words), errors, page)
        await adding.tray.placed(found.id)
        return done(request, words("%(name)s is in its place.", name=found.name), "/add")

    @routes.post("/add/devices/{device}/keep", allow=RESIDENTS)
    async def keep(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        found = _device(house, request)
        await adding.tray.placed(found.id)
        await house.runtime.note(actor_of(request), "keep device", found.id)
        return done(request, words("%(name)s is kept as it is.", name=found.name))

    @routes.post("/add/keep-all", allow=RESIDENTS)
    async def keep_all(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        new = [one.id for one in adding.tray.new()]
        await adding.tray.placed(*new)
        await house.runtime.note(actor_of(request), "keep devices", str(len(new)))
        text = words.ngettext("%(num)s device is kept.", "%(num)s devices are kept.", len(new))
        return done(request, text % {"num": len(new)})

    return routes


def _decision_routes(house: House) -> Routes:
    """Return what ignores a device, and what takes that back."""
    routes = Routes()
    adding = house.runtime.adding

    @routes.post("/add/devices/{device}/ignore", allow=RESIDENTS)
    async def ignore(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        found = _device(house, request)
        try:
            sure = await field(request, "sure", 1) == "1"
            await adding.ignore_device(found.id, sure=sure)
        except AddProblem as problem:
            return refused(request, problem.say(words))
        await house.runtime.note(actor_of(request), "ignore device", found.id)
        return done(request, words("%(name)s is ignored.", name=found.name), "/add")

    @routes.post("/add/devices/{device}/offer", allow=RESIDENTS)
    async def offer(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        found = _device(house, request)
        await adding.tray.take_back(found.id)
        await house.runtime.note(actor_of(request), "offer device again", found.id)
        return done(request, words("%(name)s is offered again.", name=found.name))

    return routes


def _device(house: House, request: web.Request) -> Device:
    try:
        return house.runtime.adding.device(request.match_info["device"])
    except AddProblem:
        raise Problem(404, "not_found") from None


def _device_page(
    house: House,
    request: web.Request,
    device: Device,
    given: dict[str, str],
    errors: dict[str, str],
) -> web.Response:
    words = house.design.language(request["lang"])
    entities = [one for one in house.runtime.registry.of_device(device.id) if one.present]
    return house.design.render(
        request,
        "add_device.html",
        device=_device_row(house, device),
        entities=[(one, house.name_of(one, words)) for one in entities],
        areas=[area.name for area in house.runtime.areas],
        given=given,
        errors=errors,
    )


def _find_routes(house: House) -> Routes:
    routes = Routes()
    adding = house.runtime.adding

    @routes.post("/add/look", allow=OWNER)
    async def look(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        adding.look()
        return done(request, words("Looking around the network for a minute."))

    @routes.post("/add/finds/{find}", allow=OWNER)
    async def take(request: web.Request) -> web.Response:
        return await _take(house, request)

    @routes.post("/add/finds/{find}/ignore", allow=OWNER)
    async def ignore(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        find = request.match_info["find"]
        if not await adding.finds.ignore(find):
            raise Problem(404, "not_found")
        await house.runtime.note(actor_of(request), "ignore find", find)
        return done(request, words("It is offered no more."))

    @routes.post("/add/finds/{find}/offer", allow=OWNER)
    async def offer(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        find = request.match_info["find"]
        if not await adding.finds.take_back(find):
            raise Problem(404, "not_found")
        await house.runtime.note(actor_of(request), "offer find again", find)
        return done(request, words("It is offered again."))

    return routes


async def _take(house: House, request: web.Request) -> web.Response:
    """Add a find by one press; where something is missing, its form is opened."""
    adding = house.runtime.adding
    words = house.design.language(request["lang"])
    find = adding.finds.get(request.match_info["find"])
    if find is None or find.domain == BROKER:
        raise Problem(404, "not_found")
    try:
        config = await adding.config_of(find.domain)
        entry = await adding.add(find.domain, read_form(config, find.fills), find.id)
    except ConfigProblem:
        text = words("Something is missing: fill in the form.")
        return done(request, text, f"/add/new/{find.domain}?find={find.id}")
    except AddProblem as problem:
        return refused(request, problem.say(words))
    await house.runtime.note(actor_of(request), "add integration", entry.id)
    return done(request, words("%(name)s is added.", name=find.name), "/add")
