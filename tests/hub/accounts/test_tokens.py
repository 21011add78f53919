"""Tokens of programs: shown once, scoped, revoked at once, never guessed quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.accounts import home_tokens
from hub.accounts.accounts import Accounts
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.home_tokens import HomeTokensTable
from hub.accounts.model import (
    HOME_ROLES,
    Account,
    BadName,
    BadScope,
    NameTaken,
    TokenRefused,
    TooManyAttempts,
    TooManyTokens,
)
from hub.accounts.tokens import HOME_SCOPES, MOST_PER_ACCOUNT, PREFIX, TOUCH_S, Tokens
from hub.core.sealed import OneKey
from hub.core.store import Store, StoreError, migrate
from privacy.box import Box
from tests.hub.accounts.conftest import Clock


class Household:
    """Accounts and tokens on one store, as a home has them."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.store = Store(path)
        self.store.run_sync(lambda db: migrate(db, [home_tokens.MIGRATION]))
        self.table = HomeTokensTable(self.store, OneKey(Box(b"t" * 32)))
        accounts = HomeAccountsTable(
            self.store,
            OneKey(Box(b"a" * 32)),
            forget=lambda db, account, erased: self.table.forget(db, account.id, erased),
        )
        self.accounts = Accounts(accounts, HOME_ROLES, clock=clock)
        self.tokens = Tokens(self.table, self.accounts, accounts, HOME_SCOPES, clock=clock)

    async def person(self, name: str = "PLANTEDNAME", role: str = "resident") -> Account:
        return await self.accounts.create(name, role)


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[Household]:
    made = Household(tmp_path / "home.db", clock)
    yield made
    made.store.close()


async def test_a_token_is_its_person_within_its_scopes(house: Household) -> None:
    person = await house.person()
    text, row = await house.tokens.make(person.id, " My  script ", ["command", "read:states"])
    assert text.startswith(PREFIX)
    assert len(text) > 40
    assert (row.name, row.scopes, row.seen) == ("My script", ("read:states", "command"), None)
    session = await house.tokens.session(text, "192.0.2.1")
    assert (session.account_id, session.role, session.token) == (person.id, "resident", "My script")
    assert session.scopes == frozenset({"read:states", "command"})
    await house.accounts.set_role(person.id, "guest")
    assert (await house.tokens.session(text, "")).role == "guest"


async def test_it_ends_with_its_day_its_person_and_when_revoked(
    house: Household, clock: Clock
) -> None:
    person, other = await house.person(), await house.person("Other")
    short, _ = await house.tokens.make(person.id, "short", ["command"], days=1)
    long, row = await house.tokens.make(person.id, "long", ["command"])
    kept, _ = await house.tokens.make(other.id, "kept", ["command"])
    await house.tokens.session(short, "")
    clock.now += 86_400
    with pytest.raises(TokenRefused):
        await house.tokens.session(short, "")
    await house.tokens.session(long, "")
    assert not await house.tokens.revoke(row.id, other.id)
    assert await house.tokens.revoke(row.id, person.id)
    with pytest.raises(TokenRefused):
        await house.tokens.session(long, "")
    await house.tokens.make(person.id, "again", ["command"])
    await house.accounts.remove(person.id)
    assert [one.name for one in await house.tokens.all()] == ["kept"]
    assert (await house.tokens.session(kept, "")).name == "Other"


async def test_what_ended_long_ago_is_forgotten(house: Household, clock: Clock) -> None:
    person = await house.person()
    await house.tokens.make(person.id, "week", ["command"], days=7)
    clock.now += 36 * 86_400
    await house.tokens.make(person.id, "now", ["command"])
    assert [one.name for one in await house.tokens.all()] == ["week", "now"]
    clock.now += 2 * 86_400
    await house.tokens.make(person.id, "later", ["command"])
    assert [one.name for one in await house.tokens.all()] == ["now", "later"]


async def test_names_scopes_and_numbers_have_bounds(house: Household) -> None:
    person = await house.person()
    for scopes in ([], ["command", "everything"]):
        with pytest.raises(BadScope):
            await house.tokens.make(person.id, "x", scopes)
    with pytest.raises(BadName):
        await house.tokens.make(person.id, " ", ["command"])
    for days in (0, 3651):
        with pytest.raises(ValueError, match="days"):
            await house.tokens.make(person.id, "x", ["command"], days)
    for number in range(MOST_PER_ACCOUNT):
        await house.tokens.make(person.id, f"n{number}", ["command"])
    with pytest.raises(NameTaken):
        await house.tokens.make(person.id, "N1", ["command"])
    with pytest.raises(TooManyTokens):
        await house.tokens.make(person.id, "one more", ["command"])


async def test_guessing_waits_and_a_good_token_does_not(house: Household, clock: Clock) -> None:
    person = await house.person()
    text, _ = await house.tokens.make(person.id, "x", ["command"])
    for number in range(20):
        with pytest.raises(TokenRefused):
            await house.tokens.session(f"{PREFIX}guess{number}", "192.0.2.1")
    with pytest.raises(TooManyAttempts) as waits:
        await house.tokens.session(f"{PREFIX}guess", "192.0.2.1")
    assert waits.value.wait_s > 0
    with pytest.raises(TokenRefused):
        await house.tokens.session("guess", "192.0.2.2")
    await house.tokens.session(text, "192.0.2.1")
    clock.now += 1000
    with pytest.raises(TokenRefused):
        await house.tokens.session("x" * 1000, "192.0.2.1")


async def test_last_used_is_noted_to_the_minute_and_a_full_disk_is_no_refusal(
    house: Household, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    text, row = await house.tokens.make(person.id, "x", ["command"])
    await house.tokens.session(text, "")
    first = clock.now
    clock.now += TOUCH_S - 1
    await house.tokens.session(text, "")
    assert [one.seen for one in await house.tokens.of(person.id)] == [first]
    clock.now += 10
    await house.tokens.session(text, "")
    assert [one.seen for one in await house.tokens.of(person.id)] == [clock.now]

    async def full(*_args: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(house.table, "touch", full)
    clock.now += 1000
    assert (await house.tokens.session(text, "")).token == "x"
    assert row.id


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_file_tells_nothing(house: Household, tmp_path: Path) -> None:
    person = await house.person()
    text, _ = await house.tokens.make(person.id, "PLANTEDTOKEN", ["command"])
    house.store.close()
    content = everything(tmp_path)
    for secret in (b"PLANTED", text.encode(), text[len(PREFIX) :].encode(), b"command"):
        assert secret not in content
