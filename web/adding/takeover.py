"""Taking devices over from another broker: where it is, what it holds, what is copied."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hub.adding.brokers import BrokerForm
from hub.adding.problems import AddProblem
from hub.http.problems import Problem
from hub.http.routes import Routes
from hub.plugins.forms import shown
from web.adding.fields import defaults
from web.adding.settings import Form, show, submit
from web.design import done, refused
from web.house import OWNER, House, actor_of

if TYPE_CHECKING:
    from aiohttp import web

    from hub.adding.imports import Looked
    from hub.adding.preview import Candidate
    from web.design.page import Words


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


LEAD = _(
    "Give the address of the broker that your devices use now, such as Home Assistant's. What "
    "they announced there is read within seconds and shown; nothing is changed on it, and the "
    "password is not kept."
)


def takeover_routes(house: House) -> Routes:
    """Return the routes; only the owner has them."""
    routes = Routes()
    adding = house.runtime.adding

    @routes.get("/add/import", allow=OWNER)
    async def ask(request: web.Request) -> web.Response:
        find = adding.finds.get(request.query.get("find", ""))
        values = defaults(BrokerForm, find.fills) if find else shown(BrokerForm, {})
        return show(house, request, _form(house, request), values)

    @routes.post("/add/import", allow=OWNER)
    async def look(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])

        async def act(data: dict[str, object]) -> web.Response:
            looked = await adding.imports.look(data)
            await house.runtime.note(actor_of(request), "read broker", looked.address)
            return done(request, words("Read. Nothing was copied yet."), f"/add/import/{looked.id}")

        return await submit(house, request, _form(house, request), {}, act)

    @routes.get("/add/import/{looked}", allow=OWNER)
    async def preview(request: web.Request) -> web.Response:
        try:
            looked = adding.imports.get(request.match_info["looked"])
        except AddProblem:
            raise Problem(404, "not_found") from None
        return house.design.render(request, "add_preview.html", **_seen(house, request, looked))

    @routes.post("/add/import/{looked}", allow=OWNER)
    async def copy(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        form = await request.post()
        rows = form.getall("device", ())
        chosen = {int(one) for one in rows if isinstance(one, str) and one.isdecimal()}
        try:
            copied = await adding.imports.copy(request.match_info["looked"], chosen)
        except AddProblem as problem:
            return refused(request, problem.say(words))
        await house.runtime.note(actor_of(request), "take devices over", str(copied))
        text = words.ngettext(
            "%(num)s device was taken over. Now point it to this home's broker.",
            "%(num)s devices were taken over. Now point them to this home's broker.",
            copied,
        )
        return done(request, text % {"num": copied}, "/add")

    return routes


def _form(house: House, request: web.Request) -> Form:
    words = house.design.language(request["lang"])
    texts = {
        "title": words("Take devices over from another broker"),
        "lead": words(LEAD),
        "action": "/add/import",
        "back": "/add",
        "press": words("Read what is there"),
        "remove": "",
    }
    return Form(BrokerForm, None, frozenset(), texts)


def _seen(house: House, request: web.Request, looked: Looked) -> dict[str, Any]:
    words = house.design.language(request["lang"])
    rows = [(at, one, _left(one, words)) for at, one in enumerate(looked.preview.devices)]
    return {
        "looked": looked,
        "rows": rows,
        "left_out": [(why.say(words), count) for why, count in looked.preview.left_out],
        "broker_address": house.runtime.broker.address,
    }


def _left(device: Candidate, words: Words) -> list[str]:
    """Return what of a device is left out, each reason once, with how often."""
    counted = Counter(why.say(words) for why in device.left_out)
    return [text if count == 1 else f"{text} ({count})" for text, count in counted.items()]
