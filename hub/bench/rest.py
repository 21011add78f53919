"""``linli bench rest``: commands a second over the home's interface, by 16 connections.

Each request is let in by its session, checked, sent to its device over MQTT and answered when
its line of the audit is on the disk. Each connection asks again when it has its answer.
"""

from __future__ import annotations

import selectors
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .conditions import BenchProblem, conditions, figure, percentile
from .household import Household, household, switch_id, switches

CONNECTIONS = 16
SECONDS, WARM_UP_S = 10.0, 1.0
WITHIN_S = 10.0


def figures(broker: str, seconds: float = SECONDS) -> Iterator[dict[str, Any]]:
    """The one figure.

    Args:
        broker: ``embedded`` or ``mosquitto``.
        seconds: how long to measure.

    Raises:
        BenchProblem: a request was refused or not answered.
    """
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as folder,
        household(Path(folder), broker) as home,
    ):
        home.announce(list(switches(CONNECTIONS)))
        _ask(home, WARM_UP_S)
        times, took = _ask(home, seconds)
        beside = conditions(home.rig.folder, broker=broker, connections=CONNECTIONS)
        spread = {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99)}
        device = "MQTT switch without a state of its own, QoS 0"
        line = {**beside, **spread, "samples": len(times), "device": device}
        yield figure("rest_command", round(len(times) / took), "requests/s", line)


def _ask(home: Household, seconds: float) -> tuple[list[float], float]:
    """The ms of every request, and how long all took."""
    watch = selectors.DefaultSelector()
    began: dict[socket.socket, float] = {}
    for number in range(CONNECTIONS):
        opened = socket.create_connection(("127.0.0.1", home.port), timeout=WITHIN_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = home.program.command_request(switch_id(number), "turn_on")
        watch.register(opened, selectors.EVENT_READ, request)
    times: list[float] = []
    start = time.perf_counter()
    try:
        for key in watch.get_map().values():
            began[key.fileobj] = time.perf_counter()  # type: ignore[index]  # sockets only
            key.fileobj.sendall(key.data)  # type: ignore[union-attr]  # sockets only
        while (now := time.perf_counter()) - start < seconds:
            ready = watch.select(WITHIN_S)
            if not ready:
                raise BenchProblem("a request was not answered")
            for key, _ in ready:
                connection: socket.socket = key.fileobj  # type: ignore[assignment]  # sockets only
                _answered(connection)
                now = time.perf_counter()
                times.append((now - began[connection]) * 1000)
                began[connection] = now
                connection.sendall(key.data)
        return times, now - start
    finally:
        for key in list(watch.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # sockets only
        watch.close()


def _answered(connection: socket.socket) -> None:
    """Read one whole answer; raises BenchProblem unless it is 200."""
    data = connection.recv(65_536)
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    size = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < size:
        body += _more(connection)
    if not head.startswith(b"HTTP/1.1 200"):
        raise BenchProblem(f"refused: {head[:60]!r} {body[:300]!r}")


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise BenchProblem("the home closed a connection")
    return data
