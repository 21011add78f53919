"""The log for anyone: entries, a signed checkpoint, and the proof that nothing was rewritten.

Its witnesses hand their signatures over here, without an account: they are known by their keys.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from community.core import log, witnesses
from community.core.accounts import StaffTable
from community.core.portal import portal
from hub.accounts.model import TooManyAttempts
from hub.accounts.throttle import Rule, Throttle
from hub.http.problems import Problem, json_response
from hub.http.routes import ANYONE, Routes
from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded
from privacy.handshake import key_hash
from privacy.transparency.notes import Checkpoint, NoteKey, sign_note
from privacy.transparency.tree import LogError, Tree

ROUTES = Routes()
_FILE = "log.key"
# A witness comes once a minute; a stranger must not wear out the disk.
_BY_ADDRESS = Rule(free=200, longest_s=900.0)
_LINE_LIMIT = 2048


class LogKey:
    """The key that signs the log's checkpoints, in ``keys/log.key`` (0600)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        public = private.public_key().public_bytes_raw()
        self.note = NoteKey(f"linli/{key_hash(public)[:8].hex()}", public, timed=False)

    @classmethod
    def load_or_create(cls, folder: Path) -> LogKey:
        """Read the key, made on first use. Blocking.

        Raises:
            PrivacyError: The file is damaged; it is never replaced.
        """
        path = private_folder(folder) / _FILE
        if not path.exists():
            create_once(path, Ed25519PrivateKey.generate().private_bytes_raw())
        data = read_bounded(path, 32)
        if len(data) != 32:
            raise PrivacyError("log.key is damaged; bring it back from a backup")
        return cls(Ed25519PrivateKey.from_private_bytes(data))


LOG_KEY: web.AppKey[LogKey | None] = web.AppKey("log_key")
WITNESSED: web.AppKey[Callable[[], None]] = web.AppKey("witnessed")
"""Called when there is a checkpoint to tell the homes."""


@ROUTES.get("/api/v1/log", allow=ANYONE)
async def follow(request: web.Request) -> web.StreamResponse:
    """Tell what came after the first ``seen`` entries, and prove that those are unchanged."""
    key = request.app[LOG_KEY]
    if key is None:
        raise Problem(404, "not_found")
    text = request.query.get("seen", "0")
    entries = await portal(request).store.read(log.entries)
    if not text.isdecimal() or len(text) > 9 or int(text) > len(entries):
        raise Problem(400, "bad_request")
    seen, tree = int(text), Tree(entries)
    checkpoint = Checkpoint(key.note.name, tree.size, tree.root())
    return json_response(
        {
            "key": key.note.text,
            "checkpoint": f"{checkpoint.text}\n{sign_note(checkpoint.text, key.note, key.private)}",
            "seen": seen,
            "entries": [_text(entry) for entry in entries[seen:]],
            "proof": [_text(node) for node in (tree.consistency(seen) if seen else [])],
        }
    )


@ROUTES.post("/api/v1/log/cosignatures", allow=ANYONE, limit=_LINE_LIMIT)
async def cosign(request: web.Request) -> web.StreamResponse:
    """Take a named witness's signature under a checkpoint that this log really had."""
    key, here = request.app[LOG_KEY], portal(request)
    if key is None:
        raise Problem(404, "not_found")
    throttle, where = Throttle(StaffTable(here.store)), f"cosign:{request.remote or ''}"
    try:
        await throttle.attempt({where: _BY_ADDRESS}, here.clock())
    except TooManyAttempts as error:
        wait = str(math.ceil(error.wait_s))
        raise Problem(429, "too_many_attempts", headers={"Retry-After": wait}) from None
    try:
        given = json.loads(await request.text())
        text, line = str(given["checkpoint"]), str(given["line"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Problem(400, "bad_request") from None
    at = here.clock()
    pair = key.note, key.private
    try:
        told = await here.store.run(lambda db: witnesses.take(db, pair, text, line, at=at))
    except LookupError:
        raise Problem(403, "not_a_witness") from None
    except LogError as error:
        raise Problem(400, "bad_request", str(error)) from None
    await throttle.succeeded("", where)
    if told:
        request.app[WITNESSED]()
    return json_response({})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
