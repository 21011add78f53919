"""A home process whose loop is held 100 ms at a time, as a bad plugin or a full disk would.

``python -m hub.bench.held`` subscribes to everything on the broker, watches the kernel, and
blocks its own event loop for 100 ms of every 400 until standard input closes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hub.core.mqtt import MqttConnection, MqttSettings
from hub.safety.client import SafetyClient

HOLD_S, EVERY_S = 0.1, 0.4


def main(argv: Sequence[str]) -> int:
    """Hold the loop until standard input closes."""
    parser = argparse.ArgumentParser(prog="held")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    options = parser.parse_args(argv)
    asyncio.run(_run(options.port, options.socket))
    return 0


async def _run(port: int, path: Path) -> None:
    name, _, password = os.environ.get("LINLI_BENCH_USER", "").partition(":")
    settings = MqttSettings("127.0.0.1", port, username=name, password=password, client_id="held")
    mqtt = MqttConnection(settings)
    mqtt.subscribe("#", lambda _topic, _payload, _retained: None)
    client = SafetyClient(path)
    client.on_report = lambda _record, seq: client.confirm(seq)
    await mqtt.start()
    await client.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    while not ended.is_set():
        time.sleep(HOLD_S)  # noqa: ASYNC251 - holding the loop is the point
        await asyncio.sleep(EVERY_S - HOLD_S)
    await client.stop()
    await mqtt.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
