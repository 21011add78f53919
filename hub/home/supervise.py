"""``linli home``: starts a household's processes in the order that safety needs, keeps them up.

Broker first, then the hazard kernel, then the home itself; each is restarted by itself, so a
fault in one leaves the others working.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hub.core.processes import Child, answering, keep, linli, port_open
from hub.core.settings import (
    LOOPBACK,
    Listen,
    SettingsProblem,
    add_listen_options,
    data_folder,
    join_address,
    listen_from,
    private_folder,
    split_address,
)

PORT = 8100
BROKER_PORT = 1883


def main(argv: Sequence[str]) -> int:
    """Run a home until SIGINT or SIGTERM; ``init`` and ``link`` are commands of their own."""
    if argv and argv[0] in {"init", "link"}:
        from hub.home.cli import main as once

        return once(argv)
    parser = argparse.ArgumentParser(
        prog="linli home",
        description="A household's hub. Commands: linli home init, linli home link NAME.",
    )
    parser.add_argument("--data", type=Path, default=data_folder("home"), help="data folder")
    add_listen_options(parser, PORT)
    parser.add_argument(
        "--broker",
        default="",
        metavar="HOST:PORT",
        help="a broker that runs already; without it one is started on this machine",
    )
    parser.add_argument(
        "--broker-port",
        type=int,
        default=BROKER_PORT,
        metavar="PORT",
        help="port of the started broker (default: %(default)s)",
    )
    options, rest = parser.parse_known_args(argv)
    try:
        listen = listen_from(options, PORT)
        broker = split_address(options.broker, BROKER_PORT) if options.broker else None
    except SettingsProblem as problem:
        sys.stderr.write(f"linli home: {problem}\n")
        return 2
    private_folder(options.data)
    children = home_children(
        options.data, listen, broker=broker, broker_port=options.broker_port, more=rest
    )
    scheme = "https" if listen.tls_cert else "http"
    ready = f"ready on {scheme}://{join_address(listen.host, listen.port)}"
    return asyncio.run(keep("linli home", children, ready))


def home_children(
    data: Path,
    listen: Listen,
    *,
    broker: tuple[str, int] | None,
    broker_port: int,
    more: Sequence[str] = (),
) -> list[Child]:
    """A home's processes, in the order of starting.

    Args:
        data: the home's folder.
        listen: where the pages are.
        broker: an outside broker's host and port, None to start our own.
        broker_port: the port of our own.
        more: further options for the home process.
    """
    host, port = broker or (LOOPBACK, broker_port)
    address = join_address(host, port)
    where = ["--data", str(data)]
    children = []
    if broker is None:
        children.append(
            Child(
                "broker",
                linli("broker", "--listen", address, *where),
                ready=partial(port_open, host, port),
            )
        )
    children.append(Child("safety", linli("safety", "--broker", address, *where)))
    children.append(
        Child(
            "home",
            linli("home-app", "--broker", address, *where, *listen.words(), *more),
            ready=partial(answering, LOOPBACK, listen.port) if not listen.tls_cert else None,
        )
    )
    return children
