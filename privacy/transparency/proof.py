"""What goes to every home with the parameters, so that nobody has to ask for a proof.

A checkpoint that two of three witnesses signed, one that they signed at least 48 hours ago, and
the log's newest entries behind the right edge of everything before them. From these a home
computes the roots by itself: that the entries are the signed log's, that its own last checkpoint
is the beginning of it, and how long each entry has stood.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from privacy.transparency.claims import RIPE_S, Claims, read
from privacy.transparency.notes import NOTE_LIMIT, Checkpoint
from privacy.transparency.tree import Frontier, LogError
from privacy.transparency.witness import Trust

MOST_ENTRIES = 5_000
OLDEST_S = 4 * 86_400
"""How old the older checkpoint may be while something waits for its 48 hours, seconds.

Whoever passes the proof on could else hold a home back at an earlier table by itself.
"""


class Proof:
    """As it travels. ``elder`` is empty while the log is younger than 48 hours.

    Attributes:
        note: the signed checkpoint.
        elder: the older one.
        start: how many entries come before those told.
        edge: the roots of full subtrees over the first ``start`` entries.
        entries: all later ones.
    """

    __slots__ = ("edge", "elder", "entries", "note", "start")

    def __init__(
        self, note: str, elder: str, start: int, edge: Sequence[bytes], entries: Sequence[bytes]
    ) -> None:
        self.note = note
        self.elder = elder
        self.start = start
        self.edge = list(edge)
        self.entries = list(entries)

    def to_json(self) -> dict[str, object]:
        """As data."""
        return {
            "note": self.note,
            "elder": self.elder,
            "start": self.start,
            "edge": [base64.b64encode(node).decode() for node in self.edge],
            "entries": [base64.b64encode(entry).decode() for entry in self.entries],
        }

    @classmethod
    def from_json(cls, data: object) -> Proof:
        """Read what `to_json` gives.

        Raises:
            LogError: malformed or too long.
        """
        if not isinstance(data, dict):
            raise LogError("the log's proof is malformed")
        try:
            note, elder, start = str(data["note"]), str(data["elder"]), data["start"]
            edge, entries = (
                [
                    base64.b64decode(str(one), validate=True)
                    for one in data[name][: MOST_ENTRIES + 1]
                ]
                for name in ("edge", "entries")
            )
        except (KeyError, TypeError, ValueError):
            raise LogError("the log's proof is malformed") from None
        whole = isinstance(start, int) and not isinstance(start, bool)
        if not whole or max(len(note), len(elder)) > NOTE_LIMIT or len(entries) > MOST_ENTRIES:
            raise LogError("the log's proof is malformed")
        return cls(note, elder, start, edge, entries)


class View:
    """The log as two of three witnesses vouch for it.

    Args:
        proof: as it came.
        trust: whom to believe.
        now: Unix seconds.

    Attributes:
        checkpoint: the log's state.
        vouched_at: when two had signed it, Unix seconds.
        claims: what it says is in force.

    Raises:
        LogError: fewer than two signatures, entries of another log, or a proof that is none.
    """

    __slots__ = ("_roots", "_start", "checkpoint", "claims", "vouched_at")

    def __init__(self, proof: Proof, trust: Trust, now: float) -> None:
        self.checkpoint, self.vouched_at = trust.vouched(proof.note, now)
        edge = Frontier(proof.start, proof.edge)
        self._start, self._roots = edge.size, [edge.root()]
        for entry in proof.entries:
            edge.append(entry)
            self._roots.append(edge.root())
        if (edge.size, edge.root()) != (self.checkpoint.size, self.checkpoint.root):
            raise LogError("the entries told are not those of the log that the witnesses signed")
        stood, elder_at = 0, now
        if proof.elder:
            elder, elder_at = trust.vouched(proof.elder, now)
            if elder_at > now - RIPE_S or not self.continues(elder) or elder.size < self._start:
                raise LogError("the older checkpoint is no beginning of this log, or too young")
            stood = elder.size
        entries = [read(data, self._start + n) for n, data in enumerate(proof.entries)]
        self.claims = Claims(entries, stood, trust.digest.hex())
        if self.claims.pending() and elder_at < now - OLDEST_S:
            raise LogError("what waits in the log can't be told from what counts: too old a proof")

    def continues(self, seen: Checkpoint) -> bool:
        """Whether a checkpoint seen before is a beginning of this log.

        One from before the first entry told can't be compared: whoever was away for so long
        believes the two witnesses, like somebody who comes for the first time.
        """
        if seen.size < self._start:
            return seen.origin == self.checkpoint.origin
        place = seen.size - self._start
        return (
            seen.origin == self.checkpoint.origin
            and place < len(self._roots)
            and self._roots[place] == seen.root
        )
