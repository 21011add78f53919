"""The bulletin: one signed message of one length per slot, the same bytes for every home.

It says which events the platform has accepted, without saying how many or whose: eight entries,
each a hash that only the home with the event can make or tell from the random ones that fill up
the rest. It comes in every slot whether something happened or not, so its coming says nothing.
A home only remembers what it hears; nothing is ever sent because of a bulletin, nor because one
does not come (docs/adr/0056).

Layout, 365 bytes, big-endian: ``version 1 | slot 4 | 8 entries of 32 | log size 8 | log root 32 |
signature 64``. An entry is SHA-256(label, slot, nonce, seq): another in every slot, so that
hearing one twice doesn't set it apart from the filler. The Ed25519 signature (RFC 8032) is the
log's, over label and all before.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privacy.wire import BULLETIN_LENGTH, WireError

ENTRIES = 8
VERSION = 1
MOST_WAITING = 8 * 450
"""What may wait to be told, messages: a quarter of an hour of full bulletins at 2 s."""
_ENTRY = b"linli accepted 1\0"
_SIGNED = b"linli bulletin 1\0"
_BODY = struct.Struct(f">BI{ENTRIES * 32}sQ32s")
_ORDER = secrets.SystemRandom()

Message = tuple[bytes, int]
"""An event's nonce and the seq of one of its messages."""


class Head(NamedTuple):
    """How the community's log stands: entries, and the root of their tree (RFC 9162)."""

    size: int
    root: bytes


class Bulletin(NamedTuple):
    """What one says; ``entries`` are in no order that means anything."""

    slot: int
    entries: tuple[bytes, ...]
    head: Head

    def names(self, message: Message) -> bool:
        """Whether this message is among the accepted ones."""
        return entry(self.slot, message) in self.entries

    def sign(self, sign: Callable[[bytes], bytes]) -> bytes:
        """The bytes for everybody.

        Args:
            sign: makes the log's Ed25519 signature.
        """
        body = _BODY.pack(VERSION, self.slot, b"".join(self.entries), *self.head)
        return body + sign(_SIGNED + body)

    @classmethod
    def read(cls, data: bytes, public: Ed25519PublicKey) -> Bulletin:
        """Read one and check its signature.

        Raises:
            WireError: another length or version, or not signed by the log.
        """
        if len(data) != BULLETIN_LENGTH:
            raise WireError(f"a bulletin has {BULLETIN_LENGTH} bytes")
        body, signature = data[: _BODY.size], data[_BODY.size :]
        try:
            public.verify(signature, _SIGNED + body)
        except InvalidSignature:
            raise WireError("the bulletin is not signed by the community's log") from None
        version, slot, listed, size, root = _BODY.unpack(body)
        if version != VERSION:
            raise WireError("a bulletin of another version")
        entries = tuple(listed[start : start + 32] for start in range(0, len(listed), 32))
        return cls(slot, entries, Head(size, root))


def entry(slot: int, message: Message) -> bytes:
    """What stands in the bulletin of ``slot`` for an accepted message."""
    nonce, seq = message
    return hashlib.sha256(_ENTRY + slot.to_bytes(4, "big") + nonce + bytes((seq,))).digest()


class Accepted:
    """What the platform has accepted and not told yet. In memory: copies of an event tell again."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque(maxlen=MOST_WAITING)

    def add(self, messages: Iterable[Message]) -> None:
        """Have these told; the longest waiting give way if there are too many."""
        self._waiting.extend(dict.fromkeys(messages))

    def bulletin(self, slot: int, head: Head) -> Bulletin:
        """The next one: up to eight that wait, the rest random, in random order."""
        count = min(ENTRIES, len(self._waiting))
        told = [entry(slot, self._waiting.popleft()) for _ in range(count)]
        told += [os.urandom(32) for _ in range(ENTRIES - count)]
        _ORDER.shuffle(told)
        return Bulletin(slot, tuple(told), head)
