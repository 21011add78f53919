"""The community's log of what must be the same for everyone: keys, zone tables, slot, roster.

Append-only, a Merkle tree (`privacy.transparency.tree`) that anyone may follow: an entry that was
there once can't be changed or taken away without every follower seeing it. Entries are canonical
JSON and name no home.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, text
from sqlmodel import Field, Session, SQLModel, col, func, select

from privacy.transparency.claims import pack


class LogEntry(SQLModel, table=True):
    """One entry; `place` counts from 0."""

    place: int = Field(primary_key=True)
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def append(session: Session, kind: str, *, at: float, **fields: str | int) -> None:
    """Append an entry in the caller's transaction.

    Args:
        session: The caller's.
        kind: What it is about.
        at: When, in Unix seconds; kept in whole seconds.
        fields: What is said, plain values.
    """
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway; here two transactions must not take one place.
        session.execute(text("LOCK TABLE logentry IN EXCLUSIVE MODE"))
    session.add(LogEntry(place=size(session), entry=pack(kind, at, **fields)))
    session.flush()


def size(session: Session) -> int:
    """Return how many entries there are."""
    return session.exec(select(func.count()).select_from(LogEntry)).one()


def entries(session: Session) -> list[bytes]:
    """Return every entry, oldest first."""
    return [
        bytes(row) for row in session.exec(select(LogEntry.entry).order_by(col(LogEntry.place)))
    ]
