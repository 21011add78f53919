"""Whatever else is broken, the valve closes; and the duty desk hears of it once, afterwards."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from privacy.errors import PrivacyError
from privacy.vault import Household
from tests.journey import evidence, processes
from tests.journey.system import ASK_S, SLOT_S, System
from tests.journey.visitor import Visitor

PASSPHRASE = "seven quiet lanterns"
ALL = ("community", "relay", "home", "devices")
WITHIN_S = 3.0
"""Far above the few milliseconds it takes (``linli bench hazard``), far below a held-up one."""


def alarm(system: System) -> None:
    """Gas, and the valve closes soon whatever state the rest is in."""
    assert not system.closed
    system.gas(True)
    began = time.monotonic()
    system.until(lambda: system.closed, "the valve to close")
    assert time.monotonic() - began < WITHIN_S


def told_once(system: System) -> None:
    """With everything back: one record, one incident; a second one would have come by then."""
    system.until(lambda: len(system.incidents()) > 0, "the incident")
    quiet(system)
    assert len(system.incidents()) == 1
    assert system.incidents()[0].lines.count("home_raised") == 1


def quiet(system: System) -> None:
    """Wait until the home has nothing more to say: all three messages left."""
    system.gas(False)
    system.until(lambda: "home_cleared" in system.incidents()[0].lines, "the all-clear", 120)


def nothing_yet(system: System) -> None:
    """The question's time and a few slots pass without an incident."""
    end = time.monotonic() + ASK_S + 5 * SLOT_S
    system.until(lambda: time.monotonic() > end or bool(system.incidents()), "time to pass")
    assert system.incidents() == []


def test_the_home_process_is_stopped(system: System) -> None:
    system.start_parts(*ALL)
    settled(system)
    held = system.pid("home-app")
    processes.send(held, signal.SIGSTOP)
    alarm(system)
    nothing_yet(system)
    processes.send(held, signal.SIGCONT)
    told_once(system)
    system.stop_parts()


def test_the_database_is_stalled(system: System) -> None:
    system.start_parts(*ALL)
    settled(system)
    lock = sqlite3.connect(system.folder / "home" / "home.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    alarm(system)
    nothing_yet(system)
    lock.execute("ROLLBACK")
    lock.close()
    told_once(system)
    system.stop_parts()


def test_the_disk_is_full(system: System) -> None:
    home = system.folder / "home"
    with small_disk(home) as mounted:
        system.start_parts(*ALL)
        settled(system)
        free = fill(home) if mounted else no_growth(system)
        alarm(system)
        free()
        told_once(system)
        system.stop_parts()


def test_the_household_is_locked_after_a_restart(system: System) -> None:
    home = system.folder / "home"
    system.start_parts(*ALL)
    settled(system)
    system.stop_parts()
    evidence.household(home).change_mode("passphrase", passphrase=PASSPHRASE)
    system.start_parts(*ALL)
    visitor = Visitor(system.plan.address("home"))
    assert "/unlock" in visitor.get("/")
    system.gas(True)
    system.until(lambda: system.closed, "the valve to close")
    system.until(lambda: len(system.incidents()) == 1, "the incident, as chosen beforehand")
    told_once(system)
    system.stop_parts()
    own = Household.open(home / "keys")
    with contextlib.suppress(PrivacyError):
        evidence.household(home)
        raise AssertionError("the machine key opened a household with a passphrase")
    own.unlock(passphrase=PASSPHRASE)
    assert [one["active"] for one in evidence.records(home, own)] == [False]
    assert evidence.ledger_problem(home) is None


def test_the_community_is_down(system: System) -> None:
    system.start_parts("relay", "home", "devices")
    settled(system)
    alarm(system)
    nothing_yet(system)
    system.start_parts("community")
    told_once(system)
    system.stop_parts()


def settled(system: System) -> None:
    """Wait until the kernel watches the sensor and holds the valve."""
    visitor = Visitor(system.plan.address("home"))
    system.until(lambda: "safety" not in visitor.problems(), "the home to be well")
    system.until(lambda: "\nready\n" in system.said(), "the devices")


@contextlib.contextmanager
def small_disk(home: Path) -> Iterator[bool]:
    """The home's folder on a disk of a few MiB of its own, where we may mount one."""
    kept = home.with_name("home.kept")
    home.rename(kept)
    home.mkdir(mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "tmpfs", str(home)]
    done = subprocess.run(words, check=False, capture_output=True)
    shutil.copytree(kept, home, dirs_exist_ok=True)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(home)], check=True)


def fill(home: Path) -> Callable[[], None]:
    """Take the last byte of the disk; returns what frees it."""
    filler = home / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    return filler.unlink


def no_growth(system: System) -> Callable[[], None]:
    """Without the right to mount: no file of the home's processes may be written any more."""
    pids = [system.pid("home-app"), system.pid("safety")]
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def free() -> None:
        for pid in pids:
            no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, no_limit)

    return free
