"""Refusals and failures as one exception, told to programs by RFC 9457 and to people as a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBLEM_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:linli:problem:"
"""``type`` is this and the problem's word. Nothing lies there: a hub at home has no address
that would be the same everywhere (RFC 9457 section 3.1.1 asks only that it identifies)."""


class Problem(Exception):
    """A request that cannot be answered as asked.

    Args:
        status: The HTTP status to answer with, 400 to 599.
        code: A short stable word for programs, e.g. ``not_allowed``.
        detail: One sentence for a person, already in the reader's language where it matters.
            It must hold no secret and nothing the reader may not know.
        headers: Further response headers, e.g. ``Retry-After``.
        extra: Further members of the problem document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class SignInNeeded(Problem):
    """Nobody is signed in; a page's reader is led to the sign-in page."""

    def __init__(self) -> None:
        super().__init__(401, "sign_in_needed")


def title_of(status: int) -> str:
    """Return the status's standard English phrase (RFC 9110 section 15)."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def problem_response(problem: Problem) -> web.Response:
    """Build the problem document (RFC 9457 section 3); ``code`` is ``type``'s word alone."""
    document: dict[str, object] = {
        **problem.extra,
        "type": TYPE_PREFIX + problem.code,
        "title": title_of(problem.status),
        "status": problem.status,
        "code": problem.code,
    }
    if problem.detail:
        document["detail"] = problem.detail
    return web.Response(
        status=problem.status,
        body=orjson.dumps(document),
        content_type=PROBLEM_TYPE,
        headers=problem.headers,
    )


def json_response(data: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=orjson.dumps(data), content_type="application/json")


CODES = {
    400: "bad_request",
    401: "sign_in_needed",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    421: "unknown_host",
    500: "internal_error",
}


def from_http_exception(error: web.HTTPException) -> Problem:
    """Turn the server library's own refusal (404, 405, 413 …) into ours."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    return Problem(error.status, CODES.get(error.status, "error"), headers=headers)
