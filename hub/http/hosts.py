"""Which Host headers are ours, and which addresses may be listened on."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.core.settings import Listen

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound
MOST_REMEMBERED = 256
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")


class BadHost(ValueError):
    """The text is no Host header (RFC 9110 section 7.2)."""


def split_host(header: str) -> tuple[str, int | None]:
    """Split a Host header into a name in lower case and its port.

    An IPv6 literal comes back without brackets in its shortest form; a final dot of a
    name is dropped.

    Raises:
        BadHost: the header is malformed.
    """
    host, bracket, rest = header.partition("]")
    if bracket:
        if not host.startswith("[") or (rest and not rest.startswith(":")):
            raise BadHost("malformed address literal")
        try:
            if "%" in host:
                raise BadHost("a zone has no place in a Host header")
            name = str(ipaddress.IPv6Address(host[1:]))
        except ValueError as error:
            raise BadHost("malformed address literal") from error
        port_text = rest[1:] if rest else None
    else:
        name, colon, rest = header.partition(":")
        port_text = rest if colon else None
        name = name.lower().removesuffix(".")
        if len(name) > 253 or not _NAME.match(name):
            raise BadHost("malformed name")
    if port_text is None:
        return name, None
    if not _PORT.match(port_text) or int(port_text) > 65535:
        raise BadHost("malformed port")
    return name, int(port_text)


def is_loopback(address: str | None) -> bool:
    """Tell whether an address, or the name localhost, is this machine's own."""
    if not address:
        return False
    if address.lower() == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return ip.ipv4_mapped.is_loopback
    return ip.is_loopback


class OpenToOthers(ValueError):
    """An address beyond this machine was asked for without TLS or without a list of hosts."""


def check_listen(listen: Listen) -> None:
    """Refuse to serve other machines without TLS and a list of the names we answer to.

    Raises:
        OpenToOthers: the address is not loopback and one of the two is missing.
    """
    if is_loopback(listen.host):
        return
    if not (listen.tls_cert and listen.tls_key):
        raise OpenToOthers(f"{listen.host or '*'} is reachable by others: TLS is needed")
    if not listen.allowed_hosts:
        raise OpenToOthers(f"{listen.host or '*'} is reachable by others: name the allowed hosts")


class HostRule:
    """Says whether a Host header is one of ours; a page of another name cannot reach us.

    This is what stops DNS rebinding: the browser sends the attacker's name.
    """

    __slots__ = ("_known", "names")

    def __init__(self, listen_host: str, allowed: Iterable[str]) -> None:
        names = {split_host(f"[{name}]" if ":" in name else name)[0] for name in allowed}
        if is_loopback(listen_host) or listen_host in WILDCARDS:
            names |= LOOPBACK_NAMES
        self.names = frozenset(names)
        self._known: dict[str, bool] = {}

    def accepts(self, header: str | None) -> bool:
        """Tell whether a request with this Host header may be answered."""
        if header is None:
            return False
        known = self._known.get(header)
        if known is None:
            try:
                known = split_host(header)[0] in self.names
            except BadHost:
                known = False
            if len(self._known) < MOST_REMEMBERED:
                self._known[header] = known
        return known
