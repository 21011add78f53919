"""First run: the owner, the unlock mode, the sheet to print, the community, the choices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.accounts.model import (
    AccountProblem,
    BadName,
    SignInRefused,
    TooManyAttempts,
    WeakPassword,
)
from hub.accounts.passwords import check_password
from hub.http.gate import GATE, current, see_other
from hub.http.hosts import is_loopback
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from privacy.thief import EXPLAINED
from web.design import done, refused
from web.design.living import qr_svg
from web.facade import Refusal
from web.house import OWNER, House, actor_of, check_own_password, field

if TYPE_CHECKING:
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"
SHORTEST_PASSPHRASE = 8


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


MODES = {
    "passphrase": _("With a passphrase"),
    "media": _("With a memory stick"),
    "machine": _("By itself"),
}


def setup_routes(house: House) -> Routes:
    """Return the first run's routes and those of keys and pairing."""
    routes = Routes()

    @routes.get("/setup", allow=ANYONE)
    async def show_setup(request: web.Request) -> web.StreamResponse:
        if house.runtime.set_up:
            return see_other("/")
        _only_here(request)
        return _page(house, request, {}, {})

    @routes.post("/setup", allow=ANYONE)
    async def do_setup(request: web.Request) -> web.StreamResponse:
        if house.runtime.set_up:
            return see_other("/")
        _only_here(request)
        return await _setup(house, request)

    _pairing_routes(house, routes)
    _key_routes(house, routes)
    return routes


def _pairing_routes(house: House, routes: Routes) -> None:
    @routes.get("/pairing", allow=OWNER)
    async def show_pairing(request: web.Request) -> web.Response:
        return house.design.render(
            request, "pairing.html", pairing=house.runtime.pairing(), code="", errors={}
        )

    @routes.post("/pairing", allow=OWNER)
    async def do_pairing(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        code = (await field(request, "code", 1024)).strip()
        try:
            await house.runtime.pair(code, actor_of(request))
        except Refusal as refusal:
            errors = {"code": refusal.say(words)}
            page = house.design.render(
                request, "pairing.html", pairing=house.runtime.pairing(), code=code, errors=errors
            )
            return refused(request, words("Please look at the marked field."), errors, page)
        return done(request, words("Paired. Nothing is told until you choose."), "/choices")

    @routes.post("/pairing/leave", allow=OWNER)
    async def leave(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await house.runtime.unpair(actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        return done(request, words("You left the community. Nothing is sent any more."), "/pairing")


def _key_routes(house: House, routes: Routes) -> None:
    @routes.get("/keys", allow=OWNER)
    async def show_keys(request: web.Request) -> web.Response:
        return _keys_page(house, request, {})

    @routes.post("/keys/mode", allow=OWNER)
    async def change_mode(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        unlock, errors = await _unlock_fields(request, words)
        errors |= await _in_person(house, request, "own_password") if not errors else {}
        if not errors:
            try:
                await house.runtime.change_mode(unlock, actor_of(request))
            except Refusal as refusal:
                errors = {refusal.field or "mode": refusal.say(words)}
        if errors:
            page = _keys_page(house, request, errors)
            return refused(request, words("Please look at the marked field."), errors, page)
        return done(request, words("The home unlocks the new way from now on."), "/keys")

    @routes.post("/keys/sheet", allow=OWNER)
    async def new_sheet(request: web.Request) -> web.Response:
        errors = await _in_person(house, request, "sheet_password")
        if errors:
            page = _keys_page(house, request, errors)
            page.set_status(422)
            return page
        code = await house.runtime.new_recovery(actor_of(request))
        return _sheet(house, request, code, first=False)


async def _in_person(house: House, request: web.Request, name: str) -> dict[str, str]:
    """Return what is wrong with the password in a field: an open page is nobody's proof."""
    words = house.design.language(request["lang"])
    password = await field(request, name)
    try:
        await check_own_password(house.runtime, current(request), password, request.remote or "")
    except SignInRefused:
        return {name: words("That is not your present password.")}
    except TooManyAttempts:
        return {name: words("Too many attempts. Wait a minute, then try again.")}
    return {}


def _keys_page(house: House, request: web.Request, errors: dict[str, str]) -> web.Response:
    return house.design.render(
        request,
        "keys.html",
        mode=house.runtime.unlock_mode,
        sheet_due=house.runtime.sheet_due,
        modes=MODES,
        explained=EXPLAINED,
        errors=errors,
    )


def _only_here(request: web.Request) -> None:
    """Let nobody else on the network take a new hub for their own.

    Raises:
        Problem: 403, the request came from another machine.
    """
    if not is_loopback(request.remote):
        raise Problem(403, "only_on_this_machine")


def _page(
    house: House, request: web.Request, given: dict[str, str], errors: dict[str, str]
) -> web.Response:
    return house.design.render(
        request, "setup.html", modes=MODES, explained=EXPLAINED, given=given, errors=errors
    )


async def _unlock_fields(
    request: web.Request, words: Words
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the chosen unlock mode with what it needs, and errors per field."""
    mode = await field(request, "mode", 32)
    errors: dict[str, str] = {}
    unlock = {"mode": mode}
    if mode not in MODES:
        errors["mode"] = words("Choose how the home unlocks; nothing is chosen for you.")
    if mode == "passphrase":
        unlock["passphrase"] = await field(request, "passphrase")
        if len(unlock["passphrase"]) < SHORTEST_PASSPHRASE:
            errors["passphrase"] = words(
                "Use at least 8 characters; a short sentence is easy to remember."
            )
        elif unlock["passphrase"] != await field(request, "passphrase_again"):
            errors["passphrase_again"] = words("The two passphrases differ.")
    return unlock, errors


async def _setup(house: House, request: web.Request) -> web.StreamResponse:
    words = house.design.language(request["lang"])
    name = (await field(request, "name", 256)).strip()
    password = await field(request, "password")
    unlock, errors = await _unlock_fields(request, words)
    if not name:
        errors["name"] = words("Write a name of at most 64 characters.")
    try:
        check_password(password, name)
    except WeakPassword:
        errors["password"] = words("Choose a longer password that nobody would guess.")
    code = ""
    if not errors:
        try:
            code = await house.runtime.setup(name=name, password=password, unlock=unlock)
        except BadName:
            errors["name"] = words("Write a name of at most 64 characters.")
        except AccountProblem:
            errors["password"] = words("Choose a longer password that nobody would guess.")
        except Refusal as refusal:
            errors[refusal.field or "mode"] = refusal.say(words)
    if errors:
        response = _page(house, request, {"name": name, **unlock}, errors)
        response.set_status(422)
        return response
    response = _sheet(house, request, code, first=True)
    account = await house.runtime.accounts.named(name)
    if account is not None:
        device = request.headers.get("User-Agent", "")[:120]
        token = await house.runtime.accounts.open_session(account.id, device)
        request.app[GATE].set_cookie(response, token)
    return response


def _sheet(house: House, request: web.Request, code: str, *, first: bool) -> web.Response:
    words = house.design.language(request["lang"])
    context: dict[str, Any] = {
        "code": code,
        "first": first,
        "qr": qr_svg(code, words("The recovery code as a picture")),
    }
    return house.design.render(request, "sheet.html", **context)
