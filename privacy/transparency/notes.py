"""Signed notes and checkpoints: who says that the log looks like this.

The formats are those of the field, so that an auditor's own tools read them: signed notes
(C2SP signed-note), the checkpoint of a log (C2SP tlog-checkpoint) and a witness's timed
signature under it (C2SP tlog-cosignature, Ed25519). Only what is checked is kept: lines of
strangers are left out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy.transparency.tree import HASH_LENGTH, LogError

NOTE_LIMIT = 8 * 1024
"""The longest note that is read, bytes."""
_MAX_SIZE = 1 << 53
_NAME = re.compile(r"[!-*,-~]{1,64}")  # C2SP signed-note: no space and no plus
_SIGNATURE = re.compile("\u2014 ([!-*,-~]{1,64}) ([A-Za-z0-9+/]+={0,2})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_PLAIN, _TIMED = 1, 4  # signature types of C2SP signed-note


class NoteKey:
    """A name and an Ed25519 public key that signs notes.

    Args:
        name: printable ASCII without space and plus, at most 64 characters.
        public: 32 bytes.
        timed: whether it is a witness, which also says when it signed.

    Raises:
        LogError: an unfit name or key.
    """

    __slots__ = ("_public", "id", "name", "public", "timed")

    def __init__(self, name: str, public: bytes, *, timed: bool) -> None:
        if not _NAME.fullmatch(name) or len(public) != 32:
            raise LogError("this can't be the name and key of a note's signer")
        self.name = name
        self.public = public
        self.timed = timed
        kind = bytes((_TIMED if timed else _PLAIN,))
        self.id = hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]
        self._public = Ed25519PublicKey.from_public_bytes(public)

    @property
    def text(self) -> str:
        """The key as others are told it (a vkey of C2SP signed-note)."""
        kind = bytes((_TIMED if self.timed else _PLAIN,))
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(kind + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Read a vkey.

        Raises:
            LogError: malformed, of another kind, or with another id than its own.
        """
        name, _, rest = text.partition("+")
        shown, _, encoded = rest.partition("+")
        data = _decoded(encoded)
        if data[:1] not in (bytes((_PLAIN,)), bytes((_TIMED,))):
            raise LogError("this is not the key of a note's signer")
        key = cls(name, data[1:], timed=data[0] == _TIMED)
        if shown != key.id.hex():
            raise LogError("the key's id is not its own")
        return key

    def check(self, text: str, blob: bytes) -> int:
        """Check a signature line's bytes after the id; when it was made, Unix seconds, or 0.

        Raises:
            LogError: it does not hold.
        """
        at = 0
        if self.timed and len(blob) == 72:
            (at,) = struct.unpack_from(">Q", blob)
            blob = blob[8:]
        try:
            self._public.verify(blob, _signed(text, at if self.timed else None))
        except InvalidSignature:
            raise LogError("a note's signature does not hold") from None
        return at


class Checkpoint:
    """The state of a log: its name, how many entries, and their root."""

    __slots__ = ("origin", "root", "size")

    def __init__(self, origin: str, size: int, root: bytes) -> None:
        self.origin = origin
        self.size = size
        self.root = root

    @property
    def text(self) -> str:
        """The note's text, ending in a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; extension lines are not used by us and refused.

        Raises:
            LogError: malformed.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]):
            raise LogError("the checkpoint is malformed")
        root = _decoded(lines[2])
        if not _NUMBER.fullmatch(lines[1]) or int(lines[1]) > _MAX_SIZE or len(root) != HASH_LENGTH:
            raise LogError("the checkpoint is malformed")
        return cls(lines[0], int(lines[1]), root)


class Note:
    """A text and the signatures under it that were found to hold.

    Attributes:
        text: what is signed.
        signers: name to the time of its signature in Unix seconds (0 where it has none).
    """

    __slots__ = ("signers", "text")

    def __init__(self, text: str, signers: dict[str, int]) -> None:
        self.text = text
        self.signers = signers


def sign_note(text: str, key: NoteKey, private: Ed25519PrivateKey, at: int = 0) -> str:
    """A signature line for a note, with its newline.

    Args:
        text: the note's text, ending in a newline.
        key: the public half, and under which name.
        private: the secret half.
        at: Unix seconds; told by timed keys only.
    """
    signature = private.sign(_signed(text, at if key.timed else None))
    blob = key.id + (struct.pack(">Q", at) if key.timed else b"") + signature
    return f"\u2014 {key.name} {base64.b64encode(blob).decode()}\n"


def open_note(note: str, keys: Iterable[NoteKey]) -> Note:
    """Read a note and check every signature that names one of ``keys``.

    Raises:
        LogError: malformed, too long, or a signature of a known key that does not hold.
    """
    text, blank, signed = note.rpartition("\n\n")
    if not blank or len(note.encode("utf-8", "replace")) > NOTE_LIMIT or not signed.endswith("\n"):
        raise LogError("this is not a signed note")
    text += "\n"
    known = {(key.name, key.id): key for key in keys}
    signers: dict[str, int] = {}
    for line in signed[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise LogError("a line under the note is not a signature")
        blob = _decoded(match[2])
        key = known.get((match[1], blob[:4]))
        if key is not None and key.name not in signers:
            signers[key.name] = key.check(text, blob[4:])
    return Note(text, signers)


def _signed(text: str, at: int | None) -> bytes:
    """What a signature covers: the text, and for a witness also when."""
    head = "" if at is None else f"cosignature/v1\ntime {at}\n"
    return (head + text).encode()


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise LogError("a note's base64 is malformed") from None
    if base64.b64encode(data).decode() != text:
        raise LogError("a note's base64 is not in its only form")
    return data
