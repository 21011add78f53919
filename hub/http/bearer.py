"""``Authorization: Bearer``: programs with a token (RFC 6750 section 2.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hub.accounts.model import TokenRefused, TooManyAttempts
from hub.http.problems import Problem
from hub.http.routes import ANY_SCOPE, Route
from privacy.box import VaultLocked

if TYPE_CHECKING:
    from aiohttp import web

    from hub.accounts.model import Session
    from hub.accounts.tokens import Tokens


def bearer_of(request: web.Request) -> str | None:
    """Return the request's token, None where it has none, or is for a page.

    A reverse proxy may put an ``Authorization`` of its own before the pages; it isn't ours.
    """
    if not request.path.startswith("/api/"):
        return None
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


async def session_of(tokens: Tokens | None, text: str, address: str) -> Session:
    """Return whom a token acts for.

    Raises:
        Problem: 401, it is no good here; 429, too many such came from this address; 503, the
            home is locked and knows nobody.
    """
    refused = Problem(
        401, "token_refused", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
    if tokens is None:
        raise refused
    try:
        return await tokens.session(text, address)
    except TokenRefused:
        raise refused from None
    except TooManyAttempts as wait:
        seconds = str(math.ceil(wait.wait_s))
        raise Problem(429, wait.code, headers={"Retry-After": seconds}) from None
    except VaultLocked:
        raise Problem(503, "locked") from None


def check_scope(session: Session, route: Route) -> None:
    """Let a program do what its token is for; people in a browser have no scopes.

    Raises:
        Problem: 403, the token lacks the route's scope, or no token may come here.
    """
    if session.scopes is None or route.scope == ANY_SCOPE:
        return
    if route.scope is None:
        raise Problem(403, "not_for_tokens")
    if route.scope not in session.scopes:
        needed = f'Bearer error="insufficient_scope", scope="{route.scope}"'
        raise Problem(
            403,
            "scope_needed",
            headers={"WWW-Authenticate": needed},
            extra={"scope": route.scope},
        )
