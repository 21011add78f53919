"""Routing: one subscription for each topic, the last payload for latecomers."""

from __future__ import annotations

from collections.abc import Callable

from hub.plugins.connections.mqtt import Mqtt
from hub.testing import FakeConnection
from integrations.mqtt.router import MAX_KEPT_BYTES, Listener, Router


class Counting(FakeConnection):
    """Notes what is subscribed at which QoS."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []
        self.open = 0

    def subscribe(
        self, topic_filter: str, callback: Callable[[str, bytes, bool], None], qos: int = 0
    ) -> Callable[[], None]:
        self.asked.append((topic_filter, qos))
        self.open += 1
        end = super().subscribe(topic_filter, callback, qos)

        def undo() -> None:
            self.open -= 1
            end()

        return undo


def listener(heard: list[bytes]) -> Listener:
    return lambda _topic, payload: heard.append(payload)


def make() -> tuple[Counting, Router, list[str]]:
    connection = Counting()
    problems: list[str] = []
    narrow = Mqtt(connection, subscribe=["#"], publish=[])
    return connection, Router(narrow, lambda kind, *_: problems.append(kind)), problems


async def test_one_subscription_for_many_and_the_highest_qos_counts() -> None:
    connection, router, _ = make()
    heard: list[bytes] = []
    for qos in (0, 0, 1, 0):
        router.listen("a", listener(heard), qos)
    assert connection.asked == [("a", 0), ("a", 1)]
    assert connection.open == 1
    connection.deliver("a", "x")
    assert heard == [b"x"] * 4


async def test_the_last_payload_is_replayed_and_forgotten_with_the_broker() -> None:
    connection, router, _ = make()
    first: list[bytes] = []
    late: list[bytes] = []
    router.listen("a", listener(first))
    connection.deliver("a", "x")
    router.listen("a", listener(late))
    router.listen("a", listener(late), replay=False)
    assert late == [b"x"]
    assert router.last("a") == b"x"
    router.forget()
    assert router.last("a") is None
    connection.deliver("a", b"y" * (MAX_KEPT_BYTES + 1))
    assert router.last("a") is None


async def test_the_last_to_leave_ends_the_subscription() -> None:
    connection, router, _ = make()
    one, two = listener([]), listener([])
    router.listen("a", one)
    router.listen("a", two)
    router.end("a", one)
    assert connection.open == 1
    router.end("a", two)
    router.end("a", two)
    assert connection.open == 0
    assert router.last("a") is None


async def test_a_failing_listener_stops_no_other() -> None:
    connection, router, problems = make()
    heard: list[bytes] = []

    def fail(_topic: str, _payload: bytes) -> None:
        raise RuntimeError("a bug")

    router.listen("a", fail)
    router.listen("a", listener(heard))
    connection.deliver("a", "x")
    assert heard == [b"x"]
    assert problems == ["listener_failed"]
