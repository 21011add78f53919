"""Many connections on one event loop, each as small as it can be, plain or TLS.

asyncio's own TLS keeps a buffer of 256 KiB for every connection from its first byte on: 1.3 GB
for 5,000 homes. Here OpenSSL reads and writes the socket itself, and a connection that waits
owns no buffer of ours (docs/adr/0055).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import ssl
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_BACKLOG = 1024
_AT_ONCE = 64
_CHUNK = 16 * 1024
_FULL_S = 1.0
_CLOSE_S = 5.0
_FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_WAITS = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Line(asyncio.Transport):
    """One accepted connection, as the transport of an `asyncio.Protocol`.

    `write` never waits: what the peer hasn't taken is kept, and the protocol looks at
    `get_write_buffer_size`. ``connection_made`` comes after the TLS handshake.
    """

    __slots__ = ("_closing", "_loop", "_made", "_peer", "_protocol", "_socket", "_unsent")

    def __init__(self, connection: socket.socket, peer: object, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._peer = peer
        self._protocol = protocol
        self._unsent = b""
        self._closing = False
        self._made = False
        self._loop.add_reader(connection, self._readable)
        if not isinstance(connection, ssl.SSLSocket):
            self._greet()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """``peername`` is the address of the other end."""
        return self._peer if name == "peername" else default

    def get_write_buffer_size(self) -> int:
        """Bytes that were written and not taken by the system yet."""
        return len(self._unsent)

    def is_closing(self) -> bool:
        """Whether it was closed by either end."""
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or keep what can't be sent now."""
        if self._closing:
            return
        if self._unsent:
            self._unsent += bytes(data)
        else:
            self._push(bytes(data))

    def close(self) -> None:
        """Hear no more, and end the line once everything written has left, or a few seconds on."""
        if self._closing:
            return
        self._closing = True
        if not self._unsent:
            self._end(None)
            return
        self._loop.remove_reader(self._socket)
        self._loop.call_later(_CLOSE_S, self.abort)

    def abort(self) -> None:
        """End the line now."""
        self._closing = True
        self._end(None)

    def give_up(self) -> None:
        """End the line unless its TLS handshake is done."""
        if not self._made:
            self._end(None)

    def _greet(self) -> None:
        self._made = True
        self._protocol.connection_made(self)

    def _shake(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.do_handshake()
        except _WAITS:
            return
        except OSError as error:
            self._end(error)
            return
        self._greet()

    def _readable(self) -> None:
        connection = self._socket
        tls = connection if isinstance(connection, ssl.SSLSocket) else None
        if tls is not None and not self._made:
            self._shake(tls)
            return
        more = True
        while more and not self._closing:
            try:
                data = connection.recv(_CHUNK)
            except _WAITS:
                return
            except OSError as error:
                self._end(error)
                return
            if not data:
                self._end(None)
                return
            self._protocol.data_received(data)
            more = tls is not None and not self._closing and tls.pending() > 0

    def _push(self, data: bytes) -> None:
        """Send as much as the system takes; the rest waits until it takes more."""
        waiting = bool(self._unsent)
        try:
            sent = self._socket.send(data)
        except _WAITS:
            sent = 0
        except OSError as error:
            self._end(error)
            return
        self._unsent = data[sent:]
        if self._unsent and not waiting:
            self._loop.add_writer(self._socket, self._writable)
        elif waiting and not self._unsent:
            self._loop.remove_writer(self._socket)
            if self._closing:
                self._end(None)

    def _writable(self) -> None:
        self._push(self._unsent)

    def _end(self, error: Exception | None) -> None:
        connection = self._socket
        if connection.fileno() < 0:
            return
        self._closing = True
        self._unsent = b""
        self._loop.remove_reader(connection)
        self._loop.remove_writer(connection)
        if isinstance(connection, ssl.SSLSocket) and self._made and error is None:
            # Says that it is over (close_notify); the answer isn't waited for.
            with contextlib.suppress(OSError, ValueError):
                connection.unwrap()
        connection.close()
        if self._made:
            # Not from within what the protocol just does.
            self._loop.call_soon(self._protocol.connection_lost, error)


class Listener:
    """A listening port that makes a `Line` of every connection.

    Args of the constructor:
        made: gives the protocol of a new line.
        tls: the server's context; None is plain.
        handshake_s: how long a TLS handshake may take, seconds.
    """

    def __init__(
        self,
        made: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        handshake_s: float,
    ) -> None:
        self._made = made
        self._tls = tls
        self._handshake_s = handshake_s
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []

    async def start(self, host: str, port: int) -> int:
        """Listen at every address of ``host``; returns the port.

        Raises:
            OSError: the address can't be had.
        """
        found = await self._loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                listening = socket.socket(family, socket.SOCK_STREAM)
                self._sockets.append(listening)
                listening.setblocking(False)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listening.bind((address[0], port, *address[2:]))
                listening.listen(_BACKLOG)
                port = listening.getsockname()[1]
        except OSError:
            self.close()
            raise
        self._accept_on()
        return port

    def close(self) -> None:
        """Close the port; lines go on."""
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()
        self._sockets = []

    def _accept_on(self) -> None:
        for listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                _LOG.error("no connection can be taken now: %s", error)
                self._loop.remove_reader(listening)
                self._loop.call_later(_FULL_S, self._accept_on)
                return
            self._take(connection, peer)

    def _take(self, connection: socket.socket, peer: object) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            except OSError:
                connection.close()  # it went away before it said anything
                return
        line = Line(connection, peer, self._made())
        self._loop.call_later(self._handshake_s, line.give_up)


def many_files() -> None:
    """Let this process have as many connections as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where that is forbidden, as by our systemd unit, the limit was set by whoever forbade it.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
