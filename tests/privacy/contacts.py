"""A contact's webhook as a real HTTP or HTTPS server on loopback."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Webhook:
    """What was sent to it, and how it answers.

    Attributes:
        status: of every answer.
        hold: cleared, it takes a request and answers when it is set again.
        drop: it reads the request and closes without an answer.
        location: the ``Location`` of its answers.
    """

    def __init__(self) -> None:
        self.status = 200
        self.location = ""
        self.drop = False
        self.hold = threading.Event()
        self.hold.set()
        self.port = 0
        self.scheme = "http"
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/alarm?for=linli"

    def said(self) -> list[dict[str, Any]]:
        """The bodies."""
        return [json.loads(body) for _path, _headers, body in self.requests]

    def statuses(self) -> list[str]:
        return [one["status"] for one in self.said()]

    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for _path, headers, _body in self.requests]


@contextmanager
def webhook(certificate: tuple[Path, Path] | None = None, port: int = 0) -> Iterator[Webhook]:
    """A running webhook; with certificate and key it speaks TLS."""
    place = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed in the middle
                return
            place.requests.append((self.path, dict(self.headers.items()), body))
            place.hold.wait(20)
            if place.drop:
                self.close_connection = True
                return
            self.send_response(place.status)
            if place.location:
                self.send_header("Location", place.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        place.scheme = "https"
    place.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield place
    finally:
        place.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
