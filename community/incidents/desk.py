"""The duty desk's work on incidents, each function a part of the caller's transaction.

Who changes an incident says which version they saw; the version counts changes of status. Of
two presses at once the first wins, and the other is told who was first: an answer, not an error.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, select

from community.core import audit
from community.core.events import Word
from community.core.zones import Spot
from community.incidents import calls
from community.incidents.hazards import hazard
from community.incidents.rules import (
    CLOSED,
    MANAGER_MOVES,
    RESULTS,
    Move,
    Status,
    after,
)
from community.incidents.tables import Incident, IncidentLine, IncidentStep

NOTE_LENGTH = 500
ESCALATED = "escalated"
NOTE = "note"
HOME_CANCELLED = f"home_{Word.CANCELLED}"


class Person(NamedTuple):
    """Who acts: the name as the timeline shows it, and the role."""

    name: str
    role: str


class Ringing(NamedTuple):
    """An unacknowledged incident, as far as escalation cares; times in Unix seconds."""

    id: int
    raised_at: float
    escalated_at: float | None
    drill: bool
    test: bool


class Done(NamedTuple):
    """The move is made, now or by the same person's press before."""

    status: Status


class First(NamedTuple):
    """Somebody was first: who ("" for the home itself), and where the incident stands now."""

    status: Status
    who: str


class NotYours(NamedTuple):
    """This role doesn't make this move."""

    status: Status


Answer = Done | First | NotYours


def move(
    session: Session, incident_id: int, step: Move, person: Person, seen: int, *, at: float
) -> Answer:
    """Make a move on an incident.

    Args:
        session: The caller's transaction.
        incident_id: Which incident.
        step: What to do.
        person: Who does it.
        seen: The incident's version on the screen where it was pressed.
        at: When, in Unix seconds.

    Raises:
        LookupError: There is no such incident.
    """
    row = _get(session, incident_id)
    status = Status(row.status)
    if step in MANAGER_MOVES and person.role != "manager":
        return NotYours(status)
    then = after(status, step)
    if then is None or row.version != seen:
        return _first(session, row, step, person)
    values: dict[str, object] = {"status": then, "version": seen + 1, "changed_at": at}
    if row.acknowledged_at is None:
        values |= {"acknowledged_at": at, "acknowledged_by": person.name}
    if then in CLOSED and row.closed_at is None:
        values["closed_at"] = at
    won = session.execute(
        update(Incident)
        .where(col(Incident.id) == incident_id, col(Incident.version) == seen)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if getattr(won, "rowcount", 0) != 1:
        return _first(session, _get(session, incident_id), step, person)
    if then in CLOSED:
        calls.forget(session, [incident_id])
    line(session, incident_id, at, then, person.name)
    audit.write(session, at=at, actor=person.name, act=f"incident {step}", target=str(incident_id))
    return Done(then)


def start_drill(session: Session, name: str, place: Spot, person: Person, *, at: float) -> int:
    """Raise a drill; it goes the whole way of an alarm, marked as a drill everywhere.

    Returns:
        The incident's id.
    """
    row = Incident(
        nonce=secrets.token_bytes(32),
        hazard=name,
        level=hazard(name).level,
        zone=place.zone,
        zone_version=place.version,
        place_zh=place.zh,
        place_en=place.en,
        building=place.building,
        homes=place.homes,
        drill=True,
        status=Status.RAISED,
        word=Word.RAISED,
        raised_at=at,
        changed_at=at,
    )
    session.add(row)
    session.flush()
    incident_id = row.id or 0
    line(session, incident_id, at, Status.RAISED, person.name)
    audit.write(session, at=at, actor=person.name, act="drill start", target=str(incident_id))
    return incident_id


def tick(
    session: Session, incident_id: int, step: str, person: Person, *, done: bool, at: float
) -> None:
    """Tick or untick a step of the written procedure; ticking twice changes nothing.

    Raises:
        LookupError: No such incident, or no such step in its procedure.
    """
    row = _get(session, incident_id)
    if step not in {known.key for known in hazard(row.hazard).steps}:
        raise LookupError(step)
    found = session.get(IncidentStep, (incident_id, step))
    if done and found is None:
        session.add(
            IncidentStep(incident_id=incident_id, step=step, done_at=at, done_by=person.name)
        )
    elif not done and found is not None:
        session.delete(found)
    else:
        return
    act = "incident step" if done else "incident step undone"
    audit.write(session, at=at, actor=person.name, act=act, target=f"{incident_id} {step}")


def note(session: Session, incident_id: int, text: str, person: Person, *, at: float) -> None:
    """Write a line of one's own into the timeline."""
    _get(session, incident_id)
    line(session, incident_id, at, NOTE, person.name, text=text.strip()[:NOTE_LENGTH])


def escalate(session: Session, incident_id: int, *, at: float) -> bool:
    """Mark an unacknowledged incident as escalated; returns whether it was still due."""
    won = session.execute(
        update(Incident)
        .where(
            col(Incident.id) == incident_id,
            col(Incident.status) == Status.RAISED,
            col(Incident.escalated_at).is_(None),
        )
        .values(escalated_at=at, changed_at=at)
    )
    if getattr(won, "rowcount", 0) != 1:
        return False
    line(session, incident_id, at, ESCALATED)
    return True


def unacknowledged(session: Session) -> list[Ringing]:
    """Return every incident that still rings."""
    found = session.exec(select(Incident).where(Incident.status == Status.RAISED))
    return [
        Ringing(row.id or 0, row.raised_at, row.escalated_at, row.drill, row.test) for row in found
    ]


def line(
    session: Session, incident_id: int, at: float, what: str, who: str = "", *, text: str = ""
) -> None:
    """Append to the timeline."""
    session.add(IncidentLine(incident_id=incident_id, at=at, what=what, who=who, note=text))


def _get(session: Session, incident_id: int) -> Incident:
    row = session.get(Incident, incident_id, populate_existing=True)
    if row is None:
        raise LookupError(incident_id)
    return row


def _first(session: Session, row: Incident, step: Move, person: Person) -> Answer:
    """Say who changed the status last; one's own second press is simply done."""
    last = session.exec(
        select(IncidentLine)
        .where(
            IncidentLine.incident_id == row.id,
            col(IncidentLine.what).in_([*map(str, Status), HOME_CANCELLED]),
        )
        .order_by(col(IncidentLine.id).desc())
        .limit(1)
    ).first()
    status = Status(row.status)
    who = "" if last is None else last.who
    if who == person.name and status is RESULTS[step]:
        return Done(status)
    return First(status, who)
