"""Operations for programs: one table that routes, validation and the OpenAPI document come from.

A capability fills an ``Operations`` and says for each who may (role and scope), what it takes
and what it answers; the models are ``hub.http.shapes``'s. What a program sends wrongly is
refused before the handler runs, with the field's name and never its value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

import orjson
from aiohttp import web

from hub.core.commands import Actor
from hub.core.language import translator
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import NO_LARGER_THAN, Allow, Routes
from hub.http.shapes import Wrong, record_of

if TYPE_CHECKING:
    from hub.accounts.model import Session

PREFIX = "/api/v1"
BODILESS = frozenset({"GET", "DELETE"})
T = TypeVar("T")
A = TypeVar("A")
Handler = Callable[..., Awaitable[object]]
Told = Callable[["Call", Exception], Problem | None]
"""Makes a problem of a handler's own refusal, None of what is a fault of ours."""


class Operation:
    """One row of the table; ``takes`` is a body, or the query where the method has no body.

    ``problems`` are the words (``code``) that only this operation refuses with, by status.
    """

    __slots__ = (
        "allow",
        "answers",
        "handler",
        "method",
        "path",
        "problems",
        "scope",
        "status",
        "summary",
        "tag",
        "takes",
    )

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        allow: Allow,
        scope: str | None,
        summary: str,
        tag: str,
        takes: type | None,
        answers: type | None,
        status: int,
        problems: Mapping[int, str],
    ) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self.allow = allow
        self.scope = scope
        self.summary = summary
        self.tag = tag
        self.takes = takes
        self.answers = answers
        self.status = status if answers is not None else 204
        self.problems = problems

    @property
    def name(self) -> str:
        """The operation's stable id."""
        return self.handler.__name__


class Call:
    """One request as a handler sees it: who asks, which path, in which language."""

    __slots__ = ("path", "request", "session")

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.session: Session = current(request)
        self.path: Mapping[str, str] = request.match_info

    @property
    def actor(self) -> Actor:
        """Who asks, as commands and the audit take it down."""
        session = self.session
        kind = "person" if session.scopes is None else "program"
        return Actor(session.account_id, session.role, kind, token=session.token)

    def say(self, message: str, **values: object) -> str:
        """Return one of the hub's messages in the reader's language."""
        said = translator("hub", self.request["lang"]).gettext(message)
        return said % values if values else said


class Operations:
    """A table of operations under one heading."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._rows: list[Operation] = []

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._rows)

    @overload
    def add(
        self,
        method: str,
        path: str,
        *,
        allow: Allow,
        scope: str | None,
        summary: str,
        answers: type[A] | None = None,
        status: int = 200,
        problems: Mapping[int, str] = ...,
    ) -> Callable[[Callable[[Call], Awaitable[A | None]]], Handler]: ...

    @overload
    def add(
        self,
        method: str,
        path: str,
        *,
        allow: Allow,
        scope: str | None,
        summary: str,
        takes: type[T],
        answers: type[A] | None = None,
        status: int = 200,
        problems: Mapping[int, str] = ...,
    ) -> Callable[[Callable[[Call, T], Awaitable[A | None]]], Handler]: ...

    def add(
        self,
        method: str,
        path: str,
        *,
        allow: Allow,
        scope: str | None,
        summary: str,
        takes: type | None = None,
        answers: type | None = None,
        status: int = 200,
        problems: Mapping[int, str] | None = None,
    ) -> Callable[[Any], Handler]:
        """Register a handler.

        Args:
            method: The HTTP method.
            path: Below ``/api/v1``, with aiohttp's variables.
            allow: The roles that may.
            scope: What a token must hold; None: no token may, only a person in a browser.
            summary: One line for the document.
            takes: The model of the body or query; the handler's second argument.
            answers: The model of the answer; None answers 204.
            status: The status of an answer.
            problems: The words of its own refusals, by status.
        """

        def register(handler: Handler) -> Handler:
            row = Operation(
                method,
                PREFIX + path,
                handler,
                allow=allow,
                scope=scope,
                summary=summary,
                tag=self.tag,
                takes=takes,
                answers=answers,
                status=status,
                problems=problems or {},
            )
            self._rows.append(row)
            return handler

        return register


def routes_of(operations: Iterator[Operation] | list[Operation], told: Told) -> Routes:
    """Return the routes of operations; ``told`` puts handlers' refusals into words."""
    routes = Routes()
    for row in operations:
        routes.operation(
            row.method, row.path, allow=row.allow, scope=row.scope, limit=NO_LARGER_THAN
        )(_route_of(row, told))
    return routes


def _route_of(row: Operation, told: Told) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        call = Call(request)
        try:
            given = () if row.takes is None else (await _given(row, row.takes, request),)
            if row.takes is None:
                await _nothing_given(row, request)
            answer = await row.handler(call, *given)
        except Wrong as wrong:
            raise invalid(wrong) from None
        except Problem:
            raise
        except Exception as error:
            problem = told(call, error)
            if problem is None:
                raise
            raise problem from error
        if row.answers is None:
            return web.Response(status=204)
        return web.Response(
            status=row.status, body=encoded(answer), content_type="application/json"
        )

    return handle


def invalid(wrong: Wrong) -> Problem:
    """Return the problem of something that is not as described; it repeats no value."""
    return Problem(422, "invalid", extra={"field": wrong.field, "reason": wrong.reason})


def encoded(data: object) -> bytes:
    """Encode JSON; values that JSON does not know become text."""
    return orjson.dumps(data, default=str)


async def _given(row: Operation, model: type, request: web.Request) -> Any:
    """Return what a request carries, checked; raises Wrong and Problem."""
    if row.method in BODILESS:
        return record_of(model).read_query(_query(request))
    if request.content_type != "application/json":
        raise Problem(415, "json_needed")
    try:
        data = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise Problem(400, "not_json") from None
    _no_query(request)
    return record_of(model).check(data)


async def _nothing_given(row: Operation, request: web.Request) -> None:
    _no_query(request)
    if row.method not in BODILESS and await request.read():
        raise Wrong("", "unknown_field")


def _no_query(request: web.Request) -> None:
    for name in request.query:
        raise Wrong(name[:64], "unknown_field")


def _query(request: web.Request) -> dict[str, list[str]]:
    return {name: request.query.getall(name) for name in request.query}
