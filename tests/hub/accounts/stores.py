"""A household's accounts table over the hub's store."""

from __future__ import annotations

from pathlib import Path

from hub.accounts.home_table import HomeAccountsTable
from hub.core.sealed import OneKey
from hub.core.store import Store
from privacy.box import Box


def open_table(path: Path, key: bytes = b"k" * 32) -> tuple[Store, HomeAccountsTable]:
    store = Store(path)
    return store, HomeAccountsTable(store, OneKey(Box(key)))
