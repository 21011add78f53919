"""Codes that make a tablet one of the home's screens."""

from __future__ import annotations

import pytest

from hub.accounts.accounts import LINK_S, Accounts
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.model import AccountUnknown, LinkRefused, TooManyAttempts
from hub.accounts.pairing import ALPHABET, ScreenCodes
from hub.accounts.throttle import BY_ADDRESS
from tests.hub.accounts.conftest import Clock


@pytest.fixture
def codes(table: HomeAccountsTable, accounts: Accounts, clock: Clock) -> ScreenCodes:
    return ScreenCodes(table, accounts, clock=clock)


async def test_a_code_opens_one_screen_once(accounts: Accounts, codes: ScreenCodes) -> None:
    wall = await accounts.create("Hall", "wall")
    code = await codes.new(wall.id)
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(code) <= {*ALPHABET, "-"}
    token = await codes.use(f"  {code.lower().replace('-', ' ')} ", "10.0.0.2", "A tablet")
    session = await accounts.session(token)
    assert session is not None
    assert (session.name, session.role) == ("Hall", "wall")
    with pytest.raises(LinkRefused):
        await codes.use(code, "10.0.0.2")
    another = await codes.use(await codes.new(wall.id), "10.0.0.3")
    assert await accounts.session(another)
    assert await accounts.session(token) is None, "one account is one screen"


async def test_a_code_is_good_for_ten_minutes(
    accounts: Accounts, codes: ScreenCodes, clock: Clock
) -> None:
    wall = await accounts.create("Hall", "wall")
    code = await codes.new(wall.id)
    clock.now += LINK_S
    with pytest.raises(LinkRefused):
        await codes.use(code, "")


async def test_links_and_codes_open_nothing_of_each_other(
    accounts: Accounts, codes: ScreenCodes
) -> None:
    person = await accounts.create("Demo", "owner", "correct horse battery")
    wall = await accounts.create("Hall", "wall")
    link = await accounts.new_link(person.id)
    with pytest.raises(LinkRefused):
        await codes.use(link, "")
    code = await codes.new(wall.id)
    with pytest.raises(LinkRefused):
        await accounts.use_link(code)
    assert await accounts.use_link(link)
    assert await codes.use(code, "")


async def test_no_person_and_nobody_gone_gets_a_code(
    accounts: Accounts, codes: ScreenCodes
) -> None:
    person = await accounts.create("Demo", "owner", "correct horse battery")
    for account_id in (person.id, "nobody"):
        with pytest.raises(AccountUnknown):
            await codes.new(account_id)
    wall = await accounts.create("Hall", "wall")
    code = await codes.new(wall.id)
    await accounts.remove(wall.id)
    with pytest.raises(LinkRefused):
        await codes.use(code, "")


async def test_guessing_waits_and_a_good_code_costs_nothing(
    accounts: Accounts, codes: ScreenCodes
) -> None:
    wall = await accounts.create("Hall", "wall")
    for _time in range(BY_ADDRESS.free + 5):
        await codes.use(await codes.new(wall.id), "10.0.0.9")
    for number in range(BY_ADDRESS.free):
        with pytest.raises(LinkRefused):
            await codes.use("X" * number * 8, "10.0.0.9")
    code = await codes.new(wall.id)
    with pytest.raises(TooManyAttempts):
        await codes.use(code, "10.0.0.9")
    assert await codes.use(code, "10.0.0.1")
