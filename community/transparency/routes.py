"""The log for anyone: entries, a signed checkpoint, and the proof that nothing was rewritten."""

from __future__ import annotations

import base64
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from community.core import log
from community.core.portal import portal
from hub.http.problems import Problem, json_response
from hub.http.routes import ANYONE, Routes
from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded
from privacy.handshake import key_hash
from privacy.transparency.notes import Checkpoint, NoteKey, sign_note
from privacy.transparency.tree import Tree

ROUTES = Routes()
_FILE = "log.key"


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


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
