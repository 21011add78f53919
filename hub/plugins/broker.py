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

from hub.core.settings import Parser
from hub.plugins import broker_users
from hub.plugins.broker_devices import DeviceUsers
from hub.plugins.broker_fanout import FanoutBroker
from hub.plugins.broker_kept import Kept, memory_folder
from privacy import logs

_LOG = logging.getLogger(__name__)
_STOP_WITHIN = 2.0  # seconds
_FOLLOW_EVERY = 1.0


class _Passwords:
    """The passwords of this process's broker; amqtt makes its plugins itself."""

    users: Mapping[str, str] = {}
    devices: DeviceUsers | None = None


class PasswordAuth(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets in who knows a user's password; nobody comes in anonymously."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Whether the session's user name and password are right."""
        expected = _Passwords.users.get(session.username or "")
        given = session.password or ""
        if expected is not None:
            return hmac.compare_digest(expected.encode(), given.encode())
        devices = _Passwords.devices
        if devices is None:
            return False
        mark = await asyncio.to_thread(devices.mark_of, session.username or "", given)
        session.mark = mark
        return mark is not None


def not_cancelled(record: logging.LogRecord) -> bool:
    """Whether a log record is news: a task that our own ending cancelled is no fault.

    amqtt logs its broadcast loop then, asyncio (until Python 3.12) a client's connection; real
    faults carry another exception and stay.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (
        record.name.startswith(("amqtt", "asyncio")) and isinstance(error, asyncio.CancelledError)
    )


def create(
    host: str,
    port: int,
    users: Mapping[str, str],
    devices: DeviceUsers | None = None,
    kept: Kept | None = None,
) -> FanoutBroker:
    """A broker to `start` and `shutdown` on the running loop; one per process.

    Args:
        host: address to listen on.
        port: TCP port.
        users: user name -> password.
        devices: further users, which come and go while it runs.
        kept: the retained messages that outlive a pause of it.
    """
    _Passwords.users, _Passwords.devices = users, devices
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    listener = ListenerConfig(bind=bind, max_connections=1000)
    plugins: dict[str, Any] = {"hub.plugins.broker.PasswordAuth": {}}
    config = BrokerConfig(listeners={"default": listener}, plugins=plugins)
    return FanoutBroker(config, kept=kept)


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


async def _follow(broker: FanoutBroker, devices: DeviceUsers) -> None:
    """End the connections of users who were taken away or got another password."""
    while True:
        try:
            await broker.end_where(await asyncio.to_thread(devices.marks))
        except (OSError, ValueError) as error:
            _LOG.warning("the devices' passwords can't be read: %s", error)
        await asyncio.to_thread(broker.kept.alive)
        await asyncio.sleep(_FOLLOW_EVERY)


async def _serve(host: str, port: int, users: Mapping[str, str], data: Path) -> None:
    devices = DeviceUsers(data)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    broker = create(host, port, users, devices, Kept(memory_folder(data)))
    await broker.start()
    following = asyncio.create_task(_follow(broker, devices))
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    following.cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), _STOP_WITHIN)
    broker.kept.close()


def main(argv: Sequence[str]) -> int:
    """`linli broker`: serve until told to stop; prints `ready` when it listens."""
    parser = Parser(prog="linli broker", description=__doc__)
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 1883), metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(argv)
    logs.begin()
    for handler in logging.getLogger().handlers:
        # First of all filters: the one that redacts leaves text where the exception was.
        handler.filters.insert(0, not_cancelled)
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    # Clients that end all at once are no news: asyncio warns of each last write to them.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    host, port = options.listen
    users = broker_users.load_or_create(options.data)
    try:
        asyncio.run(_serve(host, port, users, options.data))
    except Exception as error:  # noqa: BLE001 -- amqtt wraps a taken port in its own errors
        sys.stderr.write(f"linli broker: can't listen on {host}:{port}: {error}\n")
        return 1
    return 0
