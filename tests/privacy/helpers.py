"""Small real peers and bounded waits for the tests of this room."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.pairing import HOME, EnrolRequest, PairingCode, read_enrol_request
from privacy.tokens.ring import KeyRing
from privacy.transparency.witness import Trust
from privacy.zones import Partition


async def until(condition: Callable[[], object], seconds: float = 10) -> Any:
    """Wait for a condition, looking every 5 ms; its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        await asyncio.sleep(0.005)
    return value


class Portal:
    """The enrolment end of a community, answering over real HTTP."""

    def __init__(self, gateway_public: bytes, trust: Trust | None) -> None:
        self.gateway_public = gateway_public
        self.trust = trust
        self.answer: dict[str, object] = {}
        self.status = 200
        self.requests: list[EnrolRequest] = []
        self.bodies: list[bytes] = []
        self.port = 0
        self.more: dict[str, Callable[[object], tuple[int, bytes]]] = {}

    def take(self, path: str, body: bytes) -> tuple[int, bytes]:
        """The status and body of an answer: to an enrolment, or to what `more` knows."""
        if path in self.more:
            return self.more[path](json.loads(body))
        self.bodies.append(body)
        self.requests.append(read_enrol_request(json.loads(body), self.gateway_public, self.trust))
        return self.status, json.dumps(self.answer).encode()

    def code(self, kind: str = HOME) -> PairingCode:
        address = f"http://127.0.0.1:{self.port}"
        return PairingCode.new(address, self.gateway_public, kind, self.trust)


@contextmanager
def portal(gateway_public: bytes, trust: Trust | None = None) -> Iterator[Portal]:
    place = Portal(gateway_public, trust)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, data = place.take(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    place.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def neighbours(count: int = 25) -> list[tuple[str, ...]]:
    return [("3", "2", str(1000 + n)) for n in range(count)]


def home_answer(
    gateway_public: bytes, relay: str, relay_key: bytes | None = None, slot_s: float = 0.15
) -> dict[str, object]:
    homes = neighbours()
    return {
        "flat": list(homes[0]),
        "gateway_key": base64.b64encode(gateway_public).decode(),
        "relay": relay,
        "relay_key": None if relay_key is None else base64.b64encode(relay_key).decode(),
        "slot_s": slot_s,
        "zone_table": Partition.freeze(homes).to_json(),
        "roster_size": len(homes),
        "community": "演示小区 (demo)",
    }


def parameters(
    gateway_public: bytes,
    slot_s: float = 0.15,
    roster_size: int = 3,
    tokens: KeyRing | None = None,
    log_key: bytes | None = None,
) -> bytes:
    fields = {
        "gateway_key": base64.b64encode(gateway_public).decode(),
        "zone_table": Partition.freeze(neighbours()).to_json(),
        "slot_s": slot_s,
        "roster_size": roster_size,
    }
    if tokens is not None:
        fields["token_keys"] = tokens.to_json()
    if log_key is not None:
        fields["log_key"] = base64.b64encode(log_key).decode()
    return json.dumps(fields, sort_keys=True).encode()


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@asynccontextmanager
async def stopping(thing: Any) -> AsyncIterator[Any]:
    try:
        yield thing
    finally:
        await thing.stop()


def files_contain(folder: Path, needle: bytes) -> list[str]:
    return [
        path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()
    ]
