"""Routes that cannot be registered without saying who may use them."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NO_LARGER_THAN = 64 * 1024
"""Bytes a request's body may have unless its route says otherwise."""


class Anybody(enum.Enum):
    """The two answers to "who may" that name no role."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"


ANYONE = Anybody.ANYONE
SIGNED_IN = Anybody.SIGNED_IN

Allow = Anybody | frozenset[str]

ANY_SCOPE = "*"
"""The scope of a route that every token may use."""


def checked_allow(allow: object) -> Allow:
    """Return what was given if it is a usable answer to "who may".

    Raises:
        TypeError: it is neither ANYONE, SIGNED_IN nor a non-empty frozenset of role names.
    """
    if isinstance(allow, Anybody):
        return allow
    if isinstance(allow, frozenset) and allow and all(isinstance(role, str) for role in allow):
        return allow
    raise TypeError(f"allow must be ANYONE, SIGNED_IN or a frozenset of roles, not {allow!r}")


def permits(allow: Allow, role: str | None) -> bool:
    """Tell whether someone with this role (None: nobody signed in) may pass."""
    if isinstance(allow, Anybody):
        return allow is ANYONE or role is not None
    return role in allow


class Kind(enum.Enum):
    """How a route answers; it decides the shape of a refusal."""

    PAGE = "page"
    API = "api"
    SOCKET = "socket"


class Route:
    """One registered route. ``method`` is the HTTP method; a socket's is GET.

    ``scope`` is what a program's token must hold to come here beside its person's role:
    ``ANY_SCOPE`` for whichever token, None for none at all.
    """

    __slots__ = ("allow", "handler", "kind", "limit", "method", "path", "scope")

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        allow: Allow,
        kind: Kind,
        limit: int,
        scope: str | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self.allow = allow
        self.kind = kind
        self.limit = limit
        self.scope = scope

    def __repr__(self) -> str:
        return f"Route({self.method} {self.path}, {self.kind.value}, allow={self.allow})"


class _Decorator(Protocol):
    def __call__(self, handler: Handler) -> Handler: ...


class Routes:
    """A table of routes; a capability fills one and hands it to ``create_app``.

    Paths are aiohttp's (``/devices/{id}``). Paths below ``/api`` answer refusals as
    problem documents (RFC 9457), all others as pages.
    """

    __slots__ = ("_routes",)

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def extend(self, others: Iterable[Route]) -> None:
        """Add routes that were registered elsewhere."""
        self._routes.extend(others)

    def get(self, path: str, *, allow: Allow) -> _Decorator:
        """Register a handler for GET (and HEAD)."""
        return self._add("GET", path, allow)

    def post(self, path: str, *, allow: Allow, limit: int = NO_LARGER_THAN) -> _Decorator:
        """Register a handler for POST; ``limit`` is the largest body in bytes."""
        return self._add("POST", path, allow, limit)

    def put(self, path: str, *, allow: Allow, limit: int = NO_LARGER_THAN) -> _Decorator:
        """Register a handler for PUT; ``limit`` is the largest body in bytes."""
        return self._add("PUT", path, allow, limit)

    def delete(self, path: str, *, allow: Allow) -> _Decorator:
        """Register a handler for DELETE."""
        return self._add("DELETE", path, allow)

    def socket(self, path: str, *, allow: Allow, scope: str | None = None) -> _Decorator:
        """Register a handler that answers with a WebSocket."""
        return self._add("GET", path, allow, kind=Kind.SOCKET, scope=scope)

    def operation(
        self, method: str, path: str, *, allow: Allow, scope: str | None, limit: int
    ) -> _Decorator:
        """Register a handler for programs; `hub.http.operations` describes it."""
        return self._add(method, path, allow, limit, scope=scope)

    def _add(
        self,
        method: str,
        path: str,
        allow: Allow,
        limit: int = NO_LARGER_THAN,
        *,
        kind: Kind | None = None,
        scope: str | None = None,
    ) -> _Decorator:
        checked_allow(allow)
        if not path.startswith("/"):
            raise ValueError(f"a path starts with a slash: {path!r}")
        is_api = path == "/api" or path.startswith("/api/")
        chosen = kind or (Kind.API if is_api else Kind.PAGE)

        def register(handler: Handler) -> Handler:
            if not inspect.iscoroutinefunction(handler):
                raise TypeError(f"the handler of {method} {path} must be a coroutine function")
            self._routes.append(
                Route(method, path, handler, allow=allow, kind=chosen, limit=limit, scope=scope)
            )
            return handler

        return register
