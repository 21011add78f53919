"""``linli bench privacy``: a community of thousands of homes behind its relay.

Real processes: signer, community with its gateway, relay, one that sends the pre-sealed cells
of a crowd (`hub.bench.crowd`), one with homes whose own code tells of hazards over lines that
lose cells (`hub.bench.lossy`), and one whole home with its kernel (`hub.bench.sensing`). Relay
and gateway are measured each by its own processor time, so that the others count for neither.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sqlite3
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hub.bench.conditions import BenchProblem, conditions, figure, percentile
from hub.bench.estate import Estate, enrol_all, estate, risers
from hub.bench.rig import free_port
from hub.bench.sensing import ASK_S, Sensing, sensing
from privacy.wire import Body, HazardClass

SLOT_S = 2.0
LOSS = 0.01
TELLING = 40
"""Homes that tell of hazards, each in a zone of its own where there are enough."""
WARM_UP_SLOTS = 5
STRAGGLERS_S = 20.0
CONNECT_S = 300.0
_POLL_S = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")

Rows = Callable[[int], list[tuple[int, bytes]]]
Seen = dict[int, list[float]]
SENSED = -1
"""Where the whole home's incidents are noted: it alone tells of gas."""


def figures(homes: int, seconds: float, database: str) -> Iterator[dict[str, Any]]:
    """Memory and processor of relay and gateway, and how soon a hazard is an incident.

    Args:
        homes: enrolled and connected, all together.
        seconds: how long is measured, after the warm-up.
        database: address of an empty PostgreSQL database; "" is SQLite.

    Raises:
        BenchProblem: something did not run as promised.
    """
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as name,
        estate(Path(name), SLOT_S, database) as place,
    ):
        telling = min(TELLING, homes // 2)
        crowd, lossy, code = _people(place, homes - telling - 1, telling)
        seen: Seen = defaultdict(list)
        with (
            _events(place.data, database) as rows,
            sensing(Path(name), code, lambda: len(seen[SENSED]), 2 * SLOT_S) as sensor,
        ):
            run = Run(place, crowd, lossy, sensor, rows, seen)
            yield from _measured(run, seconds, _beside(homes, database))


def _beside(homes: int, database: str) -> dict[str, Any]:
    kind = "postgresql" if database else "sqlite"
    return {"homes": homes, "slot_s": SLOT_S, "tls": "homes to relay", "database": kind}


Process = subprocess.Popen[bytes]


class Run(NamedTuple):
    """All that runs while it is measured, and what was seen of it."""

    place: Estate
    crowd: Process
    lossy: Process
    sensor: Sensing
    rows: Rows
    seen: Seen


def _people(place: Estate, silent: int, telling: int) -> tuple[Process, Process, str]:
    """Enrol everybody, freeze the zones, connect everybody."""
    flats = risers(1, silent)
    # The homes that tell live one to a riser, so that their zones tell them apart here.
    told = [f"{flats[n * 25 % silent].rpartition('-')[0]}-9{n:02d}" for n in range(telling)]
    whole = f"{flats[0].rpartition('-')[0]}-999"
    place.found([*flats, *told, whole])
    keys, answer = enrol_all(place.codes(flats))
    place.freeze()
    if answer.relay_key is None:
        raise BenchProblem("the community did not tell the relay's key")
    place.start_relay()
    pem = place.certificate.read_text()
    crowd = place.start_module(
        "hub.bench.crowd",
        {
            "relay": place.relay,
            "certificate": pem,
            "relay_key": base64.b64encode(answer.relay_key).decode(),
            "gateway_key": base64.b64encode(answer.gateway_key).decode(),
            "slot_s": SLOT_S,
            "keys": keys,
        },
    )
    place.line("crowd", CONNECT_S)
    proxy = free_port()
    place.reach_relay_at(f"127.0.0.1:{proxy}")
    folder = place.data.parent / "homes"
    folder.mkdir(mode=0o700)
    lossy = place.start_module(
        "hub.bench.lossy",
        {
            "relay": place.relay,
            "certificate": pem,
            "loss": LOSS,
            "proxy_port": proxy,
            "folder": str(folder),
            "codes": place.codes(told),
            "slot_s": SLOT_S,
        },
    )
    place.line("lossy", CONNECT_S)
    return crowd, lossy, place.codes([whole])[0]


@contextlib.contextmanager
def _events(data: Path, database: str) -> Iterator[Rows]:
    """The gateway's table of events as anybody sees it who opens the database beside."""
    question = "SELECT id, body FROM event WHERE id > {} ORDER BY id"
    if database:
        import psycopg

        with psycopg.connect(database, autocommit=True) as connection:
            asked = question.format("%s")
            yield lambda last: connection.execute(asked, (last,)).fetchall()
    else:
        with contextlib.closing(sqlite3.connect(data / "community.db")) as lite:
            asked = question.format("?")
            yield lambda last: lite.execute(asked, (last,)).fetchall()


def _measured(run: Run, seconds: float, beside: dict[str, Any]) -> Iterator[dict[str, Any]]:
    place, seen, rows = run.place, run.seen, run.rows
    _say(run.lossy)
    run.sensor.start()
    last = 0
    while not seen[SENSED] and not run.sensor.problem:
        last = _watch(rows, seen, last, time.time() + SLOT_S)
    last = _watch(rows, seen, last, time.time() + WARM_UP_SLOTS * SLOT_S)
    pids = {name: place.processes[name].pid for name in ("relay", "community")}
    used, began = {name: _cpu_s(pid) for name, pid in pids.items()}, time.time()
    last = _watch(rows, seen, last, began + seconds)
    took = time.time() - began
    cores = {name: round((_cpu_s(pid) - used[name]) / took, 3) for name, pid in pids.items()}
    memory = {name: _memory_mib(pid) for name, pid in pids.items()}
    _say(run.lossy)
    run.sensor.end()
    _watch(rows, seen, last, time.time() + STRAGGLERS_S)
    run.sensor.stop()
    _say(run.lossy)
    said = [json.loads(line) for line in run.lossy.communicate()[0].splitlines()]
    crowd_said = [json.loads(line) for line in run.crowd.communicate()[0].splitlines()]
    slots = [line for line in crowd_said if began < line["at"] < began + took]
    beside |= {"seconds": round(took, 1), **_crowd_words(slots, took)}
    beside |= conditions(place.data)
    name = {"relay": "relay", "community": "gateway"}
    for process, figures_of in name.items():
        held, peak = memory[process]
        more = {**beside, "peak_mib": peak}
        yield figure(f"{figures_of}_rss_{beside['homes']}", held, "MiB", more)
        yield figure(f"{figures_of}_cores_{beside['homes']}", cores[process], "cores", beside)
    yield from _soon(said, seen, began, beside)
    yield from _sensed(run.sensor.raised, seen[SENSED], began, beside)


def _crowd_words(slots: list[dict[str, Any]], took: float) -> dict[str, Any]:
    """What the generator really did, and how late it was in its median and its worst slot."""
    late = [line["late_p99_ms"] for line in slots]
    return {
        "cells_s": round(sum(line["sent"] for line in slots) / took),
        "receipts_s": round(sum(line["receipts"] for line in slots) / took),
        "generator_late_p99_ms": percentile(late, 0.5),
        "generator_late_worst_ms": percentile(late, 1),
    }


def _soon(
    said: list[dict[str, Any]], seen: Seen, began: float, beside: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Seconds from a hazard's offer until its event and its incident are committed."""
    lost = next(line for line in said if "dropped" in line)
    offered: Seen = defaultdict(list)
    for line in said:
        if "zone" in line:
            offered[line["zone"]].append(line["at"])
    times = []
    for zone, moments in offered.items():
        if len(seen[zone]) != len(moments):
            raise BenchProblem(f"of {len(moments)} hazards in a zone {len(seen[zone])} arrived")
        # A home offers one after the other, so they arrive in order.
        pairs = zip(moments, seen[zone], strict=True)
        times += [then - at for at, then in pairs if at > began]
    if not times:
        raise BenchProblem("no hazard was offered while it was measured")
    loss = lost["dropped"] / max(1, lost["passed"] + lost["dropped"])
    more = {"samples": len(times), "cells_lost": round(loss, 4), "max": round(max(times), 3)}
    for metric, share in (("hazard_to_incident_p50", 0.5), ("hazard_to_incident_p99", 0.99)):
        yield figure(metric, percentile(times, share), "s", {**more, **beside})


def _sensed(
    raised: list[float], arrived: list[float], began: float, beside: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The same of the whole home, from before its sensor's message."""
    times = [then - at for at, then in zip(raised, arrived, strict=False) if at > began]
    if not times:
        raise BenchProblem("the sensor raised no hazard while it was measured")
    more = {"samples": len(times), "max": round(max(times), 3), "ask_s": ASK_S, **beside}
    yield figure("sensor_to_incident_p50", percentile(times, 0.5), "s", more)


def _watch(rows: Rows, seen: Seen, last: int, until: float) -> int:
    """Note when the first message of each event is there for others to read, by zone."""
    while True:
        for number, data in rows(last):
            last, body = number, Body.unpack(bytes(data))
            if body.seq == 0:
                whole = body.hazard is HazardClass.GAS
                seen[SENSED if whole else body.zone].append(time.time())
        if time.time() >= until:
            return last
        time.sleep(_POLL_S)


def _say(process: Process) -> None:
    if process.stdin is None:
        raise BenchProblem("a program of the bench can't be told anything")
    process.stdin.write(b"\n")
    process.stdin.flush()


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far, user and system (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mib(pid: int) -> tuple[float, float]:
    """Resident memory now, and its peak, MiB (proc(5), status)."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    now, peak = (int(rows[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return round(now, 1), round(peak, 1)
