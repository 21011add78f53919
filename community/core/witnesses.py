"""The three witnesses of the log, what they signed, and the checkpoints that two of them did.

A witness's signature counts only for a checkpoint that this log really had. Once two of three
have signed the same one it is told to the homes; those stay for five weeks, so that a home can
see what has stood in the log for long enough.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, Text
from sqlmodel import Field, Session, SQLModel, col, delete, select

from community.core import audit, log
from privacy.tokens.epochs import Allotment
from privacy.tokens.ring import name_is_over
from privacy.tokens.token import TokenClass
from privacy.transparency.claims import RIPE_S, ROSTER, SLOT, WITNESSES, Claims, read
from privacy.transparency.notes import Checkpoint, NoteKey, open_note, sign_note
from privacy.transparency.proof import Proof
from privacy.transparency.tree import LogError, Tree
from privacy.transparency.witness import AHEAD_S, QUORUM, Trust
from privacy.witnessed import QUIET_S

TOLD_AGAIN_S = 6 * 3600
"""A log that doesn't grow is told anew this often, with its witnesses' newer signatures."""
KEPT_S = 35 * 86_400
SHOWN_S = 28 * 86_400
"""A home that was away no longer than this can compare the log with what it knew."""


class LogWitness(SQLModel, table=True):
    """A witness and its log by their key lines (vkeys of C2SP signed-note), and what it signed."""

    name: str = Field(primary_key=True, max_length=64)
    key: str = Field(sa_column=Column(Text, nullable=False))
    log_key: str = Field(sa_column=Column(Text, nullable=False))
    named_at: float
    size: int | None = None
    signed_at: float | None = None
    line: str | None = Field(default=None, sa_column=Column(Text))


class WitnessedNote(SQLModel, table=True):
    """A checkpoint with the log's signature and two witnesses'; `vouched_at` is the older's."""

    id: int | None = Field(default=None, primary_key=True)
    size: int
    vouched_at: float
    note: str = Field(sa_column=Column(Text, nullable=False))


class Seen(NamedTuple):
    """A witness as the pages show it; `signed_at` is None while it signed nothing."""

    name: str
    key: str
    log_key: str
    size: int | None
    signed_at: float | None


def shown(session: Session) -> list[Seen]:
    """Return the witnesses, by name."""
    rows = session.exec(select(LogWitness).order_by(col(LogWitness.name))).all()
    return [Seen(row.name, row.key, row.log_key, row.size, row.signed_at) for row in rows]


def trust(session: Session) -> Trust | None:
    """Return what homes pin when they pair; None while no witnesses are named."""
    rows = session.exec(select(LogWitness)).all()
    if not rows:
        return None
    return Trust(NoteKey.parse(rows[0].log_key), [NoteKey.parse(row.key) for row in rows])


def name(
    session: Session, log_key: NoteKey, keys: list[str], *, at: float, by: str, instead: bool
) -> None:
    """Name the three witnesses.

    Args:
        session: The caller's.
        log_key: The log's own key.
        keys: Their key lines.
        at: Now, in Unix seconds.
        by: Who names them.
        instead: Whether others may be replaced; homes that pinned those must pair again.

    Raises:
        LogError: Not three usable ones, or there are others already.
    """
    fresh = Trust(log_key, [NoteKey.parse(key.strip()) for key in keys])
    before = trust(session)
    if before is not None and before.digest == fresh.digest:
        return
    if before is not None and not instead:
        raise LogError(
            "three witnesses are named already; homes that are paired believe only those. To name "
            "others say --instead: then every home must pair again by a new code"
        )
    session.execute(delete(LogWitness))
    session.execute(delete(WitnessedNote))
    for key in fresh.witnesses:
        session.add(LogWitness(name=key.name, key=key.text, log_key=log_key.text, named_at=at))
    log.append(session, WITNESSES, at=at, sha256=fresh.digest.hex())
    audit.write(session, at=at, actor=by, act="witnesses", target=", ".join(_names(fresh)))


def _names(of: Trust) -> list[str]:
    return [key.name for key in of.witnesses]


