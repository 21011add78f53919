"""The acts link: only the community reads it, only an untouched act counts, one length for all."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.act_link import SEAL, SOS, ActStatus, act_body, act_id, open_act, send_act
from privacy.act_seal import ActError, ActRefused, Recipient
from privacy.portal import PortalUnreachable

HOME = Ed25519PrivateKey.generate()
PUBLIC = HOME.public_key().public_bytes_raw()
DESK = X25519PrivateKey.generate()
DESK_PUBLIC = DESK.public_key().public_bytes_raw()
NAMED = "00112233445566778899aabbccddeeff"


def body(status: ActStatus = ActStatus.RAISED) -> bytes:
    return act_body(SOS, NAMED, status, 1_800_000_000.4)


def sealed(said: bytes | None = None) -> dict[str, str]:
    request, _reply = SEAL.seal(said or body(), HOME, DESK_PUBLIC)
    made: dict[str, str] = json.loads(request)
    return made


def test_the_community_reads_what_was_said() -> None:
    act = open_act(sealed(), DESK)
    assert (act.key, act.act, act.id, act.status, act.at) == (
        PUBLIC,
        "sos",
        NAMED,
        ActStatus.RAISED,
        1_800_000_000.0,
    )


def test_every_act_has_the_same_length_and_none_is_like_another() -> None:
    seen = {sealed(body(status))["sealed"] for status in ActStatus for _ in range(2)}
    assert len(seen) == 2 * len(ActStatus)
    assert len({len(one) for one in seen}) == 1


def test_nobody_else_reads_it() -> None:
    with pytest.raises(ActError):
        open_act(sealed(), X25519PrivateKey.generate())
    text = base64.b64decode(sealed()["sealed"])
    assert PUBLIC not in text
    assert NAMED.encode() not in text


def test_an_act_for_one_community_is_none_for_another() -> None:
    """The signature covers the key that it was sealed to: it can't be handed on."""
    other = X25519PrivateKey.generate()
    request, _ = SEAL.seal(body(), HOME, other.public_key().public_bytes_raw())
    with pytest.raises(ActError):
        open_act(json.loads(request), DESK)


def test_every_changed_byte_is_refused() -> None:
    data = bytearray(base64.b64decode(sealed()["sealed"]))
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(ActError):
            open_act({"sealed": base64.b64encode(changed).decode()}, DESK)


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b"{}",
        b"\xff",
        b'{"act":"sos","id":"%s","status":"exploded","at":1}' % NAMED.encode(),
        b'{"act":"party","id":"%s","status":"raised","at":1}' % NAMED.encode(),
        b'{"act":"sos","id":"../x","status":"raised","at":1}',
        b'{"act":"sos","id":"%s","status":"raised","at":"soon"}' % NAMED.encode(),
    ],
)
def test_nonsense_that_is_well_signed_is_refused(said: bytes) -> None:
    with pytest.raises(ActError):
        open_act(sealed(said), DESK)


@pytest.mark.parametrize("request_", [None, [], {}, {"sealed": 7}, {"sealed": "x"}, {"sealed": ""}])
def test_malformed_requests_are_refused(request_: object) -> None:
    with pytest.raises(ActError):
        open_act(request_, DESK)


def test_too_long_an_act_is_not_sent() -> None:
    with pytest.raises(ActError):
        SEAL.seal(b"x" * 500, HOME, DESK_PUBLIC)


Answering = Callable[[object], tuple[int, bytes]]


@contextmanager
def desk(answer: Answering) -> Iterator[str]:
    """A portal that answers as told; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = answer(json.loads(data))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_answer_comes_back_to_who_asked() -> None:
    with desk(lambda asked: (200, open_act(asked, DESK).answer({"taken": True}))) as address:
        assert send_act(body(), HOME, Recipient(address, None, DESK_PUBLIC)) == {"taken": True}


def test_who_cannot_open_it_cannot_say_received() -> None:
    for said in (b"{}", b'{"answer":""}', b"no", open_act(sealed(), DESK).answer({"taken": True})):
        with desk(lambda _asked, said=said: (200, said)) as address, pytest.raises(ActError):  # type: ignore[misc] # mypy knows no default in a lambda
            send_act(body(), HOME, Recipient(address, None, DESK_PUBLIC))


def test_refused_and_unreachable_are_told_apart(tmp_path: Path) -> None:
    with desk(lambda _asked: (403, b"{}")) as address, pytest.raises(ActRefused):
        send_act(body(), HOME, Recipient(address, None, DESK_PUBLIC))
    with desk(lambda _asked: (500, b"{}")) as address, pytest.raises(ActError) as failed:
        send_act(body(), HOME, Recipient(address, None, DESK_PUBLIC))
    assert not isinstance(failed.value, ActRefused)
    with pytest.raises(PortalUnreachable):
        send_act(body(), HOME, Recipient(address, None, DESK_PUBLIC))


def test_the_id_says_neither_home_nor_hazard() -> None:
    other = os.urandom(32)
    assert act_id(PUBLIC, "a") == act_id(PUBLIC, "a")
    assert len({act_id(PUBLIC, "a"), act_id(PUBLIC, "b"), act_id(other, "a")}) == 3
