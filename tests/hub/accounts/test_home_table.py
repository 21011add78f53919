"""The household's table: the contract, and what a thief of its file reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.model import LinkRow, Strikes
from hub.core.sealed import OneKey
from privacy.box import Box, VaultError, VaultLocked
from tests.hub.accounts.stores import open_table
from tests.hub.accounts.table_contract import TableContract, person, session


class TestHomeAccountsTable(TableContract):
    """The contract on SQLite."""


async def fill(table: HomeAccountsTable) -> None:
    await table.add_account(person(1, name="PLANTEDNAME"))
    await table.add_session(session(1, person(1).id).but(device="PLANTEDDEVICE"))
    await table.add_link(LinkRow(key=b"l" * 32, account_id=person(1).id, expires=9e9))
    rows = {"account:plantedname": Strikes(count=1, last=1.0)}
    await table.change_strikes(list(rows), lambda _: rows)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_file_tells_nothing(tmp_path: Path) -> None:
    store, table = open_table(tmp_path / "home.db")
    await fill(table)
    store.close()
    content = everything(tmp_path)
    for secret in (b"PLANTED", b"planted", b"argon2id", b"owner", "演示".encode()):
        assert secret not in content


async def test_another_key_opens_nothing(tmp_path: Path) -> None:
    store, table = open_table(tmp_path / "home.db")
    await fill(table)
    store.close()
    store, table = open_table(tmp_path / "home.db", key=b"x" * 32)
    with pytest.raises(VaultError):
        await table.accounts()
    store.close()


async def test_while_locked_nobody_is_signed_in(tmp_path: Path) -> None:
    store, table = open_table(tmp_path / "home.db")
    await fill(table)
    box = Box(b"k" * 32)
    locked = HomeAccountsTable(store, OneKey(box))
    box.rekey(None)
    assert await locked.session(session(1, "").key) is None
    with pytest.raises(VaultLocked):
        await locked.accounts()
    box.rekey(b"k" * 32)
    assert await locked.session(session(1, "").key) is not None
    store.close()
