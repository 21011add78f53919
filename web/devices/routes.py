"""Devices and their entities: the list, one page each, commands, limits and recent history."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.core.commands import FAILED, CommandRefused, CommandTimeout
from hub.core.kinds import KINDS
from hub.http.gate import current
from hub.http.routes import Routes
from web.charts.chart import chart_of
from web.charts.windows import RECENT, Window
from web.design import done, refused
from web.devices.find import find
from web.devices.given import Mistyped, arguments
from web.facade import Refusal
from web.house import HOUSEHOLD, RESIDENTS, EntityView, House, actor_of, field, room_key
from web.kinds.commands import ASKS, COMMANDS, SET, said
from web.kinds.controls import asks_twice, controls, presses, wants_code
from web.kinds.facts import facts, tells
from web.kinds.states import common_word, state_word
from web.words import BROKER, HAZARDS

if TYPE_CHECKING:
    from hub.http.live import LiveContext
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"
MOST_LIVE = 20
"""Rooms that one page follows; a socket carries a few parts only."""
LONGEST_SEARCH = 64


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


REASONS = {
    "leased": _("An active alarm holds this device. Open its page to take it back."),
    "forbidden": _("Your role may not do this."),
    "disabled": _("This device is switched off in the settings."),
    "failed": _("The device cannot be reached at the moment."),
    "unrecorded": _("The command was sent, but it could not be written down. Look at the disk."),
}
NOT_DONE = _("The command was refused. Nothing was changed.")
NOT_ANSWERED = _("%(name)s did not answer within 5 seconds. Look at the device, then try again.")


def device_routes(house: House) -> Routes:
    """Return the devices' routes and register their live parts."""
    routes = Routes()
    _live_parts(house)

    @routes.get("/devices", allow=HOUSEHOLD)
    async def devices(request: web.Request) -> web.Response:
        wanted = request.query.get("q", "").strip()[:LONGEST_SEARCH]
        words = house.design.language(request["lang"])
        seen = {"found": find(house, wanted, words)} if wanted else _rooms(house, request["lang"])
        problem = BROKER.get(house.runtime.broker.problem, "")
        return house.design.render(
            request, "devices.html", wanted=wanted, broker_problem=problem, **seen
        )

    @routes.get("/devices/{id}", allow=HOUSEHOLD)
    async def device(request: web.Request) -> web.Response:
        seen = _one(house, request.match_info["id"], request["lang"])
        own = house.runtime.favourites.of(current(request).account_id)
        seen["favourite"] = request.match_info["id"] in own
        words = house.design.language(request["lang"])
        seen["chart"] = await chart_of(
            house, seen["view"], Window(RECENT, None, time.time()), words
        )
        return house.design.render(request, "device.html", **seen)

    @routes.post("/devices/{id}/command", allow=RESIDENTS)
    async def command(request: web.Request) -> web.Response:
        return await _command(house, request)

    @routes.post("/devices/{id}/limit", allow=RESIDENTS)
    async def limit(request: web.Request) -> web.Response:
        return await _limit(house, request)

    return routes


def _rooms(house: House, lang: str) -> dict[str, Any]:
    return {"rooms": house.rooms(house.design.language(lang)), "most_live": MOST_LIVE}


def _one(house: House, entity_id: str, lang: str) -> dict[str, Any]:
    words = house.design.language(lang)
    view = house.view(entity_id, words)
    entity = house.entity(entity_id)
    registry = house.runtime.registry
    device = registry.device(entity.device_id)
    siblings = registry.of_device(entity.device_id) if entity.device_id else []
    # A figure may be read for several hazards; it is watched for all of them alike.
    watched = {one.entity_id: one for one in house.runtime.supervision() if one.limit_s}
    return {
        "view": view,
        "entity": entity,
        "device": device,
        "siblings": [
            house.view(other.entity_id, words)
            for other in siblings
            if other.entity_id != entity_id and other.enabled
        ],
        "sensor": watched.get(entity_id),
        "now": time.time(),
        "area_key": room_key(view.area),
        **_able(view, words),
    }


