"""What outlives a restart of the kernel: when each sensor spoke, and since when a count runs.

A day of running water is not to begin anew because the machine did. Kept every few minutes, so a
kill may cost the last of them: what began since then is counted from the restart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .acting import Clock
from .measure import AWAY_S
from .supervision import Sensor

SEEN_EVERY_S = 300.0
# After a restart a sensor has at least this long to speak before it counts as lost: a power
# cut that outlasts its limit is no reason for an alarm when everything comes back.
RESTART_GRACE_S = 600.0

_SEEN, _COUNTS = "seen", "counts"


def memories(sensors: Iterable[Sensor], clock: Clock) -> Iterator[tuple[str, dict[str, Any]]]:
    """What to keep now, by name; wall clocks, for the steady one begins anew."""
    now, wall = clock.steady(), clock.wall()
    known = list(sensors)
    yield _SEEN, {one.key: wall - (now - one.seen) for one in known}
    since = {one.key: one.count.since for one in known if one.count is not None}
    running = {key: wall - (now - begun) for key, begun in since.items() if begun is not None}
    yield _COUNTS, {"at": wall, "since": running}


def remember(
    sensors: Iterable[Sensor], rows: Mapping[tuple[str, str], bytes], clock: Clock
) -> None:
    """Give sensors that haven't spoken yet what an earlier run kept of them."""
    now, wall = clock.steady(), clock.wall()
    seen = json.loads(rows.get(("seen", _SEEN), b"{}"))
    counts = json.loads(rows.get(("seen", _COUNTS), b"{}"))
    fresh = abs(wall - float(counts.get("at", "-inf"))) <= SEEN_EVERY_S + AWAY_S
    for sensor in sensors:
        if sensor.heard:
            continue
        if sensor.key in seen:
            ago = max(0.0, wall - float(seen[sensor.key]))
            grace = min(RESTART_GRACE_S, sensor.limit_s)
            sensor.seen = now - min(ago, sensor.limit_s - grace)
        begun = counts.get("since", {}).get(sensor.key) if fresh else None
        if begun is not None and sensor.count is not None and sensor.count.figure is None:
            sensor.count.since = now - max(0.0, wall - float(begun))
