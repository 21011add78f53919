"""The tables of the community's core: settings, staff, roster, zones, audit.

Times are Unix seconds. Keys and hashes are raw bytes. Nothing here names a resident.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class Setting(SQLModel, table=True):
    """One setting of the community: its name, its siren's topic, its slot."""

    key: str = Field(primary_key=True, max_length=64)
    value: str = Field(sa_column=Column(Text, nullable=False))


class Building(SQLModel, table=True):
    """A building and its place on the site plan, in the plan's own units."""

    code: str = Field(primary_key=True, max_length=32)
    name_zh: str = Field(max_length=64)
    name_en: str = Field(max_length=64)
    x: int
    y: int
    width: int
    height: int


class Flat(SQLModel, table=True):
    """A flat of the roster by its path (building, riser, flat)."""

    __table_args__ = (UniqueConstraint("building", "riser", "label", name="uq_flat_path"),)

    id: int | None = Field(default=None, primary_key=True)
    building: str = Field(foreign_key="building.code", max_length=32)
    riser: str = Field(max_length=32)
    label: str = Field(max_length=32)


class Code(SQLModel, table=True):
    """A printed one-time code that pairs a home (with its flat) or the relay (without one)."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=8)
    flat_id: int | None = Field(default=None, foreign_key="flat.id", index=True)
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    made_at: float
    made_by: str = Field(max_length=64)
    used_at: float | None = None
    ended_at: float | None = None


class Member(SQLModel, table=True):
    """An enrolled key: a home's hub, or the relay (without a flat).

    `revoked_for` says why it counts no more, a word of `community.core.roster`; None also where
    it was revoked before that was written down.
    """

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=8)
    flat_id: int | None = Field(default=None, foreign_key="flat.id", index=True)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    code_id: int | None = Field(default=None, foreign_key="code.id")
    enrolled_at: float
    revoked_at: float | None = None
    revoked_for: str | None = Field(default=None, max_length=16)


class ZoneTable(SQLModel, table=True):
    """A frozen partition; the one with the highest version is in force."""

    version: int = Field(primary_key=True)
    partition: str = Field(sa_column=Column(Text, nullable=False))
    homes: int
    frozen_at: float
    frozen_by: str = Field(max_length=64)


class AuditLine(SQLModel, table=True):
    """Who looked at or did what, chained by hashes so that a missing line shows."""

    seq: int = Field(primary_key=True)
    at: float
    actor: str = Field(max_length=64)
    act: str = Field(max_length=64)
    target: str = Field(sa_column=Column(Text, nullable=False))
    prev: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Shift(SQLModel, table=True):
    """Someone's time on duty."""

    id: int | None = Field(default=None, primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", max_length=32, index=True)
    started_at: float
    ended_at: float | None = None
