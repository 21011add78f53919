"""The life of an incident as a pure state machine: no clock, no database, no language.

raised → acknowledged → dispatched → resolved → reviewed is the straight road. A guard may skip
dispatching, call a false alarm, and the home may cancel as long as nobody is on the way. What
the home says (updated, cleared, cancelled) is kept beside the status: it never closes an
incident that people are working on.
"""

from __future__ import annotations

from enum import StrEnum

from community.core.events import Word

ESCALATE_AFTER = 60.0
"""Seconds that an alarm may stay unacknowledged before it escalates (features.md C4)."""


class Status(StrEnum):
    """Where an incident stands on the duty desk."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    FALSE_ALARM = "false_alarm"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What a person on duty can do with an incident."""

    ACKNOWLEDGE = "acknowledge"
    DISPATCH = "dispatch"
    RESOLVE = "resolve"
    FALSE_ALARM = "false_alarm"
    REVIEW = "review"


OPEN = frozenset({Status.RAISED, Status.ACKNOWLEDGED, Status.DISPATCHED})
CLOSED = frozenset(Status) - OPEN
MANAGER_MOVES = frozenset({Move.REVIEW})

_MOVES: dict[tuple[Status, Move], Status] = {
    (Status.RAISED, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,
    (Status.RAISED, Move.DISPATCH): Status.DISPATCHED,
    (Status.RAISED, Move.FALSE_ALARM): Status.FALSE_ALARM,
    (Status.ACKNOWLEDGED, Move.DISPATCH): Status.DISPATCHED,
    (Status.ACKNOWLEDGED, Move.RESOLVE): Status.RESOLVED,
    (Status.ACKNOWLEDGED, Move.FALSE_ALARM): Status.FALSE_ALARM,
    (Status.DISPATCHED, Move.RESOLVE): Status.RESOLVED,
    (Status.DISPATCHED, Move.FALSE_ALARM): Status.FALSE_ALARM,
    (Status.RESOLVED, Move.REVIEW): Status.REVIEWED,
    (Status.FALSE_ALARM, Move.REVIEW): Status.REVIEWED,
    (Status.CANCELLED, Move.REVIEW): Status.REVIEWED,
}

RESULTS: dict[Move, Status] = {move: then for (_, move), then in _MOVES.items()}
"""The one status that each move leads to."""

FINAL_WORDS = frozenset({Word.CLEARED, Word.CANCELLED})
"""After these the home has nothing more to say about an event."""


def after(status: Status, move: Move) -> Status | None:
    """Return the status after `move`, None where it can't be made from here."""
    return _MOVES.get((status, move))


def moves_from(status: Status) -> tuple[Move, ...]:
    """Return what can be done from a status, the usual next step first."""
    return tuple(move for (start, move) in _MOVES if start is status)


def told(status: Status, word: Word, said: Word) -> tuple[Status, Word]:
    """Return status and last word after the home, whose last word was `word`, said `said`.

    Cells may arrive out of order: a final word is never taken back by an earlier one.
    """
    last = word if word in FINAL_WORDS and said not in FINAL_WORDS else said
    if said is Word.CANCELLED and status in {Status.RAISED, Status.ACKNOWLEDGED}:
        return Status.CANCELLED, Word.CANCELLED
    return status, last


def rings(status: Status) -> bool:
    """Whether the alarm's tone sounds: only an acknowledgement (or an end) silences it."""
    return status is Status.RAISED


def escalates_at(status: Status, raised_at: float, escalated_at: float | None) -> float | None:
    """Return when an incident escalates, None if it no longer can."""
    if status is not Status.RAISED or escalated_at is not None:
        return None
    return raised_at + ESCALATE_AFTER
