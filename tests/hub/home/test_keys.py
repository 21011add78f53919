"""Set-up, unlocking, recovery: also where it was cut off in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.home.keys import Keys, find_media
from hub.home.refusal import Refusal
from hub.home.runtime import Home
from privacy.vault import VaultError, VaultLocked
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD
from tests.privacy.helpers import files_contain

WITH_PASSPHRASE = {"mode": "passphrase", "passphrase": PASSPHRASE}


async def opened(folder: Path) -> Home:
    made = Home(folder, None)
    await made.start()
    return made


def locked(home: Home) -> bool:
    """Asked anew: a type checker believes that a property stays what it was."""
    return home.locked


def ready(home: Home) -> bool:
    """Whether it is set up, asked anew."""
    return home.set_up


async def set_up(folder: Path, unlock: dict[str, str]) -> str:
    """A home that was set up and stopped; returns its recovery code."""
    made = await opened(folder)
    try:
        return await made.setup(name="张明", password=PASSWORD, unlock=unlock)
    finally:
        await made.stop()


async def test_a_new_home_is_not_set_up_and_knows_nobody(tmp_path: Path) -> None:
    home = await opened(tmp_path)
    assert (home.set_up, home.locked, home.unlock_mode) == (False, True, "")
    assert list(home.hazards()) == []
    with pytest.raises(VaultLocked):
        home.keys.box("names").seal(b"x", b"y")
    await home.stop()


async def test_a_home_with_a_passphrase_waits_for_it(tmp_path: Path) -> None:
    await set_up(tmp_path, WITH_PASSPHRASE)
    home = await opened(tmp_path)
    assert (home.set_up, home.locked) == (True, True)
    with pytest.raises(Refusal) as refused:
        await home.unlock("another passphrase")
    assert refused.value.field == "passphrase"
    assert locked(home)
    await home.unlock(PASSPHRASE)
    assert not locked(home)
    assert [account.name for account in await home.accounts.all()] == ["张明"]
    await home.stop()


async def test_a_home_by_itself_opens_by_itself(tmp_path: Path) -> None:
    await set_up(tmp_path, {"mode": "machine"})
    home = await opened(tmp_path)
    assert (home.set_up, home.locked, home.unlock_mode) == (True, False, "machine")
    await home.stop()


async def test_the_sheet_opens_and_the_old_passphrase_no_longer(tmp_path: Path) -> None:
    code = await set_up(tmp_path, WITH_PASSPHRASE)
    home = await opened(tmp_path)
    with pytest.raises(Refusal) as refused:
        await home.recover(code, "short")
    assert refused.value.field == "passphrase"
    assert locked(home)
    await home.recover(code, "a river of ink")
    assert not locked(home)
    await home.stop()
    again = await opened(tmp_path)
    with pytest.raises(Refusal):
        await again.unlock(PASSPHRASE)
    await again.unlock("a river of ink")
    await again.stop()


async def test_a_mistyped_code_names_its_group(tmp_path: Path) -> None:
    code = await set_up(tmp_path, WITH_PASSPHRASE)
    groups = code.split("-")
    groups[2] = ("7" if groups[2][0] != "7" else "8") + groups[2][1:]
    home = await opened(tmp_path)
    with pytest.raises(Refusal) as refused:
        await home.recover("-".join(groups), PASSPHRASE)
    assert refused.value.values == {"group": 3}
    await home.stop()


async def test_another_homes_sheet_does_not_open(tmp_path: Path) -> None:
    await set_up(tmp_path / "one", WITH_PASSPHRASE)
    foreign = await set_up(tmp_path / "two", WITH_PASSPHRASE)
    home = await opened(tmp_path / "one")
    with pytest.raises(Refusal, match="another home"):
        await home.recover(foreign, PASSPHRASE)
    await home.stop()


async def test_a_new_sheet_makes_the_old_one_void(tmp_path: Path) -> None:
    old = await set_up(tmp_path, {"mode": "machine"})
    home = await opened(tmp_path)
    new = await home.new_recovery(OWNER)
    with pytest.raises(Refusal):
        await home.recover(old, PASSPHRASE)
    await home.recover(new, PASSPHRASE)
    assert home.unlock_mode == "passphrase"
    await home.stop()


async def test_modes_change(tmp_path: Path) -> None:
    await set_up(tmp_path, WITH_PASSPHRASE)
    home = await opened(tmp_path)
    with pytest.raises(Refusal, match="locked"):
        await home.change_mode({"mode": "machine"}, OWNER)
    await home.unlock(PASSPHRASE)
    with pytest.raises(Refusal, match="nothing is chosen"):
        await home.change_mode({"mode": ""}, OWNER)
    await home.change_mode({"mode": "machine"}, OWNER)
    await home.stop()
    again = await opened(tmp_path)
    assert not locked(again)
    await again.stop()


async def test_set_up_happens_once(home: Home) -> None:
    with pytest.raises(Refusal, match="already"):
        await home.setup(name="李雷", password=PASSWORD, unlock={"mode": "machine"})


@pytest.mark.parametrize(
    ("name", "password", "mode", "field"),
    [
        ("", PASSWORD, "machine", "name"),
        ("张明", "12345", "machine", "password"),
        ("张明", PASSWORD, "", "mode"),
    ],
)
async def test_a_refused_set_up_leaves_a_new_home(
    tmp_path: Path, name: str, password: str, mode: str, field: str
) -> None:
    home = await opened(tmp_path)
    with pytest.raises(Refusal) as refused:
        await home.setup(name=name, password=password, unlock={"mode": mode})
    assert refused.value.field == field
    assert not ready(home)
    await home.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
    assert ready(home)
    await home.stop()


@pytest.mark.parametrize("unlock", [WITH_PASSPHRASE, {"mode": "machine"}])
async def test_a_set_up_cut_off_after_the_key_goes_on(
    tmp_path: Path, unlock: dict[str, str]
) -> None:
    """The power goes between the household key and the first account."""
    before = await opened(tmp_path)
    await before.keys.create(unlock)
    await before.stop()
    home = await opened(tmp_path)
    if locked(home):
        assert ready(home), "locked: only whoever chose the passphrase may go on"
        await home.unlock(PASSPHRASE)
    assert not ready(home)
    code = await home.setup(name="张明", password=PASSWORD, unlock=WITH_PASSPHRASE)
    assert ready(home)
    await home.recover(code, PASSPHRASE)
    await home.stop()


async def test_nothing_of_the_people_is_on_the_disk_in_clear(tmp_path: Path) -> None:
    code = await set_up(tmp_path, WITH_PASSPHRASE)
    for planted in ("张明".encode(), PASSWORD.encode(), PASSPHRASE.encode(), code.encode()):
        assert files_contain(tmp_path, planted) == []


def test_the_newest_memory_stick_is_taken(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb1 /media/old vfat rw 0 0\n"
        "/dev/sdc1 /run/media/home/my\\040stick vfat rw 0 0\n",
        encoding="utf-8",
    )
    assert find_media(mounts) == Path("/run/media/home/my stick")
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n", encoding="utf-8")
    with pytest.raises(VaultError):
        find_media(mounts)


async def test_a_home_on_a_stick_waits_for_the_stick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.setattr("hub.home.keys.find_media", lambda: stick)
    await set_up(tmp_path / "home", {"mode": "media"})
    home = await opened(tmp_path / "home")
    assert locked(home)
    (kept,) = (path for path in stick.rglob("*") if path.is_file())
    away = kept.rename(tmp_path / "away")
    with pytest.raises(Refusal, match="no key"):
        await home.unlock("")
    away.rename(kept)
    await home.unlock("")
    assert not locked(home)
    await home.stop()


def test_keys_are_for_this_account_only(tmp_path: Path) -> None:
    Keys(tmp_path)
    assert (tmp_path / "machine.key").stat().st_mode & 0o777 == 0o600
