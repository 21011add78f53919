"""One HTTP request to a community's portal. Blocking: off the event loop, please."""

from __future__ import annotations

from privacy import http_post
from privacy.addresses import AddressError, Url
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
    # A portal refuses changes that don't say where they come from (it can't tell a program
    # from another site's page), so the request names the portal itself.
    headers = {"Content-Type": "application/json", "Origin": address}
    return _ask(address + path, headers, body, certificate=certificate, timeout_s=timeout_s)


def get(
    address: str, path: str, certificate: str | None = None, timeout_s: float = 15
) -> tuple[int, bytes]:
    """Ask for what anyone may read; returns status and body. Arguments as those of `post`.

    Raises:
        PortalUnreachable: nobody answered in time.
    """
    return _ask(address + path, {}, None, certificate=certificate, timeout_s=timeout_s)


def _ask(
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    *,
    certificate: str | None,
    timeout_s: float,
) -> tuple[int, bytes]:
    """Send; no body asks with GET."""
    try:
        status, data = http_post.post(
            Url(url),
            headers,
            body or b"",
            certificate=certificate,
            timeout_s=timeout_s,
            limit=ANSWER_LIMIT + 1,
            method="GET" if body is None else "POST",
        )
    except (AddressError, http_post.Unreached, http_post.Unanswered):
        raise PortalUnreachable("the community cannot be reached at its address") from None
    if len(data) > ANSWER_LIMIT:
        raise PortalUnreachable("the community's answer is too long")
    return status, data
