"""Events between rooms that don't know one another: a topic and plain data, synchronously."""

from __future__ import annotations

import logging
from collections.abc import Callable

_LOG = logging.getLogger(__name__)

Handler = Callable[[str, object], None]


class Bus:
    """Topics are words joined by dots; a subscription hears its topic and all below it."""

    def __init__(self) -> None:
        self._handlers: tuple[tuple[str, Handler], ...] = ()
        self.failures = 0

    def publish(self, topic: str, data: object = None) -> None:
        """Tell every subscriber at once; one that raises is counted, the others go on."""
        for prefix, handler in self._handlers:
            if topic == prefix or topic.startswith(f"{prefix}."):
                try:
                    handler(topic, data)
                except Exception:  # noqa: BLE001 - one handler's fault must not stop the others
                    self.failures += 1
                    _LOG.exception("a handler of %s failed", topic)

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        """Call ``handler(topic, data)`` from now on; returns what ends it."""
        entry = (prefix, handler)
        self._handlers = (*self._handlers, entry)

        def unsubscribe() -> None:
            self._handlers = tuple(one for one in self._handlers if one is not entry)

        return unsubscribe
