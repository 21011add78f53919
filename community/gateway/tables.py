"""The gateway's tables: opened events, each (nonce, seq) once, and what it counted."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """One accepted event; `content` is the SHA-256 of its whole plaintext."""

    __table_args__ = (UniqueConstraint("nonce", "seq", name="uq_event_nonce_seq"),)

    id: int | None = Field(default=None, primary_key=True)
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    seq: int
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: float = Field(index=True)


class Count(SQLModel, table=True):
    """A counter that the operator sees."""

    name: str = Field(primary_key=True, max_length=32)
    value: int
