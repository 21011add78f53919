"""A home saved by an older release opens, with everything in it.

`databases/N` holds `home.db` as text at schema version N and the throw-away keys it is sealed
with. To save another: a home in mode `machine`, `Connection.iterdump`, and its `keys` folder.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.home.parts import MIGRATIONS
from hub.home.runtime import Home
from hub.home.screens import Screen

SAVED = Path(__file__).parent / "databases"
AUDITED = {15: 2, 16: 3}
"""Lines of the audit, where the saved home has more than one: a contact, a time to keep."""
KNOWN = sorted(int(path.name) for path in SAVED.iterdir())


def lay_out(version: int, data: Path) -> None:
    """Make the data folder that the older release left."""
    saved = SAVED / str(version)
    keys = data / "keys"
    keys.mkdir(mode=0o700)
    (keys / "machine.key").write_bytes(bytes.fromhex((saved / "machine.key.hex").read_text()))
    (keys / "household.json").write_bytes((saved / "household.json").read_bytes())
    for path in keys.iterdir():
        path.chmod(0o600)
    with sqlite3.connect(data / "home.db") as connection:
        connection.executescript((saved / "home.sql").read_text())
    connection.close()


@pytest.mark.parametrize("version", KNOWN)
async def test_a_saved_home_of_every_version_opens(version: int, tmp_path: Path) -> None:
    lay_out(version, tmp_path)
    home = Home(tmp_path, None)
    await home.start()
    assert [one.name for one in await home.accounts.all()] == ["演示户主", "演示住户"]
    assert [one.name for one in home.registry.devices()] == ["总水阀"]
    assert home.bindings_table.roles == {"valve.demo": "gas_valve"}
    assert await home.audit.verify() == AUDITED.get(version, 1)
    resident = (await home.accounts.all())[1]
    text, _row = await home.tokens.make(resident.id, "Demo", ["command"])
    assert (await home.tokens.session(text, "")).name == "演示住户"
    wall = await home.accounts.create("Hall", "wall")
    await home.screens.keep(wall.id, Screen(["valve.demo"]))
    await home.stop()
    again = Home(tmp_path, None)
    await again.start()
    assert again.screens.of(wall.id).tiles == ("valve.demo",)
    await again.stop()
    with sqlite3.connect(tmp_path / "home.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def test_the_version_before_the_newest_is_saved() -> None:
    assert len(MIGRATIONS) - 1 in KNOWN


async def test_a_saved_contact_stays_and_without_its_ledger_is_not_told(tmp_path: Path) -> None:
    """Version 15 is the first that has contacts; the saved folder has no ledger."""
    lay_out(15, tmp_path)
    home = Home(tmp_path, None)
    await home.start()
    (contact,) = home.contacts.all()
    assert (contact.name, contact.hazards) == ("演示女儿", ("gas", "sos"))
    assert contact.granted == frozenset()
    await home.stop()


async def test_residents_get_keys_of_their_own_and_keep_what_was_theirs(tmp_path: Path) -> None:
    """Version 16 is the last without: a resident has a favourite, a token and a session."""
    lay_out(16, tmp_path)
    home = Home(tmp_path, None)
    await home.start()
    owner, resident = await home.accounts.all()
    await home.stop()
    again = Home(tmp_path, None)
    await again.start()
    assert again.keys.residents == {owner.id, resident.id}
    assert again.favourites.of(resident.id) == ("valve.demo",)
    assert [token.name for token in await again.tokens.of(resident.id)] == ["Old script"]
    assert again.keeping.days("light") == 30
    for purpose, table, context in OWN_ROWS:
        box = again.keys.own_box(purpose)
        rows = await again.store.read(partial(_rows, table))
        assert rows
        owners = {box.open_own(sealed, context(key))[0] for key, sealed in rows}
        assert owners <= again.keys.residents, table
    await again.stop()


OWN_ROWS = (
    ("accounts", "accounts", lambda key: b"accounts:" + key.encode()),
    ("accounts", "account_sessions", lambda key: b"account_sessions:" + key),
    ("tokens", "account_tokens", lambda key: f"account_tokens\0{key}".encode()),
    ("favourites", "favourites", lambda key: f"favourites\0{key}".encode()),
)


def _rows(table: str, db: sqlite3.Connection) -> list[tuple[Any, bytes]]:
    return db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 -- own names
