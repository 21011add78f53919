"""A home's ear for bulletins: which of its own messages the platform has, how the log stands."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privacy.bulletin import Bulletin, Head, Message
from privacy.outbox import Outbox

_KEY, _HEAD = "bulletin key", "log head"
_MOST_AWAITED = 128


class Board:
    """A home's ear for bulletins. All calls from the one thread that owns the outbox.

    The first key that is heard stays: the log has one key for good. ``heard`` counts what was
    found of one's own, so that others notice.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._sent: dict[Message, bool] = {}
        self._key_problem = ""
        self._log_problem = ""
        self.heard = 0

    @property
    def problem(self) -> str:
        """What is wrong with the community's log as far as bulletins tell; empty if nothing."""
        return self._key_problem or self._log_problem

    def learn(self, key: bytes) -> None:
        """Pin the log's key, as the parameters tell it to every home.

        Raises:
            sqlite3.Error: it could not be stored.
        """
        known = self._outbox.get(_KEY)
        if known is None:
            self._outbox.put(_KEY, key)
        other = known not in (None, key)
        self._key_problem = "the community's log has another key" if other else ""

    def sent(self, nonce: bytes, seq: int) -> None:
        """A message, or a copy of it, has left: look out for it."""
        self._sent.setdefault((nonce, seq), False)
        while len(self._sent) > _MOST_AWAITED:
            del self._sent[next(iter(self._sent))]

    def hear(self, data: bytes) -> list[Message]:
        """Which of the awaited messages a bulletin names; each is named once.

        Raises:
            WireError: not a bulletin of this community.
        """
        key = self._outbox.get(_KEY)
        if key is None:
            return []
        told = Bulletin.read(data, Ed25519PublicKey.from_public_bytes(key))
        self._follow(told.head)
        found = [one for one, known in self._sent.items() if not known and told.names(one)]
        self._sent.update(dict.fromkeys(found, True))
        self.heard += len(found)
        return found

    def _follow(self, head: Head) -> None:
        """A log only grows. That what grew kept its beginning is the witnesses' part."""
        stored = self._outbox.get(_HEAD)
        if stored is not None:
            seen = Head(int.from_bytes(stored[:8], "big"), stored[8:])
            if head == seen:
                return
            if head.size <= seen.size:
                self._log_problem = "the community's log lost or changed what stood in it"
                return
        self._outbox.put(_HEAD, head.size.to_bytes(8, "big") + head.root)
