"""How a form is answered: in place where scripts run, by a redirect or a page where not.

`static/forms.js` sends forms with the header `X-Linli-Form`; the same handler serves both.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM_HEADER = "X-Linli-Form"
SAID_COOKIE = "linli_said"
SAID_S = 20


def enhanced(request: web.Request) -> bool:
    """Tell whether the form was sent by the script that shows answers in place."""
    return FORM_HEADER in request.headers


def _json(data: dict[str, object], status: int) -> web.Response:
    return web.Response(
        status=status, body=orjson.dumps(data), content_type="application/json", charset="utf-8"
    )


def done(request: web.Request, text: str, go: str | None = None) -> web.Response:
    """Answer a form that did what it should.

    Args:
        request: The form's request.
        text: What happened, in the reader's language; shown as a toast.
        go: The page to open; without it the page stays (its live parts show the change), and
            where scripts don't run the sender's page is opened again.
    """
    if enhanced(request):
        return _json({"toast": text, "go": go}, 200)
    response = web.Response(status=303, headers={"Location": go or _sender(request)})
    said = base64.urlsafe_b64encode(text.encode()).decode()
    response.set_cookie(SAID_COOKIE, said, max_age=SAID_S, httponly=True, samesite="Strict")
    return response


def refused(
    request: web.Request,
    text: str,
    errors: Mapping[str, str] | None = None,
    page: web.Response | None = None,
) -> web.Response:
    """Answer a form that could not be followed (422, RFC 9110 section 15.5.21).

    Args:
        request: The form's request.
        text: What went wrong and what to do, in the reader's language.
        errors: Text per field name, shown beside the field.
        page: The page with the form and its errors, for readers without scripts; without it
            they come back to the sender's page with the text as a toast.
    """
    if enhanced(request):
        return _json({"error": text, "errors": dict(errors or {})}, 422)
    if page is not None:
        page.set_status(422)
        return page
    return done(request, text)


def said(request: web.Request) -> str:
    """Return what the last form's answer said, for a reader without scripts; "" if nothing."""
    value = request.cookies.get(SAID_COOKIE, "")
    if not value:
        return ""
    try:
        return base64.urlsafe_b64decode(value.encode()).decode()[:300]
    except ValueError:
        return ""


def _sender(request: web.Request) -> str:
    """Return the path of the page that sent the form, from Referer; "/" when it says nothing."""
    from urllib.parse import urlsplit

    from hub.http.paths import local_path

    parts = urlsplit(request.headers.get("Referer", ""))
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return local_path(path if parts.netloc == request.host else None)
