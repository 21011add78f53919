"""Devices that say a new value at a fixed pace, as a process: the value is when it was said.

``python -m hub.bench.sensors`` publishes until its seconds are over, then writes one JSON line:
how many messages, how long it took. The clock is the machine's, the same in every process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence

from .household import sensor_topic
from .rawmqtt import RawClient, publish_packet

CLIENTS = 4
TICK_S = 0.002


def main(argv: Sequence[str]) -> int:
    """Publish. The broker's password is read from LINLI_BENCH_USER."""
    parser = argparse.ArgumentParser(prog="sensors")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="messages a second, all together")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--sensors", type=int, required=True)
    options = parser.parse_args(argv)
    name, _, password = os.environ.get("LINLI_BENCH_USER", "").partition(":")
    user = (name, password) if name else None
    clients = [
        RawClient("127.0.0.1", options.port, f"sensors-{os.getpid()}-{number}", user)
        for number in range(CLIENTS)
    ]
    topics = [sensor_topic(number) for number in range(options.sensors)]
    sent, took = _publish(clients, topics, options.rate, options.seconds)
    sys.stdout.write(json.dumps({"sent": sent, "took_s": took}) + "\n")
    for client in clients:
        client.close()
    return 0


def _publish(
    clients: list[RawClient], topics: list[str], rate: int, seconds: float
) -> tuple[int, float]:
    """Say `rate` values a second; what is late is made up for."""
    for client in clients:
        client.socket.settimeout(5)
    start = time.perf_counter()
    sent, total = 0, int(rate * seconds)
    while sent < total:
        due = min(total, int((time.perf_counter() - start) * rate) + 1)
        if sent < due:
            some = range(sent, min(due, sent + 64))
            said = time.perf_counter()
            packets = [
                # Each value is new, so that each message is a change that history keeps.
                publish_packet(topics[n % len(topics)], b'{"value":%.9f}' % (said + n % 64 * 1e-9))
                for n in some
            ]
            clients[sent // 64 % len(clients)].socket.sendall(b"".join(packets))
            sent = some.stop
        if sent >= due:
            time.sleep(TICK_S)
    return sent, time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
