"""What becomes of opened events: kept once and handed on to the incidents, in one transaction.

(nonce, seq) is unique. The same event again is idempotent (homes send life-safety events in
three slots, relays repeat batches that got no receipt); another body under the same (nonce, seq)
is refused and counted. A whole batch costs a handful of statements however many events it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community.core.events import Receive, SafetyEvent
from community.gateway.tables import Count, Event

INVALID, REPLAYED, CONFLICTING, LATE = "invalid", "replayed", "conflicting", "late"
BATCHES, DUMMY_BATCHES, EVENTS = "batches", "dummy_batches", "events"
COUNTERS = (EVENTS, BATCHES, DUMMY_BATCHES, INVALID, REPLAYED, CONFLICTING, LATE)
_CHUNK = 500  # stays far below SQLite's and PostgreSQL's limits on parameters


class Taken(NamedTuple):
    """What a batch did: changed incidents, and how many events were of which sort."""

    incidents: tuple[int, ...]
    accepted: int
    replayed: int
    conflicting: int
    late: int


def take(session: Session, events: Sequence[SafetyEvent], receive: Receive, *, at: float) -> Taken:
    """Keep a batch's events and change its incidents; the caller commits before the receipt.

    Args:
        session: The caller's transaction.
        events: The batch's events, in any order.
        receive: Turns the new ones into incidents, in the same transaction.
        at: When the batch came, in Unix seconds.
    """
    wanted: dict[tuple[bytes, int], SafetyEvent] = {}
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
    changed = receive(session, [wanted[key] for key in sorted(new)], at)
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
    session: Session, wanted: dict[tuple[bytes, int], SafetyEvent], at: float
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


def _parts(items: Iterable[Any]) -> Iterable[list[Any]]:
    every = list(items)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
