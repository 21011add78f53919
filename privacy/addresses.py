"""Addresses of other machines: which are this machine itself, and how to trust the others."""

from __future__ import annotations

import ipaddress
import ssl

from privacy.errors import PrivacyError


class AddressError(PrivacyError):
    """An address that cannot be used."""


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
