"""What the log says of the community beside keys and tables: gateway key, slot, number of homes.

Everything that homes are told stands in the log. What doesn't change for four weeks is said again,
so that what travels to the homes stays short.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel import Session

from community.core import log, roster, zones
from privacy.cell_keys import CellKeys
from privacy.transparency.claims import CELL, GATEWAY, ROSTER, SLOT, ZONES, Entry, read
from privacy.witnessed import milliseconds, sha256

SAID_AGAIN_S = 28 * 86_400
_DAY_S = 86_400


class Own(NamedTuple):
    """What only the running app knows: public keys of the gateway, and the slot in seconds."""

    gateway: bytes
    cells: CellKeys
    slot_s: float


def due(session: Session, own: Own, now: float) -> frozenset[str]:
    """Return which kinds of entries the log lacks."""
    newest: dict[str, Entry] = {}
    entries = [read(data, place) for place, data in enumerate(log.entries(session))]
    for entry in entries:
        newest[entry.kind] = entry
    found = {kind for kind in (GATEWAY, SLOT, ZONES) if _over(newest.get(kind), now)}
    if not _says(newest.get(GATEWAY), "sha256", sha256(own.gateway)):
        found.add(GATEWAY)
    if not _says(newest.get(SLOT), "ms", milliseconds(own.slot_s)):
        found.add(SLOT)
    if zones.current(session) is None:
        found.discard(ZONES)
    if _roster_due(newest.get(ROSTER), len(roster.home_keys(session)), now):
        found.add(ROSTER)
    if _unsaid(entries, own.cells):
        found.add(CELL)
    return frozenset(found)


def say(session: Session, own: Own, now: float) -> None:
    """Append what the log lacks, in the caller's transaction."""
    lacking, frozen = due(session, own, now), zones.current(session)
    if GATEWAY in lacking:
        log.append(session, GATEWAY, at=now, sha256=sha256(own.gateway))
    if SLOT in lacking:
        log.append(session, SLOT, at=now, ms=milliseconds(own.slot_s))
    if ZONES in lacking and frozen is not None:
        zones.log_table(session, frozen.partition, at=now)
    if ROSTER in lacking:
        log.append(session, ROSTER, at=now, homes=len(roster.home_keys(session)))
    if CELL in lacking:
        entries = [read(data, place) for place, data in enumerate(log.entries(session))]
        for number, digest in _unsaid(entries, own.cells).items():
            log.append(session, CELL, at=now, number=number, sha256=digest)


def _unsaid(entries: list[Entry], cells: CellKeys) -> dict[int, str]:
    """What is to be said of epochs' keys: new ones, or that one was lost (an empty digest)."""
    said: dict[object, list[object]] = {}
    for entry in entries:
        if entry.kind == CELL:
            said.setdefault(entry.said.get("number"), []).append(entry.said.get("sha256"))
    found = {}
    for number, key in cells.keys.items():
        before = said.get(number, [])
        if not before:
            found[number] = sha256(key)
        elif sha256(key) not in before and "" not in before:
            found[number] = ""
    return found


def _over(entry: Entry | None, now: float) -> bool:
    return entry is None or now - entry.at > SAID_AGAIN_S


def _says(entry: Entry | None, name: str, value: object) -> bool:
    return entry is not None and entry.said.get(name) == value


def _roster_due(entry: Entry | None, homes: int, now: float) -> bool:
    """Whether the number of homes is to be said: by a tenth another, or another since a day.

    Not every enrolment by itself: the log is open to anyone.
    """
    if entry is None or _over(entry, now):
        return homes > 0
    before = int(str(entry.said.get("homes")))
    many = abs(homes - before) * 10 >= max(before, 1)
    return homes != before and (many or now - entry.at > _DAY_S)
