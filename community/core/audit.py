"""The community's audit: who looked at or did what, each line chained to the one before.

A line's hash covers its number, time, actor, act, target and the hash before it, so that a
changed, dropped or moved line shows in `verify`.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from community.core.tables import AuditLine
from community.core.words import N_

_START = bytes(32)

ACT_WORDS = {
    "call for help": N_("called for help and told its flat"),
    "audit look": N_("looked at the audit"),
    "drill start": N_("started a drill"),
    "duty end": N_("went off duty"),
    "duty hand-over": N_("handed the desk over"),
    "duty start": N_("went on duty"),
    "enrol": N_("enrolled by a code"),
    "flats import": N_("added flats"),
    "home code": N_("printed a flat's code"),
    "home revoke": N_("struck a home off"),
    "incident acknowledge": N_("acknowledged an alarm"),
    "incident dispatch": N_("sent someone"),
    "incident false_alarm": N_("called a false alarm"),
    "incident resolve": N_("resolved an incident"),
    "incident review": N_("reviewed an incident"),
    "incident step": N_("ticked a step"),
    "incident step undone": N_("opened a step again"),
    "relay code": N_("printed the relay's code"),
    "witnesses": N_("named the log's witnesses"),
    "roster look": N_("looked at the flats"),
    "set-up": N_("set the community up"),
    "settings": N_("changed settings"),
    "staff add": N_("added an account"),
    "staff link": N_("made a sign-in link"),
    "staff remove": N_("removed an account"),
    "staff role": N_("changed a role"),
    "zones coarsened": N_("joined zones that became too small"),
    "zones freeze": N_("froze the zones"),
}
"""What a line's `act` means; a stored act never changes, for its hash covers it."""

ACTOR_WORDS = {
    "command line": N_("the command line"),
    "home": N_("a home"),
    "relay": N_("the relay"),
    "roster": N_("the roster"),
}
"""Who acted where it was no person."""


class Line(NamedTuple):
    """An audit line as pages show it. `at` is in Unix seconds."""

    seq: int
    at: float
    actor: str
    act: str
    target: str


def write(session: Session, *, at: float, actor: str, act: str, target: str = "") -> None:
    """Append a line in the caller's transaction: what it tells of is durable with it or not."""
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway; here two transactions must not chain to the same line.
        session.execute(text("LOCK TABLE auditline IN EXCLUSIVE MODE"))
    last = session.exec(select(AuditLine).order_by(col(AuditLine.seq).desc()).limit(1)).first()
    seq, prev = (1, _START) if last is None else (last.seq + 1, last.hash)
    line = Line(seq, at, actor, act, target)
    session.add(AuditLine(**line._asdict(), prev=prev, hash=_digest(line, prev)))
    session.flush()


def verify(session: Session) -> int | None:
    """Return the number of the first line that doesn't fit its chain, None if all do."""
    prev, expected = _START, 1
    for line in session.exec(select(AuditLine).order_by(col(AuditLine.seq))):
        digest = _digest(_plain(line), prev)
        if line.seq != expected or line.prev != prev or line.hash != digest:
            return expected
        prev, expected = line.hash, expected + 1
    return None


def lines(session: Session, limit: int = 200) -> list[Line]:
    """Return the newest lines first."""
    found = session.exec(select(AuditLine).order_by(col(AuditLine.seq).desc()).limit(limit))
    return [_plain(row) for row in found]


def _plain(row: AuditLine) -> Line:
    return Line(row.seq, row.at, row.actor, row.act, row.target)


def _digest(line: Line, prev: bytes) -> bytes:
    fields = json.dumps([line.seq, repr(line.at), line.actor, line.act, line.target])
    return hashlib.sha256(prev + fields.encode()).digest()
