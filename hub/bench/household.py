"""A whole household to measure: the real ``linli home`` with its broker, devices announced."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .conditions import BenchProblem
from .program import Program
from .rig import OWNER, Rig, free_port

UP_WITHIN_S = 60.0
POLL_S = 0.002
APP = "home-app"


def sensor_topic(number: int) -> str:
    """Where a bench sensor says its value."""
    return f"bench/sensor{number:04d}"


def switch_id(number: int) -> str:
    """The entity of a bench switch."""
    return f"switch.bench_{number:04d}"


def sensors(count: int, rooms: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Discovery topics and configs of sensors, a device each, as Zigbee2MQTT writes them.

    Args:
        count: how many.
        rooms: over how many rooms they are spread; 0 leaves them without one.
    """
    for number in range(count):
        name = f"bench_{number:04d}"
        place = {"suggested_area": f"Room {number % rooms + 1}"} if rooms else {}
        config = {
            "name": "Value",
            "unique_id": name,
            "default_entity_id": f"sensor.{name}",
            "state_topic": sensor_topic(number),
            "value_template": "{{ value_json.value }}",
            "device": {"identifiers": [name], "name": f"Sensor {number}", **place},
        }
        yield f"homeassistant/sensor/{name}/config", config


def switches(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Switches that tell no state: commands to them wait for the broker and nobody else."""
    for number in range(count):
        name = switch_id(number).partition(".")[2]
        config = {
            "name": "Switch",
            "unique_id": name,
            "default_entity_id": switch_id(number),
            "command_topic": f"bench/switch{number:04d}/set",
            "device": {"identifiers": [name], "name": f"Switch {number}"},
        }
        yield f"homeassistant/switch/{name}/config", config


class Household:
    """``linli home``, set up to unlock by itself, on free loopback ports.

    Args:
        rig: its folder and broker; the broker is started here and runs until the rig stops.
        options: more options of ``linli home``.
    """

    def __init__(self, rig: Rig, options: Sequence[str] = ()) -> None:
        self.rig = rig
        self._options = options
        self.port = free_port()
        self.program = Program(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def set_up(self, code: str = "") -> None:
        """Set the home up, start it and sign in; raises BenchProblem or RigProblem."""
        self.rig.start_broker()
        self.rig.set_up_home(code)
        self.start()
        self.program.sign_in(OWNER, self.rig.password)

    def start(self) -> float:
        """Run ``linli home``; returns the seconds from exec to the first answer with 200.

        The answer is that of the states' address, asked with the session there is; without
        one that of the sign-in page.
        """
        words = ["-m", "hub", "home", "--data", str(self.rig.folder)]
        words += ["--broker", f"127.0.0.1:{self.rig.port}", "--listen", f"127.0.0.1:{self.port}"]
        words += self._options
        log = (self.rig.folder / "home.log").open("ab")
        began = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        while not self.program.answers():
            if time.perf_counter() - began > UP_WITHIN_S or self._process.poll() is not None:
                raise BenchProblem(f"the home did not come up: {self.log()}")
            time.sleep(POLL_S)
        return time.perf_counter() - began

    def announce(self, devices: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Have devices announce themselves, retained, and wait until the home knows them all."""
        announcer = self.rig.device("bench-announcer")
        for topic, config in devices:
            announcer.publish(topic, json.dumps(config).encode(), retain=True)
        announcer.close()
        self.await_states(len(devices))

    def await_states(self, count: int) -> None:
        """Return when the home shows that many states; raises BenchProblem in vain."""
        end = time.monotonic() + UP_WITHIN_S
        while len(self.program.states() or ()) < count:
            if time.monotonic() > end:
                raise BenchProblem(f"the home does not know all {count} devices: {self.log()}")
            time.sleep(0.05)

    def log(self) -> str:
        """The end of what the home's processes said."""
        return (self.rig.folder / "home.log").read_text(errors="replace")[-800:]

    def memory(self) -> tuple[float, float]:
        """MiB of the home's own process, and of all of a home's processes, broker included."""
        if self._process is None:
            raise BenchProblem("the home does not run")
        pids = [*_family(self._process.pid), self.rig.process("broker").pid]
        app = [pid for pid in pids if APP in _command(pid)]
        if len(app) != 1:
            raise BenchProblem("the home's own process was not found")
        return _rss(app[0]), sum(_rss(pid) for pid in pids)

    def stop(self) -> None:
        """End the home's processes, not the broker."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
            process.kill()
            process.wait()


@contextmanager
def household(
    folder: Path, broker: str, code: str = "", options: Sequence[str] = ()
) -> Iterator[Household]:
    """A running household for the time of a measurement.

    Args:
        folder: where it lies.
        broker: ``embedded`` or ``mosquitto``.
        code: of the community it pairs with.
        options: more options of ``linli home``.
    """
    rig = Rig(folder / "home", broker)
    made = Household(rig, options)
    try:
        made.set_up(code)
        yield made
    finally:
        made.stop()
        rig.stop()


def _family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def _rss(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
