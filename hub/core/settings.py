"""Where a program keeps its data and on which address it may listen."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any, NoReturn

LOOPBACK = "127.0.0.1"
REFUSED = 2
"""Exit status of a program that won't start until something about its words or machine changes."""


NEVER = frozenset({errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EPERM, errno.ENOTDIR})
"""Errors of the system that go away only when a person does something."""


class SettingsProblem(ValueError):
    """A setting that can't be used; the text says what to do."""


def data_folder(role: str) -> Path:
    """The default data folder of a role: ``$LINLI_DATA``, else the user's data folder."""
    base = os.environ.get("LINLI_DATA")
    if base:
        return Path(base) / role
    shared = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(shared) / "linli" / role


def private_folder(path: Path) -> Path:
    """Make a folder that only this account may enter (mode 0700), and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != 0o700:  # a read-only disk takes no chmod, not even this
        path.chmod(0o700)
    return path


def command() -> str:
    """What the reader types to reach us: ``./run`` in a checkout, ``linli`` elsewhere."""
    return "./run" if os.environ.get("LINLI_COMMAND") == "./run" else "linli"


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line and takes no shortened options."""

    def __init__(self, *, prog: str, **more: Any) -> None:
        prog = prog.replace("linli", command(), 1)
        super().__init__(prog=prog, allow_abbrev=False, **more)

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(REFUSED, f"{self.prog}: {message}; see {self.prog} --help\n")


def hold_port(host: str, port: int) -> socket.socket | None:
    """Take a port for a moment, or None when it can't be had; the caller closes what it gets."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError:
        held.close()
        return None
    return held


class Listen:
    """An address to serve on.

    Args:
        host: an IP address or ``localhost``.
        port: 0 takes any free port.
        tls_cert: certificate chain, PEM; needed beyond loopback.
        tls_key: its private key, PEM.
        allowed_hosts: the names that browsers may use for this server; needed beyond loopback.
    """

    __slots__ = ("allowed_hosts", "host", "port", "tls_cert", "tls_key")

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        tls_cert: str = "",
        tls_key: str = "",
        allowed_hosts: tuple[str, ...] = (),
    ) -> None:
        self.host = host
        self.port = port
        self.tls_cert = tls_cert
        self.tls_key = tls_key
        self.allowed_hosts = allowed_hosts

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return is_loopback(self.host)

    def words(self) -> list[str]:
        """The options that make a child process listen here."""
        words = ["--listen", join_address(self.host, self.port)]
        if self.tls_cert:
            words += ["--tls-cert", self.tls_cert, "--tls-key", self.tls_key]
        for name in self.allowed_hosts:
            words += ["--allowed-host", name]
        return words


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_address(text: str, default_port: int) -> tuple[str, int]:
    """Split ``host``, ``host:port`` or ``[v6]:port``.

    Raises:
        SettingsProblem: not an address.
    """
    host, port = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or (port and not port.isdecimal()) or int(port or 0) > 65535:
        raise SettingsProblem(f"{text!r} is not an address such as 127.0.0.1:{default_port}")
    return host, int(port) if port else default_port


def join_address(host: str, port: int) -> str:
    """The text that `split_address` splits."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def add_listen_options(parser: argparse.ArgumentParser, port: int) -> None:
    """Add ``--listen``, ``--tls-cert``, ``--tls-key`` and ``--allowed-host``."""
    parser.add_argument(
        "--listen",
        default=f"{LOOPBACK}:{port}",
        metavar="HOST:PORT",
        help="this machine only unless asked (default: %(default)s)",
    )
    parser.add_argument("--tls-cert", default="", metavar="FILE", help="certificate chain, PEM")
    parser.add_argument("--tls-key", default="", metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that browsers use for this server; may be given again",
    )


def listen_from(options: argparse.Namespace, default_port: int) -> Listen:
    """The address that the options name.

    Raises:
        SettingsProblem: not an address, or open to others without TLS and allowed hosts.
    """
    host, port = split_address(options.listen, default_port)
    listen = Listen(
        host,
        port,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        allowed_hosts=tuple(options.allowed_host),
    )
    if not listen.loopback and not (listen.tls_cert and listen.tls_key):
        raise SettingsProblem(
            f"{host} can be reached by others: give --tls-cert and --tls-key, or use {LOOPBACK}"
        )
    if not listen.loopback and not listen.allowed_hosts:
        raise SettingsProblem(
            f"{host} can be reached by others: name the server's hosts with --allowed-host"
        )
    return listen
