"""Waiting grows, ends, and counts attempts side by side."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.accounts.accounts import Accounts
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.model import HOME_ROLES, SignInRefused, Strikes, TooManyAttempts
from hub.accounts.throttle import BY_ACCOUNT, BY_ADDRESS, FORGIVEN_AFTER_S, Rule
from tests.hub.accounts.conftest import Clock

times = st.floats(min_value=0, max_value=4e9)


@given(
    count=st.integers(0, 10**9),
    last=times,
    now=times,
    rule=st.sampled_from([BY_ACCOUNT, BY_ADDRESS]),
)
def test_nobody_waits_for_ever(count: int, last: float, now: float, rule: Rule) -> None:
    strikes = Strikes(count=count, last=last)
    assert 0 <= rule.wait(strikes, now) <= rule.longest_s
    assert rule.wait(strikes, last + rule.longest_s) == 0


@given(count=st.integers(0, 60))
def test_waiting_grows(count: int) -> None:
    shorter, longer = (BY_ACCOUNT.wait(Strikes(count=n, last=5.0), 5.0) for n in (count, count + 1))
    assert longer >= shorter


def test_counts_are_forgiven() -> None:
    old = Strikes(count=50, last=0.0)
    assert BY_ACCOUNT.after(old, FORGIVEN_AFTER_S + 1).count == 1
    assert BY_ACCOUNT.after(old, FORGIVEN_AFTER_S - 1).count == 51


async def refused(accounts: Accounts, name: str, address: str = "10.0.0.1") -> Exception:
    with pytest.raises((SignInRefused, TooManyAttempts)) as caught:
        await accounts.verify(name, "wrong password", address)
    return caught.value


async def test_the_account_waits_and_so_does_a_name_nobody_has(
    accounts: Accounts, clock: Clock
) -> None:
    await accounts.create("Demo", "owner", "correct horse")
    for name in ("demo", "nobody"):
        for _ in range(BY_ACCOUNT.free):
            assert isinstance(await refused(accounts, name, f"addr-{name}"), SignInRefused)
        answer = await refused(accounts, name, f"addr-{name}")
        assert isinstance(answer, TooManyAttempts)
        assert answer.wait_s == 1.0
    with pytest.raises(TooManyAttempts):
        await accounts.verify("Demo", "correct horse", "elsewhere")
    clock.now += 1.0
    assert (await accounts.verify("Demo", "correct horse", "elsewhere")).name == "Demo"
    assert isinstance(await refused(accounts, "demo"), SignInRefused)


async def test_the_address_waits_whatever_the_names(accounts: Accounts) -> None:
    for n in range(BY_ADDRESS.free):
        assert isinstance(await refused(accounts, f"name {n}"), SignInRefused)
    assert isinstance(await refused(accounts, "another"), TooManyAttempts)
    assert isinstance(await refused(accounts, "another", "10.0.0.2"), SignInRefused)


async def test_success_does_not_free_the_address(accounts: Accounts) -> None:
    await accounts.create("Demo", "owner", "correct horse")
    for n in range(BY_ADDRESS.free - 1):
        await refused(accounts, f"name {n}")
        await accounts.verify("Demo", "correct horse", "10.0.0.1")
    await refused(accounts, "one")
    assert isinstance(await refused(accounts, "two"), TooManyAttempts)


async def test_attempts_side_by_side_all_count(accounts: Accounts) -> None:
    answers = await asyncio.gather(*(refused(accounts, "demo", f"a{n}") for n in range(12)))
    assert sum(isinstance(one, SignInRefused) for one in answers) == BY_ACCOUNT.free


async def test_counts_survive_a_restart(table: HomeAccountsTable, clock: Clock) -> None:
    for _ in range(BY_ACCOUNT.free):
        await refused(Accounts(table, HOME_ROLES, clock=clock), "demo")
    assert isinstance(
        await refused(Accounts(table, HOME_ROLES, clock=clock), "demo"), TooManyAttempts
    )
