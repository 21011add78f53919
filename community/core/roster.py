"""The roster: flats by path, printed one-time codes, enrolled keys, move-out.

A flat is (building, riser, flat) and is written `3-1-502`. There is no resident in it: who
lives where is none of this program's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from community.core.tables import Building, Code, Flat, Member

HOME: Literal["home"] = "home"
RELAY: Literal["relay"] = "relay"
Kind = Literal["home", "relay"]
Path = tuple[str, str, str]

CODE_LIFETIME = 30 * 86400.0
"""Seconds that a printed code may lie in a letter box before it is used."""
UNDO_S = 600.0
"""Seconds within which a move-out is undone by a press."""
MOVED_OUT, STOLEN, REPLACED = "moved out", "stolen", "replaced"
"""Why a key was revoked."""
_PLAN_COLUMNS, _CELL_X, _CELL_Y = 2, 430, 180


class RosterError(ValueError):
    """The roster can't do what was asked; the text says what to do instead."""


class FlatRow(NamedTuple):
    """A flat as the roster page shows it; times in Unix seconds."""

    id: int
    path: Path
    enrolled_at: float | None
    code_made_at: float | None

    @property
    def name(self) -> str:
        """The flat as people write it."""
        return "-".join(self.path)

    def waits(self, at: float) -> bool:
        """Whether a code that still works lies in the letter box."""
        return self.code_made_at is not None and at - self.code_made_at <= CODE_LIFETIME


class BuildingRow(NamedTuple):
    """A building and its place on the site plan."""

    code: str
    name_zh: str
    name_en: str
    x: int
    y: int
    width: int
    height: int


class Enrolled(NamedTuple):
    """A used code: what was enrolled, and where (None for the relay)."""

    kind: str
    path: Path | None


def demo_flats() -> list[Path]:
    """Return the flats of the demo community: six buildings, two risers, six floors of two."""
    return [
        (str(building), str(riser), f"{floor}0{side}")
        for building in range(1, 7)
        for riser in (1, 2)
        for floor in range(1, 7)
        for side in (1, 2)
    ]


def import_flats(session: Session, flats: Iterable[Path]) -> int:
    """Add the flats that are not there yet, and their buildings; returns how many were added."""
    codes = list(session.exec(select(Building.code)))
    known = {(flat.building, flat.riser, flat.label) for flat in session.exec(select(Flat)).all()}
    added = 0
    for path in dict.fromkeys(flats):
        if path in known:
            continue
        if path[0] not in codes:
            session.add(_building(path[0], len(codes)))
            session.flush()
            codes.append(path[0])
        session.add(Flat(building=path[0], riser=path[1], label=path[2]))
        added += 1
    session.flush()
    return added


def place_building(session: Session, row: BuildingRow) -> None:
    """Move, resize or rename a building on the site plan."""
    found = session.get(Building, row.code)
    if found is None:
        raise RosterError(f"no building {row.code}")
    for name, value in row._asdict().items():
        setattr(found, name, value)
    session.add(found)


def buildings(session: Session) -> list[BuildingRow]:
    """Return the buildings in the order in which they were added to the plan."""
    found = session.exec(select(Building).order_by(col(Building.y), col(Building.x)))
    return [BuildingRow(b.code, b.name_zh, b.name_en, b.x, b.y, b.width, b.height) for b in found]


def flats(session: Session, only: int | None = None) -> list[FlatRow]:
    """Return every flat, or one, with whether a home is enrolled or a code is waiting."""
    members = dict(
        session.exec(
            select(Member.flat_id, Member.enrolled_at).where(
                col(Member.revoked_at).is_(None), Member.kind == HOME
            )
        ).all()
    )
    waiting = dict(
        session.exec(
            select(Code.flat_id, Code.made_at).where(
                col(Code.used_at).is_(None), col(Code.ended_at).is_(None), Code.kind == HOME
            )
        ).all()
    )
    rows = [
        FlatRow(f.id or 0, (f.building, f.riser, f.label), members.get(f.id), waiting.get(f.id))
        for f in session.exec(select(Flat) if only is None else select(Flat).where(Flat.id == only))
    ]
    return sorted(rows, key=lambda row: [_natural(part) for part in row.path])


