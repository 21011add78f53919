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
MESSAGES = st.lists(st.tuples(st.text("ab/燃", min_size=1, max_size=9), st.binary(max_size=300)))


def take_in(
    data: bytes, splits: list[int], *, allowed: bool
) -> tuple[list[tuple[str, bytes]], bytes]:
    """What an intake publishes and what it leaves to amqtt, when data comes in pieces."""
    published: list[tuple[str, bytes]] = []

    async def run() -> bytes:
        stream = asyncio.StreamReader()
        intake = Intake(stream, lambda _, *message: published.append(message), lambda: None)
        intake.session = Session() if allowed else None
        pump = asyncio.create_task(intake.run())
        begin = 0
        for end in [*sorted(split % (len(data) + 1) for split in splits), len(data)]:
            stream.feed_data(data[begin:end])
            begin = end
            await asyncio.sleep(0)
        stream.feed_eof()
        await pump
        return await intake.read()

    return published, asyncio.run(run())


@PATIENT
@given(MESSAGES, st.lists(st.integers(0, 5000), max_size=6))
def test_messages_come_out_however_they_are_cut(
    messages: list[tuple[str, bytes]], splits: list[int]
) -> None:
    data = b"".join(publish_packet(topic, payload) for topic, payload in messages)
    assert take_in(data, splits, allowed=True) == (messages, b"")
    assert take_in(data, splits, allowed=False) == ([], data)


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
        stream.feed_data(data)
        stream.feed_eof()
        await intake.run()
        return await intake.read()

    good = b"\x32\x07\x00\x01a\x00\x01x!"
    bad = b"\x32\x05\x00\x01a\x00\x00" + b"\x32\x04\x00\x01a\x00" + b"\x3a\x05\x00\x01a\x00\x01"
    assert asyncio.run(run(good + bad + good)) == bad
    assert sure == [("a", b"x!", b"\x00\x01")] * 2
