"""An order of one's own as `sorted.html` sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.problems import Problem

if TYPE_CHECKING:
    from aiohttp import web

MOST = 200
LONGEST = 255


async def order_of(request: web.Request) -> list[str]:
    """Return a form's items in their order, after the press of "up" or "down" if there was one.

    Raises:
        Problem: 400, no form of ours sends it.
    """
    form = await request.post()
    items = [one for one in form.getall("item", []) if isinstance(one, str) and len(one) <= LONGEST]
    move = form.get("move", "")
    if len(items) > MOST or len(items) != len(form.getall("item", [])) or not isinstance(move, str):
        raise Problem(400, "bad_request")
    way, _, key = move.partition(" ")
    if key not in items:
        return items
    place = items.index(key)
    to = max(0, place - 1) if way == "up" else min(len(items) - 1, place + 1)
    items.insert(to, items.pop(place))
    return items
