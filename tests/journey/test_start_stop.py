"""The demo as a whole: it starts, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

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


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_first_start_that_is_cut_off_begins_anew(tmp_path: Path) -> None:
    system = System(tmp_path / "demo")
    try:
        for said in ("community: its flats", "relay: paired", "home: set up"):
            system.launch()
            system.until(lambda said=said: said in system.said(), said)  # type: ignore[misc] # mypy knows no default in a lambda
            assert system.stop() == 0
            assert "Traceback" not in system.said()
        system.start()
        assert len(links(system.said())) == 3
        assert system.stop() == 0
    finally:
        system.close()


def test_a_killed_demo_leaves_no_orphan(system: System) -> None:
    system.start()
    began = dict(processes.running(system.folder))
    os.kill(began["demo"], signal.SIGKILL)
    system.gone(20)
