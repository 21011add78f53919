"""What the portal's handlers share: the store, the clock, the live parts, the roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web
from sqlmodel import Session

from community.core import audit
from community.core.store import Store
from hub.http.gate import current
from hub.http.problems import Problem

if TYPE_CHECKING:
    from hub.http.live import Live
    from web.design import Design

T = TypeVar("T")

GUARD, MANAGER, OPERATOR, COMMITTEE = "guard", "manager", "operator", "committee"
STAFF = frozenset({GUARD, MANAGER, OPERATOR, COMMITTEE})
DUTY = frozenset({GUARD, MANAGER})
MANAGERS = frozenset({MANAGER})
OPERATORS = frozenset({OPERATOR})
KEEPERS = frozenset({MANAGER, OPERATOR})
COMMITTEES = frozenset({COMMITTEE})
"""The owners' committee: no staff of the property; it sees counts, and attests the roster."""


class Portal:
    """One community's portal.

    Args:
        store: The community's database.
        clock: Unix seconds.
        live: The live parts; `changed` names what became stale.
        design: Draws pages and fragments.
    """

    __slots__ = ("clock", "design", "live", "on_incidents", "on_roster", "on_settings", "store")

    def __init__(
        self, store: Store, clock: Callable[[], float], live: Live, design: Design
    ) -> None:
        self.store = store
        self.clock = clock
        self.live = live
        self.design = design
        self.on_incidents: list[Callable[[], None]] = []
        self.on_roster: list[Callable[[], None]] = []
        self.on_settings: list[Callable[[], None]] = []

    def incidents_changed(self, *ids: int) -> None:
        """Redraw what shows incidents and let the escalation look again."""
        self.live.changed("incidents")
        for incident_id in ids:
            self.live.changed(f"incident/{incident_id}")
        for told in self.on_incidents:
            told()

    def roster_changed(self) -> None:
        """Redraw what shows the roster and tell the relay."""
        self.live.changed("roster")
        for told in self.on_roster:
            told()

    def settings_changed(self) -> None:
        """Use the stored settings from now on."""
        self.live.changed("settings")
        for told in self.on_settings:
            told()

    async def act(
        self, request: web.Request, act: str, fn: Callable[[Session], T], target: str = ""
    ) -> T:
        """Run `fn` and write who did it into the audit, both or neither."""
        actor, at = current(request).name, self.clock()

        def work(session: Session) -> T:
            answer = fn(session)
            audit.write(session, at=at, actor=actor, act=act, target=target)
            return answer

        return await self.store.run(work)


PORTAL: web.AppKey[Portal] = web.AppKey("portal")


def portal(request: web.Request) -> Portal:
    """Return the portal that a request came to."""
    return request.app[PORTAL]


def number_in(request: web.Request, name: str = "id") -> int:
    """Return a whole number of the path.

    Raises:
        Problem: 404, it is none.
    """
    text = request.match_info[name]
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Problem(404, "not_found")
    return int(text)


async def fields(request: web.Request) -> dict[str, str]:
    """Return a form's text fields, the first of each name."""
    given = await request.post()
    return {name: value.strip() for name, value in given.items() if isinstance(value, str)}
