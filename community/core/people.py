"""Staff accounts, the community's settings, the audit."""

from __future__ import annotations

from aiohttp import web
from sqlmodel import Session

from community.core import audit, settings
from community.core.access import PROBLEMS
from community.core.portal import KEEPERS, MANAGERS, STAFF, fields, portal
from community.core.words import N_
from hub.accounts.model import AccountProblem
from hub.http.gate import ACCOUNTS, current
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()
ROLE_WORDS = {
    "guard": N_("Guard"),
    "manager": N_("Manager"),
    "operator": N_("Operator"),
    "committee": N_("Owners' committee"),
}


@ROUTES.get("/staff", allow=MANAGERS)
async def staff(request: web.Request) -> web.StreamResponse:
    """Everybody who may sign in."""
    return await _staff_page(request)


@ROUTES.post("/staff", allow=MANAGERS)
async def add(request: web.Request) -> web.StreamResponse:
    """Make an account; without a password its first sign-in is by link."""
    form, say = await fields(request), words(request)
    role = form.get("role", "")
    if role not in STAFF:
        raise Problem(400, "bad_request")
    try:
        account = await request.app[ACCOUNTS].create(
            form.get("name", ""), role, form.get("password") or None
        )
    except AccountProblem as problem:
        field = "password" if problem.code == "weak_password" else "name"
        text = say(PROBLEMS.get(problem.code, problem.code))
        page = await _staff_page(request, errors={field: text})
        return refused(request, text, {field: text}, page)
    await portal(request).act(request, "staff add", lambda _: None, f"{account.name} {role}")
    return done(request, say(N_("Added. Give them a sign-in link or their password.")), "/staff")


@ROUTES.post("/staff/role", allow=MANAGERS)
async def change_role(request: web.Request) -> web.StreamResponse:
    """Give somebody another role."""
    form, say = await fields(request), words(request)
    try:
        account = await request.app[ACCOUNTS].set_role(form.get("id", ""), form.get("role", ""))
    except AccountProblem as problem:
        return refused(request, say(PROBLEMS.get(problem.code, problem.code)))
    target = f"{account.name} {account.role}"
    await portal(request).act(request, "staff role", lambda _: None, target)
    return done(request, say(N_("The role is changed.")), "/staff")


@ROUTES.post("/staff/remove", allow=MANAGERS)
async def remove(request: web.Request) -> web.StreamResponse:
    """Take somebody's access away at once."""
    form, say = await fields(request), words(request)
    account = await request.app[ACCOUNTS].get(form.get("id", ""))
    try:
        await request.app[ACCOUNTS].remove(form.get("id", ""))
    except AccountProblem as problem:
        return refused(request, say(PROBLEMS.get(problem.code, problem.code)))
    name = account.name if account else ""
    await portal(request).act(request, "staff remove", lambda _: None, name)
    portal(request).live.changed("shifts")
    return done(request, say(N_("The account is removed.")), "/staff")


@ROUTES.post("/staff/link", allow=MANAGERS)
async def link(request: web.Request) -> web.StreamResponse:
    """Make a sign-in link, shown once; it works on this machine only, for ten minutes."""
    form = await fields(request)
    account = await request.app[ACCOUNTS].get(form.get("id", ""))
    if account is None:
        raise Problem(404, "not_found")
    token = await request.app[ACCOUNTS].new_link(account.id)
    await portal(request).act(request, "staff link", lambda _: None, account.name)
    address = f"{request.scheme}://{request.host}/link/{token}"
    return portal(request).design.render(
        request, "staff_link.html", account=account, address=address
    )


@ROUTES.get("/settings", allow=KEEPERS)
async def show_settings(request: web.Request) -> web.StreamResponse:
    """The community's name, addresses and siren."""
    here = portal(request)
    given = await here.store.read(settings.read)
    return here.design.render(request, "settings.html", given=given)


@ROUTES.post("/settings", allow=KEEPERS)
async def keep_settings(request: web.Request) -> web.StreamResponse:
    """Keep them."""
    here, form, say = portal(request), await fields(request), words(request)
    given = {key: form[key] for key in settings.DEFAULTS if key in form}
    error = settings.problem(given)
    if error:
        return refused(request, say(error[1]), {error[0]: say(error[1])})

    def work(session: Session) -> None:
        settings.write(session, given)

    await here.act(request, "settings", work, " ".join(sorted(given)))
    here.settings_changed()
    return done(request, say(N_("Saved.")))


@ROUTES.get("/audit", allow=KEEPERS)
async def show_audit(request: web.Request) -> web.StreamResponse:
    """Who looked at or did what, and whether the chain holds."""
    here = portal(request)
    lines = await here.act(request, "audit look", audit.lines)
    broken = await here.store.read(audit.verify)
    return here.design.render(
        request,
        "audit.html",
        lines=lines,
        broken=broken,
        act_words=audit.ACT_WORDS,
        actor_words=audit.ACTOR_WORDS,
    )


async def _staff_page(request: web.Request, errors: dict[str, str] | None = None) -> web.Response:
    accounts = await request.app[ACCOUNTS].all()
    return portal(request).design.render(
        request,
        "staff.html",
        accounts=accounts,
        roles=ROLE_WORDS,
        me=current(request).account_id,
        errors=errors or {},
    )