def _able(view: EntityView, words: Words) -> dict[str, Any]:
    """What can be pressed and set, and what the device says beside its state."""
    kind, attributes = view.kind, view.attributes
    able = controls(kind, view.commands, attributes, view.value, view.unit)
    pressed = presses(kind, view.commands)
    if kind == "update" and view.value is not True:
        pressed = []
    return {
        "controls": able,
        "presses": [
            (name, asks_twice(kind, name), wants_code(kind, name, attributes)) for name in pressed
        ],
        "rows": facts(words, attributes),
        "common": lambda text: (
            state_word(words, kind, None, text, attributes)
            if text in KINDS[kind].values
            else common_word(words, text)
        ),
        "asks": ASKS,
        "tells": tells(words, kind),
        "watched_for": [
            words(HAZARDS[name][1])
            for name in KINDS[kind].watched_for(view.device_class)
            if view.device_class in KINDS[kind].hazards
        ],
    }


def _live_parts(house: House) -> None:
    async def rooms(context: LiveContext) -> str:
        seen = _rooms(house, context.lang)
        return house.design.fragment(context.lang, "device_rooms.html", csrf=context.csrf, **seen)

    async def state(context: LiveContext) -> str:
        seen = _one(house, context.arg, context.lang)
        return house.design.fragment(
            context.lang, "device_state.html", csrf=context.csrf, role=context.role, **seen
        )

    async def room(context: LiveContext) -> str:
        views = house.room(
            house.area_named(context.arg) if context.arg else "",
            house.design.language(context.lang),
        )
        return house.design.fragment(context.lang, "device_list.html", views=views)

    house.live.part("devices", rooms, ("registry",), HOUSEHOLD)
    house.live.part("room", room, ("room:{arg}", "registry", "hazards"), HOUSEHOLD)
    house.live.part("device", state, ("entity:{arg}", "safety", "hazards"), HOUSEHOLD)


async def _command(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    entity_id = request.match_info["id"]
    view = house.view(entity_id, words)
    name = await field(request, "command", 32)
    override = await field(request, "override", 8) == "yes"
    sure = override or await field(request, "sure", 8) == "yes"
    if name not in view.commands or view.kind not in KINDS:
        return refused(request, words("This device has no such command."))
    if asks_twice(view.kind, name) and not sure:
        return refused(request, words("This needs a second press, on the device's own page."))
    able = controls(view.kind, view.commands, view.attributes, view.value, view.unit)
    try:
        args = arguments(view.kind, name, await request.post(), able, words)
        await house.press(actor_of(request), entity_id, name, args, override=override)
    except Mistyped as wrong:
        return refused(
            request, words("Please look at the marked field."), {wrong.field: wrong.text}
        )
    except CommandRefused as refusal:
        return refused(request, await _reason(house, request, entity_id, refusal))
    except CommandTimeout:
        return refused(request, words(NOT_ANSWERED, name=view.name))
    done_words = said(name).done if not args or (name in COMMANDS and "code" in args) else SET
    return done(request, words(done_words, name=view.name))


async def _reason(
    house: House, request: web.Request, entity_id: str, refusal: CommandRefused
) -> str:
    """What a refused command says: what the integration says of its device, or ours."""
    words = house.design.language(request["lang"])
    if refusal.code == "failed" and refusal.text != FAILED:
        return await house.runtime.device_says(entity_id, refusal.text, request["lang"])
    return words(REASONS.get(refusal.code, NOT_DONE))


async def _limit(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    given = (await field(request, "hours", 16)).strip().replace(",", ".")
    try:
        hours = float(given)
    except ValueError:
        hours = 0.0
    if not 0.1 <= hours <= 720:
        text = words("Write hours between 0.1 and 720, for example 25.")
        return refused(request, words("Please look at the marked field."), {"hours": text})
    try:
        await house.runtime.set_limit(request.match_info["id"], hours * 3600, actor_of(request))
    except Refusal as refusal:
        return refused(request, refusal.say(words), {"hours": refusal.say(words)})
    return done(request, words("Saved. A longer silence counts as supervision lost."))
