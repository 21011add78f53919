"""Every address that our programs speak to, taken down by Python itself, and their sockets."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from pathlib import Path

# Python imports this module in every process whose PYTHONPATH names its folder.
SPY = """
import os, sys

_out = os.open(os.environ["JOURNEY_SPY"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind",
            "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

def _note(event, given):
    if event in _WATCHED:
        where = given[0:2] if event.startswith("socket.get") else given[1]
        if isinstance(where, tuple):
            role = sys.orig_argv[3:4] or [""]
            os.write(_out, f"{role[0]}\\t{event}\\t{where[0]}\\t{where[1]}\\n".encode())

sys.addaudithook(_note)

import socket, ssl

_said = os.open(os.environ["JOURNEY_SPY"] + ".said", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def _tell(port, data):
    role = sys.orig_argv[3:4] or [""]
    os.write(_said, f"{role[0]}\\t{port}\\t{bytes(data).hex()}\\n".encode())

def _watch(owner, name, pieces):
    real = getattr(owner, name)
    def said(self, data, *more):
        try:
            peer = self.getpeername()
            port = peer[1] if isinstance(peer, tuple) else 0
        except (AttributeError, OSError):
            port = "tls" if owner is ssl.SSLObject else 0
        if port:
            _tell(port, pieces(data))
        return real(self, data, *more)
    setattr(owner, name, said)

for _name in ("send", "sendall"):
    _watch(socket.socket, _name, bytes)
    _watch(ssl.SSLSocket, _name, bytes)
_watch(socket.socket, "sendmsg", b"".join)
_watch(ssl.SSLObject, "write", bytes)
"""


class Spy:
    """What the programs of a system do with the network, beginning with their start.

    Args:
        folder: where its files go.
    """

    def __init__(self, folder: Path) -> None:
        code = folder / "spy"
        code.mkdir()
        (code / "sitecustomize.py").write_text(SPY)
        self._notes = folder / "spied"
        path = os.environ.get("PYTHONPATH", "")
        self.env = {"PYTHONPATH": f"{code}:{path}".rstrip(":"), "JOURNEY_SPY": str(self._notes)}

    def said(self, port: int | str) -> list[tuple[str, bytes]]:
        """(sub-command, bytes) of everything handed to sockets whose other end has this port.

        Before TLS; what went through TLS of an event loop is under ``tls``, wherever it went.
        """
        path = self._notes.with_name(self._notes.name + ".said")
        words = (line.split("\t") for line in path.read_text().splitlines())
        return [(role, bytes.fromhex(data)) for role, to, data in words if to == str(port)]

    def seen(self, *events: str) -> set[tuple[str, str, str]]:
        """(sub-command, host, port) of these events, such as ``connect``."""
        found = set()
        for line in self._notes.read_text().splitlines():
            role, event, host, port = line.split("\t")
            if event.removeprefix("socket.") in events:
                found.add((role, host, port))
        return found


def sockets(pid: int) -> set[tuple[str, str]]:
    """(own, other) address of every internet socket that a process holds now."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(entry.readlink())
            if target.startswith("socket:"):
                inodes.add(target[8:-1])
    found = set()
    for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
                words = line.split()
                if words[9] in inodes:
                    found.add((_host(words[1]), _host(words[2])))
    return found


def _host(text: str) -> str:
    raw = bytes.fromhex(text.partition(":")[0])
    turned = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return str(ipaddress.ip_address(turned))
