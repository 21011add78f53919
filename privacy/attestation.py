"""The committee's attestation: somebody other than the property checked that the homes are real.

Homes hide among enrolled homes, so homes that don't exist would hide nobody. The owners'
committee is given the list of the enrolled flats, looks whether they exist and are lived in, and
signs the list's digest on a device of its own (C2SP signed-note, Ed25519). The signed note goes
into the community's log and to every home, in equal bytes; it names no flat.

The list is CSV that a table program may open and save again. The name of its fourth column says
for which community it is and holds a random salt: a digest without it could be matched against
guesses of the list.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.errors import PrivacyError
from privacy.handshake import key_hash
from privacy.transparency.notes import NoteKey, open_note, sign_note
from privacy.transparency.tree import LogError

CHANGED_AT_MOST = 3
"""So many flats may enrol or leave until an attestation counts for nothing any more."""
LIST_LIMIT = 4 * 1024 * 1024
"""The longest list that is read, bytes."""
SALT_LENGTH = 16
COLUMNS = ("building", "riser", "flat")

_TITLE = "linli roster attestation 1"
_MARK = re.compile(r"linli-([0-9a-f]{32})-([0-9a-f]{32})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}")
_DIGEST = re.compile(r"[0-9a-f]{64}")

Path = tuple[str, ...]


class AttestationError(PrivacyError):
    """A list or an attestation that can't be right."""


class RosterList:
    """The enrolled flats as the committee checks them.

    Args:
        gateway_hash: of which community; 16 bytes.
        salt: 16 random bytes.
        flats: paths of three parts.
    """

    __slots__ = ("flats", "gateway_hash", "salt")

    def __init__(self, gateway_hash: bytes, salt: bytes, flats: Iterable[Path]) -> None:
        self.gateway_hash = gateway_hash
        self.salt = salt
        self.flats = sorted(set(flats))

    @property
    def text(self) -> str:
        """The CSV file."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow((*COLUMNS, f"linli-{self.gateway_hash.hex()}-{self.salt.hex()}"))
        writer.writerows(self.flats)
        return out.getvalue()

    @classmethod
    def parse(cls, text: str) -> RosterList:
        """Read the file, also as a table program saved it.

        Raises:
            AttestationError: it is none, or a flat stands in it twice.
        """
        try:
            first, *rows = [
                [value.strip() for value in row]
                for row in csv.reader(io.StringIO(text.lstrip("\ufeff")))
                if any(value.strip() for value in row)
            ]
        except (ValueError, csv.Error):
            raise AttestationError("this is not a list of enrolled flats") from None
        mark = _MARK.fullmatch(first[3]) if len(first) > 3 else None
        if tuple(first[:3]) != COLUMNS or mark is None:
            raise AttestationError("the first line is not that of a list of flats")
        flats = [tuple(row[:3]) for row in rows]
        if not all(len(flat) == 3 and all(flat) for flat in flats):
            raise AttestationError("a line of the list is incomplete")
        if len(set(flats)) != len(flats):
            raise AttestationError("a flat stands twice in the list")
        return cls(bytes.fromhex(mark[1]), bytes.fromhex(mark[2]), flats)

    @property
    def digest(self) -> bytes:
        """SHA-256 over the salt and the sorted flats; 32 bytes."""
        said = json.dumps([self.salt.hex(), self.flats], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(b"linli roster list 1\0" + said.encode()).digest()


class Statement:
    """What the committee signs: "we checked these homes, they exist and are lived in".

    Attributes:
        gateway_hash: of which community; 16 bytes.
        homes: how many flats are on the list.
        digest: the list's; 32 bytes.
        at: when it was signed, Unix seconds, by the signer's clock.
    """

    __slots__ = ("at", "digest", "gateway_hash", "homes")

    def __init__(self, gateway_hash: bytes, homes: int, digest: bytes, at: int) -> None:
        self.gateway_hash = gateway_hash
        self.homes = homes
        self.digest = digest
        self.at = at

    @property
    def text(self) -> str:
        """The signed text, ending in a newline."""
        lines = (self.gateway_hash.hex(), str(self.homes), self.digest.hex(), str(self.at))
        return "\n".join((_TITLE, *lines, ""))

    @classmethod
    def parse(cls, text: str) -> Statement:
        """Read a note's text.

        Raises:
            AttestationError: malformed.
        """
        lines = text.split("\n")
        if len(lines) != 6 or lines[0] != _TITLE or lines[5]:
            raise AttestationError("this is not a committee's attestation")
        _, community, homes, digest, at, _ = lines
        fits = re.fullmatch("[0-9a-f]{32}", community) and _DIGEST.fullmatch(digest)
        if not fits or not _NUMBER.fullmatch(homes) or not _NUMBER.fullmatch(at):
            raise AttestationError("the attestation is malformed")
        return cls(bytes.fromhex(community), int(homes), bytes.fromhex(digest), int(at))


def committee_key(public: bytes) -> NoteKey:
    """The committee's key under its own name, which is its fingerprint."""
    return NoteKey(f"linli-committee/{fingerprint(public)}", public, timed=False)


