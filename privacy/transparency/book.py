"""What a witness keeps on its disk: its key, whose log it follows, and what it signed last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.errors import PrivacyError
from privacy.files import create_once, private_folder, read_bounded, write_atomic
from privacy.handshake import key_hash
from privacy.transparency.notes import NOTE_LIMIT, Checkpoint, NoteKey
from privacy.transparency.tree import LogError

_LIMIT = 64 * 1024


class Subject(NamedTuple):
    """Whose log: the portal's address, the log's key, a PEM to trust instead of the system's."""

    address: str
    log: NoteKey
    certificate: str | None


class Book:
    """The folder of one witness. All calls block.

    Args:
        folder: made at the first start, with the key (``witness.key``, 0600) and its public
            line (``witness.pub``).
        name: the witness's name if it has none yet; made up from its key if empty.

    Raises:
        PrivacyError: a damaged file; none is ever replaced.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = private_folder(folder)
        path = folder / "witness.key"
        if not path.exists():
            create_once(path, Ed25519PrivateKey.generate().private_bytes_raw())
        data = read_bounded(path, 32)
        if len(data) != 32:
            raise PrivacyError("witness.key is damaged; bring it back from a backup")
        self.private = Ed25519PrivateKey.from_private_bytes(data)
        public = self.private.public_key().public_bytes_raw()
        line = folder / "witness.pub"
        if not line.exists():
            made = NoteKey(name or f"witness/{key_hash(public)[:4].hex()}", public, timed=True)
            create_once(line, made.text.encode() + b"\n")
        self.key = NoteKey.parse(read_bounded(line, 1024).decode("ascii", "replace").strip())
        if self.key.public != public or not self.key.timed:
            raise PrivacyError("witness.pub and witness.key don't belong together")

    def subject(self) -> Subject | None:
        """Whose log it follows; None before the first start that said so."""
        data = self._read("log.json")
        if data is None:
            return None
        pinned = data.get("certificate")
        log = NoteKey.parse(str(data.get("log")))
        return Subject(str(data.get("address")), log, None if pinned is None else str(pinned))

    def keep_subject(self, subject: Subject) -> None:
        """Store whose log it follows, durably."""
        data = subject._asdict() | {"log": subject.log.text}
        write_atomic(self._folder / "log.json", json.dumps(data).encode())

    def signed(self) -> Checkpoint | None:
        """The checkpoint that it signed last."""
        data = self._read("signed.json")
        return None if data is None else Checkpoint.parse(str(data.get("checkpoint")))

    def signed_at(self) -> float | None:
        """When that was, Unix seconds."""
        data = self._read("signed.json")
        try:
            return None if data is None else float(str(data.get("at")))
        except ValueError:
            raise LogError("signed.json is damaged; bring it back from a backup") from None

    def keep(self, checkpoint: Checkpoint, at: float) -> None:
        """Store what is about to be signed; on the disk when this returns."""
        data = {"checkpoint": checkpoint.text, "at": at}
        write_atomic(self._folder / "signed.json", json.dumps(data).encode())

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self._folder / name
        if not path.exists():
            return None
        try:
            data = json.loads(read_bounded(path, _LIMIT + NOTE_LIMIT))
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise LogError(f"{name} is damaged; bring it back from a backup")
        return data
