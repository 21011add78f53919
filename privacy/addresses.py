"""Addresses of other machines: which are this machine itself, and how to trust the others."""

from __future__ import annotations

import ipaddress
import re
import ssl

from privacy.errors import PrivacyError

MAX_URL = 512
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*)?"
)
_LOCAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
_LOCAL_NAMES = (".local", ".lan", ".home", ".internal", ".home.arpa")


class AddressError(PrivacyError):
    """An address that cannot be used."""


class Url:
    """An ``http`` or ``https`` address (RFC 3986), without user, password or fragment.

    Attributes:
        scheme: ``http`` or ``https``.
        host: a name, or an IP address without brackets.
        port: the scheme's own where none is written.
        path: with the query; it may hold a secret.
        text: as it was written.
    """

    __slots__ = ("host", "path", "port", "scheme", "text")

    def __init__(self, text: str) -> None:
        """Read an address.

        Raises:
            AddressError: not one, or longer than `MAX_URL` characters.
        """
        read = _URL.fullmatch(text)
        if read is None or len(text) > MAX_URL or "#" in (read["path"] or ""):
            raise AddressError("not an address that begins with https:// or http://")
        self.text = text
        self.scheme = read["scheme"]
        self.host = read["host"].removeprefix("[").removesuffix("]")
        self.port = int(read["port"] or (443 if self.scheme == "https" else 80))
        self.path = read["path"] or "/"
        if not 0 < self.port < 65536:
            raise AddressError("not an address: its port is out of range")

    @property
    def place(self) -> str:
        """Host and, where it is written, port, as a request's ``Host`` says them."""
        return self.text.partition("://")[2].partition("/")[0]

    @property
    def origin(self) -> str:
        """Scheme and place, without what may be secret."""
        return f"{self.scheme}://{self.place}"


def split_address(address: str) -> tuple[str, int]:
    """``host:port`` (``[v6]:port`` too) into its parts.

    Raises:
        AddressError: no host, or no port from 1 to 65535 (0 is left to listeners).
    """
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise AddressError("an address is host:port")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, without asking any name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(host: str) -> bool:
    """Whether ``host`` is in the home's own network, as far as its name or number says.

    Private and link-local addresses (RFC 1918, RFC 3927, RFC 4193, RFC 4291), loopback, names
    without a dot, and names of local domains. What a name leads to is seen when connected.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = host.lower().removesuffix(".")
        return "." not in name or name.endswith(_LOCAL_NAMES)
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in _LOCAL)


def client_tls(host: str, certificate: str | None = None) -> ssl.SSLContext | None:
    """How to connect to ``host``: TLS 1.2 or newer; None (plain) on loopback if nothing is pinned.

    Args:
        host: the other end.
        certificate: PEM of the certificate or authority pinned at pairing; the system's
            authorities otherwise.
    """
    if is_loopback(host) and certificate is None:
        return None
    context = ssl.create_default_context(cadata=certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def server_tls(host: str, certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """How to listen on ``host``: TLS with these files, plain only on loopback.

    Raises:
        AddressError: another address than loopback without certificate and key.
    """
    if certificate is not None and key is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
        return context
    if not is_loopback(host):
        raise AddressError("listening beyond this machine needs --tls-cert and --tls-key")
    return None
