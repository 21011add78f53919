"""What stands beside every figure: the machine, its load, its disk."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROBES = 200


class BenchProblem(RuntimeError):
    """The measurement could not be taken as promised."""


def conditions(folder: Path, **more: Any) -> dict[str, Any]:
    """The machine as it is now, and ``more``, which names what else was running.

    Args:
        folder: on the disk whose fsync time counts.
        more: such as the broker.
    """
    disk = fsync_ms(folder)
    return {
        **more,
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
        "fsync_p50_ms": percentile(disk, 0.5),
        "fsync_p99_ms": percentile(disk, 0.99),
        "python": platform.python_version(),
    }


def figure(metric: str, value: float, unit: str, beside: dict[str, Any]) -> dict[str, Any]:
    """One line of a bench."""
    return {"metric": metric, "value": value, "unit": unit, **beside}


def fsync_ms(folder: Path) -> list[float]:
    """What the disk under a folder takes for a small durable write."""
    times = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(PROBES):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    (folder / "probe").unlink()
    return times


def percentile(times: Sequence[float], share: float) -> float:
    """Nearest rank: a time that was really seen."""
    ranked = sorted(times)
    return round(ranked[min(len(ranked) - 1, int(len(ranked) * share))], 3)
