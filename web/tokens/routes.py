"""The page where a person lets a program act for them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.accounts.model import BadName, BadScope, NameTaken, TooManyTokens
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.house import RESIDENTS, House, actor_of, field, one_of
from web.words import HOME_ROLES, SCOPES

if TYPE_CHECKING:
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


DAYS = {
    "7": _("a week"),
    "30": _("a month"),
    "365": _("a year"),
    "": _("until it is revoked"),
}


def token_routes(house: House) -> Routes:
    """Return the routes of the page."""
    routes = Routes()

    @routes.get("/tokens", allow=RESIDENTS)
    async def show_tokens(request: web.Request) -> web.Response:
        return house.design.render(request, "tokens.html", **await _seen(house, request))

    @routes.post("/tokens", allow=RESIDENTS)
    async def make_token(request: web.Request) -> web.Response:
        return await _make(house, request)

    @routes.post("/tokens/{id}/revoke", allow=RESIDENTS)
    async def revoke_token(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        session, token_id = current(request), request.match_info["id"]
        whose = None if session.role == "owner" else session.account_id
        if not await house.runtime.tokens.revoke(token_id, whose):
            raise Problem(404, "not_found")
        await house.runtime.note(actor_of(request), "revoke token", token_id)
        return done(request, words("Revoked. The program can do nothing here any more."), "/tokens")

    return routes


async def _seen(house: House, request: web.Request) -> dict[str, Any]:
    """Return one's own tokens; an owner sees everybody's, for they answer for the home."""
    runtime, session = house.runtime, current(request)
    mine = session.role != "owner"
    tokens = runtime.tokens
    rows = await (tokens.of(session.account_id) if mine else tokens.all())
    return {
        "tokens": rows,
        "now": time.time(),
        "people": {account.id: account.name for account in await runtime.accounts.all()},
        "scopes": SCOPES,
        "days": DAYS,
        "role_name": HOME_ROLES[session.role][0],
        "given": {},
        "errors": {},
        "made": None,
    }


async def _make(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    name = await field(request, "name", 256)
    days = one_of(await field(request, "days", 8), DAYS)
    chosen = [str(one) for one in (await request.post()).getall("scope", ())]
    made, errors = await _made(house, request, words, name=name, chosen=chosen, days=days)
    seen = {
        **await _seen(house, request),
        "given": {} if made else {"name": name, "days": days, "scopes": chosen},
        "errors": errors,
        "made": made,
    }
    page = house.design.render(request, "tokens.html", **seen)
    if errors:
        return refused(request, words("Please look at the marked field."), errors, page)
    return page


async def _made(
    house: House, request: web.Request, words: Words, *, name: str, chosen: list[str], days: str
) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """Return the new token's name and text, or errors by field."""
    try:
        text, row = await house.runtime.tokens.make(
            current(request).account_id, name, chosen, int(days) if days else None
        )
    except BadName:
        return None, {"name": words("Write a name of at most 64 characters.")}
    except NameTaken:
        return None, {"name": words("You have a token of this name already.")}
    except BadScope:
        return None, {"scope": words("Choose what the program may do.")}
    except TooManyTokens:
        return None, {"name": words("You have very many tokens. Revoke one first.")}
    await house.runtime.note(actor_of(request), "make token", row.name)
    return (row.name, text), {}
