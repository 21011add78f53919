"""Another broker is tried before anything is saved, and each failure is said beside its field."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.adding import brokers
from hub.adding.brokers import data_of, outside_of, try_broker
from hub.core import outside
from hub.plugins.config import ConfigProblem
from tests.conftest import absent
from tests.hub.adding.secure import PASSWORD, USER, certificate, other_broker
from tests.peers import Missing, Mosquitto, free_port

HERE = {"host": "127.0.0.1", "username": USER, "password": PASSWORD}


def started(folder: Path, cert: Path | None = None) -> Mosquitto:
    try:
        broker = other_broker(folder, cert)
    except Missing as missing:
        absent(str(missing))
    broker.start()
    return broker


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = started(tmp_path / "plain")
    yield broker
    broker.stop()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = started(tmp_path / "secure", certificate(tmp_path / "ca"))
    yield broker
    broker.stop()


async def problems(**data: Any) -> dict[str, str]:
    """Field -> msgid of what a trial says."""
    with pytest.raises(ConfigProblem) as refused:
        await try_broker(outside_of({**HERE, **data}))
    assert PASSWORD not in str(refused.value)
    return {field: reason.text for field, reason in refused.value.problems.items()}


@pytest.mark.peers
@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_a_good_broker_is_reached_in_both_versions(plain: Mosquitto, version: str) -> None:
    await try_broker(outside_of({**HERE, "port": plain.port, "version": version}))


@pytest.mark.peers
@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_a_wrong_password(plain: Mosquitto, version: str) -> None:
    said = await problems(port=plain.port, password="no", version=version)
    assert said == {"password": brokers.REFUSED}


@pytest.mark.peers
async def test_tls_with_the_right_authority_and_without(secure: Mosquitto, tmp_path: Path) -> None:
    own = (tmp_path / "ca" / "cert.pem").read_text()
    other = certificate(tmp_path / "other").read_text()
    good = {**HERE, "port": secure.port, "tls": "own", "ca": own}
    await try_broker(outside_of(good))
    await try_broker(outside_of({**good, "version": "5"}))
    said = await problems(port=secure.port, tls="own", ca=other)
    assert said == {"tls": brokers.UNTRUSTED}
    assert await problems(port=secure.port, tls="system") == {"tls": brokers.UNTRUSTED}
    assert await problems(port=secure.port) == {"port": brokers.NO_BROKER}
    said = await problems(port=secure.port, host="localhost", tls="own", ca=own)
    assert said == {"host": brokers.WRONG_NAME}


@pytest.mark.peers
async def test_an_expired_certificate(tmp_path: Path) -> None:
    cert = certificate(tmp_path / "ca", days=-1)
    broker = started(tmp_path / "expired", cert)
    try:
        said = await problems(port=broker.port, tls="own", ca=cert.read_text())
    finally:
        broker.stop()
    assert said == {"tls": brokers.EXPIRED}


@pytest.mark.peers
async def test_tls_where_there_is_none(plain: Mosquitto) -> None:
    assert await problems(port=plain.port, tls="system") == {"tls": brokers.NO_TLS}


async def test_nobody_answers() -> None:
    assert await problems(port=free_port()) == {"port": brokers.NOBODY}


async def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    assert await problems(host="no-such-machine.invalid") == {"host": brokers.UNKNOWN_NAME}


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64, b""])
async def test_something_else_answers(answer: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await problems(port=port) == {"port": brokers.NO_BROKER}


async def test_an_endless_answer_ends_the_trial() -> None:
    ended = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x30\xff\xff\xff\x7f")  # a packet of 256 MiB begins
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await problems(port=port) == {"port": brokers.NO_BROKER}
        async with asyncio.timeout(10):
            await ended.wait()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"host": "a b"}, "host"),
        ({"host": ""}, "host"),
        ({"host": "http://x"}, "host"),
        ({"port": 0}, "port"),
        ({"tls": "own", "ca": ""}, "ca"),
        ({"tls": "own", "ca": "-----BEGIN CERTIFICATE-----\nMIIB\n"}, "ca"),
        ({"tls": "own", "ca": "-----BEGIN CERTIFICATE-----\n这不是证书"}, "ca"),
        ({"version": "4"}, "version"),
    ],
)
def test_what_can_be_no_broker(data: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigProblem) as refused:
        outside_of({"host": "127.0.0.1", **data})
    assert set(refused.value.problems) == {field}


def test_a_chosen_broker_is_kept_sealed_and_can_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = outside_of({**HERE, "port": 8883, "tls": "system", "version": "5"})
    before = outside.stamp(tmp_path)
    assert outside.load(tmp_path) is None
    outside.save(tmp_path, chosen)
    assert outside.stamp(tmp_path) != before
    assert outside.load(tmp_path) == chosen
    assert outside_of(data_of(chosen)) == chosen
    kept = tmp_path / "broker" / "outside"
    assert PASSWORD.encode() not in kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in repr(chosen.settings("home")) + repr(chosen)
    monkeypatch.setenv("LINLI_BROKER_USER", "linli")
    assert outside.load(tmp_path) is None
    monkeypatch.delenv("LINLI_BROKER_USER")
    monkeypatch.setenv(outside.NAMED, "1")
    assert outside.load(tmp_path) is None
    monkeypatch.delenv(outside.NAMED)
    outside.forget(tmp_path)
    assert outside.load(tmp_path) is None


def test_a_damaged_file_means_the_embedded_broker(tmp_path: Path) -> None:
    outside.save(tmp_path, outside_of(HERE))
    (tmp_path / "broker" / "outside").write_bytes(b"nothing of ours")
    assert outside.load(tmp_path) is None
