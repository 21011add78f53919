"""SafetyEvent events into incidents: once each, idempotent, conflicts refused, quick in bulk."""

from __future__ import annotations

import asyncio
import itertools
import os
import time

import pytest
from sqlalchemy import func
from sqlmodel import Session, select

from community.core.events import SafetyEvent, Word
from community.core.store import Store
from community.gateway import intake
from community.gateway.intake import Taken
from community.gateway.tables import Event
from community.incidents import arrivals
from community.incidents.tables import Incident, IncidentLine


def event(nonce: bytes, seq: int = 0, word: Word = Word.RAISED, body: bytes = b"") -> SafetyEvent:
    content = body or f"{word}{seq}".encode()
    return SafetyEvent(
        nonce=nonce,
        seq=seq,
        body=content.ljust(64, b"\0"),
        content=content.ljust(32, b"\0"),
        hazard="gas",
        word=word,
        severity=1,
        zone=1,
        drill=False,
        test=False,
        late=False,
    )


async def take(store: Store, *events: SafetyEvent, at: float = 100.0) -> Taken:
    return await store.run(lambda session: intake.take(session, events, arrivals.receive, at=at))


async def incidents(store: Store) -> list[tuple[str, str]]:
    def work(session: Session) -> list[tuple[str, str]]:
        chosen = select(Incident.status, Incident.word).order_by("id")
        return [(row[0], row[1]) for row in session.exec(chosen)]

    return await store.read(work)


async def count(store: Store, table: type) -> int:
    return await store.read(lambda s: s.exec(select(func.count()).select_from(table)).one())


async def test_an_event_becomes_an_incident_with_its_zone_and_nothing_more(store: Store) -> None:
    taken = await take(store, event(b"n" * 32))
    assert taken == Taken(taken.incidents, accepted=1, replayed=0, conflicting=0, late=0)

    def work(session: Session) -> dict[str, object]:
        return session.exec(select(Incident)).one().model_dump()

    row = await store.read(work)
    assert (row["hazard"], row["level"], row["place_zh"], row["homes"]) == ("gas", 1, "整个小区", 0)
    assert (row["status"], row["raised_at"]) == ("raised", 100.0)


async def test_the_same_event_again_is_one_incident(store: Store) -> None:
    once = event(b"n" * 32)
    await take(store, once, once)
    taken = await take(store, once)
    assert (taken.accepted, taken.replayed, taken.conflicting) == (0, 1, 0)
    assert await incidents(store) == [("raised", "raised")]
    assert await count(store, Event) == await count(store, IncidentLine) == 1


async def test_another_body_under_the_same_name_is_refused_and_counted(store: Store) -> None:
    nonce = b"n" * 32
    taken = await take(store, event(nonce), event(nonce, body=b"x" * 64))
    assert (taken.accepted, taken.conflicting) == (1, 1)
    taken = await take(store, event(nonce, word=Word.CANCELLED, body=b"y" * 64))
    assert (taken.accepted, taken.replayed, taken.conflicting) == (0, 0, 1)
    assert await incidents(store) == [("raised", "raised")]


async def test_update_and_all_clear_are_the_same_incident(store: Store) -> None:
    nonce = b"n" * 32
    await take(store, event(nonce))
    await take(store, event(nonce, 1, Word.UPDATED))
    await take(store, event(nonce, 2, Word.CLEARED))
    assert await incidents(store) == [("raised", "cleared")]
    assert await count(store, IncidentLine) == 3


@pytest.mark.parametrize("together", [True, False])
async def test_an_all_clear_said_twice_stands_once(store: Store, together: bool) -> None:
    nonce = b"n" * 32
    said = [event(nonce), event(nonce, 1, Word.CLEARED), event(nonce, 2, Word.CLEARED)]
    for batch in [said] if together else [[one] for one in said]:
        await take(store, *batch)
    assert await incidents(store) == [("raised", "cleared")]
    assert await count(store, IncidentLine) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("together", [True, False])
async def test_any_order_ends_the_same(
    store: Store, order: tuple[int, ...], together: bool
) -> None:
    words = (Word.RAISED, Word.UPDATED, Word.CANCELLED)
    events = [event(b"n" * 32, seq, words[seq]) for seq in order]
    if together:
        await take(store, *events)
    else:
        for one in events:
            await take(store, one)
    assert await incidents(store) == [("cancelled", "cancelled")]


async def test_eight_writers_at_once_accept_one_body(store: Store) -> None:
    nonce = b"n" * 32
    taken = await asyncio.gather(
        *(take(store, event(nonce, body=bytes([n]) * 64)) for n in range(8)),
        return_exceptions=True,
    )
    accepted = [t for t in taken if isinstance(t, Taken) and t.accepted]
    assert len(accepted) == 1
    assert await count(store, Event) == await count(store, Incident) == 1


async def test_a_batch_of_5000_events_takes_about_a_second(store: Store) -> None:
    events = [event(os.urandom(32)) for _ in range(5_000)]
    started = time.process_time()
    taken = await take(store, *events)
    spent = time.process_time() - started
    assert taken.accepted == await count(store, Incident) == 5_000
    # Processor time and not the clock: other work on this machine must not fail the test.
    assert spent < 3.0
    again = await take(store, *events)
    assert (again.accepted, again.replayed) == (0, 5_000)


async def test_counters_add_up(store: Store) -> None:
    for _ in range(2):
        await store.run(lambda s: intake.add_counts(s, {intake.INVALID: 2, intake.LATE: 0}))
    counts = await store.read(intake.counts)
    assert counts[intake.INVALID] == 4
    assert set(counts) == set(intake.COUNTERS)
