"""Who is removed is gone: from the disk, from every backup, and for every key that remains."""

from __future__ import annotations

import io
import shutil
import sqlite3
import sys
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub.backup import cli
from hub.core.commands import Actor
from hub.home.residents import KINDS
from hub.home.runtime import Home
from privacy.errors import PrivacyError
from privacy.own_box import OwnBox
from privacy.vault import Household, KeyGone, MachineKey
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD
from tests.journey.planted import AREA, DEVICE, NOTE, RESIDENT, SERIAL, spellings, traces
from tests.privacy.killing import Killed

GONE = (RESIDENT, AREA, DEVICE, SERIAL, NOTE)
"""Planted in everything that is the resident's alone."""
KEPT = "Quillfeather 欧阳婉清"
PURPOSES = (
    *("accounts", "adding", "audit", "bindings", "contacts", "erasures", "favourites"),
    *("history", "keeping", "registry", "screens", "tokens"),
)
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


async def lived_in(folder: Path, unlock: dict[str, str]) -> tuple[Home, str, str]:
    """A home where an owner and a resident live: (home, recovery code, the resident's account)."""
    home = Home(folder, None)
    await home.start()
    code = await home.setup(name=KEPT, password=PASSWORD, unlock=unlock)
    resident = await home.accounts.create(RESIDENT, "resident", PASSWORD)
    for account in await home.accounts.all():
        await home.favourites.keep(account.id, [f"light.{SERIAL}", f"light.{DEVICE}"])
        await home.accounts.open_session(account.id, NOTE if account == resident else "a phone")
        await home.accounts.new_link(account.id)
        await home.tokens.make(account.id, AREA if account == resident else "own", ["command"])
    await home.favourites.keep((await home.accounts.all())[0].id, ["light.hall"])
    return home, code, resident.id


def save(home: Home, file: Path) -> int:
    return cli.backup([str(file), "--data", str(home.data)])


def bring_back(file: Path, keys_of: Path, data: Path, code: str) -> int:
    given = sys.stdin
    sys.stdin = io.StringIO(f"{code}\n{PASSPHRASE} again\n")
    try:
        return cli.restore([str(file), "--keys-of", str(keys_of), "--data", str(data)])
    finally:
        sys.stdin = given


def contexts(table: str, key: str | bytes) -> Iterator[bytes]:
    """What a row of a sealed table may be bound to."""
    raw = key.encode() if isinstance(key, str) else key
    yield table.encode() + b"\0" + raw
    yield table.encode() + b":" + raw


