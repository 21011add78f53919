"""Who got which tokens: one allotment for each flat and epoch, whoever lives there."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class Issuance(SQLModel, table=True):
    """A flat's allotment that was given out.

    `digest` is the SHA-256 of what was asked for: the same again is answered again, and mints
    nothing. Which tokens came of it can't be known.
    """

    flat_id: int = Field(primary_key=True, foreign_key="flat.id")
    allotment: str = Field(primary_key=True, max_length=8)
    number: int = Field(primary_key=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    issued_at: float = Field(index=True)
