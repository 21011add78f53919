"""What becomes of opened events: kept once, and turned into incidents, in one transaction.

(nonce, seq) is unique. The same event again is idempotent (homes send life-safety events in
three slots, relays repeat batches that got no receipt); another body under the same (nonce, seq)
is refused and counted. A whole batch costs a handful of statements however many events it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community.core.zones import Spot
from community.gateway.tables import Count, Event
from community.incidents.hazards import hazard
from community.incidents.rules import CLOSED, Status, Word, told
from community.incidents.tables import Incident, IncidentLine

INVALID, REPLAYED, CONFLICTING, LATE = "invalid", "replayed", "conflicting", "late"
BATCHES, DUMMY_BATCHES, EVENTS = "batches", "dummy_batches", "events"
COUNTERS = (EVENTS, BATCHES, DUMMY_BATCHES, INVALID, REPLAYED, CONFLICTING, LATE)
_CHUNK = 500  # stays far below SQLite's and PostgreSQL's limits on parameters

Find = Callable[[int], Spot]


class Opened(NamedTuple):
    """An event as the gateway opened and checked it.

    `nonce` is the event's name, `body` its 64 bytes, `content` the hash of the whole plaintext.
    """

    nonce: bytes
    seq: int
    body: bytes
    content: bytes
    hazard: str
    word: Word
    severity: int
    zone: int
    drill: bool
    test: bool
    late: bool


class Taken(NamedTuple):
    """What a batch did: changed incidents, and how many events were of which sort."""

    incidents: tuple[int, ...]
    accepted: int
    replayed: int
    conflicting: int
    late: int


def take(session: Session, events: Sequence[Opened], find: Find, *, at: float) -> Taken:
    """Keep a batch's events and change its incidents; the caller commits before the receipt.

    Args:
        session: The caller's transaction.
        events: The batch's events, in any order.
        find: Gives the place of a zone's number in the table in force.
        at: When the batch came, in Unix seconds.
    """
    wanted: dict[tuple[bytes, int], Opened] = {}
    replayed = conflicting = 0
    for event in events:
        first = wanted.setdefault((event.nonce, event.seq), event)
        if first is not event:
            replayed += first.content == event.content
            conflicting += first.content != event.content
    new = _keep(session, wanted, at)
    known = [key for key in wanted if key not in new]
    contents = _contents(session, known)
    same = sum(contents.get(key) == wanted[key].content for key in known)
    changed = _incidents(session, [wanted[key] for key in sorted(new)], find, at)
    return Taken(
        tuple(changed),
        accepted=len(new),
        replayed=replayed + same,
        conflicting=conflicting + len(known) - same,
        late=sum(wanted[key].late for key in new),
    )


def add_counts(session: Session, counts: dict[str, int]) -> None:
    """Add to the operator's counters."""
    for name, number in counts.items():
        if not number:
            continue
        found = session.execute(
            update(Count).where(col(Count.name) == name).values(value=col(Count.value) + number)
        )
        if getattr(found, "rowcount", 0) == 0:
            session.add(Count(name=name, value=number))
            session.flush()


def counts(session: Session) -> dict[str, int]:
    """Return every counter, 0 where nothing was counted yet."""
    found = {row.name: row.value for row in session.execute(select(Count)).scalars()}
    return {name: found.get(name, 0) for name in COUNTERS}


def _keep(
    session: Session, wanted: dict[tuple[bytes, int], Opened], at: float
) -> set[tuple[bytes, int]]:
    """Insert what isn't there yet; returns the keys that were inserted by this transaction."""
    dialect = session.get_bind().dialect.name
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        make(Event)
        .on_conflict_do_nothing(index_elements=["nonce", "seq"])
        .returning(col(Event.nonce), col(Event.seq))
    )
    new: set[tuple[bytes, int]] = set()
    for part in _parts(wanted.values()):
        rows = [
            {
                "nonce": e.nonce,
                "seq": e.seq,
                "body": e.body,
                "content": e.content,
                "received_at": at,
            }
            for e in part
        ]
        new.update((bytes(row[0]), row[1]) for row in session.execute(statement, rows))
    return new


def _contents(
    session: Session, keys: Iterable[tuple[bytes, int]]
) -> dict[tuple[bytes, int], bytes]:
    found: dict[tuple[bytes, int], bytes] = {}
    for part in _parts({nonce for nonce, _ in keys}):
        chosen = select(col(Event.nonce), col(Event.seq), col(Event.content)).where(
            col(Event.nonce).in_(part)
        )
        for row in session.execute(chosen):
            found[bytes(row[0]), row[1]] = bytes(row[2])
    return found


def _incidents(session: Session, events: list[Opened], find: Find, at: float) -> list[int]:
    """Raise or change the incident of each new event; events come ordered by (nonce, seq)."""
    rows: dict[bytes, Incident] = {}
    for part in _parts({event.nonce for event in events}):
        chosen = select(Incident).where(col(Incident.nonce).in_(part))
        rows.update((bytes(row.nonce), row) for row in session.execute(chosen).scalars())
    fresh: dict[bytes, dict[str, Any]] = {}
    lines: list[tuple[bytes, str]] = []
    for event in events:
        if event.nonce in rows:
            _tell(rows[event.nonce], event, at)
        elif event.nonce in fresh:
            _tell_values(fresh[event.nonce], event, at)
        else:
            fresh[event.nonce] = _raise(event, find(event.zone), at)
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


def _raise(event: Opened, place: Spot, at: float) -> dict[str, Any]:
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


def _tell(row: Incident, event: Opened, at: float) -> None:
    status, word = told(Status(row.status), Word(row.word), event.word)
    if status != row.status:
        row.version += 1
        row.closed_at = at
    row.status, row.word, row.changed_at = status, word, at


def _tell_values(values: dict[str, Any], event: Opened, at: float) -> None:
    status, word = told(Status(values["status"]), Word(values["word"]), event.word)
    if status in CLOSED:
        values["closed_at"] = at
    values |= {"status": str(status), "word": str(word)}


def _line_word(event: Opened) -> str:
    """The timeline's word: the home's cancelling ends an incident, the rest are its words."""
    return f"home_{event.word}"


def _parts(items: Iterable[Any]) -> Iterable[list[Any]]:
    every = list(items)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
