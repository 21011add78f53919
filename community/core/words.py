"""Message ids kept in data: marked here, translated where they are shown."""

from __future__ import annotations

DOMAIN = "community"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Return the message id unchanged."""
    return message
