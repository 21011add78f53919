"""Errors that more than one module of this room raises."""

from __future__ import annotations


class TemplateProblem(ValueError):
    """A template that is not allowed, or a payload that it can't render."""
