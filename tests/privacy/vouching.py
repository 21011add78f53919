"""A log, its three witnesses and what a community tells of them, all in this process."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.parameters import Parameters
from privacy.tokens.ring import KeyRing
from privacy.transparency.claims import CELL, GATEWAY, ROSTER, SLOT, TOKEN, ZONES, digest_of, pack
from privacy.transparency.notes import Checkpoint, NoteKey, sign_note
from privacy.transparency.proof import Proof
from privacy.transparency.tree import Tree
from privacy.transparency.witness import Trust
from privacy.witnessed import milliseconds, sha256
from privacy.zones import Partition


class Signer:
    """A key pair that signs notes."""

    def __init__(self, name: str, *, timed: bool) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = NoteKey(name, self.private.public_key().public_bytes_raw(), timed=timed)

    def sign(self, text: str, at: float) -> str:
        return sign_note(text, self.key, self.private, int(at))


class Vouching:
    """A community's log and its witnesses; `dead` are those of the three that don't sign."""

    def __init__(self) -> None:
        self.log = Signer("linli/test", timed=False)
        self.three = [Signer(f"witness/{name}", timed=True) for name in ("a", "b", "c")]
        self.trust = Trust(self.log.key, [one.key for one in self.three])
        self.dead: set[int] = set()
        self.entries: list[bytes] = []
        self.notes: list[tuple[float, int, str]] = []

    def add(self, kind: str, at: float, **said: str | int) -> None:
        self.entries.append(pack(kind, at, **said))

    def say(self, told: Parameters, at: float) -> None:
        """Write into the log what parameters say."""
        self.add(GATEWAY, at, sha256=sha256(told.gateway_key))
        self.add(SLOT, at, ms=milliseconds(told.slot_s))
        self.zones(told.zones, at)
        self.add(ROSTER, at, homes=told.roster_size)
        self.keys(told.tokens, at)
        for number, key in told.cells.keys.items():
            self.add(CELL, at, number=number, sha256=sha256(key))

    def zones(self, table: Partition, at: float) -> None:
        digest = digest_of(table.to_json())
        self.add(ZONES, at, version=table.version, homes=table.homes, sha256=digest)

    def keys(self, ring: KeyRing | None, at: float) -> None:
        for (kind, number), key in ring.keys.items() if ring else ():
            named: dict[str, str | int] = {"class": str(kind), "sha256": key.id.hex()}
            self.add(TOKEN, at, number=number, **named)

    def sign(self, at: float, entries: Sequence[bytes] | None = None) -> str:
        """A note over all entries, or others, by whoever is alive; it may be told later."""
        tree = Tree(self.entries if entries is None else entries)
        text = Checkpoint(self.log.key.name, tree.size, tree.root()).text
        alive = [one for n, one in enumerate(self.three) if n not in self.dead]
        note = text + "\n" + self.log.sign(text, at) + "".join(one.sign(text, at) for one in alive)
        if len(alive) > 1 and entries is None:
            self.notes.append((at, tree.size, note))
        return note

    def proof(self, now: float, start: int = 0) -> Proof:
        """As a community tells it: its newest note, the newest one of 48 hours ago, entries."""
        elder = next((note for at, _, note in self.notes[::-1] if at <= now - 48 * 3600), "")
        _, size, note = self.notes[-1]
        edge = Tree(self.entries).edge(start)
        return Proof(note, elder, start, edge.peaks, self.entries[start:size])
