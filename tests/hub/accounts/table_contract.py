"""What every AccountsTable must do; a table's own test module subclasses ``TableContract``.

The subclass gives a fixture ``table``: an empty table on a real store. Tests that need a
second connection to the same store, to see what is durable, ask for ``reopened``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from hub.accounts.model import (
    Account,
    AccountUnknown,
    LastKeeper,
    LinkRow,
    NameTaken,
    SessionRow,
    Strikes,
    name_key,
)
from hub.accounts.table import AccountsTable

Reopen = Callable[[], Awaitable[AccountsTable]]


def person(n: int, role: str = "owner", name: str = "") -> Account:
    return Account(
        id=f"{n:016x}",
        name=name or f"演示 Demo {n}",
        role=role,
        password="$argon2id$demo",
        created=1000.0 + n,
    )


def session(n: int, account_id: str, seen: float = 2000.0) -> SessionRow:
    return SessionRow(
        key=bytes([n]) * 32,
        account_id=account_id,
        created=1500.0 + n,
        seen=seen,
        device="演示 browser",
    )


async def outcomes(*calls: Awaitable[object]) -> list[object]:
    return await asyncio.gather(*calls, return_exceptions=True)


class TableContract:
    """Inherit and give the fixtures ``table`` and ``reopened``."""

    async def test_accounts_come_back_whole(self, table: AccountsTable) -> None:
        first, second = person(1), person(2, "guest").but(lang="en", theme="dark", password="")
        await table.add_account(second)
        await table.add_account(first)
        assert await table.accounts() == [first, second]
        assert await table.account(second.id) == second
        assert await table.account("nobody") is None

    async def test_names_are_found_by_their_key(self, table: AccountsTable) -> None:
        await table.add_account(person(1, name="Li Na 李娜"))
        found = await table.account_named(name_key("ＬＩ  na 李娜"))
        assert found is not None
        assert found.name == "Li Na 李娜"
        assert await table.account_named(name_key("Li")) is None

    async def test_one_name_is_one_account(self, table: AccountsTable) -> None:
        await table.add_account(person(1, name="Demo"))
        with pytest.raises(NameTaken):
            await table.add_account(person(2, name="DEMO"))
        await table.add_account(person(3, name="Other"))
        with pytest.raises(NameTaken):
            await table.change_account(person(3).id, lambda a: a.but(name="demo"), "owner")
        await table.change_account(person(1).id, lambda a: a.but(name="demo"), "owner")
        assert [a.name for a in await table.accounts()] == ["demo", "Other"]

    async def test_one_name_at_the_same_time(self, table: AccountsTable) -> None:
        done = await outcomes(*(table.add_account(person(n, name="Demo")) for n in range(1, 6)))
        assert sum(isinstance(one, NameTaken) for one in done) == 4
        assert done.count(None) == 1
        assert len(await table.accounts()) == 1

    async def test_change_and_remove(self, table: AccountsTable) -> None:
        await table.add_account(person(1))
        await table.add_account(person(2, "guest"))
        changed = await table.change_account(person(2).id, lambda a: a.but(lang="en"), "owner")
        assert changed == await table.account(person(2).id)
        assert changed is not None
        assert changed.lang == "en"
        await table.add_session(session(1, person(2).id))
        await table.add_link(LinkRow(key=b"l" * 32, account_id=person(2).id, expires=9e9))
        assert await table.change_account(person(2).id, lambda _: None, "owner") is None
        assert await table.account(person(2).id) is None
        assert await table.session(session(1, "").key) is None
        assert await table.link(b"l" * 32) is None
        with pytest.raises(AccountUnknown):
            await table.change_account(person(2).id, lambda a: a, "owner")

    async def test_the_last_keeper_stays(self, table: AccountsTable) -> None:
        await table.add_account(person(1))
        await table.add_account(person(2, "guest"))
        for change in (lambda _: None, lambda a: a.but(role="guest")):
            with pytest.raises(LastKeeper):
                await table.change_account(person(1).id, change, "owner")
        assert await table.account(person(1).id) == person(1)
        await table.change_account(person(1).id, lambda a: a.but(theme="dark"), "owner")

    async def test_two_keepers_leave_at_once(self, table: AccountsTable) -> None:
        for n in range(1, 5):
            await table.add_account(person(n))
        done = await outcomes(
            *(table.change_account(person(n).id, lambda _: None, "owner") for n in range(1, 5))
        )
        assert sum(isinstance(one, LastKeeper) for one in done) == 1
        assert len(await table.accounts()) == 1

    async def test_sessions(self, table: AccountsTable) -> None:
        await table.add_account(person(1))
        await table.add_account(person(2))
        mine = [session(n, person(1).id) for n in (1, 2, 3)]
        other = session(4, person(2).id)
        for row in (*reversed(mine), other):
            await table.add_session(row)
        assert await table.session(mine[0].key) == (mine[0], person(1))
        assert await table.session(b"?" * 32) is None
        assert await table.sessions_of(person(1).id) == mine
        await table.touch_session(mine[0].key, 3000.0)
        found = await table.session(mine[0].key)
        assert found is not None
        assert found[0].seen == 3000.0
        await table.remove_session(mine[0].key)
        await table.remove_session(mine[0].key)
        await table.touch_session(mine[0].key, 4000.0)
        assert await table.session(mine[0].key) is None
        await table.remove_sessions(person(1).id, but=mine[2].key)
        assert await table.sessions_of(person(1).id) == [mine[2]]
        await table.remove_sessions(person(1).id)
        assert await table.sessions_of(person(1).id) == []
        assert await table.sessions_of(person(2).id) == [other]

    async def test_a_link_is_taken_once(self, table: AccountsTable) -> None:
        await table.add_account(person(1))
        link = LinkRow(key=b"k" * 32, account_id=person(1).id, expires=5000.0)
        await table.add_link(link)
        assert await table.link(link.key) == link
        taken = await outcomes(*(table.take_link(link.key) for _ in range(8)))
        assert taken.count(link) == 1
        assert taken.count(None) == 7
        assert await table.link(link.key) is None

    async def test_strikes_count_every_attempt(self, table: AccountsTable) -> None:
        def more(rows: Mapping[str, Strikes]) -> Mapping[str, Strikes]:
            return {
                key: Strikes(count=rows[key].count + 1 if key in rows else 1, last=10.0)
                for key in ("a", "b")
            }

        await asyncio.gather(*(table.change_strikes(["a", "b"], more) for _ in range(10)))
        seen: dict[str, Strikes] = {}

        def look(rows: Mapping[str, Strikes]) -> Mapping[str, Strikes]:
            seen.clear()
            seen.update(rows)
            return {"b": rows["b"]}

        await table.change_strikes(["a", "b"], look)
        assert seen == {key: Strikes(count=10, last=10.0) for key in ("a", "b")}
        await table.change_strikes(["a", "b"], look)
        assert list(seen) == ["b"]

    async def test_strikes_keep_what_was_when_the_change_raises(self, table: AccountsTable) -> None:
        await table.change_strikes(["a"], lambda _: {"a": Strikes(count=3, last=1.0)})

        def refuse(_rows: Mapping[str, Strikes]) -> Mapping[str, Strikes]:
            raise NameTaken("any of ours")

        with pytest.raises(NameTaken):
            await table.change_strikes(["a"], refuse)
        seen: list[Mapping[str, Strikes]] = []
        await table.change_strikes(["a"], lambda rows: seen.append(dict(rows)) or rows)
        assert seen[-1] == {"a": Strikes(count=3, last=1.0)}

    async def test_tidy(self, table: AccountsTable) -> None:
        await table.add_account(person(1))
        await table.add_session(session(1, person(1).id, seen=100_000.0))
        await table.add_session(session(2, person(1).id, seen=10.0))
        await table.add_link(LinkRow(key=b"1" * 32, account_id=person(1).id, expires=90_000.0))
        await table.add_link(LinkRow(key=b"2" * 32, account_id=person(1).id, expires=100_500.0))
        rows = {"old": Strikes(count=1, last=5.0), "new": Strikes(count=1, last=99_000.0)}
        await table.change_strikes(list(rows), lambda _: rows)
        await table.tidy(seen_before=50_000.0, created_before=0.0, now=100_001.0)
        assert [s.key[0] for s in await table.sessions_of(person(1).id)] == [1]
        assert await table.link(b"1" * 32) is None
        assert await table.link(b"2" * 32) is not None
        seen: list[str] = []
        await table.change_strikes(["old", "new"], lambda found: seen.extend(found) or found)
        assert seen == ["new"]
        spared = [person(1).id]
        await table.tidy(seen_before=0.0, created_before=90_000.0, now=100_001.0, spared=spared)
        assert [s.key[0] for s in await table.sessions_of(person(1).id)] == [1]
        await table.tidy(seen_before=0.0, created_before=90_000.0, now=100_001.0)
        assert await table.sessions_of(person(1).id) == []

    async def test_all_is_durable(self, table: AccountsTable, reopened: Reopen) -> None:
        await table.add_account(person(1))
        await table.add_session(session(1, person(1).id))
        await table.add_link(LinkRow(key=b"l" * 32, account_id=person(1).id, expires=9e9))
        await table.change_strikes(["a"], lambda _: {"a": Strikes(count=3, last=1.0)})
        again = await reopened()
        assert await again.account_named(name_key(person(1).name)) == person(1)
        assert await again.session(session(1, "").key) == (session(1, person(1).id), person(1))
        assert await again.link(b"l" * 32) is not None
        seen: list[object] = []
        await again.change_strikes(["a"], lambda rows: seen.append(dict(rows)) or rows)
        assert seen[-1] == {"a": Strikes(count=3, last=1.0)}
