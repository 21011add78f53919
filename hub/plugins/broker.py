"""The embedded MQTT broker: `linli broker`, a process of its own for homes without one."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import hmac
import ipaddress
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from hub.core import logs
from hub.core.settings import Parser
from hub.plugins import broker_users
from hub.plugins.broker_fanout import FanoutBroker

_STOP_WITHIN = 2.0  # seconds


class _Passwords:
    """The passwords of this process's broker; amqtt makes its plugins itself."""

    users: Mapping[str, str] = {}


class PasswordAuth(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets in who knows a user's password; nobody comes in anonymously."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Whether the session's user name and password are right."""
        expected = _Passwords.users.get(session.username or "")
        given = session.password or ""
        return expected is not None and hmac.compare_digest(expected.encode(), given.encode())


def create(host: str, port: int, users: Mapping[str, str]) -> FanoutBroker:
    """A broker to `start` and `shutdown` on the running loop; one per process.

    Args:
        host: address to listen on.
        port: TCP port.
        users: user name -> password.
    """
    _Passwords.users = users
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    listener = ListenerConfig(bind=bind, max_connections=1000)
    plugins: dict[str, Any] = {"hub.plugins.broker.PasswordAuth": {}}
    return FanoutBroker(BrokerConfig(listeners={"default": listener}, plugins=plugins))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    try:
        number = int(port)
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise argparse.ArgumentTypeError("an address looks like 127.0.0.1:1883") from error
    if not loopback:
        raise argparse.ArgumentTypeError(
            "the embedded broker listens on loopback only; use Mosquitto with TLS for a network"
        )
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return host, number


async def _serve(host: str, port: int, users: Mapping[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    broker = create(host, port, users)
    await broker.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), _STOP_WITHIN)


def main(argv: Sequence[str]) -> int:
    """`linli broker`: serve until told to stop; prints `ready` when it listens."""
    parser = Parser(prog="linli broker", description=__doc__)
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 1883), metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(argv)
    logs.begin()
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    # Clients that end all at once are no news: asyncio warns of each last write to them.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    host, port = options.listen
    users = broker_users.load_or_create(options.data)
    try:
        asyncio.run(_serve(host, port, users))
    except Exception as error:  # noqa: BLE001 -- amqtt wraps a taken port in its own errors
        sys.stderr.write(f"linli broker: can't listen on {host}:{port}: {error}\n")
        return 1
    return 0
