"""What the commands that keep a face's processes up have in common: options, broker, order."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from hub.core import outside
from hub.core.processes import Child, answering, keep, linli, port_open
from hub.core.settings import (
    LOOPBACK,
    REFUSED,
    Parser,
    SettingsProblem,
    add_listen_options,
    data_folder,
    hold_port,
    join_address,
    listen_from,
    private_folder,
    split_address,
)

HELP = ("-h", "--help")


class Face:
    """One face's processes: a broker unless one is named, ``before``, ``beside``, then the app.

    Args:
        role: ``home`` or ``community``; its app is the sub-command ``<role>-app``.
        port: where its pages are.
        broker_port: where its broker listens.
        about: one line of help.
        before: sub-commands that must run before the app, such as the hazard kernel.
        beside: sub-commands of the app's own data folder that know no broker.
        more: adds the app's own options, which go to it as they are.
    """

    def __init__(
        self,
        role: str,
        *,
        port: int,
        broker_port: int,
        about: str,
        before: Sequence[str] = (),
        beside: Sequence[str] = (),
        more: Callable[[argparse.ArgumentParser], None] = lambda _parser: None,
    ) -> None:
        self.role = role
        self.port = port
        self.broker_port = broker_port
        self.about = about
        self.before = tuple(before)
        self.beside = tuple(beside)
        self._more = more

    def run(self, argv: Sequence[str]) -> int:
        """Run the face until SIGINT or SIGTERM; returns the exit status.

        What can't be is said in one line and ends it at once: an option that nobody has, an
        address that may not be, a port that somebody else holds.
        """
        if argv and not argv[0].startswith("-"):
            sys.stderr.write(f"linli {self.role}: no command {argv[0]!r}; see --help\n")
            return REFUSED
        own = self._parser()
        options, more = own.parse_known_args([word for word in argv if word not in HELP])
        self._more(own)
        own.parse_args(argv)  # help, and options that nobody has
        try:
            listen = listen_from(options, self.port)
            broker = split_address(options.broker, self.broker_port) if options.broker else None
            where = ["--data", str(private_folder(options.data))]
            if broker is not None:
                os.environ[outside.NAMED] = "1"
            host, port = broker or (LOOPBACK, options.broker_port)
            _free(listen.host, listen.port, f"--listen {join_address(listen.host, 0)[:-1]}PORT")
            elsewhere = broker is not None or _not_needed(options.data, host, port)
            if not elsewhere:
                _free(host, port, "--broker-port PORT, or name a running broker with --broker")
        except SettingsProblem as problem:
            sys.stderr.write(f"linli {self.role}: {problem}\n")
            return REFUSED
        except OSError as problem:
            sys.stderr.write(f"linli {self.role}: {options.data} can't be used: {problem}\n")
            return REFUSED
        address = ["--broker", join_address(host, port)]
        children = [] if elsewhere else [_broker(host, port, where)]
        children += [Child(name, linli(name, *address, *where)) for name in self.before]
        children += [Child(name, linli(name, *where)) for name in self.beside]
        app = linli(f"{self.role}-app", *address, *where, *listen.words(), *more)
        # The probe speaks plain HTTP; with TLS a started app counts as ready.
        ready = None if listen.tls_cert else partial(answering, listen.host, listen.port)
        children.append(Child(self.role, app, ready=ready))
        scheme = "https" if listen.tls_cert else "http"
        said = f"ready on {scheme}://{join_address(listen.host, listen.port)}"
        return asyncio.run(keep(f"linli {self.role}", children, said))

    def _parser(self) -> argparse.ArgumentParser:
        parser = Parser(prog=f"linli {self.role}", description=self.about)
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


def _free(host: str, port: int, other: str) -> None:
    """Raise SettingsProblem when somebody else holds the port."""
    held = hold_port(host, port)
    if held is None:
        raise SettingsProblem(
            f"port {port} of {host} can't be had, something else may be using it: "
            f"end that, or choose another with {other}"
        )
    held.close()


def _not_needed(data: Path, host: str, port: int) -> bool:
    """Whether the embedded broker may stay away: another was chosen, maybe one on its port.

    Where the port is free it is started all the same, so that going back needs no restart.
    """
    if not outside.chosen(data):
        return False
    held = hold_port(host, port)
    if held is None:
        return True
    held.close()
    return False


def _broker(host: str, port: int, where: Sequence[str]) -> Child:
    words = linli("broker", "--listen", join_address(host, port), *where)
    return Child("broker", words, ready=partial(port_open, host, port))
