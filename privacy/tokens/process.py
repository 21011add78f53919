"""``linli signer``: holds the issuer's private keys and signs what the community hands it.

It listens on a Unix socket in the data folder and has no other way out: once that is open, the
kernel refuses it every further socket (`privacy.tokens.confine`). A request is one JSON line, an
answer too, one of each a connection. Answers leave on a grid of 100 ms, so that how long a
signature took isn't told. Whom tokens are for, and how many, it doesn't know: that is the
community's part, which keeps it durably before it asks.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import logging
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from privacy import logs
from privacy.errors import PrivacyError
from privacy.files import private_folder
from privacy.tokens.confine import confine
from privacy.tokens.epochs import Allotment
from privacy.tokens.keystore import Keystore
from privacy.tokens.signer import sign_request
from privacy.tokens.signer_socket import LINE_LIMIT, socket_path
from privacy.tokens.token import REQUEST_LENGTH, TokenError

GRID_S = 0.1
MAINTAIN_S = 600.0
"""How often keys are looked after while nobody asks, seconds."""
_SILENCE_S = 5.0
_LOG = logging.getLogger(__name__)


def next_tick(moment: float) -> float:
    """The first moment of the grid at or after ``moment``, seconds."""
    return math.ceil(moment / GRID_S) * GRID_S


def answer(keys: Keystore, line: bytes, now: float) -> dict[str, object]:
    """What is answered to one request: ``keys``, ``signed``, or ``error``."""
    try:
        keys.maintain(now)
        request = json.loads(line)
        if request["do"] == "keys":
            return {"keys": keys.ring().to_json()}
        if request["do"] != "sign":
            raise TokenError("unknown request")
        data = base64.b64decode(str(request["requests"]), validate=True)
        allotment, number = Allotment(request["allotment"]), int(request["number"])
        return {"signed": base64.b64encode(_sign(keys, allotment, number, data)).decode()}
    except PrivacyError as error:
        return {"error": str(error)}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {"error": "the request is malformed"}


def _sign(keys: Keystore, allotment: Allotment, number: int, data: bytes) -> bytes:
    if len(data) != allotment.request_length:
        raise TokenError("an allotment is asked for whole")
    made = []
    for place, kind in enumerate(allotment.classes):
        key = keys.key((kind, number))
        one = data[place * REQUEST_LENGTH : (place + 1) * REQUEST_LENGTH]
        made.append(sign_request(key, key.public, one))
    return b"".join(made)


def serve(listener: socket.socket, keys: Keystore, clock: Callable[[], float] = time.time) -> None:
    """Answer for ever, one connection after the other.

    Raises:
        PrivacyError: a key file is damaged.
        OSError: the keys can't be kept.
    """
    while True:
        listener.settimeout(MAINTAIN_S)
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            keys.maintain(clock())
            continue
        # Whoever is slow, silent or gone loses the connection; the next one is served.
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_SILENCE_S)
            line = _line(connection)
            said = json.dumps(answer(keys, line, clock())).encode() + b"\n"
            time.sleep(max(0.0, next_tick(time.monotonic()) - time.monotonic()))
            connection.sendall(said)


def _line(connection: socket.socket) -> bytes:
    """One line of at most `LINE_LIMIT` bytes; what is longer comes out cut and unreadable."""
    data = b""
    while not data.endswith(b"\n") and len(data) < LINE_LIMIT:
        more = connection.recv(LINE_LIMIT - len(data))
        if not more:
            break
        data += more
    return data


def listen(path: Path) -> socket.socket:
    """A Unix socket that only its owner may use. An earlier signer's is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen()
    return listener


def main(argv: Sequence[str]) -> int:
    """Sign until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="linli signer", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(argv)
    logs.begin(logging.INFO, timed=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        private_folder(options.data)
        keys = Keystore(options.data / "signer")
        listener = listen(socket_path(options.data))
        if not confine():
            _LOG.warning(
                "this system can't take the network from the signer; it only doesn't use it"
            )
        keys.maintain(time.time())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        serve(listener, keys)
    except (PrivacyError, OSError) as error:
        sys.stderr.write(f"linli signer: {error}\n")
        return 1
    finally:
        socket_path(options.data).unlink(missing_ok=True)
    return 0