def find_flat(session: Session, name: str) -> int:
    """Return the id of the flat written `building-riser-flat`.

    Raises:
        RosterError: There is no such flat.
    """
    parts = name.split("-")
    if len(parts) == 3:
        found = session.exec(
            select(Flat.id).where(
                Flat.building == parts[0], Flat.riser == parts[1], Flat.label == parts[2]
            )
        ).first()
        if found is not None:
            return found
    raise RosterError(f"no flat {name}; write it as building-riser-flat, for example 3-1-502")


def keep_code(
    session: Session, kind: Kind, flat_id: int | None, hashed: bytes, *, at: float, by: str
) -> None:
    """Keep the hash of a printed code; an earlier unused code for the same place ends.

    The secret itself is on paper only.
    """
    session.execute(
        update(Code)
        .where(
            col(Code.kind) == kind,
            col(Code.flat_id).is_(None) if flat_id is None else col(Code.flat_id) == flat_id,
            col(Code.used_at).is_(None),
            col(Code.ended_at).is_(None),
        )
        .values(ended_at=at)
    )
    session.add(Code(kind=kind, flat_id=flat_id, secret_hash=hashed, made_at=at, made_by=by))
    session.flush()


def use_code(session: Session, kind: str, hashed: bytes, key: bytes, *, at: float) -> Enrolled:
    """Enrol `key` with a code's secret, given by its hash; of two keys at once one wins.

    The key that used a code may show it again: its first answer may have been lost. A flat's
    (or the relay's) earlier key is revoked: there is one hub to a flat, and one relay.

    Raises:
        RosterError: The code is unknown, used, ended or too old, or the key is taken.
    """
    code = session.exec(select(Code).where(Code.secret_hash == hashed, Code.kind == kind)).first()
    if code is not None:
        _hold(session, code.flat_id)
        session.refresh(code)
    refused = RosterError("this code is not valid; ask the property office for a new one")
    if code is None:
        raise refused
    known = session.exec(select(Member).where(Member.key == key)).first()
    if code.used_at is not None:
        if known is None or known.code_id != code.id or known.revoked_at is not None:
            raise refused
        return _enrolled(session, kind, code.flat_id)
    if code.ended_at is not None or at - code.made_at > CODE_LIFETIME:
        raise refused
    won = session.execute(
        update(Code).where(col(Code.id) == code.id, col(Code.used_at).is_(None)).values(used_at=at)
    )
    if getattr(won, "rowcount", 0) != 1:
        raise refused
    if known is not None:
        raise RosterError("this key was enrolled before; start again with a fresh one")
    _revoke(session, code.kind, code.flat_id, at, REPLACED)
    session.add(Member(kind=kind, flat_id=code.flat_id, key=key, code_id=code.id, enrolled_at=at))
    session.flush()
    return _enrolled(session, kind, code.flat_id)


def revoke_home(session: Session, flat_id: int, *, at: float, why: str = MOVED_OUT) -> bool:
    """Revoke the flat's key and end its codes; returns whether a key was revoked."""
    _hold(session, flat_id)
    session.execute(
        update(Code)
        .where(col(Code.flat_id) == flat_id, col(Code.used_at).is_(None))
        .values(ended_at=at)
    )
    return _revoke(session, HOME, flat_id, at, why)


def undo_until(session: Session, flat_id: int) -> float | None:
    """Return until when the flat's move-out may be undone, None where there is none to undo."""
    member = _last_member(session, flat_id)
    if member is None or member.revoked_at is None or member.revoked_for != MOVED_OUT:
        return None
    return member.revoked_at + UNDO_S


def undo_move_out(session: Session, flat_id: int, *, at: float) -> bool:
    """Let the key that was revoked last count again; returns False when it is too late."""
    _hold(session, flat_id)
    until, member = undo_until(session, flat_id), _last_member(session, flat_id)
    if member is None or until is None or at > until:
        return False
    member.revoked_at = member.revoked_for = None
    session.add(member)
    return True


def remove_flat(session: Session, flat_id: int) -> bool:
    """Strike a flat that was never enrolled off the register, with its building's last one too.

    Returns:
        False where a home was enrolled once: what the records name stays.
    """
    _hold(session, flat_id)
    flat = session.get(Flat, flat_id)
    used = session.exec(select(Member.id).where(Member.flat_id == flat_id).limit(1)).first()
    if flat is None or used is not None:
        return False
    session.execute(delete(Code).where(col(Code.flat_id) == flat_id))
    session.delete(flat)
    session.flush()
    if session.exec(select(Flat.id).where(Flat.building == flat.building).limit(1)).first() is None:
        session.execute(delete(Building).where(col(Building.code) == flat.building))
    return True


