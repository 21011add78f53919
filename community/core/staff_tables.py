"""The tables of staff accounts: hub.accounts' records, kept by the community's store."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Text
from sqlmodel import Field, SQLModel


class Staff(SQLModel, table=True):
    """One member of staff who may sign in."""

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=64)
    name_key: str = Field(max_length=192, unique=True)
    role: str = Field(max_length=16)
    password: str = Field(sa_column=Column(Text, nullable=False))
    created: float
    lang: str = Field(max_length=16)
    theme: str = Field(max_length=16)


class StaffSession(SQLModel, table=True):
    """A session; `key` is the hash of the cookie's token."""

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    account_id: str = Field(foreign_key="staff.id", max_length=32, index=True)
    created: float
    seen: float
    device: str = Field(sa_column=Column(Text, nullable=False))


class StaffLink(SQLModel, table=True):
    """A sign-in link; `key` is the hash of its token."""

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    account_id: str = Field(foreign_key="staff.id", max_length=32, index=True)
    expires: float


class StaffStrikes(SQLModel, table=True):
    """Failed attempts counted under one key."""

    key: str = Field(sa_column=Column(Text, primary_key=True))
    count: int
    last: float
