import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from amqtt.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.core.mqtt import MqttConnection
from hub.plugins.broker_fanout import publish_packet
from hub.plugins.broker_intake import Intake
from tests.hub.core.brokers import EmbeddedBroker, until

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HELLO = b"\x10\x00"  # CONNECT as the intake sees it; what it says is amqtt's matter
MESSAGES = st.lists(st.tuples(st.text("ab/燃", min_size=1, max_size=9), st.binary(max_size=300)))


def take_in(
    data: bytes, splits: list[int], *, allowed: bool
) -> tuple[list[tuple[str, bytes]], bytes]:
    """What an intake publishes and what it leaves to amqtt, when data comes in pieces."""
    published: list[tuple[str, bytes]] = []

    async def run() -> bytes:
        stream = asyncio.StreamReader()
        intake = Intake(stream, lambda _, *message: published.append(message), lambda: None)
        if allowed:
            stream.feed_data(HELLO)
            intake.session = Session()
        pump = asyncio.create_task(intake.run())
        begin = 0
        for end in [*sorted(split % (len(data) + 1) for split in splits), len(data)]:
            stream.feed_data(data[begin:end])
            begin = end
            await asyncio.sleep(0)
        stream.feed_eof()
        while not pump.done():
            intake.handled()
            await asyncio.sleep(0)
        return (await intake.read()).removeprefix(HELLO)

    return published, asyncio.run(run())


@PATIENT
@given(MESSAGES, st.lists(st.integers(0, 5000), max_size=6))
def test_messages_come_out_however_they_are_cut(
    messages: list[tuple[str, bytes]], splits: list[int]
) -> None:
    data = b"".join(publish_packet(topic, payload) for topic, payload in messages)
    assert take_in(data, splits, allowed=True) == (messages, b"")
    assert take_in(data, splits, allowed=False) == ([], b"")


@pytest.mark.parametrize(
    "packet",
    [
        b"\xc0\x00",
        b"\x31\x05\x00\x01ax!",
        b"\x32\x07\x00\x01a\x00\x01x!",
        b"\x38\x05\x00\x01ax!",
        b"\x30\x03\x00\x01#",
        b"\x30\x03\x00\x01$",
        b"\x30\x03\x00\x01\xff",
        b"\x30\x03\x00\x01\x00",
        b"\x30\x02\x00\x00",
        b"\x30\x03\x00\x09a",
        b"\x30\x00",
    ],
)
def test_everything_else_is_left_to_amqtt_whole(packet: bytes) -> None:
    plain = publish_packet("t", b"1")
    assert take_in(plain + packet + plain, [], allowed=True) == ([("t", b"1")] * 2, packet)


@pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\xff\x7f", b"\x30\xff\xff\xff\x7f"])
def test_what_is_no_mqtt_ends_the_stream(data: bytes) -> None:
    assert take_in(data + publish_packet("t", b"1"), [], allowed=True) == ([], b"")


@given(st.binary(max_size=400))
@PATIENT
def test_any_bytes_are_survived(data: bytes) -> None:
    take_in(data, [], allowed=True)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    made = EmbeddedBroker(tmp_path)
    made.start()
    yield made
    made.stop()


def connect_packet(user: str, password: str, keep_alive: int) -> bytes:
    fields = [b"", user.encode(), password.encode()]
    body = b"\x00\x04MQTT\x04\xc2" + keep_alive.to_bytes(2, "big")
    body += b"".join(len(one).to_bytes(2, "big") + one for one in fields)
    return bytes([0x10, len(body)]) + body


