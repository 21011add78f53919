"""What left the home, literally; the choices about it, given and withdrawn as easily.

Every adult of the home withdraws; only the owner gives a consent for the household (ADR 0060).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from privacy.consent import SOS_FLAT, TELL_ZONE, TELL_ZONE_NOW
from web.design import done, refused
from web.facade import HAZARD_CLASSES, Refusal
from web.house import HOUSEHOLD, OWNER, RESIDENTS, House, actor_of, field, one_of
from web.sharing.notices import noticed
from web.sharing.words import DOORS, SENT_STATES, STANDINGS

if TYPE_CHECKING:
    from hub.http.live import LiveContext

TEMPLATES = Path(__file__).parent / "templates"
SOS = "sos"
VALUES = {False: ("zone", "nobody"), True: ("flat", "zone", "nobody")}
"""What can be chosen, by whether it is for a call for help."""
MOST_SHOWN = 100
CHOSEN = (TELL_ZONE, TELL_ZONE_NOW, SOS_FLAT)
"""What is withdrawn class by class; contacts have a page of their own."""


def sharing_routes(house: House) -> Routes:
    """Return the routes about what leaves, and register their live parts."""
    routes = Routes()
    _live_parts(house)

    @routes.get("/sharing", allow=HOUSEHOLD)
    async def sharing(request: web.Request) -> web.Response:
        return house.design.render(request, "sharing.html", **_sent(house))

    @routes.post("/sharing/stop", allow=RESIDENTS)
    async def stop(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.stop_sharing(actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        text = words("Everything is withdrawn. From the next slot on nothing of it leaves.")
        return done(request, text)

    _choice_routes(house, routes)
    return routes


def _choice_routes(house: House, routes: Routes) -> None:
    @routes.get("/choices", allow=RESIDENTS)
    async def choices(request: web.Request) -> web.Response:
        return house.design.render(request, "choices.html", **await _choices(house))

    @routes.post("/choices", allow=OWNER)
    async def choose(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        klass = one_of(await field(request, "klass", 32), HAZARD_CLASSES)
        value = await field(request, "value", 32)
        if value not in VALUES[klass == SOS]:
            text = words("Choose one of them; nothing is chosen for you.")
            return refused(request, text, {"value": text})
        try:
            await house.runtime.choose(TELL_ZONE, klass, value, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("Your choice is written down and in force."))

    @routes.post("/choices/withdraw", allow=RESIDENTS)
    async def withdraw(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        purpose = one_of(await field(request, "purpose", 32), CHOSEN)
        klass = one_of(await field(request, "klass", 32), HAZARD_CLASSES)
        try:
            await house.runtime.withdraw(purpose, klass, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        text = words("Withdrawn. From the next slot on nothing of this kind leaves your home.")
        return done(request, text)


def _sent(house: House) -> dict[str, Any]:
    runtime = house.runtime
    return {
        "sent": runtime.sent()[:MOST_SHOWN],
        "sent_today": runtime.sent_today(),
        "pairing": runtime.pairing(),
        "doors": DOORS,
        "sent_states": SENT_STATES,
        "standings": STANDINGS,
    }


async def _choices(house: House) -> dict[str, Any]:
    runtime = house.runtime
    names = {account.id: account.name for account in await runtime.accounts.all()}
    return {
        "choices": runtime.consents.choices(),
        "pairing": runtime.pairing(),
        "ledger_problem": runtime.consents.problem,
        "who": lambda actor: names.get(actor, actor),
        "notices": {one.name: noticed(one) for one in runtime.consents.table.all()},
    }


def _live_parts(house: House) -> None:
    async def sent(context: LiveContext) -> str:
        seen = _sent(house)
        return house.design.fragment(context.lang, "sent.html", csrf=context.csrf, **seen)

    async def choices(context: LiveContext) -> str:
        seen = {**await _choices(house), "role": context.role}
        return house.design.fragment(context.lang, "choices_live.html", csrf=context.csrf, **seen)

    house.live.part("sent", sent, ("sharing",), HOUSEHOLD)
    house.live.part("choices", choices, ("sharing",), RESIDENTS)
