"""Handing the duty desk over to the next guard, on the screen itself.

Signing out first and in afterwards would leave a screen that doesn't ring between the two. Here
the one who leaves stays signed in, and the alarm rings, until the next one's password is right.
"""

from __future__ import annotations

from aiohttp import web
from sqlmodel import Session

from community.core import audit, shifts
from community.core.portal import DUTY, fields, portal
from community.core.words import N_
from hub.accounts.model import Account, SignInRefused, TooManyAttempts
from hub.http.gate import ACCOUNTS, GATE, current, token_of
from hub.http.routes import Routes
from web.design import done, refused
from web.design.page import DESIGN, words

ROUTES = Routes()
NAME, PASSWORD = "next_name", "next_password"


@ROUTES.post("/duty/handover", allow=DUTY)
async def hand_over(request: web.Request) -> web.StreamResponse:
    """Sign the next person in, on duty, and whoever hands over out and off duty."""
    here, accounts, leaving = portal(request), request.app[ACCOUNTS], current(request)
    coming = await _coming(request)
    if isinstance(coming, dict):
        return refused(request, next(iter(coming.values())), coming)
    token = await accounts.open_session(coming.id, request.headers.get("User-Agent", ""))
    at = here.clock()

    def work(db: Session) -> None:
        shifts.end(db, leaving.account_id, at=at)
        shifts.start(db, coming.id, at=at)
        audit.write(db, at=at, actor=leaving.name, act="duty hand-over", target=coming.name)
        audit.write(db, at=at, actor=coming.name, act="duty start")

    await here.store.run(work)
    await accounts.revoke(token_of(request))
    here.live.changed("shifts")
    say = request.app[DESIGN].language(coming.lang or request["lang"])
    told = say(N_("%(who)s is on duty now. Check the sound."), who=coming.name)
    response = done(request, told, "/duty")
    request.app[GATE].set_cookie(response, token)
    return response


async def _coming(request: web.Request) -> Account | dict[str, str]:
    """Return who takes over, or what is wrong by field."""
    form, say = await fields(request), words(request)
    # As typed: `fields` takes spaces at the ends away, and a password may have some.
    password = (await request.post()).get(PASSWORD, "")
    try:
        coming = await request.app[ACCOUNTS].verify(
            form.get(NAME, ""), password if isinstance(password, str) else "", request.remote or ""
        )
    except SignInRefused:
        return {PASSWORD: say(N_("Name and password don't match. Check both and try again."))}
    except TooManyAttempts:
        return {PASSWORD: say(N_("Too many attempts. Wait a minute, then try again."))}
    if coming.id == current(request).account_id:
        return {NAME: say(N_("You are signed in here already. The next guard's name goes here."))}
    if coming.role not in DUTY:
        return {NAME: say(N_("This account is not for the duty desk."))}
    return coming
