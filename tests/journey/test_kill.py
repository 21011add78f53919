"""``kill -9`` of any process at any moment of the gas journey: each thing happened once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hub.demo.plan import WITNESSES
from tests.journey import evidence, processes
from tests.journey.system import ASK_S, CLEAR_S, SLOT_S, System

JOURNEY_S = ASK_S + 10 * SLOT_S + CLEAR_S + 1
"""From the alarm to the all-clear at home, on a machine of one's own."""

FOLLOW_UP_S = 150 * SLOT_S
"""After this long an event's last message leaves."""

KILLER = ThreadPoolExecutor(1, "killer")
KILLED = [role for role in processes.ROLES if role not in ("neighbours", "siren", *WITNESSES[1:])]


def valve_closings(record: dict[str, Any]) -> list[str]:
    """How the closings of the gas valve that a hazard record holds went."""
    return [action["result"] for action in record["actions"] if action["role"] == "gas_valve"]


def journey(system: System, role: str, moment: float) -> None:
    """One gas alarm from open valve to all clear, with a kill `moment` seconds after its start."""
    hazards, incidents = len(system.hazards()), len(system.incidents())
    killing = KILLER.submit(kill_at, system, role, time.monotonic() + moment)
    system.gas(True)
    system.until(
        lambda: any(r["active"] for r in system.hazards()[hazards:]), "the home to know the hazard"
    )
    system.until(
        lambda: valve_closings(system.hazards()[-1]) == ["confirmed"], "the valve's confirmation"
    )
    system.until(lambda: system.closed, "the closed valve")
    system.until(lambda: len(system.incidents()) > incidents, "the incident")
    system.gas(False)
    system.until(lambda: not system.hazards()[-1]["active"], "the all-clear at home")
    killing.result()
    assert len(system.hazards()) == hazards + 1
    assert len(system.incidents()) == incidents + 1
    assert system.device("gas_valve")["commands"]["close"] >= 1
    system.open_valve()


def kill_at(system: System, role: str, moment: float) -> None:
    """Wait for the moment, then kill."""
    threading.Event().wait(moment - time.monotonic())
    system.kill(role)


def everything_once(system: System, alarms: int) -> None:
    """After the last follow-up: one record, one command, one incident for each alarm."""
    system.until(
        lambda: all("home_cleared" in incident.lines for incident in system.incidents()),
        "every all-clear at the duty desk",
        FOLLOW_UP_S + 60,
    )
    records, incidents = system.hazards(), system.incidents()
    assert len(records) == len(incidents) == alarms
    for record in records:
        assert valve_closings(record) == ["confirmed"]
    for incident in incidents:
        words = Counter(incident.lines)
        assert words["home_raised"] == 1
        assert max(words.values()) == 1, incident
        assert (incident.hazard, incident.status) == ("gas", "raised")
    assert system.stop() == 0
    assert evidence.ledger_problem(system.folder / "home") is None


def kills(system: System, roles: list[str], dice: random.Random) -> None:
    """A journey and a kill for each of the roles."""
    system.start()
    for role in roles:
        moment = dice.uniform(0, JOURNEY_S)
        try:
            journey(system, role, moment)
        except AssertionError as problem:
            raise AssertionError(f"kill -9 {role} at {moment:.3f} s: {problem}") from None
    everything_once(system, len(roles))


@pytest.mark.timeout(400)
def test_the_processes_between_sensor_and_desk(system: System) -> None:
    kills(system, ["home-app", "safety", "relay", "community-app"], random.Random(9))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_process_once(system: System) -> None:
    kills(system, KILLED, random.Random(9))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_random_moments(system: System, seed: int) -> None:
    dice = random.Random(seed)
    kills(system, [dice.choice(KILLED) for _ in range(10)], dice)
