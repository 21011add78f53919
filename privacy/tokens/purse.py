"""A home's tokens on its disk, sealed under the machine key: fetched, kept, spent once.

An allotment is asked for with randomness from one secret, stored before the request leaves: the
same request can be sent again after a lost answer or a crash, and gives the same tokens. A token
leaves the purse in the transaction that binds it to its event (`privacy.outbox`).
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.box import KEY_LENGTH, Box, derive
from privacy.tokens.epochs import AHEAD_S, Allotment, allotment_of
from privacy.tokens.ring import KeyName, KeyRing, classes_for, name_at, name_is_over
from privacy.tokens.token import (
    RESPONSE_LENGTH,
    TOKEN_LENGTH,
    IssuerKey,
    PendingToken,
    TokenClass,
    TokenError,
    ask,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS token
    (id INTEGER PRIMARY KEY, class TEXT NOT NULL, number INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS allotment
    (kind TEXT NOT NULL, number INTEGER NOT NULL, sealed BLOB, PRIMARY KEY (kind, number));
CREATE TABLE IF NOT EXISTS issuer (class TEXT NOT NULL, number INTEGER NOT NULL, key BLOB NOT NULL,
    PRIMARY KEY (class, number));
"""


class Wanted(NamedTuple):
    """An allotment to fetch, and from when on (Unix seconds)."""

    allotment: Allotment
    number: int
    at: float


class Token(NamedTuple):
    """One token, its class, and the seed of the one-time key that it is bound to."""

    seed: bytes
    kind: TokenClass
    token: bytes


class Asked(NamedTuple):
    """One token that is asked for: its one-time key's seed, its class, its request."""

    seed: bytes
    kind: TokenClass
    pending: PendingToken


def requests(ring: KeyRing, wanted: Wanted, secret: bytes) -> list[Asked]:
    """The requests of an allotment, in order: the same for the same secret and keys.

    About a tenth of a second: off the thread that makes the cells.

    Raises:
        TokenError: a key that betrays itself as malformed.
    """
    out = []
    for place, kind in enumerate(wanted.allotment.classes):
        key = ring.keys[kind, wanted.number]
        seed = derive(secret, f"token key {place} {key.id.hex()}")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        nonce = hashlib.sha256(public).digest()
        blinding = derive(secret, f"token blinding {place} {key.id.hex()}")
        out.append(Asked(seed, kind, ask(key, nonce, kind.digest, blinding)))
    return out


def finished(asked: list[Asked], responses: bytes) -> list[Token]:
    """The tokens in an issuer's answer.

    Raises:
        TokenError: one response is no signature of the key that everyone was told: then none is
            taken, for somebody is being told another key than the rest.
    """
    if len(responses) != len(asked) * RESPONSE_LENGTH:
        raise TokenError("the issuer's answer has another length")
    return [
        Token(
            one.seed,
            one.kind,
            one.pending.finish(responses[place * RESPONSE_LENGTH : (place + 1) * RESPONSE_LENGTH]),
        )
        for place, one in enumerate(asked)
    ]


