"""`linli community`: starts the property's processes and keeps them up.

Broker first, then the app. Commands beside a running community have their own module.
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

PORT = 8200
BROKER_PORT = 18831
COMMANDS = ("init", "flats", "code", "relay-code", "link", "staff", "freeze", "set")


def main(argv: Sequence[str]) -> int:
    """Run a community until SIGINT or SIGTERM, or do one command and end."""
    words = [word for word in argv if word in COMMANDS]
    if words and argv[0] in (words[0], "--data"):
        from community.cli import main as once

        return once(argv)
    parser = argparse.ArgumentParser(
        prog="linli community",
        description=f"The property's portal and duty screen. Commands: {', '.join(COMMANDS)}.",
    )
    parser.add_argument("--data", type=Path, default=data_folder("community"), help="data folder")
    add_listen_options(parser, PORT)
    parser.add_argument(
        "--broker",
        default="",
        metavar="HOST:PORT",
        help="a broker for facilities that runs already; without it one is started",
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
        sys.stderr.write(f"linli community: {problem}\n")
        return 2
    private_folder(options.data)
    children = community_children(
        options.data, listen, broker=broker, broker_port=options.broker_port, more=rest
    )
    scheme = "https" if listen.tls_cert else "http"
    ready = f"ready on {scheme}://{join_address(listen.host, listen.port)}"
    return asyncio.run(keep("linli community", children, ready))


def community_children(
    data: Path,
    listen: Listen,
    *,
    broker: tuple[str, int] | None,
    broker_port: int,
    more: Sequence[str] = (),
) -> list[Child]:
    """A community's processes, in the order of starting.

    Args:
        data: The community's folder.
        listen: Where the portal is.
        broker: An outside broker's host and port, None to start our own.
        broker_port: The port of our own.
        more: Further options for the app process.
    """
    host, port = broker or (LOOPBACK, broker_port)
    address, where = join_address(host, port), ["--data", str(data)]
    children = []
    if broker is None:
        children.append(
            Child(
                "community-broker",
                linli("broker", "--listen", address, *where),
                ready=partial(port_open, host, port),
            )
        )
    children.append(
        Child(
            "community",
            linli("community-app", "--broker", address, *where, *listen.words(), *more),
            ready=partial(answering, LOOPBACK, listen.port) if not listen.tls_cert else None,
        )
    )
    return children
