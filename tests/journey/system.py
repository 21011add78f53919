"""A whole demo as processes of a test's own, and what can be done to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.bench.rawmqtt import BrokerRefused, RawClient
from hub.core.settings import LOOPBACK
from hub.demo import programs
from hub.demo.plan import OWNER, Plan
from hub.plugins import broker_users
from tests.journey import evidence, processes
from tests.journey.evidence import Incident
from tests.journey.visitor import Visitor
from tests.peers import accepts, wait_until

SLOT_S = 0.1
ASK_S = 0.5
CLEAR_S = 0.5
PATIENCE_S = 60.0
"""Two cores may be shared with other tests: what takes a second alone may take many."""

READY = "Ctrl-C ends everything"


class System:
    """One ``linli demo`` and all that it starts.

    Args:
        folder: its data folder; seeded already, or made at the first start.
        homes: neighbours to pair at the first start.
    """

    def __init__(self, folder: Path, homes: int = 0) -> None:
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self._homes = homes
        self._process: subprocess.Popen[bytes] | None = None
        self.env: dict[str, str] = {}
        self.ask_s = ASK_S
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._said = 0

    # -- life ---------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """Ports and folders, as kept."""
        return Plan(self.folder)

    def start(self) -> None:
        """Start and wait until everything is well."""
        self.launch()
        self.ready()

    def launch(self) -> None:
        """Start without waiting."""
        words = ["demo", "--data", str(self.folder), "--free-ports", "--slot", str(SLOT_S)]
        words += ["--homes", str(self._homes), "--ask-seconds", str(self.ask_s)]
        words += ["--clear-seconds", str(CLEAR_S)]
        self._said = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hub", *words], stdout=log, stderr=log, env=self._env
            )

    def ready(self) -> None:
        """Wait for the lines that say so."""
        process = self._process
        assert process is not None
        wait_until(
            lambda: process.poll() is not None or READY in self.said(),
            f"the demo to be ready; it said:\n{self.tail()}",
            2 * PATIENCE_S,
        )
        assert process.poll() is None, self.tail()

    def start_parts(self, *names: str) -> None:
        """Start the commands themselves, without the demo around them, and wait for them.

        Args:
            names: of ``community``, ``relay``, ``home``, ``devices``, in the order of starting.
        """
        plan = self.plan
        children = {child.name: child for child in programs.simulators(plan)}
        children |= {"community": programs.community(plan), "relay": programs.relay(plan)}
        children |= {"home": programs.home(plan)}
        for name in names:
            with self.log.open("ab") as log:
                log.write(f"--- {name}\n".encode())
                self._parts[name] = subprocess.Popen(
                    children[name].argv, stdout=log, stderr=log, env=self._env
                )
            port = plan.ports.get(name)
            if port is not None:
                self.until(lambda port=port: accepts(port), f"{name} to listen")  # type: ignore[misc] # mypy knows no default in a lambda
        if "devices" in names:
            self.until(lambda: "devices" in processes.running(self.folder), "the devices")

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.env}

    def once(self, *words: str, given: str = "") -> str:
        """Run one ``linli`` command to its end; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=self._env,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def owner(self) -> Visitor:
        """The demo resident's browser, signed in by a link."""
        address = self.plan.address("home")
        where = ["--address", address, "--data", str(self.folder / "home")]
        visitor = Visitor(address)
        visitor.enter(self.once("home", "link", OWNER, *where).strip())
        return visitor

    def stop_parts(self, *names: str) -> None:
        """End these commands, or all, politely."""
        for name in names or tuple(reversed(self._parts)):
            process = self._parts.pop(name)
            process.terminate()
            process.wait(PATIENCE_S)
        if not names:
            assert processes.running(self.folder) == {}, "processes were left behind"

    def said(self) -> str:
        """What was printed since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._said)
            return log.read().decode("utf-8", "replace")

    def tail(self) -> str:
        """The last that was printed, for a failing test."""
        return self.log.read_text("utf-8", "replace")[-3000:] if self.log.exists() else ""

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; nothing may stay behind. Returns the exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        status = process.wait(PATIENCE_S)
        assert processes.running(self.folder) == {}, "processes were left behind"
        return status

    def close(self) -> None:
        """End it in any case, for the end of a test that may have failed."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
        for pid in processes.running(self.folder).values():
            processes.send(pid, signal.SIGCONT)
            processes.send(pid, signal.SIGKILL)
        for part in self._parts.values():
            part.kill()
            part.wait()

    # -- processes ----------------------------------------------------------------------

    def pid(self, role: str) -> int:
        """The process that plays a role, waited for where it is just being started again."""
        wait_until(lambda: role in processes.running(self.folder), f"a {role} process", PATIENCE_S)
        return processes.running(self.folder)[role]

    def kill(self, role: str) -> int:
        """``kill -9``; a killed demo is started again once the last of its children is gone."""
        pid = self.pid(role)
        processes.send(pid, signal.SIGKILL)
        if role == "demo":
            assert self._process is not None
            self._process.wait(PATIENCE_S)
            self.gone()
            self.launch()
            self.ready()
        else:
            wait_until(lambda: not processes.alive(pid), f"{role} to be gone")
        return pid

    def gone(self, seconds: float = PATIENCE_S) -> None:
        """Wait until no process works on the folder any more."""
        wait_until(lambda: not processes.running(self.folder), "all processes to end", seconds)

    # -- devices ------------------------------------------------------------------------

    def device(self, key: str) -> dict[str, Any]:
        """A simulated device: its ``state`` and the ``commands`` that it counted."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            kept = json.loads((self.folder / "devices" / "simulator.json").read_bytes())
            found: dict[str, Any] = kept[key]
            return found
        return {"state": {}, "commands": {}}

    def publish(self, topic: str, payload: str, done: Callable[[], bool], what: str) -> None:
        """Publish as a device does, again and again until it had its effect."""
        password = broker_users.load_or_create(self.folder / "home")["devices"]

        def told() -> bool:
            with contextlib.suppress(OSError, BrokerRefused, TimeoutError):
                client = RawClient(
                    LOOPBACK, self.plan.ports["broker"], "journey", ("devices", password), within=2
                )
                try:
                    client.publish(topic, payload.encode(), qos=1)
                    wait_until(done, what, 1)
                except AssertionError:
                    return False
                finally:
                    client.close()
            return done()

        wait_until(told, what, PATIENCE_S)

    def gas(self, on: bool) -> None:
        """The gas sensor alarms, or is quiet again."""
        self.publish(
            "sim/gas_sensor/set",
            json.dumps({"alarm": on}),
            lambda: self.device("gas_sensor")["state"].get("gas") is on,
            f"the gas sensor to say {on}",
        )

    def open_valve(self) -> None:
        """Somebody opens the gas valve again."""
        self.publish("linli-demo/gas_valve/set", "OPEN", lambda: not self.closed, "an open valve")

    @property
    def closed(self) -> bool:
        """Whether the gas valve is closed."""
        return bool(self.device("gas_valve")["state"].get("state") == "closed")

    # -- what came of it ----------------------------------------------------------------

    def incidents(self) -> list[Incident]:
        """What the duty desk has."""
        return evidence.incidents(self.folder / "community")

    def hazards(self) -> list[dict[str, Any]]:
        """What the home has, supervision aside."""
        found = evidence.hazards(self.folder / "home")
        return [record for record in found if record["hazard"] != "supervision"]

    def until(self, done: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait for something; a wait in vain tells what the demo said and what is there."""
        try:
            wait_until(done, what, seconds)
        except AssertionError as vain:
            state = f"{self.incidents()}\n{self.hazards()}\n{self.device('gas_valve')}"
            raise AssertionError(f"{vain}\n{state}\n{self.tail()}") from None


def links(said: str) -> list[str]:
    """Sign-in links that the demo printed: resident, guard, manager."""
    return re.findall(r"http://\S+/link/\S+", said)


def copied(template: Path, folder: Path) -> System:
    """A system of a test's own, seeded already. Its ports are the template's: one at a time."""
    shutil.copytree(template, folder)
    return System(folder)