async def test_who_says_nothing_is_given_up(broker: EmbeddedBroker) -> None:
    """MQTT 3.1.1 section 3.1.2.10: one and a half times the keep-alive time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(connect_packet("home", broker.users["home"], 1))
    assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


ON, OFF = b"\x31\x06\x00\x01son!", b"\x30\x07\x00\x01soff!"  # the first with RETAIN
GONE = b"\xe0\x00"


@pytest.mark.parametrize("first", [ON, b"\x33\x08\x00\x01s\x00\x07on!"])
async def test_who_sends_and_hangs_up_loses_nothing(broker: EmbeddedBroker, first: bytes) -> None:
    """MQTT 3.1.1 sections 3.1.4 and 4.6: what follows CONNECT at once keeps its order."""
    home = MqttConnection(broker.settings("home"))
    await home.start()
    await home.wait_connected()
    got: list[bytes] = []
    home.subscribe("s", lambda _, payload, __: got.append(payload))
    await home.publish("s", b"-", qos=1)
    await until(lambda: got == [b"-"])
    for turn in range(20):
        del got[:]
        packets = connect_packet("home", broker.users["home"], 9) + first + OFF + GONE[: turn % 3]
        with socket.create_connection(("127.0.0.1", broker.port)) as hasty:
            hasty.sendall(packets)
        await until(lambda: len(got) == 2)
        assert got == [b"on!", b"off!"]
    late: list[bytes] = []
    other = MqttConnection(broker.settings("home"))
    await other.start()
    await other.wait_connected()
    other.subscribe("s", lambda _, payload, __: late.append(payload))
    await until(lambda: late == [b"on!"])
    await other.stop()
    await home.stop()


async def test_retained_messages_reach_only_who_subscribes(broker: EmbeddedBroker) -> None:
    home = MqttConnection(broker.settings("home"))
    await home.start()
    await home.wait_connected()
    got: list[bytes] = []
    home.subscribe("s", lambda _, payload, __: got.append(payload))
    await home.publish("s", b"kept", qos=1, retain=True)
    await until(lambda: got == [b"kept"])
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(connect_packet("home", broker.users["home"], 9) + b"\xc0\x00")
    assert await reader.readexactly(6) == b"\x20\x02\x00\x00\xd0\x00"
    writer.close()
    await home.stop()


async def test_a_subscription_holds_for_what_follows_it(broker: EmbeddedBroker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    subscribe = b"\x82\x06\x00\x09\x00\x01s\x00"
    unsubscribe = b"\xa2\x05\x00\x0a\x00\x01s"
    packets = subscribe + OFF + unsubscribe + OFF + b"\xc0\x00"
    writer.write(connect_packet("home", broker.users["home"], 9) + packets)
    connack, suback, unsuback = b"\x20\x02\x00\x00", b"\x90\x03\x00\x09\x00", b"\xb0\x02\x00\x0a"
    expected = connack + suback + OFF + unsuback + b"\xd0\x00"
    assert await asyncio.wait_for(reader.readexactly(len(expected)), 10) == expected
    writer.close()


async def test_nobody_publishes_before_the_password(broker: EmbeddedBroker) -> None:
    home = MqttConnection(broker.settings("home"))
    await home.start()
    await home.wait_connected()
    got: list[bytes] = []
    home.subscribe("t", lambda _, payload, __: got.append(payload))
    await home.publish("t", b"first", qos=1)
    for opening in (b"", connect_packet("home", "wrong", 9)):
        with socket.create_connection(("127.0.0.1", broker.port)) as stranger:
            stranger.settimeout(10)
            await asyncio.to_thread(stranger.sendall, opening + publish_packet("t", b"forged"))
            answer = await asyncio.to_thread(stranger.recv, 100)
            assert answer in {b"", b"\x20\x02\x00\x05"}
    await home.publish("t", b"last", qos=1)
    await until(lambda: b"last" in got)
    assert b"forged" not in got
    await home.stop()


def test_messages_of_qos_1_are_handed_on_with_their_identifier() -> None:
    """MQTT 3.1.1 section 3.3.2: an identifier of zero, or none at all, is amqtt's to refuse."""
    sure: list[tuple[str, bytes, bytes]] = []

    async def run(data: bytes) -> bytes:
        stream = asyncio.StreamReader()
        intake = Intake(
            stream, lambda *_: None, lambda: None, lambda _, *message: sure.append(message)
        )
        intake.session = Session()
        stream.feed_data(HELLO)
        pump = asyncio.create_task(intake.run())
        assert await intake.read(len(HELLO)) == HELLO
        stream.feed_data(data)
        stream.feed_eof()
        intake.handled()
        await pump
        return await intake.read()

    good = b"\x32\x07\x00\x01a\x00\x01x!"
    bad = b"\x32\x05\x00\x01a\x00\x00" + b"\x32\x04\x00\x01a\x00" + b"\x3a\x05\x00\x01a\x00\x01"
    assert asyncio.run(run(good + bad + good)) == bad
    assert sure == [("a", b"x!", b"\x00\x01")] * 2
