"""Incidents that ended too long ago go, with their timelines; see `community.core.retention`."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col, select

from community.core.retention import AT_ONCE, DAY_S, INCIDENTS_KEPT_DAYS
from community.incidents.rules import CLOSED
from community.incidents.tables import Incident, IncidentLine, IncidentStep


def forget_incidents(session: Session, now: float) -> int:
    """Drop incidents that ended too long ago; returns how many."""
    before = now - INCIDENTS_KEPT_DAYS * DAY_S
    ended = (col(Incident.status).in_([*CLOSED]), col(Incident.closed_at) < before)
    gone = session.exec(select(Incident.id).where(*ended).limit(AT_ONCE)).all()
    for table in (IncidentLine, IncidentStep):
        session.execute(delete(table).where(col(table.incident_id).in_(gone)))
    session.execute(delete(Incident).where(col(Incident.id).in_(gone)))
    return len(gone)
