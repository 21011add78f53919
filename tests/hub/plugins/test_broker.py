import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.bench.rawmqtt import PUBLISH, BrokerRefused, RawClient
from hub.core.mqtt import MqttConnection
from hub.plugins import broker as broker_module
from hub.plugins import broker_users
from hub.plugins.broker import not_cancelled
from hub.plugins.broker_fanout import publish_packet
from tests.hub.core.brokers import EmbeddedBroker, until

BROKER = [sys.executable, "-m", "hub", "broker"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    made = EmbeddedBroker(tmp_path)
    made.start()
    yield made
    made.stop()


def test_passwords_are_private_and_the_same_for_everyone(tmp_path: Path) -> None:
    found: list[dict[str, str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(broker_users.load_or_create(tmp_path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one == found[0] for one in found)
    assert len(set(found[0].values())) == len(broker_users.USERS)
    folder = tmp_path / "broker"
    assert [path.name for path in folder.iterdir()] == ["users.json"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "users.json").stat().st_mode & 0o777 == 0o600
    (folder / "users.json").write_text(json.dumps({"home": "x"}))
    with pytest.raises(ValueError, match="damaged"):
        broker_users.load_or_create(tmp_path)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--listen", "0.0.0.0:1883"], "loopback only"),
        (["--listen", "1883"], "looks like"),
        (["--listen", "127.0.0.1:0"], "1 to 65535"),
        ([], "--data"),
    ],
)
def test_refuses_what_it_may_not_listen_on(tmp_path: Path, words: list[str], text: str) -> None:
    data = ["--data", str(tmp_path)] if words else []
    done = subprocess.run(
        [*BROKER, *words, *data],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert text in done.stderr


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [*BROKER, "--listen", f"127.0.0.1:{port}", "--data", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}" in done.stderr


def test_ends_at_once_when_told(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    assert broker.stop() == 0


@pytest.mark.parametrize("size", [0, 1, 100, 16_383, 16_384, 300_000])
def test_packets_are_what_the_standard_says(size: int) -> None:
    """MQTT 3.1.1 section 2.2.3: seven bits a byte, the lowest first."""
    packet = publish_packet("a/燃气", b"x" * size)
    assert packet[0] == 0x30
    length, shift, at = 0, 0, 1
    while True:
        length |= (packet[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not packet[at - 1] & 0x80:
            break
    body = packet[at:]
    assert len(body) == length
    name = int.from_bytes(body[:2], "big")
    assert body[2 : 2 + name].decode() == "a/燃气"
    assert body[2 + name :] == b"x" * size


async def test_a_reader_that_stops_reading_hurts_nobody(broker: EmbeddedBroker) -> None:
    sleepy = MqttConnection(broker.settings("home"))
    home = MqttConnection(broker.settings("home"))
    devices = MqttConnection(broker.settings("devices"))
    for connection in (sleepy, home, devices):
        await connection.start()
        await connection.wait_connected()
    got: list[int] = []
    sleepy.subscribe("big", lambda *_: None)
    home.subscribe("big", lambda _, payload, __: got.append(len(payload)))
    await devices.publish("ready", b"", qos=1)
    # Nobody takes what arrives for the sleepy one any more.
    asyncio.get_running_loop().remove_reader(sleepy._fd)
    for _ in range(40):
        await devices.publish("big", b"x" * 400_000, qos=1)
    await until(lambda: len(got) == 40)
    for connection in (sleepy, home, devices):
        await connection.stop()


async def test_kernel_hears_at_qos_1_and_the_others_at_their_own(broker: EmbeddedBroker) -> None:
    kernel = MqttConnection(broker.settings("kernel"))
    home = MqttConnection(broker.settings("home"))
    for connection in (kernel, home):
        await connection.start()
        await connection.wait_connected()
    heard: dict[str, list[bytes]] = {"kernel": [], "home": []}
    kernel.subscribe("gas/+", lambda _, payload, __: heard["kernel"].append(payload), qos=1)
    home.subscribe("gas/#", lambda _, payload, __: heard["home"].append(payload))
    await until(lambda: home.publish_now("gas/kitchen", b"on") and all(heard.values()))
    for connection in (kernel, home):
        await connection.stop()


@pytest.mark.parametrize(
    ("name", "error", "news"),
    [
        ("amqtt.broker", asyncio.CancelledError(), False),
        ("asyncio", asyncio.CancelledError(), False),
        ("amqtt.broker", ValueError("a fault"), True),
        ("hub.plugins.broker", asyncio.CancelledError(), True),
    ],
)
def test_only_amqtts_cancelled_tasks_are_no_news(
    name: str, error: BaseException, news: bool
) -> None:
    cause = (type(error), error, None)
    record = logging.LogRecord(name, logging.ERROR, "", 0, "it stopped", None, cause)
    assert not_cancelled(record) is news
    assert not_cancelled(logging.LogRecord(name, logging.ERROR, "", 0, "it stopped", None, None))


async def test_who_leaves_without_acknowledging_leaves_no_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    user = ("devices", broker.users["devices"])
    writer = RawClient("127.0.0.1", broker.port, "writer", user)
    for clean in (True, False):
        reader = RawClient("127.0.0.1", broker.port, f"reader {clean}", user, clean=clean)
        reader.subscribe("sure/#", qos=1)
        heard = RawClient("127.0.0.1", broker.port, f"heard {clean}", user)
        heard.subscribe("sure/#")
        writer.publish("sure/word", b"x", qos=1)
        assert await asyncio.to_thread(heard.message, 5) is not None, "it was handed on"
        reader.close()
        heard.close()
    staying = RawClient("127.0.0.1", broker.port, "staying", user)
    staying.subscribe("sure/#", qos=1)
    writer.publish("sure/word", b"x", qos=1)
    assert await asyncio.to_thread(broker.stop) == 0
    writer.close()
    staying.close()
    assert capfd.readouterr().err == ""


def test_two_homes_on_one_machine_share_no_password(tmp_path: Path) -> None:
    one = broker_users.load_or_create(tmp_path / "one")
    two = broker_users.load_or_create(tmp_path / "two")
    assert not set(one.values()) & set(two.values())


def _knock(broker: EmbeddedBroker, client_id: str, user: tuple[str, str] | None) -> RawClient:
    return RawClient("127.0.0.1", broker.port, client_id, user)


@pytest.mark.parametrize("user", [None, ("kernel", "wrong"), ("nobody", "x"), ("devices", "")])
async def test_a_client_id_alone_takes_nothing_over(
    broker: EmbeddedBroker, user: tuple[str, str] | None
) -> None:
    """Neither a stranger nor another user ends the session of a client id they know."""
    settings = broker.settings("kernel")
    settings.client_id = "known"
    kernel, devices = MqttConnection(settings), MqttConnection(broker.settings("devices"))
    changes: list[bool] = []
    kernel.on_connection(changes.append)
    heard: list[bytes] = []
    kernel.subscribe("gas", lambda _, payload, __: heard.append(payload), qos=1)
    for connection in (kernel, devices):
        await connection.start()
        await connection.wait_connected()
    await until(lambda: devices.publish_now("gas", b"before") and heard)
    if user == ("devices", ""):
        user = ("devices", broker.users["devices"])
    for _ in range(3):
        with pytest.raises(BrokerRefused):
            await asyncio.to_thread(_knock, broker, "known", user)
    await devices.publish("gas", b"after", qos=1)
    await until(lambda: b"after" in heard)
    assert changes == [True]
    for connection in (kernel, devices):
        await connection.stop()


@pytest.mark.parametrize("clean", [True, False])
async def test_the_same_user_takes_its_session_over(broker: EmbeddedBroker, clean: bool) -> None:
    """MQTT 3.1.1 section 3.1.4-2: the older connection of a client id is ended."""
    user = ("devices", broker.users["devices"])
    old = RawClient("127.0.0.1", broker.port, "plug", user, clean=clean)
    old.subscribe("plug/set", 1)
    new = RawClient("127.0.0.1", broker.port, "plug", user, clean=clean)
    with pytest.raises(BrokerRefused):
        await asyncio.to_thread(old.message, 5)
    if clean:
        new.subscribe("plug/set", 1)
    other = _knock(broker, "other", user)
    other.publish("plug/set", b"ON", qos=1)
    message = await asyncio.to_thread(new.message, 5)
    assert message is not None
    assert message[:2] == ("plug/set", b"ON")
    for client in (old, new, other):
        client.close()


async def test_a_kept_session_gets_what_it_missed(broker: EmbeddedBroker) -> None:
    user = ("devices", broker.users["devices"])
    plug = RawClient("127.0.0.1", broker.port, "plug", user, clean=False)
    plug.subscribe("plug/set", 1)
    plug.close()
    other = _knock(broker, "other", user)
    other.publish("plug/set", b"ON", qos=1)
    with pytest.raises(BrokerRefused):
        _knock(broker, "plug", ("home", broker.users["home"]))
    plug = RawClient("127.0.0.1", broker.port, "plug", user, clean=False)
    message = await asyncio.to_thread(plug.message, 5)
    assert message is not None
    assert message[:2] == ("plug/set", b"ON")
    for client in (plug, other):
        client.close()


async def test_a_message_of_qos_0_stays_one(broker: EmbeddedBroker) -> None:
    """MQTT 3.1.1 section 3.8.4: the lower of the publisher's level and the subscriber's."""
    user = ("devices", broker.users["devices"])
    plug, other = (_knock(broker, name, user) for name in ("plug", "other"))
    plug.subscribe("t", 1)
    levels = []
    for qos in (0, 1):
        other.publish("t", b"x", qos=qos)
        levels.append(await asyncio.to_thread(_level, plug))
    assert levels == [0, 1]
    for client in (plug, other):
        client.close()


def _level(client: RawClient) -> int:
    kind, flags, _ = client._packet(time.monotonic() + 5)
    assert kind == PUBLISH
    return flags >> 1 & 3


def test_a_cancelled_task_of_amqtts_reaches_no_line_of_the_process(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def report(*_: object) -> None:
        for error in (asyncio.CancelledError(), ValueError("a fault")):
            try:
                raise error
            except (asyncio.CancelledError, ValueError):
                logging.getLogger("amqtt.broker").exception("it stopped")

    monkeypatch.setattr(broker_module, "_serve", report)
    assert broker_module.main(["--data", str(tmp_path), "--listen", "127.0.0.1:1"]) == 0
    said = capfd.readouterr().err
    assert said.count("it stopped") == 1
    assert "a fault" in said
    assert "CancelledError" not in said
