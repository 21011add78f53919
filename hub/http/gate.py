"""What every request passes: host, session, origin, form token, role, and how refusals look."""

from __future__ import annotations

import hmac
import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from hub.accounts.model import THEMES, Session
from hub.core.language import LANGUAGES
from hub.http.bearer import bearer_of, check_scope, session_of
from hub.http.paths import sign_in_path
from hub.http.problems import (
    Problem,
    SignInNeeded,
    from_http_exception,
    problem_response,
    title_of,
)
from hub.http.routes import NO_LARGER_THAN, Kind, Route, permits

if TYPE_CHECKING:
    from hub.accounts.accounts import Accounts
    from hub.accounts.tokens import Tokens
    from hub.http.hosts import HostRule

log = logging.getLogger(__name__)

# request["session"] is read in templates and in rooms that import nothing of the server.
warnings.filterwarnings("ignore", category=web.NotAppKeyWarning)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
FORM_HEADER = "X-Linli-Form"
"""Sent by the pages' own script, which shows refusals in place."""
PROBLEM_HEADER = "X-Problem"
LANG_COOKIE = "linli_lang"
THEME_COOKIE = "linli_theme"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# "same-origin" and not "no-referrer": under the latter browsers send "Origin: null" with
# forms (Fetch, "append a request Origin header"), and the origin check needs the truth.
# No Strict-Transport-Security: with a household's own certificate it would turn a renewed
# certificate into a locked door.
SECURITY_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("Server", "linli"),
)


class Render(Protocol):
    """Draws a page: ``render(request, "sign_in.html", next="/")``."""

    def __call__(self, request: web.Request, template: str, /, **context: Any) -> web.Response:
        """Return the page; the status is the caller's to set."""


FindSession = Callable[[str], Awaitable[Session | None]]


class Gate:
    """What the middleware needs to know about one face."""

    def __init__(
        self,
        *,
        cookie: str,
        secure: bool,
        hosts: HostRule,
        find: FindSession,
        render: Render,
        tokens: Tokens | None = None,
    ) -> None:
        self.cookie = cookie
        self.scheme = "https" if secure else "http"
        self.secure = secure
        self.hosts = hosts
        self.find = find
        self.render = render
        self.tokens = tokens
        self.routes: dict[web.AbstractRoute, Route] = {}

    async def session(self, request: web.Request) -> Session | None:
        """Return who sent a request: by its token if it has one, else by its cookie.

        Raises:
            Problem: the token is no good; a cookie that is none is nobody's.
        """
        bearer = bearer_of(request)
        if bearer is not None:
            return await session_of(self.tokens, bearer, request.remote or "")
        token = token_of(request)
        return await self.find(token) if token else None

    async def again(self, request: web.Request) -> Session | None:
        """Return who sent a request that is answered for long, None for nobody any more."""
        try:
            return await self.session(request)
        except Problem:
            return None

    def set_cookie(
        self, response: web.StreamResponse, token: str, kept_s: int | None = None
    ) -> None:
        """Hand the session's token to the browser, which keeps it for so many seconds.

        Without ``kept_s`` it forgets the token when it is closed.

        SameSite=Strict: nobody needs to arrive signed in from another site, and a page that
        was opened from a message signs in by itself at the next click.
        """
        response.set_cookie(
            self.cookie,
            token,
            max_age=kept_s,
            httponly=True,
            samesite="Strict",
            secure=self.secure,
            path="/",
        )

    def drop_cookie(self, response: web.StreamResponse) -> None:
        """Make the browser forget the session."""
        response.del_cookie(
            self.cookie, httponly=True, samesite="Strict", secure=self.secure, path="/"
        )


GATE = web.AppKey("gate", Gate)
ACCOUNTS: web.AppKey[Accounts] = web.AppKey("accounts")


def token_of(request: web.Request) -> str:
    """Return the session's token as the browser sent it, "" without one."""
    cookies = cookies_of(request.headers.get("Cookie", ""))
    return cookies.get(request.app[GATE].cookie, "")


def current(request: web.Request) -> Session:
    """Return who is signed in.

    Raises:
        SignInNeeded: nobody is; pages lead to the sign-in page, /api answers 401.
    """
    session: Session | None = request["session"]
    if session is None:
        raise SignInNeeded
    return session


def see_other(path: str) -> web.Response:
    """Lead the browser to a page of ours after a form (303, RFC 9110 section 15.4.4)."""
    return web.Response(status=303, headers={"Location": path})


@lru_cache(maxsize=512)
def cookies_of(header: str) -> Mapping[str, str]:
    """Return the cookies of a Cookie header (RFC 6265 section 4.2.1).

    A browser sends the same header with every request, and parsing it anew each time was a
    quarter of what this module costs. Of a name that comes twice the first counts.
    """
    found: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            found.setdefault(name, value.strip('"'))
    return found


