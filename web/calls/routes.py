"""The page that calls for help, and what sounds on every page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from hub.safety.table import HAZARDS as KINDS
from web.design import done, refused
from web.facade import Refusal
from web.house import PRESENT, House, actor_of
from web.safety.plans import CANNOT, Plan
from web.words import ALARMS, HAZARDS

if TYPE_CHECKING:
    from hub.http.live import LiveContext
    from web.design.page import Words
    from web.facade import HomeRuntime

HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"
SOS = "sos"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


TOLD = {
    # what the household chose for a call for help -> what happens ten seconds after the press
    "flat": _("Ten seconds later the duty desk is told that your flat calls for help."),
    "zone": _("Ten seconds later the duty desk is told the zone, not your flat."),
    "nobody": _("The duty desk is not told, as you chose."),
    None: _("The duty desk is not told: your household has not chosen yet."),
}
NOT_YET = _("The duty desk is not told: this home has to pair once more before its flat can be.")
UNPAIRED = _("The duty desk is not told: this home is not paired with a community.")


def rings(runtime: HomeRuntime) -> list[str]:
    """The levels of the alarms that sound: those that nobody at home said they have seen."""
    if runtime.locked or not runtime.set_up:
        return []
    levels = [
        HAZARDS[one.hazard][0]
        for one in runtime.hazards()
        if one.active and not one.acknowledged_by
    ]
    return [level for level in levels if level in ALARMS]


def call_routes(house: House) -> Routes:
    """Return the routes of the call for help and register the part that sounds."""
    routes = Routes()

    async def draw(context: LiveContext) -> str:
        return house.design.fragment(context.lang, "rings.html", rings=rings(house.runtime))

    house.live.part("rings", draw, ("hazards",), PRESENT)

    @routes.get("/sos", allow=PRESENT)
    async def sos(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        return house.design.render(request, "sos.html", **_what_happens(house, words))

    @routes.post("/sos", allow=PRESENT)
    async def call(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.call_for_help(actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("You called for help. A false press? End the call here."), "/")

    return routes


def _what_happens(house: House, words: Words) -> dict[str, Any]:
    runtime = house.runtime
    kind = KINDS[SOS]
    plan = Plan(kind, runtime.bindings(), (), runtime.contacts, words)
    chosen = {choice.klass: choice.value for choice in runtime.consents.choices()}.get(SOS)
    paired, told = runtime.pairing(), TOLD[chosen]
    if paired is None and chosen in {"flat", "zone"}:
        told = UNPAIRED
    elif paired is not None and chosen == "flat" and not paired.acts:
        told = NOT_YET
    return {
        "acts": plan.acts,
        "cannot": [] if plan.acts else [words(CANNOT[role]) for role in kind.roles],
        "told": [words(told), *plan.people],
        "chosen": chosen,
        "calling": any(one.active and one.hazard == SOS for one in runtime.hazards()),
    }
