"""The demo as a whole: it starts, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import os
import signal

from tests.journey import processes
from tests.journey.system import System, links


def test_everything_runs_and_nothing_stays_behind(system: System) -> None:
    system.start()
    assert set(processes.running(system.folder)) == set(processes.ROLES)
    assert len(links(system.said())) == 3
    assert system.stop(signal.SIGINT) == 0
    assert "Traceback" not in system.said()
    assert "exception" not in system.said()


def test_a_killed_demo_leaves_no_orphan(system: System) -> None:
    system.start()
    began = dict(processes.running(system.folder))
    os.kill(began["demo"], signal.SIGKILL)
    system.gone(20)