class Purse:
    """The tokens of one home. One thread at a time; writing waits for the disk."""

    def __init__(self, database: sqlite3.Connection, box: Box) -> None:
        self._db = database
        self._box = box
        self._db.executescript(_SCHEMA)
        rows = self._db.execute("SELECT class, number, key FROM issuer").fetchall()
        keys = {(TokenClass(kind), number): IssuerKey(key) for kind, number, key in rows}
        self.ring = KeyRing(keys)
        held = self._db.execute("SELECT class, number, count(*) FROM token GROUP BY 1, 2")
        self._held = Counter({(TokenClass(kind), number): many for kind, number, many in held})

    @property
    def required(self) -> bool:
        """Whether this home's community issues tokens: then nothing leaves without one."""
        return bool(self.ring.keys)

    def learn(self, told: KeyRing, now: float) -> None:
        """Take down keys that are told to everyone; one with tokens of ours is never exchanged.

        Before that it is: a relay that once told wrong keys must not keep us without tokens.
        What is over goes, its tokens too.

        Raises:
            TokenError: one key for two classes or epochs.
        """
        held = {name: key for name, key in self.ring.keys.items() if self._filled(name)}
        keys = {
            name: key
            for name, key in (self.ring.keys | told.keys | held).items()
            if not name_is_over(name, now)
        }
        ring = KeyRing(keys or self.ring.keys)  # once required, always
        if ring.to_json() == self.ring.to_json():
            return
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM issuer")
            rows = [(kind, number, key.spki) for (kind, number), key in ring.keys.items()]
            self._db.executemany("INSERT INTO issuer VALUES (?, ?, ?)", rows)
            for name in [name for name in self._held if name_is_over(name, now)]:
                self._db.execute("DELETE FROM token WHERE class = ? AND number = ?", name)
                self._held.pop(name)
            for allotment in Allotment:
                oldest = allotment.number_at(now) - 1
                self._db.execute(
                    "DELETE FROM allotment WHERE kind = ? AND number < ?", (allotment, oldest)
                )
        self.ring = ring

    def wanted(
        self, now: float, not_before: Mapping[tuple[Allotment, int], float] | None = None
    ) -> Wanted | None:
        """The allotment to fetch next, of those whose keys are known; None if all are there.

        The current ones at once: a home without them has just paired or was away. The next one
        at a moment within the 48 hours before it, given by its secret: uniformly random, the
        same after every restart, and the same whatever was spent. One that failed waits until
        ``not_before``, and holds up no other.
        """
        out = []
        for allotment in Allotment:
            current = allotment.number_at(now)
            for number in (current, current + 1):
                known = all((kind, number) in self.ring.keys for kind in allotment.classes)
                if known and self.secret(allotment, number) is not None:
                    at = now if number == current else self._moment(allotment, number)
                    if not_before is not None:
                        at = max(at, not_before.get((allotment, number), at))
                    out.append(Wanted(allotment, number, at))
        return min(out, key=lambda one: one.at, default=None)

    def secret(self, allotment: Allotment, number: int) -> bytes | None:
        """The secret that an allotment is asked for with, made once; None when it is filled."""
        row = self._db.execute(
            "SELECT sealed FROM allotment WHERE kind = ? AND number = ?", (allotment, number)
        ).fetchone()
        context = f"allotment {allotment} {number}".encode()
        if row is not None:
            return None if row[0] is None else self._box.open(row[0], context)
        secret = os.urandom(KEY_LENGTH)
        self._db.execute(
            "INSERT INTO allotment VALUES (?, ?, ?)",
            (allotment, number, self._box.seal(secret, context)),
        )
        return secret

    def fill(self, allotment: Allotment, number: int, tokens: list[Token]) -> None:
        """Take in an allotment; all of it is on the disk when this returns."""
        rows = [
            (one.kind, number, self._box.seal(one.seed + one.token, _context((one.kind, number))))
            for one in tokens
        ]
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO token (class, number, sealed) VALUES (?, ?, ?)", rows)
            self._db.execute(
                "INSERT OR REPLACE INTO allotment VALUES (?, ?, NULL)", (allotment, number)
            )
        self._held.update((one.kind, number) for one in tokens)

    def fit(self, life_safety: bool, moment: float) -> KeyName | None:
        """The tokens that an event first sent at ``moment`` may spend; None if none are left."""
        names = (name_at(kind, moment) for kind in classes_for(life_safety))
        return next((name for name in names if self._held[name] > 0), None)

    def spent(self) -> bool:
        """Whether no alarm can be told for want of a token; read from the disk.

        So another process may ask, such as the demo's page.
        """
        (asks,) = self._db.execute("SELECT count(*) FROM issuer").fetchone()
        (left,) = self._db.execute(
            "SELECT count(*) FROM token WHERE class IN (?, ?)", classes_for(life_safety=True)
        ).fetchone()
        return bool(asks and not left)

    def take(self, name: KeyName) -> tuple[bytes, bytes]:
        """Take out one token: the seed of its one-time key, and its 354 bytes.

        It goes within the caller's transaction; once that is on the disk, call `taken`.

        Raises:
            TokenError: there is none.
        """
        # Any of them, not the oldest: a home brought back from a backup holds some that were
        # spent since, and those are refused.
        row = self._db.execute(
            "SELECT id, sealed FROM token WHERE class = ? AND number = ? ORDER BY random() LIMIT 1",
            name,
        ).fetchone()
        if row is None:
            raise TokenError("there is no such token left")
        self._db.execute("DELETE FROM token WHERE id = ?", (row[0],))
        plain = self._box.open(row[1], _context(name))
        if len(plain) != KEY_LENGTH + TOKEN_LENGTH:
            raise TokenError("a token does not read")
        return plain[:KEY_LENGTH], plain[KEY_LENGTH:]

    def taken(self, name: KeyName) -> None:
        """The transaction of `take` is on the disk."""
        self._held[name] -= 1

    def left(self) -> dict[str, int]:
        """How many tokens of each class are there."""
        counts = dict.fromkeys((str(kind) for kind in TokenClass), 0)
        for (kind, _), many in list(self._held.items()):
            counts[kind] += many
        return counts

    def forget(self) -> None:
        """Delete everything, within the caller's transaction (move-out)."""
        for table in ("token", "allotment", "issuer"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own three names
        self.ring = KeyRing({})
        self._held.clear()

    def _filled(self, name: KeyName) -> bool:
        """Whether the allotment of a key's tokens was fetched."""
        kind, number = name
        row = self._db.execute(
            "SELECT sealed IS NULL FROM allotment WHERE kind = ? AND number = ?",
            (allotment_of(kind), number),
        ).fetchone()
        return row is not None and bool(row[0])

    def _moment(self, allotment: Allotment, number: int) -> float:
        secret = self.secret(allotment, number) or b""
        part = int.from_bytes(derive(secret, "token moment")[:8], "big") / 2**64
        return allotment.start(number) - AHEAD_S * (1 - part)


def _context(name: KeyName) -> bytes:
    return json.dumps(["token", *name]).encode()
