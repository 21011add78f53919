"""What is too long to be looked at: decoding it would hold up a hazard."""

from __future__ import annotations

import logging

# A sensor's message has some hundred bytes; megabytes of JSON take a fifth of a second.
MAX_PAYLOAD = 64 * 1024
LOG_EVERY_S = 60.0

_LOG = logging.getLogger(__name__)


class Intake:
    """Counts the messages that are dropped, and says so now and then, never what they held.

    Attributes:
        dropped: messages dropped since the start.
    """

    __slots__ = ("_logged", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        self._logged = float("-inf")

    def too_long(self, payload: bytes, now: float) -> bool:
        """Whether to drop this message.

        Args:
            payload: as it came.
            now: steady clock.
        """
        if len(payload) <= MAX_PAYLOAD:
            return False
        self.dropped += 1
        if now - self._logged >= LOG_EVERY_S:
            self._logged = now
            _LOG.warning("dropped a message of %d bytes, %d so far", len(payload), self.dropped)
        return True
