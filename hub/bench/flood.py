"""Other clients of the broker, as a process: publish at a fixed pace and count what arrives.

``python -m hub.bench.flood`` writes one JSON line a second: what was sent and received in it.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Sequence

from .rawmqtt import PING, RawClient, publish_packet

CLIENTS = 10
TOPICS = 500
TICK_S = 0.002


def main(argv: Sequence[str]) -> int:
    """Publish until standard input closes. The broker's password is read from LINLI_BENCH_USER."""
    parser = argparse.ArgumentParser(prog="flood")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="messages a second, all together")
    options = parser.parse_args(argv)
    name, _, password = os.environ.get("LINLI_BENCH_USER", "").partition(":")
    user = (name, password) if name else None
    clients = [
        RawClient("127.0.0.1", options.port, f"flood-{os.getpid()}-{n}", user)
        for n in range(CLIENTS)
    ]
    sink = RawClient("127.0.0.1", options.port, f"flood-sink-{os.getpid()}", user)
    sink.subscribe("flood/#")
    packets = _packets()
    _run(clients, sink, packets, options.rate)
    return 0


def _packets() -> list[bytes]:
    """Packets of one length, so that received bytes count received messages."""
    return [
        publish_packet(f"flood/device{n:04d}/state", b'{"power":%04d.5,"state":"ON"}' % n)
        for n in range(TOPICS)
    ]


def _run(clients: list[RawClient], sink: RawClient, packets: list[bytes], rate: int) -> None:
    size = len(packets[0])
    sink.socket.setblocking(False)
    watch = selectors.DefaultSelector()
    watch.register(sink.socket, selectors.EVENT_READ)
    watch.register(sys.stdin.fileno(), selectors.EVENT_READ)
    for client in clients:
        client.socket.settimeout(5)
    sent = received = reported = 0
    got = seconds = 0
    start = second = time.perf_counter()
    while True:
        now = time.perf_counter()
        due = int((now - start) * rate)
        while sent < due:
            client = clients[sent // 5 % len(clients)]
            many = min(5, due - sent)
            batch = [packets[(sent + n) % len(packets)] for n in range(many)]
            client.socket.sendall(b"".join(batch))
            sent += many
        if now - second >= 1.0:
            line = {
                "sent_s": round((sent - reported) / (now - second)),
                "received_s": round((received // size - got) / (now - second)),
            }
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            reported, got, second = sent, received // size, now
            seconds += 1
            if seconds % 20 == 0:
                for client in clients:
                    client.socket.sendall(PING)
        for key, _ in watch.select(TICK_S):
            if key.fileobj is sink.socket:
                received += _drain(sink.socket)
            elif not os.read(sys.stdin.fileno(), 1):
                return


def _drain(connection: socket.socket) -> int:
    """Read what is there; how many bytes it was."""
    total = 0
    while True:
        try:
            data = connection.recv(1 << 18)
        except BlockingIOError:
            return total
        if not data:
            raise ConnectionError("the broker closed the connection")
        total += len(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
