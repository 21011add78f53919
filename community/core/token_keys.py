"""The issuer's public keys as the community keeps them: one for each class and epoch, for ever.

What is written here first counts: a signer that lost its keys and made others for the same epoch
isn't believed, for homes were told these.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, select

from community.core import log
from privacy.tokens.ring import KeyName, KeyRing, name_is_over
from privacy.tokens.token import IssuerKey, TokenClass
from privacy.transparency.claims import TOKEN


class TokenKey(SQLModel, table=True):
    """A public key (RFC 9578 section 6.5); `number` is its epoch, or the reserve's term."""

    kind: str = Field(primary_key=True, max_length=8)
    number: int = Field(primary_key=True)
    spki: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kept_at: float


def ring(session: Session, now: float) -> KeyRing | None:
    """Return the keys that count now, those within their 49 hours of grace included.

    None where there was never a key: a community that issued tokens once takes nothing without
    one, also when all its keys are over.
    """
    rows = session.exec(select(TokenKey)).all()
    if not rows:
        return None
    found = {}
    for row in rows:
        name = TokenClass(row.kind), row.number
        if not name_is_over(name, now):
            found[name] = IssuerKey(bytes(row.spki))
    return KeyRing(found)


def keep(session: Session, told: KeyRing, *, at: float) -> frozenset[KeyName]:
    """Keep keys that are new; returns the names for which another key was kept before."""
    kept = ring(session, at) or KeyRing({})
    others = set()
    for name, key in told.keys.items():
        before = kept.keys.get(name)
        if before is not None and before.id != key.id:
            others.add(name)
        if before is None and not name_is_over(name, at):
            kind, number = name
            session.add(TokenKey(kind=kind, number=number, spki=key.spki, kept_at=at))
            named: dict[str, str | int] = {
                "class": str(kind),
                "number": number,
                "sha256": key.id.hex(),
            }
            log.append(session, TOKEN, at=at, **named)
    session.flush()
    return frozenset(others)
