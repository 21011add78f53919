"""The committee's attestation of the roster: its key, the lists it was given, what it signed.

Homes hide among enrolled homes, and the property enrols them. So somebody else, the owners'
committee, checks the list of enrolled flats and signs it on a device of its own
(`privacy.attestation`); every home is told. Keys and attestations stand in the log.
"""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple

from sqlalchemy import Column, LargeBinary, Text, delete
from sqlmodel import Field, Session, SQLModel, col, select

from community.core import log, roster
from community.core.retention import AT_ONCE, DAY_S, LISTS_KEPT_DAYS
from privacy.attestation import (
    SALT_LENGTH,
    AttestationError,
    Attested,
    RosterList,
    fingerprint,
    open_attestation,
    read_committee_key,
)

_AHEAD_S = 86400.0


class CommitteeKey(SQLModel, table=True):
    """A public key of the committee; the newest counts."""

    id: int | None = Field(default=None, primary_key=True)
    text: str = Field(max_length=200)
    kept_at: float
    kept_by: str = Field(max_length=64)


class RosterCheck(SQLModel, table=True):
    """A list of enrolled flats that the committee was given, and its note once it signed."""

    id: int | None = Field(default=None, primary_key=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    flats: str = Field(sa_column=Column(Text, nullable=False))
    made_at: float = Field(index=True)
    made_by: str = Field(max_length=64)
    note: str | None = Field(default=None, sa_column=Column(Text))
    key_id: int | None = Field(default=None, foreign_key="committeekey.id")
    kept_at: float | None = None


class Refused(ValueError):
    """What the committee gave can't be taken; `code` says why, for the page's words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Kept(NamedTuple):
    """The committee's key as pages show it. `at` in Unix seconds."""

    fingerprint: str
    at: float
    by: str


class Standing(NamedTuple):
    """The attestation of the key in force, against the roster now; `at` in Unix seconds.

    `checked` are the flats that were on the signed list.
    """

    attested: Attested
    at: float
    homes: int
    checked: frozenset[roster.Path]
    holds: bool


def key(session: Session) -> Kept | None:
    """Return the committee's key, None before there is one."""
    row = _key(session)
    if row is None:
        return None
    return Kept(fingerprint(read_committee_key(row.text).public), row.kept_at, row.kept_by)


def keep_key(session: Session, text: str, *, at: float, by: str) -> bool:
    """Keep the committee's public key; what an earlier key signed counts for nothing then.

    Returns:
        Whether it is another than before.

    Raises:
        Refused: It is none.
    """
    try:
        told = read_committee_key(text).text
    except AttestationError:
        raise Refused("not_a_key") from None
    row = _key(session)
    if row is not None and row.text == told:
        return False
    session.add(CommitteeKey(text=told, kept_at=at, kept_by=by))
    log.append(session, "committee key", at=at, key=told)
    return True


def make_list(session: Session, gateway_hash: bytes, *, at: float, by: str) -> RosterList:
    """Make a list of the flats enrolled now, for the committee to check."""
    salt = secrets.token_bytes(SALT_LENGTH)
    made = RosterList(gateway_hash, salt, roster.enrolled_paths(session))
    flats = json.dumps(made.flats, ensure_ascii=False)
    session.add(RosterCheck(digest=made.digest, flats=flats, made_at=at, made_by=by))
    session.flush()
    return made


def take(session: Session, note: str, gateway_hash: bytes, *, at: float) -> bool:
    """Keep a signed list; the same again changes nothing.

    Returns:
        Whether it is new.

    Raises:
        Refused: No key is kept yet, the note doesn't hold, or its list isn't known here.
    """
    kept = _key(session)
    if kept is None:
        raise Refused("no_key")
    text = "\n".join(line.strip() for line in note.strip().splitlines()) + "\n"
    try:
        said = open_attestation(text, read_committee_key(kept.text))
    except AttestationError:
        raise Refused("not_signed") from None
    row = session.exec(select(RosterCheck).where(RosterCheck.digest == said.digest)).first()
    if row is None or said.gateway_hash != gateway_hash:
        raise Refused("another_list")
    if len(json.loads(row.flats)) != said.homes or said.at > at + _AHEAD_S:
        raise Refused("not_signed")
    if row.note is not None and row.key_id == kept.id:
        return False
    row.note, row.key_id, row.kept_at = text, kept.id, at
    session.add(row)
    digest = said.digest.hex()
    log.append(session, "attestation", at=at, homes=said.homes, sha256=digest, note=text)
    return True


def standing(session: Session) -> Standing | None:
    """Return how the newest attestation of the key in force stands; None where there is none."""
    kept = _key(session)
    if kept is None:
        return None
    newest = col(RosterCheck.made_at).desc(), col(RosterCheck.id).desc()
    row = session.exec(
        select(RosterCheck)
        .where(RosterCheck.key_id == kept.id, col(RosterCheck.note).is_not(None))
        .order_by(*newest)
        .limit(1)
    ).first()
    if row is None or row.note is None:
        return None
    checked = frozenset((one[0], one[1], one[2]) for one in json.loads(row.flats))
    enrolled = roster.enrolled_paths(session)
    changed = len(checked.symmetric_difference(enrolled))
    attested = Attested(read_committee_key(kept.text), row.note, changed)
    said = attested.said
    return Standing(attested, said.at, said.homes, checked, attested.holds(len(enrolled)))


def forget_lists(session: Session, now: float) -> int:
    """Drop lists that were never signed, or that a newer signed one replaced; returns how many."""
    before = now - LISTS_KEPT_DAYS * DAY_S
    newest = select(RosterCheck.id).where(col(RosterCheck.note).is_not(None))
    kept = session.exec(newest.order_by(col(RosterCheck.made_at).desc()).limit(1)).first()
    old = select(RosterCheck.id).where(RosterCheck.made_at < before)
    if kept is not None:
        old = old.where(RosterCheck.id != kept)
    gone = session.exec(old.limit(AT_ONCE)).all()
    session.execute(delete(RosterCheck).where(col(RosterCheck.id).in_(gone)))
    return len(gone)


def _key(session: Session) -> CommitteeKey | None:
    return session.exec(select(CommitteeKey).order_by(col(CommitteeKey.id).desc()).limit(1)).first()
