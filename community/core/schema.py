"""The versions of the database that this program knows, oldest first."""

from __future__ import annotations

from typing import Final

KNOWN: Final = ("0001", "0002", "0003", "0004")
HEAD: Final = KNOWN[-1]
