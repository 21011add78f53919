"""What left the home, literally; the choices about it, given and withdrawn as easily."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from web.design import done, refused
from web.facade import HAZARD_CLASSES, Refusal
from web.house import HOUSEHOLD, RESIDENTS, House, actor_of, field, one_of

if TYPE_CHECKING:
    from hub.http.live import LiveContext
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"
TELL_ZONE = "tell_zone"
SOS = "sos"
VALUES = {False: ("zone", "nobody"), True: ("flat", "zone", "nobody")}
"""What can be chosen, by whether it is for a call for help."""
MOST_SHOWN = 100


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


CHOSEN = {
    "tell_zone": _("Tell the duty desk the zone if nobody answers"),
    "tell_zone_now": _("Tell the duty desk the zone this once"),
    "tell_flat": _("Tell the duty desk the flat"),
    "sos_flat": _("SOS tells the flat"),
}
PURPOSES = {**CHOSEN, "tell_contact": _("Tell a contact")}
LINE_STATES = {
    "given": _("Given"),
    "withdrawn": _("Withdrawn"),
    "not_given": _("Not given"),
}
DOORS = {
    "events": _("Safety event, without your name or flat"),
    "acts": _("Your own act"),
    "grants": _("A connection you granted"),
}
STANDINGS = {
    "none": (
        "4",
        _(
            "What this community tells homes is not witnessed: you have to believe it and its"
            " relay."
        ),
    ),
    "waiting": (
        "3",
        _(
            "The community's witnesses have not vouched for its keys and zones yet. Until two of"
            " three do, the duty desk can't be told; every alarm sounds here as always."
        ),
    ),
    "run_on": (
        "3",
        _(
            "The community's witnesses vouch for nothing new. This home goes on with the keys and"
            " zones that it has, for at most 28 days, and fetches no tokens under new keys."
        ),
    ),
    "stopped": (
        "2",
        _(
            "For 28 days the community's witnesses have vouched for nothing, so the duty desk is"
            " told no alarm any more. Every alarm sounds here as always. Ask the owners' committee"
            " or the property."
        ),
    ),
}
"""How a home stands with its witnesses, in words, and how urgent that is."""

SENT_STATES = {
    "waiting": ("3", _("Waiting for its slot")),
    "sent": ("4", _("Sent")),
    "received": ("ok", _("The relay has it")),
    "accepted": ("ok", _("The platform has it")),
    "taken": ("ok", _("The recipient took it")),
    "unsent": ("3", _("Did not leave: nobody was reached")),
}


def sharing_routes(house: House) -> Routes:
    """Return the routes about what leaves, and register their live parts."""
    routes = Routes()
    _live_parts(house)

    @routes.get("/sharing", allow=HOUSEHOLD)
    async def sharing(request: web.Request) -> web.Response:
        return house.design.render(request, "sharing.html", **_sent(house))

    @routes.get("/choices", allow=RESIDENTS)
    async def choices(request: web.Request) -> web.Response:
        seen = await _choices(house, house.design.language(request["lang"]))
        return house.design.render(request, "choices.html", **seen)

    @routes.post("/choices", allow=RESIDENTS)
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
        await house.runtime.withdraw(purpose, klass, actor_of(request))
        text = words("Withdrawn. From the next slot on nothing of this kind leaves your home.")
        return done(request, text)

    return routes


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


async def _choices(house: House, words: Words) -> dict[str, Any]:
    runtime = house.runtime
    names = {account.id: account.name for account in await runtime.accounts.all()}
    return {
        "choices": runtime.choices(),
        "pairing": runtime.pairing(),
        "ledger": runtime.ledger()[:MOST_SHOWN],
        "ledger_problem": runtime.ledger_problem(),
        "who": lambda actor: names.get(actor, actor) or words("the hub"),
        "purposes": PURPOSES,
        "line_states": LINE_STATES,
    }


def _live_parts(house: House) -> None:
    async def sent(context: LiveContext) -> str:
        seen = _sent(house)
        return house.design.fragment(context.lang, "sent.html", csrf=context.csrf, **seen)

    async def choices(context: LiveContext) -> str:
        seen = await _choices(house, house.design.language(context.lang))
        return house.design.fragment(context.lang, "choices_live.html", csrf=context.csrf, **seen)

    house.live.part("sent", sent, ("sharing",), HOUSEHOLD)
    house.live.part("choices", choices, ("sharing",), RESIDENTS)
