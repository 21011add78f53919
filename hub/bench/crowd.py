"""Thousands of homes that only send: one process, a TLS connection and an enrolment key each.

``python -m hub.bench.crowd FILE`` connects every home named in the file (`Crowd`), sends each
one's cell in every slot at its own moment, and reads what comes back. The cells are sealed
before the first leaves, so that what sealing costs is in nobody's figures.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.bench.conditions import BenchProblem, percentile
from privacy import cell
from privacy.addresses import client_tls, split_address
from privacy.handshake import ClientSide
from privacy.lines import many_files
from privacy.slots import sending_moment
from privacy.wire import FrameParser, FrameType, frame, slot_at, slot_start

SEALED = 2000
"""Different cells that are sealed beforehand; each is sent more than once."""
WITHIN_S = 20.0
_ACCEPTED = (
    *(FrameType.HELLO, FrameType.WELCOME, FrameType.REFUSED, FrameType.PARAMETERS),
    *(FrameType.RECEIPT, FrameType.BULLETIN),
)


class Member:
    """One home: its connection, its phase, and what came back."""

    __slots__ = ("_parser", "_socket", "phase", "receipts")

    def __init__(self, connection: ssl.SSLSocket, parser: FrameParser) -> None:
        self._socket = connection
        self._parser = parser
        self.phase = random.random()  # noqa: S311 - spreads load, hides nothing
        self.receipts = 0

    def send(self, counter: int, sealed: bytes) -> bool:
        """Hand over a cell; False if the relay doesn't take it now."""
        data = frame(FrameType.CELL, counter.to_bytes(4, "big") + sealed)
        try:
            return self._socket.send(data) == len(data)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False

    def hear(self) -> None:
        """Count what the relay said since.

        Raises:
            BenchProblem: it hung up.
        """
        while True:
            try:
                data = self._socket.recv(65536)
            except (ssl.SSLWantReadError, BlockingIOError):
                return
            if not data:
                raise BenchProblem("the relay hung up on a home of the crowd")
            for kind, _ in self._parser.feed(data):
                self.receipts += kind is FrameType.RECEIPT


class Crowd:
    """All of them.

    Args:
        file: JSON of ``relay`` (host:port), ``certificate`` (PEM), ``relay_key`` and
            ``gateway_key`` (base64), ``slot_s``, and ``keys``, the homes' seeds (base64).
    """

    def __init__(self, file: Path) -> None:
        told: dict[str, Any] = json.loads(file.read_bytes())
        self._place = split_address(told["relay"])
        self._tls = client_tls(self._place[0], told["certificate"])
        self._relay_key = base64.b64decode(told["relay_key"])
        self._keys = [base64.b64decode(key) for key in told["keys"]]
        self.slot_s = float(told["slot_s"])
        gateway = base64.b64decode(told["gateway_key"])
        self._cells = [cell.seal(gateway, cell.build(os.urandom(32), None)) for _ in range(SEALED)]
        self._members: list[Member] = []
        self._problem = ""

    def run(self) -> Iterator[dict[str, float]]:
        """Connect all, then one line a slot: cells sent and not taken, receipts, lateness (ms)."""
        threading.Thread(target=self._connect_all, daemon=True).start()
        counter, slot = 0, slot_at(time.time(), self.slot_s)
        while True:
            slot, counter = max(slot, slot_at(time.time(), self.slot_s)) + 1, counter + 1
            time.sleep(max(0.0, slot_start(slot, self.slot_s) - time.time()))
            late, kept_back, before = [], 0, sum(one.receipts for one in self._members)
            known = sorted(self._members, key=lambda one: one.phase)
            for one in known:
                moment = sending_moment(slot, self.slot_s, one.phase)
                time.sleep(max(0.0, moment - time.time()))
                one.hear()
                kept_back += not one.send(counter, self._cells[(id(one) + counter) % SEALED])
                late.append((time.time() - moment) * 1000)
            if self._problem:
                raise BenchProblem(self._problem)
            receipts = sum(one.receipts for one in self._members) - before
            line = {"at": time.time(), "sent": len(known) - kept_back, "receipts": receipts}
            yield {**line, "late_p99_ms": percentile(late, 0.99) if late else 0.0}

    @property
    def complete(self) -> bool:
        """Whether every home is connected."""
        return len(self._members) == len(self._keys)

    def _connect_all(self) -> None:
        try:
            for seed in self._keys:
                self._members.append(self._connected(Ed25519PrivateKey.from_private_bytes(seed)))
        except (OSError, ValueError, BenchProblem) as error:
            self._problem = f"home {len(self._members) + 1} of the crowd: {error}"

    def _connected(self, key: Ed25519PrivateKey) -> Member:
        if self._tls is None:
            raise BenchProblem("a crowd needs a pinned certificate")
        plain = socket.create_connection(self._place, WITHIN_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self._tls.wrap_socket(plain, server_hostname=self._place[0])
        parser = FrameParser(*_ACCEPTED)
        frames = self._frames(connection, parser)
        side = ClientSide(key)
        hello = next(frames)[1]
        connection.sendall(side.answer(hello, relay=self._relay_key, gateway=None))
        kind, payload = next(frames)
        if kind is not FrameType.WELCOME:
            raise BenchProblem(f"{kind.name}: {payload.decode('utf-8', 'replace')}")
        side.check(payload)
        next(frames)  # the parameters
        connection.setblocking(False)
        return Member(connection, parser)

    def _frames(
        self, connection: ssl.SSLSocket, parser: FrameParser
    ) -> Iterator[tuple[FrameType, bytes]]:
        while data := connection.recv(65536):
            yield from parser.feed(data)
        raise BenchProblem("the relay hung up")


def main(argv: Sequence[str]) -> int:
    """Send until standard input closes; one JSON line a slot once every home is connected."""
    many_files()
    crowd = Crowd(Path(argv[0]))
    for line in crowd.run():
        if crowd.complete:
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
        if select.select([sys.stdin], [], [], 0)[0]:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
