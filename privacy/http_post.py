"""One HTTP request to one address, bounded in time and length (RFC 9112).

Blocking: off the event loop, please. Redirects are not followed: they are an answer like others.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Mapping

from privacy.addresses import Url, client_tls
from privacy.errors import PrivacyError

_TIMES = 2


class Unreached(PrivacyError):
    """Nobody was connected to: not a byte of the request left."""


class Unanswered(PrivacyError):
    """The request left, at least in part, and no answer came in time."""


def post(
    url: Url,
    headers: Mapping[str, str],
    body: bytes,
    *,
    certificate: str | None = None,
    timeout_s: float,
    limit: int,
    connected: Callable[[socket.socket], None] = lambda _socket: None,
    method: str = "POST",
) -> tuple[int, bytes]:
    """Send and return the answer's status, and its first ``limit`` bytes.

    Args:
        url: where to.
        headers: beside ``Host`` and ``Accept-Encoding``.
        body: what is sent.
        certificate: PEM to trust instead of the system's authorities.
        timeout_s: the longest wait for anything; all of it ends after twice as long, apart from
            the look-up of a name.
        limit: bytes of the answer that are read.
        connected: called before the first byte of the request; what it raises ends the call.
        method: ``GET`` asks instead, without a body.

    Raises:
        Unreached: no connection, or a certificate that isn't trusted.
        Unanswered: no answer.
    """
    try:
        made = _connection(url, certificate, timeout_s)
        made.connect()
    except (OSError, UnicodeError):
        raise Unreached("the address cannot be reached") from None
    try:
        connected(made.sock)
        # A peer that sends a byte now and then is no answer.
        end = threading.Timer(_TIMES * timeout_s, cut, (made.sock,))
        end.daemon = True
        end.start()
        try:
            made.request(method, url.path, body or None, {"Host": url.place, **headers})
            answer = made.getresponse()
            return answer.status, answer.read(limit)
        except (OSError, http.client.HTTPException):
            raise Unanswered("the address does not answer") from None
        finally:
            end.cancel()
    finally:
        made.close()


def _connection(url: Url, certificate: str | None, timeout_s: float) -> http.client.HTTPConnection:
    if url.scheme == "http":
        return http.client.HTTPConnection(url.host, url.port, timeout=timeout_s)
    context = client_tls(url.host, certificate)
    return http.client.HTTPSConnection(url.host, url.port, timeout=timeout_s, context=context)


def cut(line: socket.socket) -> None:
    """End a connection that another thread waits on."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
