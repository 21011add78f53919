"""Who is on duty: from the start-of-duty press to the end-of-duty press, 24 h at most."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, select

from community.core.staff_tables import Staff
from community.core.tables import Shift

LONGEST = 24 * 3600.0


class OnDuty(NamedTuple):
    """Somebody on duty since `started_at` (Unix seconds)."""

    staff_id: str
    name: str
    role: str
    started_at: float


def start(session: Session, staff_id: str, *, at: float) -> None:
    """Go on duty; pressing twice keeps the first time."""
    if not any(shift.staff_id == staff_id for shift in on_duty(session, at=at)):
        end(session, staff_id, at=at)
        session.add(Shift(staff_id=staff_id, started_at=at))
        session.flush()


def end(session: Session, staff_id: str, *, at: float) -> None:
    """Go off duty."""
    session.execute(
        update(Shift)
        .where(col(Shift.staff_id) == staff_id, col(Shift.ended_at).is_(None))
        .values(ended_at=at)
    )


def on_duty(session: Session, *, at: float) -> list[OnDuty]:
    """Return who is on duty, in the order in which they came."""
    chosen = (
        select(Shift.staff_id, Staff.name, Staff.role, Shift.started_at)
        .join(Staff, col(Staff.id) == col(Shift.staff_id))
        .where(col(Shift.ended_at).is_(None), col(Shift.started_at) > at - LONGEST)
        .order_by(col(Shift.started_at))
    )
    return [OnDuty(*row) for row in session.exec(chosen)]
