"""The demo as a whole: it starts, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.journey import evidence, processes
from tests.journey.system import System, links
from tests.journey.visitor import Visitor

PASSPHRASE = "a river of ink and paper"


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


def test_it_starts_again_though_the_resident_chose_a_passphrase(system: System) -> None:
    evidence.household(system.folder / "home").change_mode("passphrase", passphrase=PASSPHRASE)
    system.start()
    address = system.plan.address("home")
    assert f"{address}/unlock" in system.said()
    assert "This home is locked: unlock it there" in system.said()
    assert "all health checks passing" in system.said()
    with pytest.raises(AssertionError, match="locked"):
        system.owner()
    Visitor(address).post("/unlock", passphrase=PASSPHRASE)
    assert "Sign in" not in system.owner().get("/")
    assert system.stop() == 0
    assert "Traceback" not in system.said()


def test_a_killed_demo_leaves_no_orphan(system: System) -> None:
    system.start()
    began = dict(processes.running(system.folder))
    os.kill(began["demo"], signal.SIGKILL)
    system.gone(20)
