"""Topics and the filters that they fall under."""

from __future__ import annotations

from collections.abc import Callable

MessageCallback = Callable[[str, bytes, bool], None]
_MAX_CACHED = 10_000  # topics whose callbacks are remembered


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic falls under a filter (MQTT 3.1.1 section 4.7)."""
    if topic_filter == topic:
        return True
    wanted, given = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(given) or part not in {"+", given[index]}:
            return False
    return len(wanted) == len(given)


class Subscriptions:
    """Who wants which topics of one connection, and which filters the broker isn't told yet."""

    __slots__ = ("_cache", "_callbacks", "_untold", "_wild")

    def __init__(self) -> None:
        self._callbacks: dict[str, tuple[int, list[MessageCallback]]] = {}
        self._wild: dict[str, None] = {}  # the filters with wildcards, in their order
        self._cache: dict[str, tuple[MessageCallback, ...]] = {}
        self._untold: dict[str, int] = {}

    def add(self, topic_filter: str, callback: MessageCallback, qos: int) -> None:
        """Remember a callback; its filter is told anew."""
        level, callbacks = self._callbacks.get(topic_filter, (qos, []))
        self._callbacks[topic_filter] = (max(level, qos), callbacks)
        callbacks.append(callback)
        if "+" in topic_filter or "#" in topic_filter:
            self._wild[topic_filter] = None
        self._cache.clear()
        self._untold[topic_filter] = max(level, qos)

    def remove(self, topic_filter: str, callback: MessageCallback) -> bool:
        """Forget a callback; tells whether nobody wants the filter any more."""
        callbacks = self._callbacks[topic_filter][1]
        callbacks.remove(callback)
        self._cache.clear()
        if callbacks:
            return False
        del self._callbacks[topic_filter]
        self._wild.pop(topic_filter, None)
        return True

    def untold(self) -> list[tuple[str, int]]:
        """The (filter, QoS) pairs added since the last call."""
        found, self._untold = self._untold, {}
        return list(found.items())

    def all(self) -> list[tuple[str, int]]:
        """Every (filter, QoS) pair, for a broker that knows none; none is untold afterwards."""
        self._untold = {}
        return [(name, qos) for name, (qos, _) in self._callbacks.items()]

    def callbacks(self, topic: str) -> tuple[MessageCallback, ...]:
        """Who wants a topic's messages."""
        found = self._cache.get(topic)
        return self._find(topic) if found is None else found

    def _find(self, topic: str) -> tuple[MessageCallback, ...]:
        """Plain filters are looked up, wildcards gone through."""
        filters = [topic, *(one for one in self._wild if matches(one, topic))]
        known = (self._callbacks.get(one, (0, [])) for one in filters)
        found = tuple(callback for _, some in known for callback in some)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[topic] = found
        return found
