"""One HTTP request from a home to its community's portal. Blocking: off the event loop, please."""

from __future__ import annotations

import http.client

from privacy.addresses import client_tls, split_address
from privacy.errors import PrivacyError

ANSWER_LIMIT = 1024 * 1024


class PortalUnreachable(PrivacyError):
    """No answer, or one that is far too long; worth trying again."""


def post(
    address: str, path: str, body: bytes, certificate: str | None = None, timeout_s: float = 15
) -> tuple[int, bytes]:
    """Send JSON; returns status and body.

    Args:
        address: ``http(s)://host:port`` of the portal.
        path: where on it.
        body: the JSON.
        certificate: PEM to trust instead of the system's authorities.
        timeout_s: seconds to wait.

    Raises:
        PortalUnreachable: nobody answered in time.
    """
    place = address.partition("://")[2]
    host, port = split_address(place)
    connection: http.client.HTTPConnection
    if address.startswith("https"):
        context = client_tls(host, certificate)
        connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        # A portal refuses changes that don't say where they come from (it can't tell a program
        # from another site's page), so the request names the portal itself.
        headers = {"Content-Type": "application/json", "Host": place, "Origin": address}
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        data = response.read(ANSWER_LIMIT + 1)
    except (OSError, http.client.HTTPException):
        raise PortalUnreachable("the community cannot be reached at its address") from None
    finally:
        connection.close()
    if len(data) > ANSWER_LIMIT:
        raise PortalUnreachable("the community's answer is too long")
    return response.status, data
