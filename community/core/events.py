"""Safety events as capabilities hand them on: what a home said, and nothing of who it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Session


class Word(StrEnum):
    """What the home said last about its hazard."""

    RAISED = "raised"
    UPDATED = "updated"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


class SafetyEvent(NamedTuple):
    """One checked event.

    `nonce` is the event's own random name, the same for everything said about one hazard;
    `seq` tells its sayings apart. `body` is the 64 bytes as they came, `content` the SHA-256
    of the whole plaintext. `severity` 1 is the most urgent.
    """

    nonce: bytes
    seq: int
    body: bytes
    content: bytes
    hazard: str
    word: Word
    severity: int
    zone: int
    drill: bool
    test: bool
    late: bool


Receive = Callable[[Session, Sequence[SafetyEvent], float], list[int]]
"""Turns new events into incidents within the caller's transaction; returns the incidents' ids."""
