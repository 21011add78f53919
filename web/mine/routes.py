"""The page with everything of one's own, and the file of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.api.mine import mine_model
from web.house import HOUSEHOLD, House, actor_of
from web.words import HOME_ROLES

if TYPE_CHECKING:
    from hub.home.mine import Mine

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 50
"""Lines of consents and deeds on the page; the file has all."""


def mine_routes(house: House) -> Routes:
    """Return the routes about one's own data; each person sees their own only."""
    routes = Routes()

    @routes.get("/mine", allow=HOUSEHOLD)
    async def show(request: web.Request) -> web.Response:
        mine = await _mine(house, request)
        names = {one: house.runtime.registry.name_of(one) for one in mine.favourites}
        return house.design.render(
            request, "mine.html", mine=mine, names=names, shown=SHOWN, roles=HOME_ROLES
        )

    @routes.get("/mine/linli-my-data.json", allow=HOUSEHOLD)
    async def take(request: web.Request) -> web.Response:
        mine = await _mine(house, request)
        text = json.dumps(mine_model(mine), indent=1, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        await house.runtime.note(actor_of(request), "take own data", f"sha256:{digest}")
        headers = {"Content-Disposition": 'attachment; filename="linli-my-data.json"'}
        return web.Response(text=text, content_type="application/json", headers=headers)

    return routes


async def _mine(house: House, request: web.Request) -> Mine:
    mine = await house.runtime.mine(current(request).account_id)
    if mine is None:
        raise Problem(404, "not_found")
    return mine
