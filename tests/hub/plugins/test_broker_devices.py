"""Users that the household makes: at the real broker, while it runs."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from hub.bench.rawmqtt import BrokerRefused, RawClient
from hub.plugins.broker_devices import MOST, DeviceUsers, UserProblem
from tests.hub.core.brokers import EmbeddedBroker, until


async def test_a_device_comes_in_until_its_user_is_taken_away(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    users = DeviceUsers(tmp_path)
    password = users.give_password("bridge", new=True)

    def come(given: str) -> RawClient:
        return RawClient("127.0.0.1", broker.port, "bridge", ("bridge", given))

    device = await asyncio.to_thread(come, password)
    device.subscribe("a")
    with pytest.raises(BrokerRefused):
        await asyncio.to_thread(come, password + "x")
    newer = users.give_password("bridge", new=False)
    await until(lambda: not _alive(device))
    with pytest.raises(BrokerRefused):
        await asyncio.to_thread(come, password)
    again = await asyncio.to_thread(come, newer)
    users.remove("bridge")
    await until(lambda: not _alive(again))
    with pytest.raises(BrokerRefused):
        await asyncio.to_thread(come, newer)
    assert await asyncio.to_thread(broker.stop) == 0


async def test_a_session_that_is_taken_up_again_has_its_new_password(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    users = DeviceUsers(tmp_path)
    for number in range(2):
        password = users.give_password("bridge", new=number == 0)
        user = ("bridge", password)
        device = RawClient("127.0.0.1", broker.port, "bridge", user, clean=False)
        device.subscribe("a")
        if number == 0:
            device.close()
    other = RawClient("127.0.0.1", broker.port, "o", ("devices", broker.users["devices"]))
    for word in (b"1", b"2", b"3"):
        await asyncio.sleep(0.6)  # two looks of the broker at the file lie in between
        other.publish("a", word)
        heard = await asyncio.to_thread(device.message, 5)
        assert heard is not None
        assert heard[1] == word
    assert await asyncio.to_thread(broker.stop) == 0


def _alive(client: RawClient) -> bool:
    try:
        client.publish("a", b"x")
        client.publish("a", b"x")
    except OSError:
        return False
    return True


def test_no_password_lies_on_the_disk(tmp_path: Path) -> None:
    users = DeviceUsers(tmp_path)
    password = users.give_password("bridge", new=True)
    path = tmp_path / "broker" / "devices.json"
    assert password not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert users.mark_of("bridge", password)
    assert not users.mark_of("bridge", "")
    assert not users.mark_of("other", password)
    assert [user.name for user in users.all()] == ["bridge"]


def test_damage_lets_nobody_in_and_loses_nothing(tmp_path: Path) -> None:
    users = DeviceUsers(tmp_path)
    password = users.give_password("bridge", new=True)
    path = tmp_path / "broker" / "devices.json"
    whole = path.read_bytes()
    for damage in (b"[]", b"{", b'{"bridge": 1}'):
        path.unlink()
        path.write_bytes(damage)
        assert not users.mark_of("bridge", password)
        with pytest.raises(ValueError, match=r"damaged|Expecting"):
            users.give_password("other", new=True)
        assert path.read_bytes() == damage
    path.unlink()
    path.write_bytes(whole)
    assert users.mark_of("bridge", password)


def test_there_is_an_end_to_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = DeviceUsers(tmp_path)
    monkeypatch.setattr("hub.plugins.broker_devices.MOST", 2)
    assert MOST >= 100
    users.give_password("a", new=True)
    users.give_password("b", new=True)
    with pytest.raises(UserProblem, match="many"):
        users.give_password("c", new=True)
    users.give_password("a", new=False)