@lru_cache(maxsize=128)
def language_of(accept: str) -> str:
    """Return the first language we have among an Accept-Language header's, else Chinese."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(accept.split(",")[:16]):
        tag, _, weight = item.partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag.strip().lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        for lang in LANGUAGES:
            if tag.split("-")[0] == lang.split("_")[0]:
                return lang
    return LANGUAGES[0]


def _settle_look(request: web.Request, session: Session | None, cookies: Mapping[str, str]) -> None:
    """Note the page's language and theme: the person's own, else the browser's."""
    lang = (session.lang if session else "") or cookies.get(LANG_COOKIE, "")
    if lang not in LANGUAGES:
        lang = language_of(request.headers.get("Accept-Language", "")[:256])
    theme = (session.theme if session else "") or cookies.get(THEME_COOKIE, "")
    request["lang"] = lang
    request["theme"] = theme if theme in THEMES else THEMES[0]


def _check_origin(request: web.Request, gate: Gate, *, needed: bool) -> None:
    """Refuse what another site's page sent.

    Raises:
        Problem: 403, the request says that it comes from elsewhere, or, where ``needed``,
            says nothing at all.
    """
    headers = request.headers
    site = headers.get("Sec-Fetch-Site")
    origin = headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Problem(403, "other_origin")
    if origin is not None and origin.lower() != f"{gate.scheme}://{headers['Host']}".lower():
        raise Problem(403, "other_origin")
    if needed and site is None and origin is None:
        raise Problem(403, "origin_needed")


async def _check_form_token(request: web.Request, session: Session) -> None:
    """Refuse a change without the session's form token.

    Raises:
        Problem: 403, the token is missing or another's.
    """
    given: object = request.headers.get("X-CSRF-Token")
    if given is None and request.content_type in FORM_TYPES:
        given = (await request.post()).get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "replace"), session.csrf.encode()
    ):
        raise Problem(403, "form_token")


async def _admit(request: web.Request, gate: Gate) -> web.Request:
    """Make sure that the request may reach its handler, and return it, limits set.

    Raises:
        Problem: it may not.
    """
    request["session"] = session = None
    if not gate.hosts.accepts(request.headers.get("Host")):
        raise Problem(421, "unknown_host")
    request["session"] = session = await gate.session(request)
    _settle_look(request, session, cookies_of(request.headers.get("Cookie", "")))
    match = request.match_info
    if match.http_exception is not None:
        raise from_http_exception(match.http_exception)
    route = gate.routes.get(match.route)
    if route is None:
        raise Problem(403, "not_allowed")
    request["route"] = route
    # A token is sent by a program's own will, never by a browser on another site's behalf.
    by_token = session is not None and session.scopes is not None
    if request.method not in SAFE_METHODS:
        if (request.content_length or 0) > route.limit:
            raise Problem(413, "too_large")
        if not by_token:
            _check_origin(request, gate, needed=session is None)
        if route.limit != NO_LARGER_THAN:
            request = request.clone(client_max_size=route.limit)
    elif route.kind is Kind.SOCKET and not by_token:
        _check_origin(request, gate, needed=False)
    if not permits(route.allow, session.role if session else None):
        raise SignInNeeded if session is None else Problem(403, "not_allowed")
    if session is not None:
        check_scope(session, route)
    if session is not None and not by_token and request.method not in SAFE_METHODS:
        await _check_form_token(request, session)
    return request


def _refusal(request: web.Request, gate: Gate, problem: Problem) -> web.Response:
    """Tell a refusal in the shape that its reader understands, its code in a header too."""
    response = _shaped_refusal(request, gate, problem)
    response.headers[PROBLEM_HEADER] = problem.code
    return response


def _shaped_refusal(request: web.Request, gate: Gate, problem: Problem) -> web.Response:
    route: Route | None = request.get("route")
    for_programs = (
        request.path.startswith("/api/")
        or (route is not None and route.kind is not Kind.PAGE)
        or FORM_HEADER in request.headers
    )
    if for_programs or "lang" not in request:
        if problem.status == 401:
            problem.headers.setdefault("WWW-Authenticate", "Bearer")
        return problem_response(problem)
    if problem.status == 401:
        readable = request.path_qs if request.method in SAFE_METHODS else None
        return see_other(sign_in_path(readable))
    try:
        response = gate.render(
            request,
            "error.html",
            status=problem.status,
            code=problem.code,
            title=title_of(problem.status),
            detail=problem.detail,
        )
    except Exception:
        log.exception("the error page could not be drawn")
        response = web.Response(text=f"{problem.status} {title_of(problem.status)}")
    response.set_status(problem.status)
    response.headers.update(problem.headers)
    return response


def _dress(response: web.StreamResponse) -> None:
    """Add the headers that every answer carries."""
    if response.prepared:
        return
    headers = response.headers
    for name, value in SECURITY_HEADERS:
        headers[name] = value
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def gate_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through, or answer why not."""
    gate = request.app[GATE]
    response: web.StreamResponse
    try:
        request = await _admit(request, gate)
        response = await handler(request)
    except Problem as problem:
        response = _refusal(request, gate, problem)
    except web.HTTPException as error:
        if error.status < 400:
            _dress(error)
            raise
        response = _refusal(request, gate, from_http_exception(error))
    except Exception:
        log.exception("%s %s failed", request.method, _safe_path(request))
        response = _refusal(request, gate, Problem(500, "internal_error"))
    _dress(response)
    return response


def _safe_path(request: web.Request) -> str:
    """Return the route's pattern, never the address itself: it may hold a link's token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(no route)"
