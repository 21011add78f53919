"""Logging of every process: one line a record on standard error, cleaned of what is personal."""

from __future__ import annotations

import logging

from privacy.redact import Redactor


def begin(level: int = logging.WARNING) -> Redactor:
    """Set logging up; names registered with the returned filter never reach a line."""
    redactor = Redactor()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    handler.addFilter(redactor)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    return redactor
