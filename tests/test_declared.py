"""Whatever is kept of people is declared: the real schemas and documents are read for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlmodel import SQLModel

import community.app
from hub.adding.entries import Entries, Entry
from hub.core.kinds import KINDS, keep_days
from hub.home.contacts.telling import Telling
from hub.home.offer import Question
from hub.home.runtime import Home
from hub.home.screens import Screen
from privacy.declared import COMMUNITY, HOME, WHOSE, Kept
from privacy.vault import Household
from tests.hub.home.conftest import OWNER, PASSWORD
from tests.hub.home.test_migration import lay_out
from tests.hub.home.test_residents import opened_row

MAPS = {"screens", "keeping"}
"""Documents whose keys are data."""
NOT_DOCUMENTS = {"account_keys"}
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def columns(path: Path) -> dict[str, set[str]]:
    """Every table of a database with its columns."""
    with closing(sqlite3.connect(path)) as db:
        return {
            table: {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            for (table,) in db.execute(TABLES)
        }


def declared(rows: Iterable[Kept], store: str) -> dict[str, set[str]]:
    """The same, as declared."""
    return {row.table: set(row.columns.split()) for row in rows if row.store == store}


def gaps(found: dict[str, set[str]], said: dict[str, set[str]]) -> list[str]:
    """What is kept and not declared, or declared and not kept."""
    wrong = [f"{table} is not declared" for table in found.keys() - said.keys()]
    wrong += [f"{table} does not exist" for table in said.keys() - found.keys()]
    for table in found.keys() & said.keys():
        wrong += [f"{table}.{name} is not declared" for name in found[table] - said[table]]
        wrong += [f"{table}.{name} does not exist" for name in said[table] - found[table]]
    return sorted(wrong)


async def lived_in(folder: Path) -> Home:
    """A home with something in every table of `home.db` that has documents."""
    lay_out(16, folder)
    home = Home(folder, None)
    await home.start()
    owner, resident = await home.accounts.all()
    await home.accounts.open_session(resident.id)
    await home.accounts.new_link(resident.id)
    with pytest.raises(Exception, match="do not match"):
        await home.accounts.sign_in(resident.name, "wrong", "127.0.0.1")
    wall = await home.accounts.create("Hall", "wall")
    await home.screens.keep(wall.id, Screen(["valve.demo"]))
    gone = await home.accounts.create("Gone", "guest", PASSWORD)
    await home.remove_person(gone.id, OWNER)
    await home.trials.note("binary_sensor.demo", 1.0)
    home.registry.set_rooms(["厨房"])
    home.registry.announce("mqtt", "valve", "demo", suggested_id="valve.demo")
    await home.bind("gas_valve", "valve.demo", OWNER)
    await home.registry.kept()
    entries = Entries(home.store, home.keys.box("adding"), {})
    await entries.put(Entry("demo", "demo_gate", {"host": "192.0.2.1"}))
    assert owner.role == "owner"
    return home


def documents(data: Path, keys: Household) -> dict[str, set[str]]:
    """The fields of all documents that lie under a seal in `home.db`."""
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(data / "home.db")) as db:
        for (table,) in db.execute(TABLES).fetchall():
            if "sealed" not in columns(data / "home.db")[table] or table == "audit":
                continue
            key = "id" if table == "accounts" else "name" if table == "account_keys" else "key"
            for row in db.execute(f"SELECT {key}, sealed FROM {table}"):  # noqa: S608 -- names of the file
                for plain in opened_row(keys, table, *row):
                    if table not in NOT_DOCUMENTS:
                        found.setdefault(table, set()).update(fields(table, orjson.loads(plain)))
    return found


def fields(table: str, document: Any) -> set[str]:
    """A document's fields; where its keys are data, ``*`` and the fields below."""
    if table not in MAPS:
        return set(document)
    below = {f"*.{name}" for one in document.values() if isinstance(one, dict) for name in one}
    return below or {"*"}


async def test_every_field_that_a_home_keeps_is_declared(tmp_path: Path) -> None:
    home = await lived_in(tmp_path)
    keys = home.keys.household
    assert keys is not None
    found = documents(tmp_path, keys)
    machine = home.keys.machine.box("contacts")
    with closing(sqlite3.connect(tmp_path / "home.db")) as db:
        for key, sealed in db.execute("SELECT key, sealed FROM contacts"):
            row = machine.open(sealed, f"contacts\0{key}".encode())
            found.setdefault("contacts", set()).update(json.loads(row))
    await home.stop()
    # What only an alarm writes, and what an ignored find and device leave, as their code does.
    found["offers"] = set(Question("h", "gas", 0.0).to_json())
    telling = Telling("c", "h", "gas", raised_at=0.0, due=0.0, unseen_only=False)
    found["contact_tellings"] = set(telling.to_json())
    found["adding"] |= {"name", "state", "off"}
    found["audit"] = {"at", "actor", "role", "action", "subject", "detail"}
    said = {row.table: set(row.fields.split()) for row in HOME if row.fields}
    assert not (wrong := gaps(found, said)), wrong
    for name in ("home.db", "egress.db"):
        assert gaps(columns(tmp_path / name), declared(HOME, name)) == [], name


def test_every_column_that_the_community_keeps_is_declared() -> None:
    assert community.app, "the app imports every table that it keeps"
    tables = {
        name: {column.name for column in table.columns}
        for name, table in SQLModel.metadata.tables.items()
    }
    assert gaps(tables, declared(COMMUNITY, "community.db")) == []


def test_every_kind_of_history_has_its_days() -> None:
    assert all(keep_days(kind) > 0 for kind in KINDS)


def test_every_declaration_is_whole() -> None:
    for row in (*HOME, *COMMUNITY):
        assert row.whose in WHOSE, row
        assert all((row.columns, row.purpose, row.kept, row.erased)), row
    places = [(row.store, row.table) for row in (*HOME, *COMMUNITY)]
    assert len(places) == len(set(places))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"people": {"name"}}, {}),
        ({}, {"people": {"name"}}),
        ({"people": {"name", "phone"}}, {"people": {"name"}}),
        ({"people": {"name"}}, {"people": {"name", "phone"}}),
    ],
)
def test_a_gap_is_seen(found: dict[str, set[str]], said: dict[str, set[str]]) -> None:
    assert len(gaps(found, said)) == 1
