import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hub.core.mqtt import MqttConnection, MqttSettings, MqttUnavailable, matches
from tests.hub.core.brokers import EmbeddedBroker, Mosquitto, free_port, until

Broker = EmbeddedBroker | Mosquitto
Connect = Callable[..., Awaitable[MqttConnection]]


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.peers)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    found: Broker = (EmbeddedBroker if request.param == "embedded" else Mosquitto)(tmp_path)
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def connect(broker: Broker) -> AsyncIterator[Connect]:
    made: list[MqttConnection] = []

    async def make(user: str = "home") -> MqttConnection:
        connection = MqttConnection(broker.settings(user))
        made.append(connection)
        await connection.start()
        await connection.wait_connected()
        return connection

    yield make
    for connection in made:
        await connection.stop()


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("a/+/c", "a/b/d", False),
        ("a/b/c", "a/b", False),
        ("+", "", True),
        ("/+", "/a", True),
    ],
)
def test_filters(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


async def test_messages_arrive_in_order_at_every_matching_callback(connect: Connect) -> None:
    home, devices = await connect(), await connect("devices")
    exact: list[bytes] = []
    wild: list[tuple[str, bytes, bool]] = []
    ready: list[bytes] = []
    home.subscribe("gas/kitchen", lambda _, payload, __: exact.append(payload))
    home.subscribe("gas/+", lambda *message: wild.append(message))
    home.subscribe("gas/ready", lambda _, payload, __: ready.append(payload), qos=1)
    while not ready:
        await devices.publish("gas/ready", b"", qos=1)
        await asyncio.sleep(0.01)
    for number in range(3000):
        assert devices.publish_now("gas/kitchen", str(number))
    await until(lambda: len(exact) >= 3000)
    assert exact == [str(number).encode() for number in range(3000)]
    assert ("gas/kitchen", b"7", False) in wild


async def test_retained_messages_come_on_subscribing(connect: Connect) -> None:
    home, devices = await connect(), await connect("devices")
    await devices.publish("valve", b"open", qos=1, retain=True)
    got: list[tuple[str, bytes, bool]] = []
    undo = home.subscribe("valve", lambda *message: got.append(message), qos=1)
    await until(lambda: got)
    assert got[0] == ("valve", b"open", True)
    late: list[bytes] = []
    home.subscribe("valve", lambda _, payload, __: late.append(payload))
    await until(lambda: late)
    undo()
    before = len(got)
    await devices.publish("valve", b"closed", qos=1)
    await until(lambda: late[-1] == b"closed")
    assert len(got) == before


async def test_a_failing_listener_does_not_stop_the_others(connect: Connect) -> None:
    home = await connect()
    got: list[bytes] = []

    def fail(*_: object) -> None:
        raise RuntimeError("broken listener")

    home.subscribe("t", fail)
    home.subscribe("t", lambda _, payload, __: got.append(payload))
    # Again until heard: a broker may hand messages on before it took the subscription.
    await until(lambda: home.publish_now("t", b"2", qos=1) and b"2" in got)
    assert home.connected


async def test_publishing_inside_a_callback(connect: Connect) -> None:
    home, devices = await connect(), await connect("devices")
    answers: list[bytes] = []

    def answer(_topic: str, payload: bytes, _retained: bool) -> None:
        assert home.publish_now("out", payload, qos=1)

    home.subscribe("in", answer)
    devices.subscribe("out", lambda _, payload, __: answers.append(payload))
    await until(lambda: devices.publish_now("in", b"x") and answers)


async def test_survives_the_loss_of_the_broker(broker: Broker, connect: Connect) -> None:
    home = await connect()
    seen: list[bool] = []
    got: list[bytes] = []
    home.on_connection(seen.append)
    home.subscribe("t/#", lambda _, payload, __: got.append(payload))
    broker.stop()
    await until(lambda: seen == [False])
    with pytest.raises(MqttUnavailable):
        await home.publish("t/1", b"lost", qos=1)
    assert not home.publish_now("t/1", b"lost")
    broker.start()
    await until(lambda: seen == [False, True])
    await home.publish("t/1", b"back", qos=1)
    await until(lambda: got == [b"back"])


async def test_large_messages_and_a_full_socket(connect: Connect) -> None:
    home, devices = await connect(), await connect("devices")
    sizes: list[int] = []
    home.subscribe("big", lambda _, payload, __: sizes.append(len(payload)), qos=1)
    payload = b"x" * 3_000_000
    # A broker may read one client's messages before another's subscription that came first.
    await until(lambda: devices.publish_now("big", b"", qos=1) and sizes)
    await devices.publish("big", payload, qos=1)
    await devices.publish("big", payload, qos=1)
    await until(lambda: sizes.count(len(payload)) == 2)


async def test_wrong_password_is_refused_and_tried_again(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    settings = broker.settings()
    settings.password = "wrong"
    connection = MqttConnection(settings)
    anonymous = MqttConnection(MqttSettings("127.0.0.1", broker.port))
    try:
        await connection.start()
        await anonymous.start()
        with pytest.raises(MqttUnavailable):
            await connection.wait_connected(0.5)
        assert not anonymous.connected
        settings.password = broker.users["home"]
        await connection.wait_connected()
        assert not anonymous.connected
    finally:
        await connection.stop()
        await anonymous.stop()
        broker.stop()
    assert "wrong" not in repr(settings)
    assert broker.users["home"] not in repr(settings)


async def test_nobody_there_then_somebody(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    connection = MqttConnection(broker.settings())
    await connection.start()
    with pytest.raises(MqttUnavailable):
        await connection.wait_connected(0.2)
    broker.start()
    try:
        await connection.wait_connected()
    finally:
        await connection.stop()
        broker.stop()
    assert not connection.connected


async def test_a_publisher_waiting_when_the_connection_ends_is_told() -> None:
    """A broker that takes the connection and never answers a publish."""

    async def half_a_broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x00")
        await reader.readuntil(b"hello")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(half_a_broker, "127.0.0.1", port, family=socket.AF_INET)
    connection = MqttConnection(MqttSettings("127.0.0.1", port))
    try:
        await connection.start()
        await connection.wait_connected()
        with pytest.raises(MqttUnavailable):
            await connection.publish("t", b"hello", qos=1)
    finally:
        await connection.stop()
        server.close()
