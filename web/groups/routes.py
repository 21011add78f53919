"""Groups: made of entities of one kind, changed, ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from hub.core import groups
from hub.home.inventory import FEWEST_MEMBERS
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.facade import Refusal
from web.house import RESIDENTS, House, actor_of, field, one_of

TEMPLATES = Path(__file__).parent / "templates"
MOST_MEMBERS = 200


def group_routes(house: House) -> Routes:
    """Return the groups' routes."""
    routes = Routes()

    @routes.get("/groups", allow=RESIDENTS)
    async def all_groups(request: web.Request) -> web.Response:
        kind = request.query.get("kind", "")
        kind = kind if kind in groups.KINDS else ""
        return house.design.render(request, "groups.html", **_groups(house, request, kind))

    @routes.post("/groups/add", allow=RESIDENTS)
    async def add(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        kind = one_of(await field(request, "kind", 64), groups.KINDS)
        name = await field(request, "name", 256)
        try:
            group = await house.runtime.inventory.make_group(
                kind, name, await _members(request), actor_of(request)
            )
        except Refusal as refusal:
            return _refused(house, request, refusal)
        return done(request, words("Saved."), f"/devices/{group.entity_id}")

    @routes.post("/groups/{id}/members", allow=RESIDENTS)
    async def members(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        group = house.entity(request.match_info["id"]).entity_id
        try:
            await house.runtime.inventory.change_group(
                group, await _members(request), actor_of(request)
            )
        except Refusal as refusal:
            return _refused(house, request, refusal)
        return done(request, words("Saved."), f"/devices/{group}")

    @routes.post("/groups/{id}/remove", allow=RESIDENTS)
    async def remove(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        group = house.entity(request.match_info["id"]).entity_id
        try:
            await house.runtime.inventory.remove_group(group, actor_of(request))
        except Refusal as refusal:
            return _refused(house, request, refusal)
        return done(request, words("The group has ended. Its members stay."), "/groups")

    return routes


def _groups(house: House, request: web.Request, kind: str) -> dict[str, Any]:
    words = house.design.language(request["lang"])
    entities = house.runtime.registry.entities()
    made = [house.view(one.entity_id, words) for one in entities if one.members]
    counts = {
        name: sum(one.kind == name and not one.members for one in entities) for name in groups.KINDS
    }
    kinds = [name for name, count in counts.items() if count >= FEWEST_MEMBERS]
    kind = kind if kind in kinds else ""
    return {
        "made": sorted(made, key=lambda view: view.name),
        "kinds": kinds,
        "kind": kind,
        "able": candidates(house, kind, request["lang"]) if kind else [],
    }


def candidates(house: House, kind: str, lang: str) -> list[tuple[str, str, str]]:
    """Return (entity id, name, room) of what can be in a group of that kind, by room and name."""
    words = house.design.language(lang)
    found = [
        (one.entity_id, house.name_of(one, words), house.area_of(one))
        for one in house.runtime.registry.entities()
        if one.kind == kind and not one.members
    ]
    return sorted(found, key=lambda one: (not one[2], one[2], one[1]))


async def _members(request: web.Request) -> list[str]:
    given = (await request.post()).getall("members", [])
    found = [one for one in given if isinstance(one, str)]
    if len(found) != len(given) or len(found) > MOST_MEMBERS:
        raise Problem(400, "bad_request")
    return found


def _refused(house: House, request: web.Request, refusal: Refusal) -> web.Response:
    text = refusal.say(house.design.language(request["lang"]))
    return refused(request, text, {refusal.field: text} if refusal.field else {})
