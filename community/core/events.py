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


class FlatCall(NamedTuple):
    """What a home said on purpose, as itself: its flat calls for help.

    `nonce` names the call; `path` is the flat, which the roster knew by the home's key. `word` is
    None where the home only asks how the call stands.
    """

    nonce: bytes
    path: tuple[str, str, str]
    word: Word | None


class CallStands(NamedTuple):
    """How a call stands: the incident's id (None where there is none), and when it was seen."""

    incident: int | None
    acknowledged_at: float | None
    changed: bool


ReceiveCall = Callable[[Session, FlatCall, float], CallStands]
"""Turns a call into an incident, or says how it stands, within the caller's transaction."""

Receive = Callable[[Session, Sequence[SafetyEvent], float], list[int]]
"""Turns new events into incidents within the caller's transaction; returns the incidents' ids."""
