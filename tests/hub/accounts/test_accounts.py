"""Accounts, passwords, sessions and links."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.accounts import passwords
from hub.accounts.accounts import (
    IDLE_S,
    LINK_S,
    LONGEST_S,
    RECHECK_S,
    SCREEN_IDLE_S,
    Accounts,
)
from hub.accounts.home_table import HomeAccountsTable
from hub.accounts.model import (
    HOME_ROLES,
    BadName,
    BadRole,
    LastKeeper,
    LinkRefused,
    NameTaken,
    SignInRefused,
    WeakPassword,
    csrf_of,
    name_key,
    tidy_name,
)
from hub.core.store import StoreError
from tests.hub.accounts.conftest import Clock

GOOD = "correct horse"


async def test_create_and_verify(accounts: Accounts) -> None:
    made = await accounts.create("  Li   Na ", "owner", GOOD)
    assert made.name == "Li Na"
    assert made.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in repr(made)
    assert await accounts.verify("li na", GOOD, "") == made
    assert await accounts.named("LI NA") == made


@pytest.mark.parametrize(
    "password", ["short", "12345678", "aaaaaaaaaa", "Password", "x" * 257, "DemoName"]
)
async def test_weak_passwords(accounts: Accounts, password: str) -> None:
    with pytest.raises(WeakPassword):
        await accounts.create("demoname", "owner", password)


async def test_what_cannot_be_created(accounts: Accounts) -> None:
    with pytest.raises(BadRole):
        await accounts.create("Demo", "manager", GOOD)
    for name in ("", "   ", "x" * 65, "a\u202eb", "a\x00b"):
        with pytest.raises(BadName):
            await accounts.create(name, "owner", GOOD)
    await accounts.create("Demo", "owner", GOOD)
    with pytest.raises(NameTaken):
        await accounts.create("ｄｅｍｏ", "guest", GOOD)


@given(st.text(max_size=80))
def test_a_tidy_name_keeps_its_key(name: str) -> None:
    try:
        tidy = tidy_name(name)
    except BadName:
        return
    assert tidy_name(tidy) == tidy
    assert name_key(tidy) == name_key(name)


async def test_an_account_without_password_has_none_to_guess(accounts: Accounts) -> None:
    await accounts.create("Demo", "owner")
    for guess in ("", "anything else"):
        with pytest.raises(SignInRefused):
            await accounts.verify("Demo", guess, "")


async def test_unknown_names_take_as_long(accounts: Accounts) -> None:
    await accounts.create("Demo", "owner", GOOD)
    spent: dict[str, list[float]] = {"Demo": [], "Nobody": []}
    for turn in range(5):
        for name, times in spent.items():
            start = time.perf_counter()
            with pytest.raises(SignInRefused) as refusal:
                await accounts.verify(name, "wrong password", f"{turn}")
            times.append(time.perf_counter() - start)
            assert str(refusal.value) == "name and password do not match"
    known, unknown = (min(times[1:]) for times in spent.values())
    assert 0.33 < known / unknown < 3.0


async def test_hashing_leaves_the_loop_free(accounts: Accounts) -> None:
    await accounts.create("Demo", "owner", GOOD)
    passes = 0
    attempt = asyncio.ensure_future(accounts.verify("Demo", GOOD, ""))
    while not attempt.done():
        passes += 1
        await asyncio.sleep(0)
    assert passes > 20


async def test_an_old_hash_is_renewed(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(passwords, "ITERATIONS", 1)
        made = await accounts.create("Demo", "owner", GOOD)
    assert ",t=1," in made.password
    await accounts.verify("Demo", GOOD, "")
    renewed = await accounts.get(made.id)
    assert renewed is not None
    assert ",t=2," in renewed.password
    await accounts.verify("Demo", GOOD, "")


async def test_a_session_lives_and_ends(accounts: Accounts, clock: Clock) -> None:
    made = await accounts.create("Demo", "owner", GOOD)
    token = await accounts.sign_in("Demo", GOOD, "", "演示 browser")
    session = await accounts.session(token)
    assert session is not None
    assert (session.account_id, session.role, session.name) == (made.id, "owner", "Demo")
    assert session.csrf == csrf_of(token)
    assert token not in repr(session)
    assert [row.device for row in await accounts.sessions_of(made.id)] == ["演示 browser"]
    assert await accounts.session(token + "x") is None
    assert await accounts.session("") is None
    for _ in range(3):
        clock.now += IDLE_S - 1
        assert await accounts.session(token) is not None
    clock.now += IDLE_S
    assert await accounts.session(token) is None


async def test_a_session_in_use_ends_too(accounts: Accounts, clock: Clock) -> None:
    await accounts.create("Demo", "owner", GOOD)
    token = await accounts.sign_in("Demo", GOOD, "")
    hours = 0
    while await accounts.session(token) is not None:
        clock.now += 3600 * 6
        hours += 6
    assert hours * 3600 == LONGEST_S


async def test_the_token_is_not_kept(accounts: Accounts, table: HomeAccountsTable) -> None:
    made = await accounts.create("Demo", "owner", GOOD)
    token = await accounts.open_session(made.id)
    for row in await table.sessions_of(made.id):
        assert token.encode() not in row.key
        assert len(row.key) == 32


async def test_revoking(accounts: Accounts) -> None:
    made = await accounts.create("Demo", "owner", GOOD)
    tokens = [await accounts.open_session(made.id) for _ in range(4)]
    for token in tokens:
        assert await accounts.session(token)
    await accounts.revoke(tokens[0])
    assert await accounts.session(tokens[0]) is None
    second = await accounts.session(tokens[1])
    assert second is not None
    await accounts.revoke_by_id("somebody else", second.id)
    assert await accounts.session(tokens[1])
    await accounts.revoke_by_id(made.id, second.id)
    assert await accounts.session(tokens[1]) is None
    await accounts.revoke_all(made.id, but=tokens[2])
    assert await accounts.session(tokens[2])
    assert await accounts.session(tokens[3]) is None


async def test_another_process_revokes(table: HomeAccountsTable, clock: Clock) -> None:
    here, there = (Accounts(table, HOME_ROLES, clock=clock) for _ in range(2))
    made = await here.create("Demo", "owner", GOOD)
    token = await here.open_session(made.id)
    assert await here.session(token)
    await there.revoke(token)
    clock.now += RECHECK_S
    assert await here.session(token) is None


async def test_revoking_while_reading_is_not_undone(accounts: Accounts) -> None:
    made = await accounts.create("Demo", "owner", GOOD)
    for _ in range(30):
        token = await accounts.open_session(made.id)
        await asyncio.gather(
            accounts.session(token), accounts.revoke(token), accounts.session(token)
        )
        assert await accounts.session(token) is None


async def test_a_new_password_ends_the_other_sessions(accounts: Accounts) -> None:
    await accounts.create("Demo", "owner", GOOD)
    mine, other = [await accounts.sign_in("Demo", GOOD, "") for _ in range(2)]
    with pytest.raises(SignInRefused):
        await accounts.change_password(mine, "wrong password", "battery staple", "")
    with pytest.raises(WeakPassword):
        await accounts.change_password(mine, GOOD, "12345678", "")
    assert await accounts.session(other)
    await accounts.change_password(mine, GOOD, "battery staple", "")
    assert await accounts.session(mine)
    assert await accounts.session(other) is None
    with pytest.raises(SignInRefused):
        await accounts.verify("Demo", GOOD, "")
    await accounts.verify("Demo", "battery staple", "")


async def test_roles_take_effect_at_once_and_the_last_owner_stays(accounts: Accounts) -> None:
    owner = await accounts.create("Demo", "owner", GOOD)
    other = await accounts.create("Other", "resident", GOOD)
    token = await accounts.open_session(owner.id)
    assert await accounts.session(token)
    for act in (accounts.remove(owner.id), accounts.set_role(owner.id, "guest")):
        with pytest.raises(LastKeeper):
            await act
    with pytest.raises(BadRole):
        await accounts.set_role(other.id, "king")
    await accounts.set_role(other.id, "owner")
    await accounts.set_role(owner.id, "guest")
    session = await accounts.session(token)
    assert session is not None
    assert session.role == "guest"
    await accounts.remove(owner.id)
    assert await accounts.session(token) is None


async def test_links(accounts: Accounts, clock: Clock) -> None:
    made = await accounts.create("Demo", "owner")
    token = await accounts.new_link(made.id)
    for _ in range(3):
        assert await accounts.look_at_link(token) == made
    session = await accounts.session(await accounts.use_link(token))
    assert session is not None
    assert session.account_id == made.id
    assert await accounts.look_at_link(token) is None
    late = await accounts.new_link(made.id)
    clock.now += LINK_S
    assert await accounts.look_at_link(late) is None
    for bad in (token, late, "", "x" * 43):
        with pytest.raises(LinkRefused):
            await accounts.use_link(bad)


async def test_a_link_used_twice_at_once(accounts: Accounts) -> None:
    made = await accounts.create("Demo", "owner")
    token = await accounts.new_link(made.id)
    answers = await asyncio.gather(
        *(accounts.use_link(token) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, LinkRefused) for one in answers) == 7
    assert len(await accounts.sessions_of(made.id)) == 1


async def test_a_link_of_a_removed_account(accounts: Accounts) -> None:
    await accounts.create("Owner", "owner")
    made = await accounts.create("Demo", "guest")
    token = await accounts.new_link(made.id)
    await accounts.remove(made.id)
    with pytest.raises(LinkRefused):
        await accounts.use_link(token)


async def test_look_and_first_run(accounts: Accounts) -> None:
    assert not await accounts.any_exist()
    made = await accounts.create("Demo", "owner")
    assert await accounts.any_exist()
    token = await accounts.open_session(made.id)
    await accounts.set_look(made.id, lang="en", theme="dark")
    await accounts.set_look(made.id, lang="xx", theme=None)
    session = await accounts.session(token)
    assert session is not None
    assert (session.lang, session.theme) == ("en", "dark")


async def test_a_broken_database_signs_nobody_out(
    accounts: Accounts,
    table: HomeAccountsTable,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await accounts.create("Demo", "owner")
    known, unknown, ended = [await accounts.open_session(made.id) for _ in range(3)]
    assert await accounts.session(known)
    assert await accounts.session(ended)

    async def broken(*_: object) -> None:
        raise StoreError("disk is full")

    for method in ("session", "touch_session", "remove_session"):
        monkeypatch.setattr(table, method, broken)
    clock.now += RECHECK_S + 100
    assert await accounts.session(known)
    with pytest.raises(StoreError):
        await accounts.session(unknown)
    with pytest.raises(StoreError):
        await accounts.revoke(ended)
    with pytest.raises(StoreError):
        await accounts.session(ended)
    clock.now += IDLE_S
    with pytest.raises(StoreError):
        await accounts.session(known)


async def test_a_screen_is_no_person(accounts: Accounts) -> None:
    with pytest.raises(BadRole):
        await accounts.create("Hall", "wall", GOOD)
    wall = await accounts.create("Hall", "wall")
    person = await accounts.create("Demo", "owner", GOOD)
    other = await accounts.create("Other", "owner", GOOD)
    for account_id, role in ((wall.id, "owner"), (other.id, "wall")):
        with pytest.raises(BadRole):
            await accounts.set_role(account_id, role)
    with pytest.raises(BadRole):
        await accounts.set_password(wall.id, GOOD)
    with pytest.raises(SignInRefused):
        await accounts.sign_in("Hall", "", "")
    assert {one.id: one.role for one in await accounts.all()} == {
        wall.id: "wall",
        person.id: "owner",
        other.id: "owner",
    }


async def test_a_screen_stays_signed_in(accounts: Accounts, clock: Clock) -> None:
    wall = await accounts.create("Hall", "wall")
    person = await accounts.create("Demo", "owner", GOOD)
    screen, browser = [await accounts.open_session(one.id) for one in (wall, person)]
    for _month in range(8):
        clock.now += 60 * 24 * 3600.0
        assert await accounts.open_session(person.id)  # tidies up
        assert await accounts.session(screen)
    assert await accounts.session(browser) is None
    assert len(await accounts.sessions_of(wall.id)) == 1
    clock.now += SCREEN_IDLE_S
    assert await accounts.session(screen) is None
    again = await accounts.open_session(wall.id)
    assert await accounts.session(again)
    await accounts.remove(wall.id)
    assert await accounts.session(again) is None
