"""The one family of errors that this room raises on purpose."""

from __future__ import annotations


class PrivacyError(Exception):
    """Anything that this room refuses. The text is safe to log: no secret, no personal data."""
