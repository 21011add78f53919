"""What the duty desk sees of incidents, as plain values for templates.

Texts are message ids; places come in both languages and `place` chooses one. Times are Unix
seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from community.core.events import Word
from community.core.words import N_
from community.incidents.calls import SOS_FLAT, Flats
from community.incidents.hazards import hazard
from community.incidents.rules import MANAGER_MOVES, OPEN, Move, Status, moves_from
from community.incidents.tables import Incident, IncidentLine, IncidentStep

STATUS_WORDS = {
    Status.RAISED: N_("Unacknowledged"),
    Status.ACKNOWLEDGED: N_("Acknowledged"),
    Status.DISPATCHED: N_("Somebody is on the way"),
    Status.RESOLVED: N_("Resolved"),
    Status.REVIEWED: N_("Reviewed"),
    Status.FALSE_ALARM: N_("False alarm"),
    Status.CANCELLED: N_("Cancelled by the home"),
}
HOME_WORDS = {
    Word.RAISED: "",
    Word.UPDATED: N_("The home says: still going on"),
    Word.CLEARED: N_("The home says: cleared"),
    Word.CANCELLED: N_("The home says: cancelled"),
}
MOVE_WORDS = {
    Move.ACKNOWLEDGE: N_("Acknowledge"),
    Move.DISPATCH: N_("Send someone"),
    Move.RESOLVE: N_("Resolved"),
    Move.FALSE_ALARM: N_("False alarm"),
    Move.REVIEW: N_("Reviewed"),
}
MOVE_ICONS = {
    Move.ACKNOWLEDGE: "check",
    Move.DISPATCH: "dispatch",
    Move.RESOLVE: "check-circle",
    Move.FALSE_ALARM: "close",
    Move.REVIEW: "review",
}
LINE_WORDS = {
    "raised": N_("Drill started by %(who)s"),
    "home_raised": N_("Alarm from a home in this zone"),
    "flat_calls": N_("A flat calls for help; it told its number itself"),
    "home_updated": N_("The home says: still going on"),
    "home_cleared": N_("The home says: cleared"),
    "home_cancelled": N_("The home cancelled"),
    "escalated": N_("Not acknowledged in 60 s: escalated to the manager"),
    "acknowledged": N_("Acknowledged by %(who)s"),
    "dispatched": N_("%(who)s sent someone"),
    "resolved": N_("Resolved by %(who)s"),
    "false_alarm": N_("Called a false alarm by %(who)s"),
    "reviewed": N_("Reviewed by %(who)s"),
    "note": N_("%(who)s wrote: %(note)s"),
}


class StepView(NamedTuple):
    """A step of the procedure; `done_by` is "" until somebody ticked it."""

    key: str
    text: str
    done_by: str
    done_at: float | None


class LineView(NamedTuple):
    """A line of the timeline; `text` has places for `who` and `note`."""

    at: float
    text: str
    who: str
    note: str


class Card(NamedTuple):
    """One incident as a card. `flat` is named where it called itself and the call is open."""

    id: int
    version: int
    hazard: str
    level: int
    place_zh: str
    place_en: str
    building: str | None
    homes: int
    drill: bool
    test: bool
    late: bool
    status: Status
    word: Word
    raised_at: float
    acknowledged_at: float | None
    acknowledged_by: str | None
    escalated_at: float | None
    closed_at: float | None
    steps: tuple[StepView, ...]
    flat: str = ""

    @property
    def by_flat(self) -> bool:
        """Whether the flat itself called; `flat` names it while the incident is open."""
        return self.hazard == SOS_FLAT

    @property
    def name(self) -> str:
        """The hazard's name, a message id."""
        return hazard(self.hazard).name

    @property
    def open(self) -> bool:
        """Whether the desk still works on it."""
        return self.status in OPEN

    @property
    def rings(self) -> bool:
        """Whether its tone sounds."""
        return self.status is Status.RAISED

    @property
    def steps_done(self) -> int:
        """How many steps are ticked."""
        return sum(bool(step.done_by) for step in self.steps)

    def place(self, lang: str) -> str:
        """The place in the reader's language."""
        return self.place_zh if lang.startswith("zh") else self.place_en

    def moves(self, role: str | None) -> list[Move]:
        """What this role can do now, the usual next step first."""
        every = moves_from(self.status)
        return [step for step in every if role == "manager" or step not in MANAGER_MOVES]


def open_cards(session: Session) -> list[Card]:
    """Return open incidents: unacknowledged first, then by level, the oldest first."""
    chosen = select(Incident).where(col(Incident.status).in_([*map(str, OPEN)]))
    cards = _cards(session, session.exec(chosen))
    return sorted(cards, key=lambda card: (not card.rings, card.drill, card.level, card.raised_at))


def recent_cards(session: Session, limit: int = 100, *, closed_only: bool = False) -> list[Card]:
    """Return the newest incidents first."""
    chosen = select(Incident).order_by(col(Incident.raised_at).desc(), col(Incident.id).desc())
    if closed_only:
        chosen = chosen.where(col(Incident.closed_at).is_not(None))
    return _cards(session, session.exec(chosen.limit(limit)))


def card(session: Session, incident_id: int) -> Card | None:
    """Return one incident."""
    row = session.get(Incident, incident_id)
    return None if row is None else _cards(session, [row])[0]


def with_flats(session: Session, cards: Sequence[Card], flats: Flats) -> list[Card]:
    """Return the cards with the flats that called."""
    names = flats.names(session, [one.id for one in cards if one.by_flat])
    return [one._replace(flat=names.get(one.id, "")) for one in cards]


def timeline(session: Session, incident_id: int) -> list[LineView]:
    """Return an incident's lines, the oldest first."""
    chosen = (
        select(IncidentLine)
        .where(IncidentLine.incident_id == incident_id)
        .order_by(col(IncidentLine.at), col(IncidentLine.id))
    )
    return [
        LineView(row.at, LINE_WORDS.get(row.what, row.what), row.who, row.note)
        for row in session.exec(chosen)
    ]


def _cards(session: Session, rows: Iterable[Incident]) -> list[Card]:
    found = list(rows)
    ticked: dict[tuple[int, str], IncidentStep] = {}
    ids = [row.id for row in found]
    for start in range(0, len(ids), 500):
        part = col(IncidentStep.incident_id).in_(ids[start : start + 500])
        for step in session.exec(select(IncidentStep).where(part)):
            ticked[step.incident_id, step.step] = step
    return [_card(row, ticked) for row in found]


def _card(row: Incident, ticked: dict[tuple[int, str], IncidentStep]) -> Card:
    steps = []
    for step in hazard(row.hazard).steps:
        done = ticked.get((row.id or 0, step.key))
        by, at = (done.done_by, done.done_at) if done else ("", None)
        steps.append(StepView(step.key, step.text, by, at))
    return Card(
        id=row.id or 0,
        version=row.version,
        hazard=row.hazard,
        level=row.level,
        place_zh=row.place_zh,
        place_en=row.place_en,
        building=row.building,
        homes=row.homes,
        drill=row.drill,
        test=row.test,
        late=row.late,
        status=Status(row.status),
        word=Word(row.word),
        raised_at=row.raised_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        escalated_at=row.escalated_at,
        closed_at=row.closed_at,
        steps=tuple(steps),
    )
