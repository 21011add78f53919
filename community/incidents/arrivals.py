"""Events from homes become incidents: a whole batch in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from community.core import zones
from community.core.events import SafetyEvent, Word
from community.core.zones import Spot
from community.incidents.hazards import hazard
from community.incidents.rules import CLOSED, FINAL_WORDS, Status, told
from community.incidents.tables import Incident, IncidentLine

_CHUNK = 500  # stays far below SQLite's and PostgreSQL's limits on parameters


def receive(session: Session, events: Sequence[SafetyEvent], at: float) -> list[int]:
    """Raise or change the incident of each new event; events come ordered by (nonce, seq)."""
    tables = zones.naming(session, {event.zone for event in events})
    rows: dict[bytes, Incident] = {}
    for part in _parts({event.nonce for event in events}):
        chosen = select(Incident).where(col(Incident.nonce).in_(part))
        rows.update((bytes(row.nonce), row) for row in session.execute(chosen).scalars())
    fresh: dict[bytes, dict[str, Any]] = {}
    lines: list[tuple[bytes, str]] = []
    for event in events:
        if _said_before(rows.get(event.nonce), fresh.get(event.nonce), event):
            continue
        over = False
        if event.nonce in rows:
            over = rows[event.nonce].word in FINAL_WORDS
            _tell(rows[event.nonce], event, at)
        elif event.nonce in fresh:
            over = fresh[event.nonce]["word"] in FINAL_WORDS
            _tell_values(fresh[event.nonce], event, at)
        else:
            fresh[event.nonce] = _raise(event, zones.spot(tables[event.zone], event.zone), at)
        if not over:  # every event has three messages: the last one may say the all-clear again
            lines.append((event.nonce, _line_word(event)))
    session.flush()
    ids = {nonce: row.id or 0 for nonce, row in rows.items()}
    returning = insert(Incident).returning(col(Incident.id), col(Incident.nonce))
    for part in _parts(fresh.values()):
        ids.update((bytes(row[1]), row[0]) for row in session.execute(returning, part))
    if lines:
        session.execute(
            insert(IncidentLine),
            [
                {"incident_id": ids[nonce], "at": at, "what": what, "who": "", "note": ""}
                for nonce, what in lines
            ],
        )
    return sorted(set(ids.values()))


def _said_before(row: Incident | None, values: dict[str, Any] | None, event: SafetyEvent) -> bool:
    """Whether the home's last word stands already: both follow-ups may carry the all-clear."""
    known = row.word if row is not None else (values or {}).get("word")
    return event.word in {Word.CLEARED, Word.CANCELLED} and known == event.word


def _raise(event: SafetyEvent, place: Spot, at: float) -> dict[str, Any]:
    status, word = told(Status.RAISED, Word.RAISED, event.word)
    return {
        "nonce": event.nonce,
        "hazard": event.hazard,
        "level": hazard(event.hazard).level,
        "zone": place.zone,
        "zone_version": place.version,
        "place_zh": place.zh,
        "place_en": place.en,
        "building": place.building,
        "homes": place.homes,
        "drill": event.drill,
        "test": event.test,
        "late": event.late,
        "status": str(status),
        "word": str(word),
        "version": 1,
        "raised_at": at,
        "changed_at": at,
        "closed_at": at if status in CLOSED else None,
    }


def _tell(row: Incident, event: SafetyEvent, at: float) -> None:
    status, word = told(Status(row.status), Word(row.word), event.word)
    if status != row.status:
        row.version += 1
        row.closed_at = at
    row.status, row.word, row.changed_at = status, word, at


def _tell_values(values: dict[str, Any], event: SafetyEvent, at: float) -> None:
    status, word = told(Status(values["status"]), Word(values["word"]), event.word)
    if status in CLOSED:
        values["closed_at"] = at
    values |= {"status": str(status), "word": str(word)}


def _line_word(event: SafetyEvent) -> str:
    """The timeline's word: the home's cancelling ends an incident, the rest are its words."""
    return f"home_{event.word}"


def _parts(items: Iterable[Any]) -> Iterable[list[Any]]:
    every = list(items)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
