"""Calls for help that name their flat: an act of the resident becomes an incident.

The flat is kept sealed beside the incident, is shown while the incident is open, and is deleted
in the same transaction that closes it: staff who come later, and whoever takes the database,
read that somebody in the building called.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete
from sqlmodel import Session, col, select

from community.core import audit, roster
from community.core.events import CallStands, FlatCall, Word
from community.incidents.hazards import hazard
from community.incidents.rules import CLOSED, FINAL_WORDS, OPEN, Status, told
from community.incidents.tables import Incident, IncidentFlat, IncidentLine
from privacy.box import Box, VaultError

SOS_FLAT = "sos_flat"
PURPOSE = "flats that call"
"""What their box is made for."""


class Flats:
    """The sealed flats of open calls.

    Args:
        box: under the community's key.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def receive(self, session: Session, call: FlatCall, at: float) -> CallStands:
        """Raise or change the call's incident; the same again changes nothing."""
        row = session.exec(select(Incident).where(Incident.nonce == call.nonce)).first()
        if call.word is None or (row is None and call.word is not Word.RAISED):
            return _stands(row, changed=False)
        if row is None:
            return _stands(self._raise(session, call, at), changed=True)
        if call.word == row.word or Word(row.word) in FINAL_WORDS:
            return _stands(row, changed=False)
        status, word = told(Status(row.status), Word(row.word), call.word)
        if status != row.status:
            row.version, row.closed_at = row.version + 1, at
        row.status, row.word, row.changed_at = status, word, at
        session.add(row)
        _line(session, row, at, f"home_{call.word}")
        if status in CLOSED:
            forget(session, [row.id or 0])
        return _stands(row, changed=True)

    def names(self, session: Session, ids: Iterable[int]) -> dict[int, str]:
        """The flats of these incidents as people write them, of open ones only."""
        chosen = (
            select(IncidentFlat)
            .join(Incident, col(Incident.id) == col(IncidentFlat.incident_id))
            .where(col(IncidentFlat.incident_id).in_([*ids]))
            .where(col(Incident.status).in_([*map(str, OPEN)]))
        )
        found = {}
        for row in session.exec(chosen):
            try:
                found[row.incident_id] = self._box.open(row.sealed, _context(row.incident_id))
            except VaultError:
                continue  # another key: the incident stands, and says that its flat can't be read
        return {number: flat.decode() for number, flat in found.items()}

    def _raise(self, session: Session, call: FlatCall, at: float) -> Incident:
        place_zh, place_en = roster.building_name(session, call.path[0])
        row = Incident(
            nonce=call.nonce,
            hazard=SOS_FLAT,
            level=hazard(SOS_FLAT).level,
            place_zh=place_zh,
            place_en=place_en,
            building=call.path[0],
            homes=1,
            status=Status.RAISED,
            word=Word.RAISED,
            raised_at=at,
            changed_at=at,
        )
        session.add(row)
        session.flush()
        number = row.id or 0
        sealed = self._box.seal("-".join(call.path).encode(), _context(number))
        session.add(IncidentFlat(incident_id=number, sealed=sealed))
        _line(session, row, at, "flat_calls")
        audit.write(session, at=at, actor="home", act="call for help", target=str(number))
        return row


def forget(session: Session, ids: Iterable[int]) -> None:
    """Delete the flats of incidents that closed, in the caller's transaction."""
    session.execute(delete(IncidentFlat).where(col(IncidentFlat.incident_id).in_([*ids])))


def _context(number: int) -> bytes:
    return b"incidentflat %d" % number


def _line(session: Session, row: Incident, at: float, what: str) -> None:
    session.add(IncidentLine(incident_id=row.id or 0, at=at, what=what))


def _stands(row: Incident | None, *, changed: bool) -> CallStands:
    if row is None:
        return CallStands(None, None, changed)
    return CallStands(row.id, row.acknowledged_at, changed)