def take(
    session: Session, key: tuple[NoteKey, Ed25519PrivateKey], text: str, line: str, *, at: float
) -> bool:
    """Keep a witness's signature; returns whether there is a checkpoint to tell the homes now.

    Args:
        session: The caller's.
        key: The log's, both halves.
        text: The checkpoint that was signed.
        line: The signature.
        at: Now, in Unix seconds.

    Raises:
        LogError: Not a checkpoint of this log, or no signature of a named witness.
        LookupError: No named witness signed.
    """
    rows = {row.name: row for row in session.exec(select(LogWitness)).all()}
    signers = open_note(
        f"{text}\n{line}", [NoteKey.parse(row.key) for row in rows.values()]
    ).signers
    if len(signers) != 1 or line.count("\n") != 1:
        raise LookupError("no witness that is named here")
    ((witness, signed_at),) = signers.items()
    if abs(signed_at - at) > AHEAD_S:
        raise LogError("the witness's clock is not set")
    checkpoint, tree = Checkpoint.parse(text), Tree(log.entries(session))
    ours = checkpoint.origin == key[0].name and checkpoint.size <= tree.size
    if not ours or tree.root(checkpoint.size) != checkpoint.root:
        raise LogError("this log never had such a checkpoint")
    row = rows[witness]
    row.size, row.signed_at, row.line = checkpoint.size, signed_at, line
    session.flush()
    return _told(session, key, text, checkpoint.size, at)


def _told(
    session: Session, key: tuple[NoteKey, Ed25519PrivateKey], text: str, size: int, at: float
) -> bool:
    """Keep a checkpoint for the homes if two witnesses signed it and there is something new."""
    rows = session.exec(select(LogWitness).where(col(LogWitness.size) == size)).all()
    signed = sorted(((row.signed_at or 0.0, row.line or "") for row in rows), reverse=True)
    if len(signed) < QUORUM:
        return False
    vouched_at, last = signed[QUORUM - 1][0], newest(session)
    if (
        last is not None
        and size <= last.size
        and (size < last.size or vouched_at < last.vouched_at + TOLD_AGAIN_S)
    ):
        return False
    note = text + "\n" + sign_note(text, *key) + "".join(line for _, line in signed)
    session.add(WitnessedNote(size=size, vouched_at=vouched_at, note=note))
    session.execute(delete(WitnessedNote).where(col(WitnessedNote.vouched_at) < at - KEPT_S))
    return True


def newest(session: Session) -> WitnessedNote | None:
    """Return the newest checkpoint that two witnesses signed."""
    return session.exec(
        select(WitnessedNote).order_by(col(WitnessedNote.id).desc()).limit(1)
    ).first()


def problem(session: Session, now: float) -> str | None:
    """Return what is wrong with the witnesses, None while all is well or none are named."""
    if trust(session) is None:
        return None
    last = newest(session)
    return None if last is not None and now - last.vouched_at < QUIET_S else "not signing"


class Told(NamedTuple):
    """What two witnesses vouch for, and what that log says is in force."""

    proof: Proof
    claims: Claims


def told(session: Session, now: float) -> Told | None:
    """Return what to tell the homes; None while nothing is vouched for, or not yet all of it."""
    pinned, last = trust(session), newest(session)
    if pinned is None or last is None:
        return None
    entries = log.entries(session)[: last.size]
    elder = _last_before(session, now - RIPE_S - AHEAD_S)
    stood = 0 if elder is None else elder.size
    claims = Claims([read(one, n) for n, one in enumerate(entries)], stood, pinned.digest.hex())
    issued = (
        entry
        for (kind, number), entry in claims.tokens().items()
        if not name_is_over((TokenClass(kind), number), now)
    )
    sealing = (
        entry for number, entry in claims.cells().items() if not Allotment.EPOCH.over(number, now)
    )
    found = [claims.gateway(), claims.slot(), claims.roster(), *issued, *sealing]
    if any(entry is None for entry in found[:3]):
        return None
    needed = [entry for entry in (*found, claims.zones()) if entry is not None]
    places = [entry.place for entry in needed]
    # What counts only for being the first of its kind is seen to be that from the beginning.
    keys = (entry for entry in needed if entry.kind not in {SLOT, ROSTER})
    if claims.zones() is None or not all(claims.stood(entry) for entry in keys):
        places = [0]
    seen = _last_before(session, now - SHOWN_S)
    start = min(
        *places, last.size if elder is None else elder.size, 0 if seen is None else seen.size
    )
    edge = Tree(entries).edge(start)
    note, old = last.note, "" if elder is None else elder.note
    return Told(Proof(note, old, start, edge.peaks, entries[start:]), claims)


def _last_before(session: Session, moment: float) -> WitnessedNote | None:
    """Return the newest checkpoint that was vouched for by then."""
    chosen = select(WitnessedNote).where(col(WitnessedNote.vouched_at) <= moment)
    return session.exec(chosen.order_by(col(WitnessedNote.id).desc()).limit(1)).first()
