"""``linli safety``: the kernel as a process. Options, the lock, signals, garbage collection."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hub.core import outside
from hub.core.memory import settle
from hub.core.mqtt_settings import MqttSettings, named
from hub.core.settings import REFUSED, Parser, SettingsProblem
from privacy import logs

from .kernel import Kernel
from .supervision import GRACE_S

_LOG = logging.getLogger(__name__)
_USER = "kernel"
TAKEN = -1
PASSWORD_EVERY_S = 0.5
FOLLOW_EVERY_S = 1.0


def run(argv: Sequence[str]) -> int:
    """Run the kernel until SIGTERM or SIGINT; prints ``ready`` once its socket listens.

    A disk that takes no socket file is no reason to end: the kernel acts, and tries again.

    A broker that asks for another user than the embedded one's ``kernel`` gets it from the
    environment, and its CA and version of MQTT too: `hub.core.mqtt_settings.named`.
    """
    parser = Parser(prog="linli safety", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--broker", type=_address, default=("127.0.0.1", 1883), metavar="HOST:PORT")
    parser.add_argument("--tls-ca", metavar="FILE", help="trust this CA; plain TCP without")
    parser.add_argument(
        "--grace", type=float, default=GRACE_S, metavar="SECONDS", help="unavailable for this long"
    )
    options = parser.parse_args(argv)
    logs.begin()
    try:
        named()
    except SettingsProblem as problem:
        sys.stderr.write(f"linli safety: {problem}\n")
        return REFUSED
    lock = lock_folder(options.data)
    if lock == TAKEN:
        sys.stderr.write(f"linli safety: another one already watches {options.data}\n")
        return REFUSED
    host, port = options.broker
    asyncio.run(_serve(options.data, host, port, options.tls_ca, options.grace))
    return 0


def _settings(data: Path, host: str, port: int, tls_ca: str | None) -> MqttSettings:
    """The broker as the operator names it, the household chose it, or the embedded one."""
    own = outside.load(data)
    if own is not None:
        return own.settings("safety")
    given = named()
    if "username" not in given:
        given["username"], given["password"] = _USER, _password(data)
    if tls_ca:
        given["tls_ca"] = tls_ca
    return MqttSettings(host, port, client_id=f"linli-safety-{secrets.token_hex(8)}", **given)


def lock_folder(data: Path) -> int | None:
    """Lock the data folder for as long as this process lives, however it ends.

    Returns:
        What holds the lock, :data:`TAKEN` while another kernel has it, None when the disk
        takes no lock file: two kernels are better than none.
    """
    try:
        (data / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(data / "run" / "safety.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        _LOG.warning("no lock file: %s", error)
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return TAKEN
    except OSError as error:  # a file system without locks
        _LOG.warning("no lock: %s", error)
    return handle


async def _serve(data: Path, host: str, port: int, tls_ca: str | None, grace_s: float) -> None:
    seen = outside.stamp(data)
    settings = _settings(data, host, port, tls_ca)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    kernel = Kernel(data, settings, grace_s=grace_s)
    await kernel.start()
    following = asyncio.create_task(
        _follow(kernel, lambda: _settings(data, host, port, tls_ca), data, seen)
    )
    theirs = settings.username != _USER
    finding = None if theirs else asyncio.create_task(_find_password(data, settings))
    settle()  # what exists now stays: a collection must never walk it while a hazard waits
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    following.cancel()
    if finding is not None:
        finding.cancel()
    await kernel.stop()


async def _follow(
    kernel: Kernel, settings: Callable[[], MqttSettings], data: Path, seen: tuple[int, int]
) -> None:
    """Go over to another broker when the household chooses one."""
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        now = outside.stamp(data)
        if now != seen:
            seen = now
            await kernel.change_broker(await asyncio.to_thread(settings))


def _password(data: Path) -> str | None:
    """Our password at the embedded broker, None while there is none to be read.

    The file is the embedded broker's (``hub.plugins.broker_users``). It is read here and not
    there: the kernel stands on ``hub.core`` alone.
    """
    try:
        users = json.loads((data / "broker" / "users.json").read_bytes())
    except (OSError, ValueError):
        return None
    found = users.get(_USER) if isinstance(users, dict) else None
    return found if isinstance(found, str) else None


async def _find_password(data: Path, settings: MqttSettings) -> None:
    """Look until the broker has written its file; the connection tries again by itself."""
    while settings.password is None:
        await asyncio.sleep(PASSWORD_EVERY_S)
        settings.password = _password(data)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError("an address looks like 127.0.0.1:1883")
    return host.strip("[]"), int(port)
