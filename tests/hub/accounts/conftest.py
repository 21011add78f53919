"""A table on a real store, accounts on the table, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.accounts.accounts import Accounts
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.model import HOME_ROLES
from tests.hub.accounts.stores import open_table
from tests.hub.accounts.table_contract import Reopen


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[HomeAccountsTable]:
    store, opened = open_table(tmp_path / "home.db")
    yield opened
    store.close()


@pytest.fixture
async def reopened(tmp_path: Path) -> AsyncIterator[Reopen]:
    stores = []

    async def again() -> HomeAccountsTable:
        store, opened = open_table(tmp_path / "home.db")
        stores.append(store)
        return opened

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def accounts(table: HomeAccountsTable, clock: Clock) -> Accounts:
    return Accounts(table, HOME_ROLES, clock=clock)
