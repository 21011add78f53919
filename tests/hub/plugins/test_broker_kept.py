"""Retained messages over a pause of the broker: in memory only, for minutes, bounded."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.core.mqtt import MqttConnection
from hub.plugins import broker_kept
from hub.plugins.broker_kept import PAUSE_S, Kept, Message, memory_folder
from tests.hub.core.brokers import EmbeddedBroker, until

TEMPERATURE = "home/flur/温度"


async def _retained(broker: EmbeddedBroker, *wanted: str) -> dict[str, bytes]:
    """What somebody who comes now is given; a last topic says that it was all."""
    connection = MqttConnection(broker.settings("home"))
    got: dict[str, bytes] = {}
    await connection.start()
    await connection.wait_connected()
    for topic in wanted:
        connection.subscribe(
            topic, lambda topic, payload, old: got.update({topic: payload} if old else {}), qos=1
        )
    await connection.publish("end", b"", qos=1)
    connection.subscribe("end", lambda topic, payload, _old: got.update({topic: payload}))
    await until(lambda: connection.publish_now("end", b"end") and "end" in got)
    await connection.stop()
    return got


@pytest.mark.parametrize("how", ["terminate", "kill"])
async def test_what_was_retained_is_there_after_a_restart(
    tmp_path: Path, memory: Path, how: str
) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    devices = MqttConnection(broker.settings("devices"))
    await devices.start()
    await devices.wait_connected()
    await devices.publish(TEMPERATURE, b"\xff\x00 21", qos=1, retain=True)
    await devices.publish("plain", b"not kept", qos=1)
    await devices.publish("gone", b"1", qos=1, retain=True)
    await devices.publish("gone", b"", qos=1, retain=True)
    folder = memory_folder(tmp_path)
    assert folder is not None
    await until(lambda: len(_files(folder)) == 1)
    await devices.stop()
    assert broker.process is not None
    getattr(broker.process, how)()
    broker.process.wait(10)
    broker.start()
    got = await _retained(broker, TEMPERATURE, "plain", "gone")
    assert got == {TEMPERATURE: b"\xff\x00 21", "end": b"end"}
    broker.stop()
    assert folder.stat().st_mode & 0o777 == 0o700


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != "alive" and not path.suffix]


def _kept(folder: Path, *messages: Message) -> Kept:
    kept = Kept(folder)
    kept.load()
    for message in messages:
        kept.note(*message)
    kept.close()
    return kept


def test_a_long_pause_forgets(tmp_path: Path) -> None:
    _kept(tmp_path, Message("a", b"1", 1))
    assert Kept(tmp_path).load() == [Message("a", b"1", 1)]
    long_ago = time.time() - PAUSE_S - 5
    os.utime(tmp_path / "alive", (long_ago, long_ago))
    assert Kept(tmp_path).load() == []
    assert _files(tmp_path) == []


def test_damaged_files_are_left_out(tmp_path: Path) -> None:
    _kept(tmp_path, Message("a", b"1", 0), Message("b", b"2", 0))
    one, other = sorted(_files(tmp_path))
    one.write_bytes(b"\x00")
    (tmp_path / "draft.new").write_bytes(b"\x00\x00\x01aX")
    assert [message.topic for message in Kept(tmp_path).load()] == [
        "a" if b"a" in other.read_bytes() else "b"
    ]


def test_it_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(broker_kept, "MOST", 2)
    monkeypatch.setattr(broker_kept, "MOST_BYTES", 10)
    _kept(
        tmp_path,
        *(Message("a", b"12345", 0), Message("b", b"123456", 0)),
        *(Message("b", b"12345", 0), Message("c", b"", 0), Message("d", b"1", 0)),
    )
    found = Kept(tmp_path).load()
    assert sorted(found) == [Message("a", b"12345", 0), Message("b", b"12345", 0)]
    assert len(caplog.records) == 1


def test_only_memory_of_our_own(memory: Path, tmp_path: Path) -> None:
    assert memory_folder(tmp_path, {}) is None
    assert memory_folder(tmp_path, {"RUNTIME_DIRECTORY": "/proc"}) is None
    assert memory_folder(tmp_path, {"RUNTIME_DIRECTORY": str(memory / "missing")}) is None
    found = memory_folder(tmp_path, {"XDG_RUNTIME_DIR": str(memory)})
    assert found is not None
    assert found.parent == memory
    memory.chmod(0o755)
    assert memory_folder(tmp_path, {"RUNTIME_DIRECTORY": str(memory)}) is None


def test_a_disk_is_no_memory(memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = f"1 1 0:1 / / rw - ext4 x rw\n2 1 0:2 / {memory} rw shared:1 - {{}} y rw\n"
    read: Callable[..., str] = Path.read_text

    def table(kind: str) -> None:
        def answer(path: Path, *args: str) -> str:
            named = str(path) == "/proc/self/mountinfo"
            return mounts.format(kind) if named else read(path, *args)

        monkeypatch.setattr(Path, "read_text", answer)

    table("tmpfs")
    assert memory_folder(tmp_path) is not None
    table("ext4")
    assert memory_folder(tmp_path) is None


async def test_a_full_memory_costs_nobody_a_message(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(memory)
    await asyncio.to_thread(kept.load)
    monkeypatch.setattr(Path, "write_bytes", _refuse)
    kept.note("a", b"1", 0)
    kept.close()
    assert _files(memory) == []


def _refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")
