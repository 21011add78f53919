"""One hazard's page: which sensors are for it, with which limits; and the tests of sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.problems import Problem
from hub.http.routes import Routes
from hub.safety.advice import STEPS
from hub.safety.table import HAZARDS
from web.design import done, refused
from web.facade import Refusal
from web.house import RESIDENTS, House, actor_of, field, one_of
from web.safety.plans import Plan, limit_of

if TYPE_CHECKING:
    from web.design.page import Words


def watching_routes(house: House) -> Routes:
    """Return the routes of the hazards' own pages and of the tests."""
    routes = Routes()

    @routes.get("/safety/hazards/{hazard}", allow=RESIDENTS)
    async def hazard(request: web.Request) -> web.Response:
        seen = _hazard(house, request.match_info["hazard"], request["lang"])
        return house.design.render(request, "safety_hazard.html", **seen)

    @routes.post("/safety/mark", allow=RESIDENTS)
    async def mark(request: web.Request) -> web.Response:
        return await _mark(house, request)

    @routes.post("/safety/unmark", allow=RESIDENTS)
    async def unmark(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        name = one_of(await field(request, "hazard", 32), HAZARDS)
        entity_id = await field(request, "entity_id", 256)
        await house.runtime.unmark(name, entity_id, actor_of(request))
        return done(request, words("Taken back."), f"/safety/hazards/{name}")

    @routes.post("/safety/tested", allow=RESIDENTS)
    async def tested(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        await house.runtime.tested(await field(request, "entity_id", 256), actor_of(request))
        return done(request, words("Noted. You are reminded when it is time again."))

    @routes.post("/safety/test-days", allow=RESIDENTS)
    async def test_days(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        given = (await field(request, "days", 8)).strip()
        try:
            days = int(given) if given.isdecimal() else 0
            await house.runtime.set_test_days(days, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words), {"days": refusal.say(words)})
        return done(request, words("Saved."))

    return routes


def _hazard(house: House, name: str, lang: str) -> dict[str, Any]:
    """Return what one hazard's page shows; raises Problem 404."""
    kind = HAZARDS.get(name)
    if kind is None:
        raise Problem(404, "not_found")
    words = house.design.language(lang)
    runtime = house.runtime
    plan = Plan(kind, runtime.bindings(), runtime.supervision(), runtime.contacts, words)
    return {
        "plan": plan,
        "kind": kind,
        "limits": {one.entity_id: limit_of(one, words) for one in plan.sensors},
        "markable": runtime.markable(name) if plan.settable else [],
        "steps": [words(step) for step in STEPS[name]],
    }


async def _mark(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    name = one_of(await field(request, "hazard", 32), HAZARDS)
    entity_id = await field(request, "entity_id", 320)
    if not entity_id:
        text = words("Choose a sensor first.")
        return refused(request, text, {"entity_id": text})
    errors: dict[str, str] = {}
    limit = _number(await field(request, "limit", 16), "limit", errors, words)
    minutes = _number(await field(request, "minutes", 16), "minutes", errors, words)
    if errors:
        return refused(request, words("Please look at the marked field."), errors)
    try:
        await house.runtime.mark(
            name,
            entity_id,
            actor_of(request),
            limit=limit,
            for_s=None if minutes is None else minutes * 60,
            acts=await field(request, "acts", 8) == "yes",
        )
    except Refusal as refusal:
        return refused(request, refusal.say(words), {refusal.field: refusal.say(words)})
    return done(request, words("Saved. It is watched from now on."), f"/safety/hazards/{name}")


def _number(given: str, name: str, errors: dict[str, str], words: Words) -> float | None:
    """Read a form's number; nothing written means the usual one."""
    text = given.strip().replace(",", ".").replace("−", "-")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        errors[name] = words("Write a number, or nothing for the usual one.")
        return None
    return number
