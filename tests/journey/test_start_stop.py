"""The demo as a whole: it starts, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal

from tests.journey import processes
from tests.journey.system import System, links


def test_everything_runs_and_nothing_stays_behind(system: System) -> None:
    system.start()
    assert set(processes.running(system.folder)) == set(processes.ROLES)
    assert len(links(system.said())) == 3
    took = re.search(r"ready after ([0-9.]+) s, all health checks passing", system.said())
    assert took is not None
    figure = {"metric": "demo_second_start", "value": float(took[1]), "unit": "s"}
    print(json.dumps(figure))  # noqa: T201 - a figure to read, not held here
    assert system.stop(signal.SIGINT) == 0
    assert "Traceback" not in system.said()
    assert "exception" not in system.said()


def test_a_killed_demo_leaves_no_orphan(system: System) -> None:
    system.start()
    began = dict(processes.running(system.folder))
    os.kill(began["demo"], signal.SIGKILL)
    system.gone(20)
