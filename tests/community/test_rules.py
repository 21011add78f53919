"""The life of an incident, as properties over every possible course."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from community.core.events import Word
from community.incidents.hazards import DRILLABLE, HAZARDS, hazard
from community.incidents.rules import (
    CLOSED,
    ESCALATE_AFTER,
    OPEN,
    RESULTS,
    Move,
    Status,
    after,
    escalates_at,
    moves_from,
    rings,
    told,
)

COURSE = st.lists(st.one_of(st.sampled_from(Move), st.sampled_from(Word)), max_size=12)


def _play(course: list[Move | Word]) -> list[tuple[Status, Word]]:
    status, word = Status.RAISED, Word.RAISED
    seen = [(status, word)]
    for step in course:
        if isinstance(step, Move):
            status = after(status, step) or status
        else:
            status, word = told(status, word, step)
        seen.append((status, word))
    return seen


@given(COURSE)
def test_a_closed_incident_never_opens_again(course: list[Move | Word]) -> None:
    closed = False
    for status, _ in _play(course):
        assert not (closed and status in OPEN)
        closed = closed or status in CLOSED


@given(COURSE)
def test_once_silenced_it_never_rings_again(course: list[Move | Word]) -> None:
    silent = False
    for status, _ in _play(course):
        assert not (silent and rings(status))
        silent = silent or not rings(status)


@given(COURSE)
def test_only_people_close_what_people_are_dispatched_to(course: list[Move | Word]) -> None:
    seen = _play(course)
    for (before, _), (then, _), step in zip(seen, seen[1:], course, strict=False):
        if before is Status.DISPATCHED and then is not before:
            assert isinstance(step, Move)


@given(st.permutations([Word.RAISED, Word.UPDATED, Word.CLEARED]))
def test_the_homes_words_end_the_same_in_any_order(order: list[Word]) -> None:
    assert _play(list(order))[-1] == (Status.RAISED, Word.CLEARED)


@given(st.permutations([Word.RAISED, Word.UPDATED, Word.CANCELLED]))
def test_a_cancelled_event_is_cancelled_in_any_order(order: list[Word]) -> None:
    assert _play(list(order))[-1] == (Status.CANCELLED, Word.CANCELLED)


@given(COURSE)
def test_reviewed_is_the_last_word(course: list[Move | Word]) -> None:
    statuses = [status for status, _ in _play(course)]
    if Status.REVIEWED in statuses:
        assert set(statuses[statuses.index(Status.REVIEWED) :]) == {Status.REVIEWED}


@given(st.sampled_from(Status), st.floats(0, 1e10), st.none() | st.floats(0, 1e10))
def test_only_an_unacknowledged_incident_escalates_and_once(
    status: Status, raised: float, escalated: float | None
) -> None:
    due = escalates_at(status, raised, escalated)
    if status is Status.RAISED and escalated is None:
        assert due == raised + ESCALATE_AFTER
    else:
        assert due is None


def test_the_straight_road() -> None:
    status = Status.RAISED
    for move in (Move.ACKNOWLEDGE, Move.DISPATCH, Move.RESOLVE, Move.REVIEW):
        assert move in moves_from(status)
        then = after(status, move)
        assert then is RESULTS[move]
        status = then
    assert moves_from(status) == ()


def test_every_hazard_has_a_level_and_a_procedure_without_double_steps() -> None:
    assert {HAZARDS[name].level for name in ("gas", "smoke", "carbon_monoxide", "sos")} == {1}
    assert hazard("flood").level == 2
    assert set(DRILLABLE) <= set(HAZARDS)
    for known in [*HAZARDS.values(), hazard("something new")]:
        keys = [step.key for step in known.steps]
        assert len(keys) == len(set(keys)) >= 4
    gas = {step.key for step in hazard("gas").steps}
    assert {"doors", "switches", "air", "evacuate", "company"} <= gas
