"""Signing in and out, sign-in links, one's own account, language and theme."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hub.accounts.model import (
    THEMES,
    LinkRefused,
    SignInRefused,
    TooManyAttempts,
    WeakPassword,
)
from hub.core.language import LANGUAGES
from hub.http.gate import ACCOUNTS, GATE, LANG_COOKIE, THEME_COOKIE, current, see_other, token_of
from hub.http.hosts import is_loopback
from hub.http.paths import local_path
from hub.http.problems import Problem
from hub.http.routes import ANYONE, SIGNED_IN, Routes

if TYPE_CHECKING:
    from aiohttp import web

    from hub.accounts.accounts import Accounts

LOOK_KEPT_S = 365 * 24 * 3600


def sign_in_routes() -> Routes:
    """Return the routes that every face has.

    Templates (drawn by the injected ``render``) and what they are given:
    ``sign_in.html``: next, name, error ("", "sign_in_refused", "too_many_attempts"), wait_s.
    ``link.html``: usable (bool), name (of the account, "" where it is not usable).
    ``account.html``: account, sessions, this_session (its id), error, done.
    """
    routes = Routes()
    routes.get("/sign-in", allow=ANYONE)(show_sign_in)
    routes.post("/sign-in", allow=ANYONE)(do_sign_in)
    routes.post("/sign-out", allow=SIGNED_IN)(do_sign_out)
    routes.get("/link/{token}", allow=ANYONE)(show_link)
    routes.post("/link/{token}", allow=ANYONE)(do_link)
    routes.get("/account", allow=SIGNED_IN)(show_account)
    routes.post("/account/password", allow=SIGNED_IN)(do_change_password)
    routes.post("/account/sessions", allow=SIGNED_IN)(do_end_sessions)
    routes.post("/language", allow=ANYONE)(do_language)
    routes.post("/theme", allow=ANYONE)(do_theme)
    return routes


def _accounts(request: web.Request) -> Accounts:
    return request.app[ACCOUNTS]


async def _field(request: web.Request, name: str) -> str:
    value = (await request.post()).get(name, "")
    if not isinstance(value, str):
        raise Problem(400, "bad_request")
    return value


def _device(request: web.Request) -> str:
    """Return what the browser says it is, so that people can tell their sessions apart."""
    return request.headers.get("User-Agent", "")[:120]


async def _enter(request: web.Request, token: str, path: str) -> web.Response:
    """Set the new session's cookie; the session that the browser had before ends."""
    before = token_of(request)
    if before:
        await _accounts(request).revoke(before)
    response = see_other(path)
    request.app[GATE].set_cookie(response, token)
    return response


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """Show the form; who is signed in already is led on."""
    target = local_path(request.query.get("next"))
    if request["session"] is not None:
        return see_other(target)
    return request.app[GATE].render(
        request, "sign_in.html", next=target, name="", error="", wait_s=0
    )


async def do_sign_in(request: web.Request) -> web.StreamResponse:
    """Check name and password; the refusal is the same for unknown names and wrong passwords."""
    target = local_path(await _field(request, "next"))
    name = (await _field(request, "name"))[:256]
    password = await _field(request, "password")
    error, wait_s, status = "", 0, 200
    try:
        token = await _accounts(request).sign_in(
            name, password, request.remote or "", _device(request)
        )
    except SignInRefused as refusal:
        error, status = refusal.code, 403
    except TooManyAttempts as refusal:
        error, status, wait_s = refusal.code, 429, math.ceil(refusal.wait_s)
    else:
        return await _enter(request, token, target)
    response = request.app[GATE].render(
        request, "sign_in.html", next=target, name=name, error=error, wait_s=wait_s
    )
    response.set_status(status)
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


async def do_sign_out(request: web.Request) -> web.StreamResponse:
    """End this session."""
    await _accounts(request).revoke(token_of(request))
    response = see_other("/sign-in")
    request.app[GATE].drop_cookie(response)
    return response


def _only_here(request: web.Request) -> None:
    """Links work on this machine only.

    Raises:
        Problem: 403, the request came from another machine.
    """
    if not is_loopback(request.remote):
        raise Problem(403, "only_on_this_machine")


async def show_link(request: web.Request) -> web.StreamResponse:
    """Show a button; looking does not use the link up, as previews and prefetching do look."""
    _only_here(request)
    account = await _accounts(request).look_at_link(request.match_info["token"])
    response = request.app[GATE].render(
        request, "link.html", usable=account is not None, name=account.name if account else ""
    )
    if account is None:
        response.set_status(410)
    return response


async def do_link(request: web.Request) -> web.StreamResponse:
    """Use the link up and sign in."""
    _only_here(request)
    try:
        token = await _accounts(request).use_link(request.match_info["token"], _device(request))
    except LinkRefused:
        response = request.app[GATE].render(request, "link.html", usable=False, name="")
        response.set_status(410)
        return response
    return await _enter(request, token, "/")


async def _account_page(request: web.Request, error: str = "", done: str = "") -> web.Response:
    session = current(request)
    accounts = _accounts(request)
    return request.app[GATE].render(
        request,
        "account.html",
        account=await accounts.get(session.account_id),
        sessions=await accounts.sessions_of(session.account_id),
        this_session=session.id,
        error=error,
        done=done,
    )


async def show_account(request: web.Request) -> web.StreamResponse:
    """Show one's own account and where it is signed in."""
    done = request.query.get("done", "")
    return await _account_page(request, done=done if done in {"password", "sessions"} else "")


async def do_change_password(request: web.Request) -> web.StreamResponse:
    """Set a new password; all other sessions of the account end."""
    new = await _field(request, "new")
    error = ""
    if new != await _field(request, "again"):
        error = "not_the_same"
    else:
        try:
            await _accounts(request).change_password(
                token_of(request), await _field(request, "old"), new, request.remote or ""
            )
        except (SignInRefused, WeakPassword, TooManyAttempts) as refusal:
            error = refusal.code
    if not error:
        return see_other("/account?done=password")
    response = await _account_page(request, error=error)
    response.set_status(422)
    return response


async def do_end_sessions(request: web.Request) -> web.StreamResponse:
    """End one of one's sessions (field ``session``), or all others where none is named."""
    session = current(request)
    named = await _field(request, "session")
    if named:
        await _accounts(request).revoke_by_id(session.account_id, named)
    else:
        await _accounts(request).revoke_all(session.account_id, but=token_of(request))
    return see_other("/account?done=sessions")


async def _switch(
    request: web.Request, field: str, values: tuple[str, ...], cookie: str
) -> web.StreamResponse:
    value = await _field(request, field)
    if value not in values:
        raise Problem(400, "bad_request")
    session = request["session"]
    if session is not None:
        await _accounts(request).set_look(session.account_id, **{field: value})
    response = see_other(local_path(await _field(request, "next")))
    response.set_cookie(
        cookie,
        value,
        max_age=LOOK_KEPT_S,
        httponly=True,
        samesite="Strict",
        secure=request.app[GATE].secure,
        path="/",
    )
    return response


async def do_language(request: web.Request) -> web.StreamResponse:
    """Switch the language (field ``lang``) and lead back to ``next``."""
    return await _switch(request, "lang", LANGUAGES, LANG_COOKIE)


async def do_theme(request: web.Request) -> web.StreamResponse:
    """Switch the theme (field ``theme``) and lead back to ``next``."""
    return await _switch(request, "theme", THEMES, THEME_COOKIE)
