"""The duty desk on both databases: two at once, timeline, steps, drills."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import select

from community.core import audit
from community.core.store import Store
from community.core.zones import Spot
from community.incidents import desk
from community.incidents.desk import Done, First, NotYours, Person
from community.incidents.rules import Move, Status
from community.incidents.tables import Incident, IncidentLine, IncidentStep
from tests.community.conftest import Clock

LI, WANG = Person("Guard Li", "guard"), Person("Guard Wang", "guard")
MANAGER = Person("Manager", "manager")
PLACE = Spot(3, 1, "3 号楼", "Building 3", "3", 24)


@pytest.fixture
async def incident(store: Store, clock: Clock) -> int:
    return await store.run(
        lambda session: desk.start_drill(session, "gas", PLACE, MANAGER, at=clock())
    )


async def _press(
    store: Store, incident: int, move: Move, person: Person, seen: int, *, at: float = 2.0
) -> desk.Answer:
    return await store.run(lambda s: desk.move(s, incident, move, person, seen, at=at))


async def _tick(store: Store, incident: int, person: Person, at: float) -> None:
    await store.run(lambda s: desk.tick(s, incident, "doors", person, done=True, at=at))


async def test_of_two_guards_at_once_the_first_wins_and_the_other_is_told(
    store: Store, incident: int
) -> None:
    answers = await asyncio.gather(
        *(_press(store, incident, Move.ACKNOWLEDGE, person, 1) for person in (LI, WANG))
    )
    won = [answer for answer in answers if isinstance(answer, Done)]
    lost = [answer for answer in answers if isinstance(answer, First)]
    assert len(won) == len(lost) == 1
    winner = (LI, WANG)[answers.index(won[0])]
    assert lost[0] == First(Status.ACKNOWLEDGED, winner.name)
    row = await store.read(
        lambda s: s.exec(select(Incident.status, Incident.version, Incident.acknowledged_by)).one()
    )
    assert tuple(row) == ("acknowledged", 2, winner.name)


async def test_many_presses_on_the_same_version_change_it_once(store: Store, incident: int) -> None:
    people = [Person(f"Guard {n}", "guard") for n in range(12)]
    moves = [Move.ACKNOWLEDGE, Move.DISPATCH, Move.FALSE_ALARM] * 4
    answers = await asyncio.gather(
        *(_press(store, incident, m, p, 1) for m, p in zip(moves, people, strict=True))
    )
    assert sum(isinstance(answer, Done) for answer in answers) == 1
    lines = await store.read(lambda s: len(s.exec(select(IncidentLine)).all()))
    assert lines == 2


async def test_ones_own_second_press_is_done_and_not_an_error(store: Store, incident: int) -> None:
    for _ in range(2):
        assert await _press(store, incident, Move.ACKNOWLEDGE, LI, 1) == Done(Status.ACKNOWLEDGED)


async def test_a_press_on_an_outdated_screen_is_told_who_was_first(
    store: Store, incident: int
) -> None:
    await _press(store, incident, Move.ACKNOWLEDGE, LI, 1)
    answer = await _press(store, incident, Move.DISPATCH, WANG, 1)
    assert answer == First(Status.ACKNOWLEDGED, "Guard Li")
    assert await _press(store, incident, Move.DISPATCH, WANG, 2) == Done(Status.DISPATCHED)


async def test_the_whole_road_with_who_and_when(store: Store, incident: int) -> None:
    for seen, (move, person) in enumerate(
        [
            (Move.ACKNOWLEDGE, LI),
            (Move.DISPATCH, WANG),
            (Move.RESOLVE, WANG),
            (Move.REVIEW, MANAGER),
        ],
        start=1,
    ):
        answer = await _press(store, incident, move, person, seen, at=100.0 + seen)
        assert isinstance(answer, Done)

    lines = await store.read(
        lambda s: [
            tuple(row)
            for row in s.exec(
                select(IncidentLine.at, IncidentLine.what, IncidentLine.who).order_by("id")
            )
        ]
    )
    assert lines[1:] == [
        (101.0, "acknowledged", "Guard Li"),
        (102.0, "dispatched", "Guard Wang"),
        (103.0, "resolved", "Guard Wang"),
        (104.0, "reviewed", "Manager"),
    ]
    assert await store.read(audit.verify) is None


async def test_only_a_manager_reviews(store: Store, incident: int) -> None:
    await _press(store, incident, Move.FALSE_ALARM, LI, 1)
    assert await _press(store, incident, Move.REVIEW, LI, 2) == NotYours(Status.FALSE_ALARM)
    assert await _press(store, incident, Move.REVIEW, MANAGER, 2) == Done(Status.REVIEWED)


async def test_steps_are_ticked_once_with_who_and_when(store: Store, incident: int) -> None:
    for person, at in ((LI, 5.0), (WANG, 6.0)):
        await _tick(store, incident, person, at)
    ticked = await store.read(
        lambda s: [
            tuple(row)
            for row in s.exec(select(IncidentStep.step, IncidentStep.done_by, IncidentStep.done_at))
        ]
    )
    assert ticked == [("doors", "Guard Li", 5.0)]
    await store.run(lambda s: desk.tick(s, incident, "doors", WANG, done=False, at=7.0))
    assert await store.read(lambda s: s.exec(select(IncidentStep.step)).all()) == []
    with pytest.raises(LookupError):
        await store.run(lambda s: desk.tick(s, incident, "lane", LI, done=True, at=8.0))


async def test_an_unknown_incident_is_a_lookup_error(store: Store) -> None:
    with pytest.raises(LookupError):
        await _press(store, 999, Move.ACKNOWLEDGE, LI, 1)


async def test_a_changed_or_missing_audit_line_shows(store: Store, incident: int) -> None:
    await _press(store, incident, Move.ACKNOWLEDGE, LI, 1)
    await _press(store, incident, Move.RESOLVE, LI, 2)
    from sqlalchemy import text

    await store.run(lambda s: s.execute(text("DELETE FROM auditline WHERE seq = 2")) and None)
    assert await store.read(audit.verify) == 2