def read_committee_key(text: str) -> NoteKey:
    """Read the line that `linli committee key` prints.

    Raises:
        AttestationError: malformed, or the key goes by another name than its own.
    """
    try:
        key = NoteKey.parse(text.strip())
    except (LogError, ValueError):
        raise AttestationError("this is not a committee's public key") from None
    if key.text != committee_key(key.public).text:
        raise AttestationError("this is not a committee's public key")
    return key


def fingerprint(public: bytes) -> str:
    """Sixteen hexadecimal digits of a key, in groups of four, to compare by eye."""
    digits = key_hash(public)[:8].hex()
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def attest(roster: RosterList, private: Ed25519PrivateKey, at: int) -> str:
    """Sign a list; returns the note, ending in a newline."""
    key = committee_key(private.public_key().public_bytes_raw())
    said = Statement(roster.gateway_hash, len(roster.flats), roster.digest, at).text
    return f"{said}\n{sign_note(said, key, private)}"


def open_attestation(note: str, key: NoteKey) -> Statement:
    """Check a note's signature and read what it says.

    Raises:
        AttestationError: malformed, or not signed by this key.
    """
    try:
        opened = open_note(note, [key])
    except LogError as error:
        raise AttestationError(f"the attestation does not hold: {error}") from None
    if key.name not in opened.signers:
        raise AttestationError("the attestation is signed by another key")
    return Statement.parse(opened.text)


class Attested:
    """The attestation in force, as every home is told it.

    Attributes:
        key: the committee's public key.
        note: the signed note.
        changed: how many flats enrolled or left since, as the community counts them.
        said: what the note says.
    """

    __slots__ = ("changed", "key", "note", "said")

    def __init__(self, key: NoteKey, note: str, changed: int) -> None:
        self.key = key
        self.note = note
        self.changed = changed
        self.said = open_attestation(note, key)

    def to_json(self) -> dict[str, object]:
        """As the parameters hold it."""
        return {"key": self.key.text, "note": self.note, "changed": self.changed}

    @classmethod
    def from_json(cls, data: object, gateway_hash: bytes) -> Attested | None:
        """Read it; what does not hold, or is about another community, counts as none."""
        if not isinstance(data, dict):
            return None
        changed = data.get("changed")
        if not isinstance(changed, int) or isinstance(changed, bool) or changed < 0:
            return None
        try:
            key = read_committee_key(str(data.get("key")))
            found = cls(key, str(data.get("note")), changed)
        except AttestationError:
            return None
        return found if found.said.gateway_hash == gateway_hash else None

    def holds(self, enrolled: int) -> bool:
        """Whether it still counts with so many homes enrolled."""
        return max(self.changed, abs(enrolled - self.said.homes)) <= CHANGED_AT_MOST
