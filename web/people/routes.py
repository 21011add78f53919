"""The people of the household: who may come in, as what, and where they are signed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.accounts.model import (
    AccountUnknown,
    BadName,
    LastKeeper,
    NameTaken,
    WeakPassword,
)
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.api.household import receipt_model
from web.design import done, refused
from web.house import OWNER, WALLS, House, actor_of, field, one_of
from web.words import HOME_ROLES

if TYPE_CHECKING:
    from hub.accounts.model import Account

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


ERASED = {
    "accounts": _("Account: name, password, role, language"),
    "account_sessions": _("Where they were signed in"),
    "account_links": _("Sign-in links"),
    "account_tokens": _("Tokens of their programs"),
    "favourites": _("Favourites"),
}
ONLY_OWNER = _("This is the only owner. Make somebody else owner first.")


def people_routes(house: House) -> Routes:
    """Return the routes about people; only the owner has them."""
    routes = Routes()
    accounts = house.runtime.accounts

    @routes.get("/people", allow=OWNER)
    async def people(request: web.Request) -> web.Response:
        return house.design.render(request, "people.html", **await _people(house))

    @routes.post("/people", allow=OWNER)
    async def add(request: web.Request) -> web.Response:
        return await _add(house, request)

    @routes.post("/people/{id}/role", allow=OWNER)
    async def role(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        wanted = one_of(await field(request, "role", 32), HOME_ROLES)
        known = await _named(house, request)
        try:
            account = await accounts.set_role(known.id, wanted)
        except AccountUnknown as unknown:
            raise Problem(404, "not_found") from unknown
        except LastKeeper:
            return refused(request, words(ONLY_OWNER))
        await house.runtime.note(actor_of(request), "change person", account.id)
        return done(request, words("Saved: %(name)s", name=account.name), "/people")

    @routes.post("/people/{id}/sign-out", allow=OWNER)
    async def sign_out(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        account = await _named(house, request)
        await accounts.revoke_all(account.id)
        await house.runtime.note(actor_of(request), "sign out person", account.id)
        text = words("%(name)s is signed out everywhere.", name=account.name)
        return done(request, text, "/people")

    @routes.post("/people/{id}/remove", allow=OWNER)
    async def remove(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        account = await _named(house, request)
        if account.id == current(request).account_id:
            return refused(request, words("You cannot remove yourself."))
        try:
            receipt = await house.runtime.remove_person(account.id, actor_of(request))
        except LastKeeper:
            return refused(request, words(ONLY_OWNER))
        text = words("%(name)s no longer has an account here.", name=account.name)
        return done(request, text, f"/people/removed#{receipt.id}")

    _removed_routes(house, routes)
    return routes


def _removed_routes(house: House, routes: Routes) -> None:
    """What was erased with whom, to see and to keep."""

    @routes.get("/people/removed", allow=OWNER)
    async def removed(request: web.Request) -> web.Response:
        seen: dict[str, Any] = {
            "receipts": await house.runtime.erasures(),
            "kinds": ERASED,
            "sheet_due": house.runtime.sheet_due,
        }
        return house.design.render(request, "removed.html", **seen)

    @routes.get("/people/removed/{id}.json", allow=OWNER)
    async def download(request: web.Request) -> web.Response:
        for receipt in await house.runtime.erasures():
            if receipt.id == request.match_info["id"]:
                text = json.dumps(receipt_model(receipt), indent=1)
                name = f'attachment; filename="linli-receipt-{receipt.id}.json"'
                headers = {"Content-Disposition": name}
                return web.Response(text=text, content_type="application/json", headers=headers)
        raise Problem(404, "not_found")


async def _named(house: House, request: web.Request) -> Account:
    account = await house.runtime.accounts.get(request.match_info["id"])
    if account is None or account.role in WALLS:
        raise Problem(404, "not_found")
    return account


async def _people(house: House) -> dict[str, Any]:
    accounts = house.runtime.accounts
    people = [
        (account, await accounts.sessions_of(account.id))
        for account in await accounts.all()
        if account.role not in WALLS
    ]
    return {"people": people, "given": {}, "errors": {}}


async def _add(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    name = await field(request, "name", 256)
    role = one_of(await field(request, "role", 32) or "resident", HOME_ROLES)
    password = await field(request, "password", 1024)
    errors = {}
    try:
        account = await house.runtime.accounts.create(name, role, password)
    except BadName:
        errors["name"] = words("Write a name of at most 64 characters.")
    except NameTaken:
        errors["name"] = words("Somebody here has this name already.")
    except WeakPassword:
        errors["password"] = words("Choose a longer password that nobody would guess.")
    if not errors:
        await house.runtime.note(actor_of(request), "add person", account.id)
        return done(request, words("%(name)s can sign in now.", name=account.name), "/people")
    seen = {**await _people(house), "given": {"name": name, "role": role}, "errors": errors}
    page = house.design.render(request, "people.html", **seen)
    return refused(request, words("Please look at the marked field."), errors, page)
