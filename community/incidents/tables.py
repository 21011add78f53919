"""The tables of incidents. Of a home there is only what its event said: class, zone, status."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Text
from sqlmodel import Field, SQLModel


class Incident(SQLModel, table=True):
    """One incident of the duty desk.

    `nonce` is the event's own random name (SHA-256 of its one-time key); a drill draws its own.
    `version` counts changes: who changes an incident says which version they saw.
    """

    id: int | None = Field(default=None, primary_key=True)
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    hazard: str = Field(max_length=24)
    level: int
    zone: int | None = None
    zone_version: int | None = None
    place_zh: str = Field(max_length=120)
    place_en: str = Field(max_length=120)
    building: str | None = Field(default=None, max_length=32)
    homes: int
    drill: bool = False
    test: bool = False
    late: bool = False
    status: str = Field(max_length=16, index=True)
    word: str = Field(max_length=16)
    version: int = 1
    raised_at: float = Field(index=True)
    changed_at: float
    acknowledged_at: float | None = None
    acknowledged_by: str | None = Field(default=None, max_length=64)
    escalated_at: float | None = None
    closed_at: float | None = None


class IncidentLine(SQLModel, table=True):
    """One line of an incident's timeline."""

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    at: float
    what: str = Field(max_length=24)
    who: str = Field(default="", max_length=64)
    note: str = Field(default="", sa_column=Column(Text, nullable=False))


class IncidentFlat(SQLModel, table=True):
    """The flat that called by an act of its own, sealed; it goes when the incident closes."""

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IncidentStep(SQLModel, table=True):
    """A ticked step of the written procedure."""

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    step: str = Field(primary_key=True, max_length=32)
    done_at: float
    done_by: str = Field(max_length=64)
