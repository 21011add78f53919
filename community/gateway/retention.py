"""Opened events that are too old go; see `community.core.retention`."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col, select

from community.core.retention import AT_ONCE, DAY_S, EVENTS_KEPT_DAYS
from community.gateway.tables import Event


def forget_events(session: Session, now: float) -> int:
    """Drop events received too long ago; returns how many."""
    before = now - EVENTS_KEPT_DAYS * DAY_S
    gone = session.exec(select(Event.id).where(Event.received_at < before).limit(AT_ONCE)).all()
    session.execute(delete(Event).where(col(Event.id).in_(gone)))
    return len(gone)
