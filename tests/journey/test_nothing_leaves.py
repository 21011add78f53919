"""What must not leave a home doesn't: a new home, and one that withdrew its yes."""

from __future__ import annotations

import time
from pathlib import Path

from hub.demo.plan import Plan
from tests.journey import evidence, processes
from tests.journey.network import Spy, sockets
from tests.journey.system import ASK_S, SLOT_S, System

HERE = "127.0.0.1"
NOBODY = "0.0.0.0"  # noqa: S104 - what the kernel shows as a listener's other end
QUESTION_S = ASK_S + 10 * SLOT_S


def test_a_new_home_speaks_to_nobody(tmp_path: Path) -> None:
    system, spy = new_home(tmp_path)
    try:
        system.start_parts("home", "devices")
        system.gas(True)
        passes(system, QUESTION_S)
        only_at_home(system, spy)
        system.gas(False)
        system.stop_parts()
        words = ["home", "init", "--owner", "New resident", "--unlock", "machine"]
        words += ["--bind", "gas_valve=valve.demo_gas_valve_valve"]
        system.once(*words, "--data", str(system.folder / "home"), given="a long password\n")
        system.start_parts("home", "devices")
        system.gas(True)
        system.until(lambda: system.closed, "the valve to close")
        system.until(lambda: bool(system.hazards()), "the home to know")
        passes(system, QUESTION_S)
        only_at_home(system, spy)
        assert evidence.waiting_events(system.folder / "home") == 0
        system.stop_parts()
    finally:
        system.close()


def test_withdrawn_means_not_even_what_waits(system: System, tmp_path: Path) -> None:
    home, community = system.folder / "home", system.folder / "community"
    spy = Spy(tmp_path)
    system.env = spy.env
    system.start_parts("community", "home", "devices")
    system.gas(True)
    system.until(lambda: evidence.waiting_events(home) == 1, "the event to wait at the door")
    owner = system.owner()
    owner.get("/choices")
    owner.post("/choices/withdraw", purpose="tell_zone", klass="gas")
    system.start_parts("relay")
    system.until(lambda: evidence.waiting_events(home) == 0, "the event to be dropped")
    relay = ("home-app", HERE, str(system.plan.ports["relay"]))
    system.until(lambda: relay in spy.seen("connect"), "the home's stream")
    passes(system, 15 * SLOT_S)
    system.stop_parts()
    counted = evidence.counters(community)
    assert counted["batches"] >= 5, "the stream went on"
    assert counted["batches"] == counted["dummy_batches"]
    assert counted["kept events"] == counted.get("invalid", 0) == 0
    assert system.incidents() == []
    assert evidence.ledger_problem(home) is None


def new_home(folder: Path) -> tuple[System, Spy]:
    """A system whose home was never set up, every process of it watched."""
    plan = Plan(folder / "demo")
    plan.choose_ports(usual=False)
    plan.slot_s, plan.ask_s, plan.clear_s = SLOT_S, ASK_S, 0.5
    plan.save()
    system, spy = System(folder / "demo"), Spy(folder)
    system.env = spy.env
    return system, spy


def passes(system: System, seconds: float) -> None:
    """Time in which something could happen, and doesn't."""
    end = time.monotonic() + seconds
    system.until(lambda: time.monotonic() > end, "time to pass")


def only_at_home(system: System, spy: Spy) -> None:
    """No program spoke to, listened on or looked up anything but this home's own ports."""
    own = {str(system.plan.ports[name]) for name in ("home", "broker")}
    spoken = spy.seen("connect", "sendto", "sendmsg")
    watched = {role for role, _, _ in spoken | spy.seen("bind")}
    assert watched >= {"home", "home-app", "safety", "broker"}
    assert {(host, port) for _, host, port in spoken} <= {(HERE, port) for port in own}
    assert {host for _, host, _ in spy.seen("getaddrinfo", "gethostbyname")} <= {HERE}
    for role, pid in processes.running(system.folder).items():
        for near, far in sockets(pid):
            assert near == HERE, role
            assert far in {HERE, NOBODY}, role