def home_keys(session: Session) -> list[bytes]:
    """Return the enrolled homes' public keys, sorted: the relay's roster, without any flat."""
    found = session.exec(
        select(Member.key).where(Member.kind == HOME, col(Member.revoked_at).is_(None))
    )
    return sorted(found)


def flat_of(session: Session, key: bytes) -> Path | None:
    """Return the flat whose home has this key, None where it isn't enrolled any more."""
    found = session.exec(
        select(Flat.building, Flat.riser, Flat.label)
        .join(Member, col(Member.flat_id) == col(Flat.id))
        .where(Member.kind == HOME, Member.key == key, col(Member.revoked_at).is_(None))
    ).first()
    return None if found is None else (found[0], found[1], found[2])


def flat_id_of(session: Session, key: bytes) -> int | None:
    """Return the id of the flat whose home has this key, None where it isn't enrolled any more."""
    return session.exec(
        select(Member.flat_id).where(
            Member.kind == HOME, Member.key == key, col(Member.revoked_at).is_(None)
        )
    ).first()


def building_name(session: Session, code: str) -> tuple[str, str]:
    """Return a building's names in Chinese and English."""
    found = session.get(Building, code)
    return (code, code) if found is None else (found.name_zh, found.name_en)


def relay_key(session: Session) -> bytes | None:
    """Return the paired relay's public key."""
    return session.exec(
        select(Member.key).where(Member.kind == RELAY, col(Member.revoked_at).is_(None))
    ).first()


def enrolled_paths(session: Session) -> list[Path]:
    """Return the paths of the flats with an enrolled home: what the zones are frozen from."""
    found = session.exec(
        select(Flat.building, Flat.riser, Flat.label)
        .join(Member, col(Member.flat_id) == col(Flat.id))
        .where(Member.kind == HOME, col(Member.revoked_at).is_(None))
    )
    return sorted((row[0], row[1], row[2]) for row in found)


def count_flats(session: Session) -> int:
    """Return the number of flats."""
    return session.exec(select(func.count()).select_from(Flat)).one()


def flat_names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Return the written names of some flats."""
    found = session.exec(select(Flat).where(col(Flat.id).in_(ids)))
    return {f.id or 0: f"{f.building}-{f.riser}-{f.label}" for f in found}


def _enrolled(session: Session, kind: str, flat_id: int | None) -> Enrolled:
    if flat_id is None:
        return Enrolled(kind, None)
    flat = session.get_one(Flat, flat_id)
    return Enrolled(kind, (flat.building, flat.riser, flat.label))


def _last_member(session: Session, flat_id: int) -> Member | None:
    newest = (
        select(Member)
        .where(Member.kind == HOME, Member.flat_id == flat_id)
        .order_by(col(Member.id).desc())
    )
    return session.exec(newest.limit(1)).first()


def _hold(session: Session, flat_id: int | None) -> None:
    """Let what changes a flat's enrolment happen one after the other; SQLite does so anyway."""
    if flat_id is not None:
        session.exec(select(Flat.id).where(Flat.id == flat_id).with_for_update()).first()


def _revoke(session: Session, kind: str, flat_id: int | None, at: float, why: str) -> bool:
    result = session.execute(
        update(Member)
        .where(
            col(Member.kind) == kind,
            col(Member.flat_id).is_(None) if flat_id is None else col(Member.flat_id) == flat_id,
            col(Member.revoked_at).is_(None),
        )
        .values(revoked_at=at, revoked_for=why)
    )
    return bool(getattr(result, "rowcount", 0))


def _building(code: str, index: int) -> Building:
    row, column = divmod(index, _PLAN_COLUMNS)
    numbered = code.isdecimal()
    return Building(
        code=code,
        name_zh=f"{code} 栋" if numbered else code,
        name_en=f"Building {code}" if numbered else code,
        x=90 + column * _CELL_X,
        y=90 + row * _CELL_Y,
        width=240,
        height=110,
    )


def _natural(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdecimal() else (1 << 31, part)
