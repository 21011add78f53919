"""Staff accounts fulfil hub.accounts' contract on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from community.core.accounts import StaffTable
from community.core.store import Store
from hub.accounts.table import AccountsTable
from tests.hub.accounts.table_contract import Reopen, TableContract


class TestStaffTable(TableContract):
    """The contract."""

    @pytest.fixture
    def table(self, store: Store) -> AccountsTable:
        return StaffTable(store)

    @pytest.fixture
    def reopened(self, database_url: str) -> Iterator[Reopen]:
        others: list[Store] = []

        async def reopen() -> AccountsTable:
            others.append(Store(database_url))
            return StaffTable(others[-1])

        yield reopen
        for other in others:
            other.close()
