"""What the log says is in force.

The community asks this to know what to tell, and each home to check what it was told, so both
read the same entries by the same rules:

* Keys of gateway, issuer and cells, and zone tables, count once they have stood in the log for
  48 hours. Two of three witnesses say so: they signed a checkpoint with the entry so long ago.
* What was there first counts at once, for there was nothing before it: the first set of its kind
  in a log that is shown from its beginning, and what stood in the log before its witnesses did.
* The slot's length and the number of homes count as the newest entry says them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from privacy.transparency.tree import LogError

RIPE_S = 48 * 3600
"""How long keys and tables stand in the log before they count, seconds."""
GATEWAY, ZONES, TOKEN, SLOT, ROSTER = "gateway key", "zones", "token key", "slot", "roster"
CELL, WITNESSES = "cell key", "witnesses"
_SETS = frozenset({TOKEN, CELL})
_LONGEST = 1024


class Entry(NamedTuple):
    """An entry of the log: where it stands, what it is about, when it was made, what it says."""

    place: int
    kind: str
    at: int
    said: dict[str, object]


def pack(kind: str, at: float, **said: str | int) -> bytes:
    """An entry's bytes, canonical JSON; ``at`` is in Unix seconds and kept in whole ones."""
    fields = {"kind": kind, "at": int(at), **said}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def read(data: bytes, place: int) -> Entry:
    """Read what `pack` gives.

    Raises:
        LogError: malformed or far too long.
    """
    if len(data) > _LONGEST:
        raise LogError("an entry of the log is far too long")
    try:
        said = json.loads(data)
        return Entry(place, str(said["kind"]), int(said["at"]), said)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise LogError("an entry of the log is malformed") from None


def digest_of(table: object) -> str:
    """What stands in the log for a zone table, given as data: the SHA-256 of its JSON, in hex."""
    text = json.dumps(table, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Claims:
    """What a log's entries say.

    Args:
        entries: the newest ones, in order and without a gap.
        stood: how many entries of the whole log have stood for `RIPE_S`.
        trust: the digest of the log's and its witnesses' keys, hex
            (`privacy.transparency.witness.Trust.digest`).

    Raises:
        LogError: two keys for one class and epoch.
    """

    def __init__(self, entries: Sequence[Entry], stood: int, trust: str) -> None:
        self._entries = entries
        self._stood = stood
        self.whole = not entries or entries[0].place == 0
        begun = (
            entry.place
            for entry in entries
            if entry.kind == WITNESSES and entry.said.get("sha256") == trust
        )
        self._begun = next(begun, 0)
        self._first = self._first_sets() if self.whole else frozenset()

    def gateway(self) -> Entry | None:
        """The gateway's key in force: ``sha256``."""
        return self._newest(GATEWAY, ripe=True)

    def zones(self) -> Entry | None:
        """The zone table in force: ``sha256`` (`digest_of`), ``version``, ``homes``."""
        return self._newest(ZONES, ripe=True)

    def slot(self) -> Entry | None:
        """The slot's length: ``ms``."""
        return self._newest(SLOT, ripe=False)

    def roster(self) -> Entry | None:
        """How many homes are enrolled: ``homes``."""
        return self._newest(ROSTER, ripe=False)

    def tokens(self) -> dict[tuple[str, int], Entry]:
        """The issuer's keys that count, by class and number: ``sha256``.

        Raises:
            LogError: two keys for one class and number.
        """
        return self._numbered(TOKEN)

    def cells(self) -> dict[int, Entry]:
        """The epochs' keys that cells are sealed to and that count, by number: ``sha256``.

        One that the community lost is taken back by an entry with an empty ``sha256``.

        Raises:
            LogError: two keys for one epoch.
        """
        lost = {
            _number(entry.said.get("number"))
            for entry in self._of(CELL)
            if not entry.said.get("sha256")
        }
        keys = self._numbered(CELL)
        return {number: entry for (_, number), entry in keys.items() if number not in lost}

    def _numbered(self, kind: str) -> dict[tuple[str, int], Entry]:
        """The keys that count, by class (if there are any) and number."""
        found: dict[tuple[str, int], Entry] = {}
        for entry in self._of(kind):
            name = str(entry.said.get("class", "")), _number(entry.said.get("number"))
            before = found.setdefault(name, entry).said.get("sha256")
            if entry.said.get("sha256") not in {before, ""}:
                raise LogError("the log has two keys for one epoch")
        return {name: entry for name, entry in found.items() if self._ripe(entry)}

    def pending(self) -> bool:
        """Whether a table or a gateway key stands in the log that doesn't count yet."""
        return any(not self._ripe(entry) for kind in (GATEWAY, ZONES) for entry in self._of(kind))

    def stood(self, entry: Entry) -> bool:
        """Whether an entry counts because it has stood long enough, not for being first."""
        return entry.place < self._stood

    def _of(self, kind: str) -> Iterable[Entry]:
        return (entry for entry in self._entries if entry.kind == kind)

    def _newest(self, kind: str, *, ripe: bool) -> Entry | None:
        found = None
        for entry in self._of(kind):
            if not ripe or self._ripe(entry):
                found = entry
        return found

    def _ripe(self, entry: Entry) -> bool:
        return entry.place < max(self._stood, self._begun) or entry.place in self._first

    def _first_sets(self) -> frozenset[int]:
        """The places of each kind's first entry; of keys that come in sets, the whole first set.

        A set is made at one moment, and its entries stand next to each other.
        """
        sets: dict[str, list[Entry]] = {}
        for entry in self._entries:
            known = sets.setdefault(entry.kind, [])
            place, at = (known[-1].place + 1, known[-1].at) if known else (entry.place, entry.at)
            if not known or (entry.kind in _SETS and (place, at) == (entry.place, entry.at)):
                known.append(entry)
        return frozenset(entry.place for known in sets.values() for entry in known)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise LogError("an entry of the log is malformed")
    return value
