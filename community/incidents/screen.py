"""The live parts of the duty desk, each drawn once for everybody who sees the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlmodel import Session

from community.core import roster, shifts
from community.core.portal import DUTY, KEEPERS, MANAGERS, Portal
from community.incidents import plan, views
from hub.http.live import LiveContext
from web.design.formats import moment

NIGHT_FROM, NIGHT_TO = 18, 7
_CLOSED_SHOWN = 4


class Supervision(NamedTuple):
    """One entry of the strip at the foot: a message id, whether it is well, and a word more.

    `hears` marks what alarms come by: without it the desk is deaf, and a calm screen proves
    nothing.
    """

    text: str
    well: bool
    more: str = ""
    hears: bool = False


def deaf(entries: Iterable[Supervision]) -> bool:
    """Whether no alarm of a home could come in now."""
    return any(entry.hears and not entry.well for entry in entries)


Watch = Callable[[], list[Supervision]]


def night(at: float) -> bool:
    """Whether a duty screen is dark by default at this moment (Unix seconds)."""
    local = moment(at)
    return local is not None and not NIGHT_TO <= local.hour < NIGHT_FROM


class Screen:
    """Draws the parts.

    Args:
        portal: The portal.
        watch: Gives the supervision strip's entries.
    """

    def __init__(self, portal: Portal, watch: Watch) -> None:
        self._portal = portal
        self._watch = watch

    def register(self) -> None:
        """Register every part with who may watch it."""
        live, incidents = self._portal.live, ("incidents",)
        live.part("ringing", self.ringing, incidents, DUTY)
        live.part("duty-top", self.top, incidents, DUTY)
        live.part("duty-alarms", self.alarms, (*incidents, "hearing"), DUTY)
        live.part("duty-plan", self.plan, (*incidents, "roster"), DUTY)
        live.part("duty-side", self.side, (*incidents, "shifts"), DUTY)
        live.part("duty-strip", self.strip, (*incidents, "supervision"), DUTY)
        live.part("incident", self.incident, ("incident/{arg}",), DUTY)
        live.part("incident-list", self.history, incidents, DUTY)
        live.part("escalations", self.escalations, incidents, MANAGERS)
        live.part("supervision", self.strip, ("supervision",), KEEPERS)

    def _draw(self, context: LiveContext, template: str, **given: object) -> str:
        drawn = self._portal.design.fragment(
            context.lang,
            template,
            csrf=context.csrf,
            role=context.role,
            now=self._portal.clock(),
            move_words=views.MOVE_WORDS,
            move_icons=views.MOVE_ICONS,
            status_words=views.STATUS_WORDS,
            home_words=views.HOME_WORDS,
            **given,
        )
        # An empty part is empty, so that the style sheet can take its room away.
        return drawn.strip()

    async def _open(self) -> list[views.Card]:
        return await self._portal.store.read(views.open_cards)

    async def ringing(self, context: LiveContext) -> str:
        """What rings, for the header of every page and for the alarm script."""
        cards = [card for card in await self._open() if card.rings]
        return self._draw(context, "part_ringing.html", cards=cards)

    async def top(self, context: LiveContext) -> str:
        """Counts by level, and the drill banner."""
        cards = await self._open()
        counts = {
            level: sum(card.level == level and not card.drill for card in cards)
            for level in (1, 2, 3, 4)
        }
        drill = any(card.drill for card in cards)
        return self._draw(context, "part_top.html", counts=counts, drill=drill)

    async def alarms(self, context: LiveContext) -> str:
        """The live alarms: unacknowledged first, then those that people work on."""
        cards = await self._open()
        return self._draw(
            context,
            "part_alarms.html",
            waiting=[card for card in cards if card.rings],
            working=[card for card in cards if not card.rings],
            deaf=deaf(self._watch()),
        )

    async def plan(self, context: LiveContext) -> str:
        """The site plan with marks for open alarms only."""

        def read(session: Session) -> tuple[list[roster.BuildingRow], list[views.Card]]:
            return roster.buildings(session), views.open_cards(session)

        buildings, cards = await self._portal.store.read(read)
        drawn = plan.drawn(buildings, cards, context.lang)
        return self._draw(context, "part_plan.html", plan=drawn)

    async def side(self, context: LiveContext) -> str:
        """Who is on duty, what escalated, what was closed last."""
        at = self._portal.clock()

        def read(session: Session) -> tuple[list[shifts.OnDuty], list[views.Card]]:
            return (
                shifts.on_duty(session, at=at),
                views.recent_cards(session, _CLOSED_SHOWN, closed_only=True),
            )

        present, closed = await self._portal.store.read(read)
        return self._draw(context, "part_side.html", present=present, closed=closed)

    async def strip(self, context: LiveContext) -> str:
        """The supervision strip: what the desk stands on, and whether it holds."""
        return self._draw(context, "part_strip.html", entries=self._watch())

    async def incident(self, context: LiveContext) -> str:
        """One incident: card, procedure, timeline."""
        number = int(context.arg) if context.arg.isdecimal() and len(context.arg) < 10 else 0

        def read(session: Session) -> tuple[views.Card | None, list[views.LineView]]:
            return views.card(session, number), views.timeline(session, number)

        card, lines = await self._portal.store.read(read)
        return self._draw(context, "part_incident.html", card=card, lines=lines)

    async def history(self, context: LiveContext) -> str:
        """The newest hundred incidents."""
        cards = await self._portal.store.read(views.recent_cards)
        return self._draw(context, "part_history.html", cards=cards)

    async def escalations(self, context: LiveContext) -> str:
        """What escalated to the manager and is still unacknowledged."""
        cards = [card for card in await self._open() if card.rings and card.escalated_at]
        return self._draw(context, "part_escalations.html", cards=cards)
