"""The safety page: who acts in an alarm, tried out with a press, and who watches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from web.dashboard.past import past
from web.design import done, refused
from web.facade import Refusal
from web.house import RESIDENTS, House, actor_of, field, one_of
from web.safety.plans import limit_of, plans
from web.safety.watching import watching_routes
from web.words import GUARD, ROLES

if TYPE_CHECKING:
    from hub.http.live import LiveContext

TEMPLATES = Path(__file__).parent / "templates"


def safety_routes(house: House) -> Routes:
    """Return the safety page's routes and register its live part."""
    routes = Routes()

    async def draw(context: LiveContext) -> str:
        seen = _safety(house, context.lang)
        return house.design.fragment(context.lang, "safety_live.html", csrf=context.csrf, **seen)

    house.live.part("safety", draw, ("safety", "registry", "hazards", "sharing"), RESIDENTS)

    @routes.get("/safety", allow=RESIDENTS)
    async def safety(request: web.Request) -> web.Response:
        return house.design.render(request, "safety.html", **_safety(house, request["lang"]))

    @routes.post("/safety/bind", allow=RESIDENTS)
    async def bind(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        role = one_of(await field(request, "role", 32), ROLES)
        entity_id = await field(request, "entity_id", 256)
        if not entity_id:
            text = words("Choose a device first.")
            return refused(request, text, {"entity_id": text})
        try:
            await house.runtime.bind(role, entity_id, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words), {"entity_id": refusal.say(words)})
        return done(request, words("Bound. Try it with a test press now."))

    @routes.post("/safety/unbind", allow=RESIDENTS)
    async def unbind(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        await house.runtime.unbind(await field(request, "entity_id", 256), actor_of(request))
        return done(request, words("Taken out. It no longer acts in an alarm."))

    @routes.post("/safety/test", allow=RESIDENTS)
    async def test(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        entity_id = await field(request, "entity_id", 256)
        try:
            confirmed = await house.runtime.test_press(entity_id, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        if not confirmed:
            return refused(
                request, words("The device did not confirm. Look at it: would it act in an alarm?")
            )
        return done(request, words("It acted and confirmed. Put it back the way you want it."))

    routes.extend(watching_routes(house))
    return routes


def _safety(house: House, lang: str) -> dict[str, Any]:
    runtime = house.runtime
    bindings = runtime.bindings()
    by_role = {role: [b for b in bindings if b.role == role] for role in ROLES}
    taken = {binding.entity_id for binding in bindings}
    words = house.design.language(lang)
    sensors = runtime.supervision()
    return {
        "by_role": by_role,
        "candidates": {
            role: [pair for pair in runtime.candidates(role) if pair[0] not in taken]
            for role in ROLES
        },
        "guard": GUARD.get(runtime.guard),
        "sensors": sensors,
        "limits": [limit_of(sensor, words) for sensor in sensors],
        "plans": plans(bindings, sensors, runtime.contacts, words),
        "test_days": runtime.test_days,
        "past": past(house, words),
    }