def opened(data: Path, keys: Household) -> tuple[list[bytes], int]:
    """All that the keys open in `home.db`, and how many rows they don't open to the end."""
    found, shut = [], 0
    with closing(sqlite3.connect(data / "home.db")) as db:
        for (table,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall():
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            if "sealed" not in names or table == "audit":
                continue
            for key, sealed in db.execute(f"SELECT {names[0]}, sealed FROM {table}"):  # noqa: S608 -- names of the file
                plain = opened_row(keys, table, key, sealed)
                found += plain
                shut += not plain
    return found, shut


def opened_row(keys: Household, table: str, key: Any, sealed: bytes) -> list[bytes]:
    """Every way that a row opens with these keys."""
    ways = []
    for purpose in PURPOSES:
        for context in contexts(table, key):
            try:
                ways.append(OwnBox(keys, purpose).open_own(sealed, context)[1])
            except PrivacyError:
                continue
    return ways


def names_in(plain: list[bytes]) -> list[str]:
    """The planted words that stand in opened rows, in any spelling."""
    whole = b"\n".join(plain)
    lower = whole.lower()
    return [
        f"{word} ({how})"
        for word in GONE
        for how, text in spellings(word)
        if text in (whole if how == "base64" else lower)
    ]


UNLOCKS: tuple[dict[str, str], ...] = (
    {"mode": "machine"},
    {"mode": "passphrase", "passphrase": PASSPHRASE},
)


@pytest.mark.parametrize("unlock", UNLOCKS, ids=lambda one: one["mode"])
async def test_after_a_shred_nothing_that_remains_opens_anything(
    tmp_path: Path, unlock: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, old_code, gone = await lived_in(tmp_path / "home", unlock)
    before, after = tmp_path / "before.linli", tmp_path / "after.linli"
    assert save(home, before) == 0
    first, _ = opened(home.data, home.keys.household or pytest.fail("no keys"))
    assert len(names_in(first)) > len(GONE), "the search finds what is there"
    receipt = await home.remove_person(gone, OWNER)
    assert save(home, after) == 1, "no sheet is good"
    assert "recovery sheet" in capsys.readouterr().err
    code = await home.new_recovery(OWNER)
    assert save(home, after) == 0
    owner = (await home.accounts.all())[0]
    assert (owner.name, home.favourites.of(owner.id)) == (KEPT, ("light.hall",))
    await home.stop()
    assert (receipt.role, set(receipt.counts)) == ("resident", set(KINDS))
    assert receipt.shredded is not None

    assert traces([tmp_path], GONE) == [], "disk and backups, as they lie there"
    keys = Household.open(home.data / "keys")
    if unlock["mode"] == "machine":
        keys.unlock(machine=MachineKey.load_or_create(home.data / "keys"))
    else:
        keys.unlock(passphrase=PASSPHRASE)
    plain, shut = opened(home.data, keys)
    assert (names_in(plain), shut) == ([], 0)

    # The old backup, with the keys that remain: the new sheet's, in the newer backup.
    assert bring_back(before, before, tmp_path / "refused", code) == 1
    assert bring_back(before, after, tmp_path / "old", code) == 0
    theirs = Household.open(tmp_path / "old" / "keys")
    theirs.unlock(passphrase=PASSPHRASE + " again")
    plain, shut = opened(tmp_path / "old", theirs)
    assert (names_in(plain), shut) == ([], len(KINDS)), "what was theirs does not open"
    machine = MachineKey.load_or_create(tmp_path / "old" / "keys")
    with pytest.raises(PrivacyError):
        Household.open(tmp_path / "old" / "keys").unlock(machine=machine)

    again = Home(tmp_path / "old", None)
    await again.start()
    await again.unlock(PASSPHRASE + " again")
    assert [one.name for one in await again.accounts.all()] == [KEPT]
    assert again.favourites.of(owner.id) == ("light.hall",)
    await again.stop()
    del old_code  # burnt: it would open the old backup, and the page says so


async def test_the_old_sheet_beside_an_old_backup_opens_it_as_the_page_says(tmp_path: Path) -> None:
    home, old_code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})
    file = tmp_path / "before.linli"
    assert save(home, file) == 0
    await home.remove_person(gone, OWNER)
    await home.stop()
    assert bring_back(file, file, tmp_path / "old", old_code) == 0
    again = Home(tmp_path / "old", None)
    await again.start()
    await again.unlock(PASSPHRASE + " again")
    assert [one.name for one in await again.accounts.all()] == [KEPT, RESIDENT]
    await again.stop()


async def test_killed_before_the_key_is_destroyed_the_next_start_destroys_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})
    stolen = tmp_path / "stolen"

    async def die(_accounts: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(home.keys, "shred", die)
        with pytest.raises(Killed):
            await home.remove_person(gone, OWNER)
    shutil.copytree(home.data, stolen)
    await home.stop()
    again = Home(stolen, None)
    assert again.keys.try_alone()
    assert gone in again.keys.residents
    await again.start()
    assert gone not in again.keys.residents
    (receipt,) = await again.erasures()
    assert (receipt.account_id, receipt.shredded is not None) == (gone, True)
    assert again.sheet_due
    lines = [line for line in await again.audit.lines() if line.action == "remove person"]
    assert [(line.seq, line.subject, line.actor) for line in lines] == [
        (receipt.line, gone, OWNER.id)
    ]
    await again.stop()


async def test_killed_after_the_key_is_destroyed_the_receipt_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})

    def die(*_: object) -> None:
        raise OSError("the power goes away")

    with monkeypatch.context() as patch:
        patch.setattr(home.residents, "_shredded", die)
        with pytest.raises(OSError, match="power"):
            await home.remove_person(gone, OWNER)
    await home.stop()
    again = Home(home.data, None)
    await again.start()
    (receipt,) = await again.erasures()
    assert receipt.shredded is not None
    assert [one.name for one in await again.accounts.all()] == [KEPT]
    await again.stop()


