"""When a contact is told what: the pure part, against any order of events."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.home.contacts.telling import BACKOFF_S, CANCELLED, GIVE_UP_S, OVER, RAISED, Telling
from hub.safety.table import HAZARDS
from privacy.consent import CONTACT_CLASSES

AT = 1_800_000_000.0


def telling(due_s: float = 60, *, unseen_only: bool = True) -> Telling:
    return Telling("c", "h", "gas", raised_at=AT, due=AT + due_s, unseen_only=unseen_only)


def record(*, active: bool = True, seen_at: float | None = None) -> dict[str, Any]:
    return {"active": active, "acknowledged_at": seen_at}


def test_contacts_may_be_told_of_every_hazard_but_batteries() -> None:
    assert {*HAZARDS, "supervision"} - {"battery"} == set(CONTACT_CLASSES)


def test_it_waits_until_it_is_due_and_no_longer() -> None:
    one = telling(60)
    assert (one.wants(AT), one.wait_s(AT, 0), one.wait_s(AT + 60, 0)) == (RAISED, 60, 0)
    # A clock that was set back holds nobody up longer than they were to wait.
    assert one.wait_s(AT - 10_000, 0) == 60


def test_who_saw_it_in_time_spares_the_contact() -> None:
    one = telling(60)
    assert one.heard(record(seen_at=AT + 59), AT + 59)
    assert not one.heard(record(seen_at=AT + 59), AT + 59)
    assert one.wants(AT + 100) is None
    late, at_once = telling(60), telling(0, unseen_only=False)
    late.heard(record(seen_at=AT + 61), AT + 61)
    at_once.heard(record(seen_at=AT - 1), AT)
    assert late.wants(AT + 61) == at_once.wants(AT) == RAISED


def test_what_never_left_is_not_taken_back() -> None:
    for how in (OVER, CANCELLED):
        one = telling(0)
        one.failed("unreached")
        assert one.end(how, AT + 5)
        assert one.wants(AT + 5) is None


def test_what_may_have_arrived_is_ended() -> None:
    one = telling(0)
    one.left = True
    one.failed("unanswered")
    one.end(CANCELLED, AT + 5)
    assert (one.wants(AT + 5), one.wait_s(AT + 5, AT + 4)) == (CANCELLED, 0)
    assert not one.heard(record(active=False), AT + 9)
    assert one.wants(AT + 5 + GIVE_UP_S + 1) is None
    one.delivered(CANCELLED, AT + 10)
    assert one.wants(AT + 10) is None


def test_tries_come_further_apart() -> None:
    one = telling(0)
    for pause in (*BACKOFF_S, BACKOFF_S[-1], BACKOFF_S[-1]):
        one.failed("503")
        assert one.wait_s(AT + 1, AT + 1) == pause
        assert one.wait_s(AT + 1 + pause, AT + 1) == 0
        assert one.wait_s(AT - 5000, AT + 1) == pause


_EVENTS = st.lists(
    st.sampled_from(("active", "seen", "over", "cancel", "sent", "unreached", "500", "restart")),
    max_size=15,
)


@given(events=_EVENTS, due_s=st.sampled_from((0, 60)))
def test_any_order_of_events(events: list[str], due_s: float) -> None:
    """Raised at most once delivered, the end only after it may have left, and once delivered."""
    one, now, log, left = telling(due_s, unseen_only=bool(due_s)), AT, [], False
    for event in events:
        now += 7
        if event in {"active", "seen", "over"}:
            seen_at = now if event == "seen" else None
            one.heard(record(active=event != "over", seen_at=seen_at), now)
        elif event == "cancel":
            one.end(CANCELLED, now)
        elif event == "restart":
            one = Telling.from_json(one.to_json())
        elif (status := one.wants(now)) is not None and one.wait_s(now, 0) == 0:
            if status != RAISED:
                assert left
            left = left or event != "unreached"
            one.left = left
            if event == "sent":
                log.append(status)
                one.delivered(status, now)
            else:
                one.failed(event)
    assert log.count(RAISED) <= 1
    assert len(log) - log.count(RAISED) <= 1
    assert sorted(log, key=lambda status: status != RAISED) == log
