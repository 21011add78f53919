"""The owner's page about who may speak to the home's broker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.facade import Refusal
from web.house import OWNER, House, actor_of, field

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES = Path(__file__).parent / "templates"


def connect_routes(house: House) -> Routes:
    """Return the routes about the broker's users; only the owner has them."""
    routes = Routes()
    runtime = house.runtime

    @routes.get("/connect", allow=OWNER)
    async def connect(request: web.Request) -> web.Response:
        return await _page(house, request)

    @routes.post("/connect", allow=OWNER)
    async def add(request: web.Request) -> web.Response:
        name = (await field(request, "name", 64)).strip().lower()
        return await _give(house, request, name, new=True)

    @routes.post("/connect/{name}/password", allow=OWNER)
    async def renew(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in {user.name for user in await runtime.broker.users()}:
            raise Problem(404, "not_found")
        return await _give(house, request, name, new=False)

    @routes.post("/connect/{name}/remove", allow=OWNER)
    async def remove(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        name = request.match_info["name"]
        try:
            await runtime.broker.remove(name)
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        await runtime.note(actor_of(request), "remove broker user", name)
        return done(request, words("%(name)s can't connect any more.", name=name), "/connect")

    return routes


async def _give(house: House, request: web.Request, name: str, *, new: bool) -> web.Response:
    """Make a password and show it, on this one page only."""
    words = house.design.language(request["lang"])
    try:
        password = await house.runtime.broker.give_password(name, new=new)
    except Refusal as refusal:
        errors = {refusal.field or "name": refusal.say(words)}
        return await _page(house, request, name=name, errors=errors)
    await house.runtime.note(actor_of(request), "make broker user", name)
    return await _page(house, request, made=(name, password))


async def _page(
    house: House,
    request: web.Request,
    *,
    name: str = "",
    errors: Mapping[str, str] | None = None,
    made: tuple[str, str] | None = None,
) -> web.Response:
    broker = house.runtime.broker
    response = house.design.render(
        request,
        "connect.html",
        address=broker.address,
        ours=broker.ours,
        users=await broker.users() if broker.ours else (),
        name=name,
        errors=errors or {},
        made=made,
    )
    response.headers["Cache-Control"] = "no-store"
    if errors:
        response.set_status(422)
    return response
