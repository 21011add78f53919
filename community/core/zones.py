"""The frozen zones: the manager freezes them, every home and the relay get the same table."""

from __future__ import annotations

import json
from typing import NamedTuple

from sqlmodel import Session, col, select

from community.core import audit, log, roster
from community.core.tables import ZoneTable
from privacy.transparency.claims import ZONES, digest_of
from privacy.zones import K, Partition

ROSTER = "roster"
"""Who changed the table where no person did: the roster's own change."""


class Frozen(NamedTuple):
    """The table in force, when it was frozen (Unix seconds) and by whom."""

    partition: Partition
    frozen_at: float
    frozen_by: str


class Spot(NamedTuple):
    """A zone as the desk shows it; `homes` is how many share it."""

    zone: int | None
    version: int | None
    zh: str
    en: str
    building: str | None
    homes: int


def current(session: Session) -> Frozen | None:
    """Return the table in force, None before the first freezing."""
    row = session.exec(select(ZoneTable).order_by(col(ZoneTable.version).desc()).limit(1)).first()
    if row is None:
        return None
    # What we stored ourselves is not held against a home's floor: the homes do that.
    table = Partition.from_json(json.loads(row.partition), floor=0)
    return Frozen(table, row.frozen_at, row.frozen_by)


def proposal(session: Session, k: int = K) -> Partition:
    """Return what freezing now would put in force.

    The first table splits as far as k allows. Later ones only restore k: arrivals never split
    a zone again. A table that is still the one whole community may be split for the first time.
    """
    paths = roster.enrolled_paths(session)
    frozen = current(session)
    if frozen is None:
        return Partition.freeze(paths, k)
    table = frozen.partition
    if len(table.zones) == 1 and not table.zones[0].path:
        first = Partition.freeze(paths, k)
        first.version = table.version + (len(first.zones) > 1 or first.homes != table.homes)
        return first
    return table.coarsened(paths)


def freeze(session: Session, *, at: float, by: str, k: int = K) -> tuple[Partition, bool]:
    """Put the proposal in force; returns it and whether it differs from the one before."""
    frozen, table = current(session), proposal(session, k)
    if frozen is not None and frozen.partition.version == table.version:
        return table, False
    _put_in_force(session, table, "zones freeze", at=at, by=by)
    return table, True


def restore(session: Session, *, at: float) -> bool:
    """After a home enrolled or left: coarsen the table if a zone has too few homes now.

    Nobody has to press for it, for until then an alarm would name a zone of fewer than k homes,
    and a home in a part that was empty at the freezing could tell nothing. Nothing is split.

    Returns:
        Whether another table is in force.
    """
    frozen = current(session)
    if frozen is None:
        return False
    table = frozen.partition.coarsened(roster.enrolled_paths(session))
    if table.version == frozen.partition.version:
        return False
    _put_in_force(session, table, "zones coarsened", at=at, by=ROSTER)
    return True


def _put_in_force(session: Session, table: Partition, act: str, *, at: float, by: str) -> None:
    told = json.dumps(table.to_json(), ensure_ascii=False)
    session.add(
        ZoneTable(
            version=table.version,
            partition=told,
            homes=table.homes,
            frozen_at=at,
            frozen_by=by,
        )
    )
    log_table(session, table, at=at)
    audit.write(session, at=at, actor=by, act=act, target=f"version {table.version}")


def log_table(session: Session, table: Partition, *, at: float) -> None:
    """Write a table into the log."""
    digest = digest_of(table.to_json())
    log.append(session, ZONES, at=at, version=table.version, homes=table.homes, sha256=digest)


def logged(session: Session, digest: str) -> Partition | None:
    """Return the table that the log names by this digest."""
    for row in session.exec(select(ZoneTable).order_by(col(ZoneTable.version).desc())):
        table = Partition.from_json(json.loads(row.partition), floor=0)
        if digest_of(table.to_json()) == digest:
            return table
    return None


def naming(session: Session, numbers: set[int]) -> dict[int, Partition | None]:
    """Return for each zone number the newest table that has it, else the newest of all.

    A new table stands in the log for two days before homes use it, and no number is given twice.
    """
    found: dict[int, Partition | None] = {}
    newest = None
    for row in session.exec(select(ZoneTable).order_by(col(ZoneTable.version).desc())):
        table = Partition.from_json(json.loads(row.partition), floor=0)
        newest = newest or table
        for number in numbers - found.keys():
            if not number or table.zone(number) is not None:
                found[number] = table
        if len(found) == len(numbers):
            break
    return {number: found.get(number, newest) for number in numbers}


def spot(table: Partition | None, number: int) -> Spot:
    """Return a zone's place; a number that isn't in the table is shown as the whole community."""
    zone = None if table is None else table.zone(number)
    version = None if table is None else table.version
    if table is None or zone is None or not zone.path:
        homes = 0 if table is None else table.homes
        return Spot(number, version, "整个小区", "The whole community", None, homes)
    building = zone.path[-2] if zone.level == "riser" and len(zone.path) > 1 else zone.path[-1]
    if zone.level == "block":
        return Spot(number, version, zone.name("zh_CN"), zone.name("en"), None, zone.homes)
    return Spot(number, version, zone.name("zh_CN"), zone.name("en"), building, zone.homes)
