"""What the commands that keep a face's processes up have in common: options, broker, order."""

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
    SettingsProblem,
    add_listen_options,
    data_folder,
    join_address,
    listen_from,
    private_folder,
    split_address,
)


class Face:
    """One face's processes: a broker unless one is named, then ``before``, then the app.

    Args:
        role: ``home`` or ``community``; its app is the sub-command ``<role>-app``.
        port: where its pages are.
        broker_port: where its broker listens.
        about: one line of help.
        before: sub-commands that must run before the app, such as the hazard kernel.
    """

    def __init__(
        self, role: str, *, port: int, broker_port: int, about: str, before: Sequence[str] = ()
    ) -> None:
        self.role = role
        self.port = port
        self.broker_port = broker_port
        self.about = about
        self.before = tuple(before)

    def run(self, argv: Sequence[str]) -> int:
        """Run the face until SIGINT or SIGTERM; returns the exit status.

        Options that are not ours go to the app.
        """
        options, more = self._parser().parse_known_args(argv)
        if more and not more[0].startswith("-"):
            sys.stderr.write(f"linli {self.role}: no command {more[0]!r}; see --help\n")
            return 2
        try:
            listen = listen_from(options, self.port)
            broker = split_address(options.broker, self.broker_port) if options.broker else None
        except SettingsProblem as problem:
            sys.stderr.write(f"linli {self.role}: {problem}\n")
            return 2
        where = ["--data", str(private_folder(options.data))]
        host, port = broker or (LOOPBACK, options.broker_port)
        address = ["--broker", join_address(host, port)]
        children = [] if broker else [_broker(host, port, where)]
        children += [Child(name, linli(name, *address, *where)) for name in self.before]
        app = linli(f"{self.role}-app", *address, *where, *listen.words(), *more)
        # The probe speaks plain HTTP; with TLS a started app counts as ready.
        ready = None if listen.tls_cert else partial(answering, listen.host, listen.port)
        children.append(Child(self.role, app, ready=ready))
        scheme = "https" if listen.tls_cert else "http"
        said = f"ready on {scheme}://{join_address(listen.host, listen.port)}"
        return asyncio.run(keep(f"linli {self.role}", children, said))

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"linli {self.role}", description=self.about)
        parser.add_argument("--data", type=Path, default=data_folder(self.role), help="data folder")
        add_listen_options(parser, self.port)
        parser.add_argument(
            "--broker",
            default="",
            metavar="HOST:PORT",
            help="a broker that runs already; without it one is started on this machine",
        )
        parser.add_argument(
            "--broker-port",
            type=int,
            default=self.broker_port,
            metavar="PORT",
            help="port of the started broker (default: %(default)s)",
        )
        return parser


def _broker(host: str, port: int, where: Sequence[str]) -> Child:
    words = linli("broker", "--listen", join_address(host, port), *where)
    return Child("broker", words, ready=partial(port_open, host, port))