async def test_a_disk_that_takes_nothing_leaves_the_receipt_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})

    async def full(_accounts: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(home.keys, "shred", full)
        receipt = await home.remove_person(gone, OWNER)
    assert receipt.shredded is None
    await home.residents.finish()
    assert [one.shredded is not None for one in await home.erasures()] == [True]
    await home.stop()


async def test_a_screen_goes_without_a_new_sheet(tmp_path: Path) -> None:
    home, _code, _resident = await lived_in(tmp_path / "home", {"mode": "machine"})
    wall = await home.accounts.create("Hall", "wall")
    assert wall.id in home.keys.residents
    await home.accounts.remove(wall.id)
    assert wall.id not in home.keys.residents
    assert (home.sheet_due, await home.erasures()) == (False, [])
    await home.stop()


async def test_a_key_without_an_account_is_tidied_away(tmp_path: Path) -> None:
    home, _code, _resident = await lived_in(tmp_path / "home", {"mode": "machine"})
    await home.keys.add_residents(["left over"])
    await home.stop()
    again = Home(home.data, None)
    await again.start()
    assert "left over" not in again.keys.residents
    assert not again.sheet_due
    await again.stop()


async def test_nothing_is_sealed_for_who_was_removed(tmp_path: Path) -> None:
    home, _code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})
    await home.remove_person(gone, OWNER)
    with pytest.raises(KeyGone):
        await home.favourites.keep(gone, ["light.hall"])
    with pytest.raises(KeyGone):
        await home.tokens.make(gone, "late", ["command"])
    await home.stop()


async def test_everybody_gets_what_is_kept_of_them_and_nothing_of_others(tmp_path: Path) -> None:
    home, _code, resident = await lived_in(tmp_path / "home", {"mode": "machine"})
    actor = Actor(resident, "resident")
    await home.choose("tell_zone", "gas", "zone", actor)
    await home.note(actor, "rename room", "kitchen")
    await home.note(OWNER, "rename room", "hall")
    found = await home.mine(resident)
    assert found is not None
    assert found.account.name == RESIDENT
    assert [one.device for one in found.sessions] == [NOTE]
    assert [one.name for one in found.tokens] == [AREA]
    assert found.favourites == (f"light.{SERIAL}", f"light.{DEVICE}")
    assert [(one.purpose, one.klass) for one in found.consents] == [("tell_zone", "gas")]
    assert [(one.action, one.subject) for one in found.deeds] == [("rename room", "kitchen")]
    assert await home.mine("nobody") is None
    await home.stop()


async def test_what_is_written_while_somebody_is_removed_keeps_nobody_else_out(
    tmp_path: Path,
) -> None:
    home, _code, gone = await lived_in(tmp_path / "home", {"mode": "machine"})
    remove = home.keys.shred

    async def late(accounts: Collection[str]) -> None:
        await home.favourites.keep(gone, ["light.late"])
        await home.tokens.make(gone, "late", ["command"])
        await home.accounts.open_session(gone)
        await remove(accounts)

    home.keys.shred = late  # type: ignore[method-assign]  # what comes between rows and key
    await home.remove_person(gone, OWNER)
    (owner,) = await home.accounts.all()
    assert [token.name for token in await home.tokens.all()] == ["own"]
    assert len(await home.accounts.sessions_of(owner.id)) == 1
    await home.stop()
    again = Home(home.data, None)
    await again.start()
    assert [token.name for token in await again.tokens.all()] == ["own"]
    assert again.favourites.of(gone) == ()
    _, shut = opened(home.data, again.keys.household or pytest.fail("no keys"))
    assert shut == 0, "the rest of it is gone"
    await again.stop()
