"""One broker subscription for each topic, however many entities listen to it."""

from __future__ import annotations

from collections.abc import Callable

from hub.api import Mqtt

MAX_PAYLOAD_BYTES = 1024 * 1024
MAX_KEPT_BYTES = 64 * 1024

Listener = Callable[[str, bytes], None]
Problem = Callable[..., None]


class _Route:
    """The listeners of one topic filter and the last payload, for those who come later."""

    __slots__ = ("end", "last", "listeners", "qos")

    def __init__(self) -> None:
        self.listeners: tuple[Listener, ...] = ()
        self.last: bytes | None = None
        self.end: Callable[[], None] | None = None
        self.qos = 0


class Router:
    """Passes each message to all its listeners in one pass; one that fails stops no other.

    Every listener gets the same payload object, so that its JSON is parsed once for all.
    """

    __slots__ = ("_mqtt", "_problem", "_routes", "retained")

    def __init__(self, mqtt: Mqtt, problem: Problem) -> None:
        self._mqtt = mqtt
        self._problem = problem
        self._routes: dict[str, _Route] = {}
        self.retained = False  # whether the message being passed on is an old one, kept

    def listen(
        self, topic_filter: str, listener: Listener, qos: int = 0, *, replay: bool = True
    ) -> None:
        """Call ``listener(topic_filter, payload)`` for each message, until ``end``.

        Args:
            topic_filter: Where to listen; wildcards allowed.
            listener: Called in the order of listening.
            qos: Asked of the broker; the highest that any listener asks counts.
            replay: Whether a listener of a topic that is subscribed already gets the last
                payload at once, because the broker won't send a retained one again.
        """
        route = self._routes.get(topic_filter)
        if route is None:
            route = self._routes[topic_filter] = _Route()
        known = route.last
        route.listeners = (*route.listeners, listener)
        if route.end is None or qos > route.qos:
            ended, route.qos = route.end, qos
            route.end = self._mqtt.subscribe(
                topic_filter,
                lambda topic, payload, retained: self._pass(topic_filter, topic, payload, retained),
                qos,
            )
            if ended is not None:
                ended()
        if replay and known is not None:
            self.retained = True
            listener(topic_filter, known)

    def last(self, topic_filter: str) -> bytes | None:
        """The last payload of a topic that is listened to, if it was small enough to keep."""
        route = self._routes.get(topic_filter)
        return None if route is None else route.last

    def forget(self) -> None:
        """Drop kept payloads: after a lost broker they may be old, retained ones come again."""
        for route in self._routes.values():
            route.last = None

    def end(self, topic_filter: str, listener: Listener) -> None:
        """No more messages for this listener."""
        route = self._routes.get(topic_filter)
        if route is None:
            return
        route.listeners = tuple(one for one in route.listeners if one != listener)
        if not route.listeners:
            del self._routes[topic_filter]
            if route.end is not None:
                route.end()

    def _pass(self, topic_filter: str, topic: str, payload: bytes, retained: bool) -> None:
        self.retained = retained
        route = self._routes.get(topic_filter)
        if route is None:
            return
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._problem("payload_too_large", "%s sent %d bytes, ignored", topic, len(payload))
            return
        if len(payload) <= MAX_KEPT_BYTES and topic == topic_filter:
            route.last = payload
        for listener in route.listeners:
            try:
                listener(topic_filter, payload)
            except Exception as problem:  # noqa: BLE001 -- the others must hear it all the same
                self._problem(
                    "listener_failed", "%s: an entity failed: %s", topic, type(problem).__name__
                )
