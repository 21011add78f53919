"""Front door of the portal: where each role starts, and the set-up of the first run."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlmodel import Session

from community.core import audit, settings
from community.core.portal import COMMITTEE, GUARD, MANAGER, OPERATOR, STAFF, fields, portal
from community.core.store import Store
from community.core.words import N_
from hub.accounts.accounts import Accounts
from hub.accounts.model import AccountProblem, BadName, NameTaken, WeakPassword
from hub.core.settings import is_loopback
from hub.http.gate import ACCOUNTS, GATE, see_other
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()
START = {GUARD: "/duty", MANAGER: "/manage", OPERATOR: "/operations", COMMITTEE: "/committee"}
_FIRST_RUN = asyncio.Lock()

PROBLEMS = {
    "name_taken": N_("Somebody has this name already."),
    "bad_name": N_("Give a name of at most 64 characters."),
    "bad_role": N_("Choose a role."),
    "weak_password": N_("Choose a longer password: at least 8 characters, not a common one."),
    "account_unknown": N_("This account is gone."),
    "last_keeper": N_("There must be at least one manager."),
}


@ROUTES.get("/", allow=ANYONE)
async def start(request: web.Request) -> web.StreamResponse:
    """Lead everybody to their own first page."""
    session = request["session"]
    if session is not None and session.role in STAFF:
        return see_other(START[session.role])
    if not await request.app[ACCOUNTS].any_exist():
        return see_other("/setup")
    return see_other("/sign-in")


@ROUTES.get("/setup", allow=ANYONE)
async def first_run(request: web.Request) -> web.StreamResponse:
    """The form of the first run; there is none once somebody can sign in."""
    await _only_at_first(request)
    return portal(request).design.render(request, "setup.html", given={}, errors={})


@ROUTES.post("/setup", allow=ANYONE)
async def set_up(request: web.Request) -> web.StreamResponse:
    """Name the community and make its first manager."""
    here, form, say = portal(request), await fields(request), words(request)
    given = {key: form.get(key, "") for key in ("community", "name")}
    errors: dict[str, str] = {}
    if not given["community"]:
        errors["community"] = say(N_("Give the community's name."))
    async with _FIRST_RUN:
        await _only_at_first(request)
        try:
            if not errors:
                await set_up_community(
                    request.app[ACCOUNTS],
                    here.store,
                    name=given["community"],
                    manager=given["name"],
                    password=form.get("password", ""),
                    at=here.clock(),
                )
        except (BadName, NameTaken) as problem:
            errors["name"] = say(PROBLEMS[problem.code])
        except WeakPassword as problem:
            errors["password"] = say(PROBLEMS[problem.code])
    if errors:
        page = here.design.render(request, "setup.html", given=given, errors=errors)
        return refused(request, next(iter(errors.values())), errors, page)
    account = await request.app[ACCOUNTS].named(given["name"])
    response = done(request, say(N_("The community is set up.")), "/manage")
    if account is not None:
        token = await request.app[ACCOUNTS].open_session(account.id, "set-up")
        request.app[GATE].set_cookie(response, token)
    here.settings_changed()
    return response


async def set_up_community(
    accounts: Accounts, store: Store, *, name: str, manager: str, password: str | None, at: float
) -> str:
    """Make the first manager, keep the community's name; returns the manager's account id.

    Raises:
        AccountProblem: Name or password can't be used, or somebody can already sign in.
    """
    if await accounts.any_exist():
        raise AccountProblem("the community is already set up")
    account = await accounts.create(manager, MANAGER, password)

    def work(session: Session) -> None:
        settings.write(session, {settings.NAME: name[:100]})
        audit.write(session, at=at, actor=account.name, act="set-up", target=name[:100])

    await store.run(work)
    return account.id


async def _only_at_first(request: web.Request) -> None:
    """Refuse the set-up once there is an account, and from other machines.

    Raises:
        Problem: 404.
    """
    if await request.app[ACCOUNTS].any_exist() or not is_loopback(request.remote or ""):
        raise Problem(404, "not_found")
