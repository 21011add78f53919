"""Lines: what was written arrives, whoever says nothing is let go, and each is small."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from privacy.addresses import client_tls, server_tls
from privacy.lines import Line, Listener
from tests.privacy.helpers import until
from tests.privacy.test_tls import certificate, read

BIG = os.urandom(4 * 1024 * 1024)
MANY = 200
EACH_KIB = 128


class Echo(asyncio.Protocol):
    """Notes what happens to one line."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.got = b""
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, Line)
        self.line = transport

    def data_received(self, data: bytes) -> None:
        self.got += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


class Served:
    """A listener, the protocols of its lines, and how to connect to it."""

    def __init__(self, tls: ssl.SSLContext | None, client: ssl.SSLContext | None) -> None:
        self.lines: list[Echo] = []
        self.client = client
        self.port = 0
        self.listener = Listener(self._made, tls, 0.3)

    def _made(self) -> Echo:
        self.lines.append(Echo())
        return self.lines[-1]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.client)

    async def echo(self, number: int = 0) -> Echo:
        """The protocol of a line, once it was greeted."""
        await until(lambda: len(self.lines) > number and self.lines[number].line)
        return self.lines[number]


@pytest.fixture(params=["plain", "tls"])
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    contexts: tuple[ssl.SSLContext | None, ssl.SSLContext | None] = (None, None)
    if request.param == "tls":
        pem, key = certificate(tmp_path, "server")
        contexts = server_tls("127.0.0.1", pem, key), client_tls("127.0.0.1", read(pem))
    made = Served(*contexts)
    made.port = await made.listener.start("127.0.0.1", 0)
    yield made
    made.listener.close()


async def test_what_is_written_arrives_however_slowly_it_is_read(served: Served) -> None:
    reader, writer = await served.connect()
    echo = await served.echo()
    assert echo.line is not None
    echo.line.write(BIG)
    echo.line.write(b"end")
    assert echo.line.get_write_buffer_size() > 0
    echo.line.close()
    echo.line.write(b"too late")
    assert await reader.read(-1) == BIG + b"end"
    await until(lambda: echo.lost == [None])
    writer.close()


async def test_what_is_sent_is_received_in_order(served: Served) -> None:
    _, writer = await served.connect()
    writer.write(BIG)
    echo = await served.echo()
    await until(lambda: len(echo.got) == len(BIG))
    assert echo.got == BIG
    assert echo.line is not None
    assert echo.line.get_extra_info("peername") == writer.get_extra_info("sockname")
    writer.close()
    await until(lambda: echo.lost)
    assert echo.line.is_closing()


async def test_who_never_reads_what_is_left_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.lines._CLOSE_S", 0.2)
    _, writer = await served.connect()
    echo = await served.echo()
    assert echo.line is not None
    echo.line.write(BIG)
    echo.line.close()
    writer.write(b"more")
    await until(lambda: echo.lost)
    assert echo.got == b""
    writer.close()


@pytest.mark.parametrize("end", [Line.abort, Line.close])
async def test_it_ends_once(served: Served, end: Callable[[Line], None]) -> None:
    reader, writer = await served.connect()
    echo = await served.echo()
    assert echo.line is not None
    end(echo.line)
    end(echo.line)
    assert await reader.read() == b""
    await until(lambda: echo.lost)
    assert echo.lost == [None]
    writer.close()


@pytest.mark.parametrize("served", ["tls"], indirect=True)
async def test_who_speaks_no_tls_is_let_go_and_others_are_not(served: Served) -> None:
    silent = socket.create_connection(("127.0.0.1", served.port))
    rude = socket.create_connection(("127.0.0.1", served.port))
    rude.sendall(b"GET / HTTP/1.1\r\n\r\n")
    silent.setblocking(False)
    rude.setblocking(False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        assert await loop.sock_recv(silent, 100) == b""
        with contextlib.suppress(ConnectionResetError):
            while await loop.sock_recv(rude, 100):
                pass
    silent.close()
    rude.close()
    _, writer = await served.connect()
    writer.write(b"good day")
    echo = await served.echo(2)
    await until(lambda: echo.got == b"good day")
    assert not any(one.line or one.lost for one in served.lines[:2])
    writer.close()


async def test_no_more_files_is_no_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.lines._FULL_S", 0.05)
    refused = 0
    real = socket.socket.accept

    def accept(self: socket.socket) -> tuple[socket.socket, object]:
        nonlocal refused
        if refused < 3:
            refused += 1
            raise OSError(24, "Too many open files")
        return real(self)

    monkeypatch.setattr(socket.socket, "accept", accept)
    _, writer = await served.connect()
    await served.echo()
    assert refused == 3
    writer.close()


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.parametrize("served", ["tls"], indirect=True)
async def test_a_line_is_small(served: Served) -> None:
    """Both ends are in this process, and asyncio's own end alone has 256 KiB."""
    assert served.client is not None
    clients = []
    before = 0
    for number in range(MANY + 20):
        plain = socket.create_connection(("127.0.0.1", served.port))
        client = served.client.wrap_socket(
            plain, server_hostname="127.0.0.1", do_handshake_on_connect=False
        )
        await asyncio.to_thread(client.do_handshake)
        clients.append(client)
        await served.echo(number)
        if number == 19:
            before = resident_kib()
    assert (resident_kib() - before) / MANY < EACH_KIB
    for client in clients:
        client.close()
    await until(lambda: all(one.lost for one in served.lines))
