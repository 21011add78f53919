"""How long the kernel keeps the records of hazards that are over.

When alarms were is personal, and these records open without the household's key: what the home
has confirmed is kept for a late acknowledgement only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from .records import HazardRecord

KEEP_CLOSED_S = 3600.0
KEEP_CLOSED = 200
# While the home, away for long, has not confirmed them.
KEEP_UNCONFIRMED = 5000


def no_longer_kept(
    records: Iterable[HazardRecord],
    confirmed: Collection[str],
    waits: Callable[[str], bool],
    wall: float,
) -> list[str]:
    """The ids of the records to drop now.

    Args:
        records: all of them, open ones too.
        confirmed: ids of records whose latest revision the home has. They go after
            :data:`KEEP_CLOSED_S`; the others are kept until then, up to
            :data:`KEEP_UNCONFIRMED`.
        waits: whether a siren of this ended hazard will still be silenced; it is kept then.
        wall: seconds since the epoch.
    """
    closed = [record for record in records if not record.active]
    closed.sort(key=lambda record: record.cleared_at or 0.0)
    told = [one for one in closed if one.id in confirmed and not waits(one.id)]
    many = max(0, len(told) - KEEP_CLOSED)
    # Either way from now: after a power cut the clock may be far behind.
    gone = [
        record.id
        for place, record in enumerate(told)
        if place < many or abs(wall - (record.cleared_at or 0.0)) > KEEP_CLOSED_S
    ]
    untold = [record.id for record in closed if record.id not in confirmed]
    return gone + untold[: max(0, len(untold) - KEEP_UNCONFIRMED)]
