"""When in a slot things happen: the home's own moment, the next slot, the relay's flush."""

from __future__ import annotations

from privacy.wire import slot_at, slot_start

FLUSH = 0.65
"""When in the slot the batch is closed: after the homes' half, before the slot ends."""

_LEAD_S = 0.1


def lead(slot_s: float) -> float:
    """How long before its moment a cell is made, seconds."""
    return min(_LEAD_S, slot_s / 4)


def sending_moment(slot: int, slot_s: float, phase: float) -> float:
    """When a home hands over the cell of ``slot``, Unix seconds.

    The same whether the cell is an event or not; always in the first half of the slot.

    Args:
        slot: the slot's number.
        slot_s: how long slots last, seconds.
        phase: the home's own, 0 to 1, drawn once at pairing.
    """
    ahead = lead(slot_s)
    return slot_start(slot, slot_s) + ahead + phase * (slot_s / 2 - ahead)


def next_slot(last: int, now: float, slot_s: float) -> int:
    """The slot after ``last``; after the one running now if the clock jumped.

    A clock set back, or longer slots, must not silence the stream until it caught up.
    """
    current = slot_at(now, slot_s)
    return (max(last, current) if last - current <= 2 else current) + 1
