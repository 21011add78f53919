"""The consent ledger: every yes and no of a resident, signed, chained, never rewritten.

A line is ``{seq, prev, purpose, class, scope, recipient, notice, state, time, actor, basis,
sig}``. ``prev`` is the SHA-256 of the line before, ``sig`` an Ed25519 signature (RFC 8032) over
the line without it, both over canonical JSON. A line is on the disk (synchronous=FULL) before
`Ledger.give` or `Ledger.withdraw` returns. A ledger whose chain doesn't hold means *no* to
everything.

A yes counts for the notice that was read: `privacy.purposes` says which versions still hold.

What a chain alone cannot show is an older copy of the whole file put back; that is what the
head on the resident's sheet is for (`Ledger.verify` takes it).
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.box import Box
from privacy.database import open_database
from privacy.errors import PrivacyError
from privacy.purposes import Purposes, purposes

TELL_ZONE = "tell_zone"
TELL_ZONE_NOW = "tell_zone_now"
SOS_FLAT = "sos_flat"
TELL_CONTACT = "tell_contact"
CLASSES = ("gas", "smoke", "carbon_monoxide", "flood", "sos")
"""What the community may be told of."""
CONTACT_CLASSES = (
    *("gas", "smoke", "carbon_monoxide", "sos", "leak", "overheat", "overload"),
    *("leakage", "arc", "running_water", "left_on", "freezing", "supervision"),
)
"""What a contact may be told of: the hazards of a home, as its own words name them."""
CLASSES_OF = {
    **dict.fromkeys((TELL_ZONE, TELL_ZONE_NOW, SOS_FLAT), CLASSES),
    TELL_CONTACT: CONTACT_CLASSES,
}
PURPOSES = tuple(CLASSES_OF)
STANDING = "standing"
DUTY_DESK = "duty_desk"
GIVEN = "given"
WITHDRAWN = "withdrawn"

_START = "0" * 64
HEAD_DIGITS = 20
"""Digits of a head that are enough to look it up: 80 bits."""
_FIELDS = frozenset(
    (
        *("seq", "prev", "purpose", "class", "scope", "recipient"),
        *("notice", "state", "time", "actor", "basis", "sig"),
    )
)


class ConsentError(PrivacyError):
    """A choice that the ledger cannot take down."""


class Consent:
    """The line in force for a purpose, class and scope.

    Attributes:
        given: it is a yes, and the notice it was given under still holds.
        lapsed: it was a yes, and a later notice widened what it was about.
        outdated: it is a yes that holds, and there is a newer notice to read.
    """

    __slots__ = (
        *("actor", "basis", "given", "klass", "lapsed", "notice", "outdated"),
        *("purpose", "recipient", "scope", "seq", "time"),
    )

    def __init__(self, line: dict[str, object], table: Purposes) -> None:
        self.seq = int(str(line["seq"]))
        self.purpose = str(line["purpose"])
        self.klass = str(line["class"])
        self.scope = str(line["scope"])
        self.recipient = str(line["recipient"])
        self.time = float(str(line["time"]))
        self.actor = str(line["actor"])
        self.basis = str(line["basis"])
        self.notice = int(str(line["notice"]))
        yes, holds = line["state"] == GIVEN, table.holds(self.purpose, self.notice)
        self.given = yes and holds
        self.lapsed = yes and not holds
        self.outdated = self.given and self.notice != table.version(self.purpose)


def canonical(line: dict[str, object]) -> bytes:
    """The bytes that are signed and hashed: JSON, keys sorted, no spaces, UTF-8."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Ledger:
    """The ledger of one home.

    Calls are short but wait for the disk: off the event loop, please. Safe to call from
    several threads. Rows are sealed with the machine key's box, so that the gate works while
    the household is locked; ``actor`` should therefore be an opaque account id, not a name.
    """

    def __init__(
        self,
        path: Path,
        box: Box,
        sign_key: Ed25519PrivateKey,
        now: Callable[[], float] = time.time,
        table: Purposes | None = None,
    ) -> None:
        self._table = table or purposes()
        self._box = box
        self._key = sign_key
        self._public = sign_key.public_key()
        self._now = now
        self._lock = threading.Lock()
        self._db = open_database(path)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS consent (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS consent_head (one INTEGER PRIMARY KEY, sealed BLOB)"
        )
        self._lines: list[dict[str, object]] = []
        self._in_force: dict[tuple[str, str, str], Consent] = {}
        self._head = _START
        self.problem: str | None = None
        self._version = -1
        self._read_as = b""
        self._reload()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def give(
        self,
        purpose: str,
        klass: str,
        actor: str,
        *,
        scope: str = STANDING,
        recipient: str = DUTY_DESK,
        basis: str = "consent",
    ) -> str:
        """Take down a yes; returns the new head (hex), for the resident's sheet.

        Args:
            purpose: one of `PURPOSES`.
            klass: one of `CLASSES_OF` the purpose.
            actor: who pressed, as an opaque id.
            scope: ``standing``, the event's id for a yes in the moment, or a grant's id.
            recipient: who will learn.
            basis: on what ground; ``consent`` unless a law says otherwise.

        Raises:
            ConsentError: an unknown purpose or class, or a chain that does not hold.
        """
        choice = {"purpose": purpose, "class": klass, "scope": scope, "recipient": recipient}
        return self._append({**choice, "state": GIVEN, "actor": actor, "basis": basis})

    def withdraw(
        self,
        purpose: str,
        klass: str,
        actor: str,
        *,
        scope: str = STANDING,
        recipient: str = DUTY_DESK,
    ) -> str:
        """Take down a no; in force when this returns. Returns the new head (hex).

        Raises:
            ConsentError: as in `give`.
        """
        choice = {"purpose": purpose, "class": klass, "scope": scope, "recipient": recipient}
        return self._append({**choice, "state": WITHDRAWN, "actor": actor, "basis": "withdrawal"})

    def state(self, purpose: str, klass: str, scope: str = STANDING) -> Consent | None:
        """The line in force; None if there never was one or the chain does not hold."""
        with self._lock:
            self._refresh()
            return None if self.problem else self._in_force.get((purpose, klass, scope))

    def allows(self, purpose: str, klass: str, scope: str = STANDING) -> bool:
        """Whether a yes is in force. Without a line, or with a broken chain: no."""
        consent = self.state(purpose, klass, scope)
        return consent is not None and consent.given

    def given(self, purpose: str, *, lapsed: bool = False) -> list[Consent]:
        """Every yes in force for a purpose; none if the chain does not hold.

        Args:
            purpose: one of `PURPOSES`.
            lapsed: also those that hold no more, as their notice was widened since.
        """
        with self._lock:
            self._refresh()
            lines = [one for one in self._in_force.values() if one.purpose == purpose]
            return [one for one in lines if one.given or (lapsed and one.lapsed)]

    def head(self) -> str:
        """The SHA-256 of the last line (hex); 64 zeros for an empty ledger."""
        with self._lock:
            self._refresh()
            return self._head

    def lines(self) -> list[dict[str, object]]:
        """All lines, oldest first, for the resident to read."""
        with self._lock:
            self._refresh()
            return [dict(line) for line in self._lines]

    def export(self) -> bytes:
        """The whole ledger with the key to check it, as JSON."""
        return canonical(
            {
                "lines": self.lines(),
                "head": self.head(),
                "public_key": base64.b64encode(self._public.public_bytes_raw()).decode(),
            }
        )

    def verify(self, sheet_head: str | None = None) -> str | None:
        """Read everything again and check it; None if all holds, else what is wrong.

        Args:
            sheet_head: a head that the resident kept. It must be in the chain; if it isn't, an
                older or another ledger was put in place.
        """
        with self._lock:
            self._reload()
        if self.problem or sheet_head is None or sheet_head == _START:
            return self.problem
        if self.place_of(sheet_head) is None:
            return "the head on the sheet is not in this ledger: an older one was put back"
        return None

    def place_of(self, head: str) -> int | None:
        """The line (from 1) after which this was the head; None where it never was.

        Args:
            head: hex digits, at least the first `HEAD_DIGITS` of them.
        """
        if len(head) < HEAD_DIGITS:
            return None
        for line in self.lines():
            if _hash(line).startswith(head):
                return int(str(line["seq"]))
        return None

    def _append(self, choice: dict[str, str]) -> str:
        if choice["class"] not in CLASSES_OF.get(choice["purpose"], ()):
            raise ConsentError(f"no purpose {choice['purpose']!r} for {choice['class']!r}")
        with self._lock:
            self._refresh()
            if self.problem:
                raise ConsentError(f"the ledger cannot be added to: {self.problem}")
            line: dict[str, object] = {
                "seq": len(self._lines) + 1,
                "prev": self._head,
                "notice": self._table.version(choice["purpose"]),
                "time": round(self._now(), 3),
                **choice,
            }
            line["sig"] = base64.b64encode(self._key.sign(canonical(line))).decode()
            try:
                self._store(line)
            except sqlite3.Error:
                raise ConsentError("the choice could not be stored; is the disk full?") from None
            self._take(line)
            self._read_as = self._fingerprint()
            return self._head

    def _store(self, line: dict[str, object]) -> None:
        seq, head = int(str(line["seq"])), _hash(line)
        sealed = self._box.seal(canonical(line), _context(seq))
        sealed_head = self._box.seal(f"{seq} {head}".encode(), b"consent head")
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT INTO consent VALUES (?, ?)", (seq, sealed))
            self._db.execute("INSERT OR REPLACE INTO consent_head VALUES (1, ?)", (sealed_head,))

    def _take(self, line: dict[str, object]) -> None:
        consent = Consent(line, self._table)
        self._lines.append(line)
        self._in_force[consent.purpose, consent.klass, consent.scope] = consent
        self._head = _hash(line)

    def _refresh(self) -> None:
        """Notice writes by anyone else (PRAGMA data_version) and check everything again."""
        try:
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return
            same = self.problem is None and self._fingerprint() == self._read_as
        except sqlite3.Error as error:
            self._break(f"the ledger cannot be read ({type(error).__name__})")
            return
        if same:
            # Another table of the same file changed; no need to check each signature again.
            self._version = version
        else:
            self._reload()

    def _fingerprint(self) -> bytes:
        """A hash of the rows as they lie in the database."""
        digest = hashlib.sha256()
        for row in self._db.execute("SELECT seq, sealed FROM consent ORDER BY seq"):
            digest.update(repr(row).encode())
        for row in self._db.execute("SELECT one, sealed FROM consent_head"):
            digest.update(repr(row).encode())
        return digest.digest()

    def _reload(self) -> None:
        self._lines, self._in_force = [], {}
        self._head, self.problem = _START, None
        try:
            (self._version,) = self._db.execute("PRAGMA data_version").fetchone()
            rows = self._db.execute("SELECT seq, sealed FROM consent ORDER BY seq").fetchall()
            for place, (seq, sealed) in enumerate(rows, start=1):
                self._take(self._checked(place, seq, sealed))
            self._check_head()
            self._read_as = self._fingerprint()
        except ConsentError as error:
            self._break(str(error))
        except (PrivacyError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
            self._break(f"a line does not open ({type(error).__name__})")

    def _break(self, problem: str) -> None:
        """No to everything, until a later look finds the chain whole."""
        self._in_force = {}
        self.problem = problem
        self._version = -1

    def _checked(self, place: int, seq: int, sealed: bytes) -> dict[str, object]:
        line = json.loads(self._box.open(sealed, _context(seq)))
        if seq != place or not isinstance(line, dict) or set(line) != _FIELDS:
            raise ConsentError(f"line {place} is missing or out of place")
        if line["seq"] != place or line["prev"] != self._head:
            raise ConsentError(f"line {place} does not follow the line before it")
        unsigned = {name: value for name, value in line.items() if name != "sig"}
        try:
            signature = base64.b64decode(str(line["sig"]), validate=True)
            self._public.verify(signature, canonical(unsigned))
        except (InvalidSignature, ValueError):
            raise ConsentError(f"line {place} was changed: its signature does not hold") from None
        return line

    def _check_head(self) -> None:
        row = self._db.execute("SELECT sealed FROM consent_head").fetchone()
        if row is None:
            if self._lines:
                raise ConsentError("the head is missing")
            return
        kept = self._box.open(row[0], b"consent head").decode()
        if kept != f"{len(self._lines)} {self._head}":
            raise ConsentError("lines are missing at the end")


def _context(seq: int) -> bytes:
    return f"consent {seq}".encode()


def _hash(line: dict[str, object]) -> str:
    return hashlib.sha256(canonical(line)).hexdigest()
