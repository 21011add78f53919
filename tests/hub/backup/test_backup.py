"""Backups made and brought back for real, and what is refused."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from hub.backup import archive, cli, note
from hub.backup.archive import BackupProblem
from hub.history.files import Files
from hub.home.runtime import Home
from privacy.consent import TELL_ZONE
from privacy.vault import Household, MachineKey
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD

NEW = "a river of ink"
PLANTED = ("张明", PASSWORD, PASSPHRASE, "valve.kitchen_gas_of_zhang")
MODES = (
    {"mode": "machine"},
    {"mode": "passphrase", "passphrase": PASSPHRASE},
    {"mode": "media"},
)


async def lived_in(folder: Path, unlock: dict[str, str]) -> tuple[Home, str]:
    """A running home with an owner, a binding and a choice; and its recovery code."""
    home = Home(folder, None)
    await home.start()
    code = await home.setup(name="张明", password=PASSWORD, unlock=unlock)
    await home.bind("gas_valve", PLANTED[3], OWNER)
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    return home, code


def save(data: Path, file: Path) -> int:
    return cli.backup([str(file), "--data", str(data)])


def bring_back(
    file: Path, data: Path, code: str, monkeypatch: pytest.MonkeyPatch, passphrase: str = NEW
) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{code}\n{passphrase}\n"))
    return cli.restore([str(file), "--data", str(data)])


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A memory stick that is mounted."""
    folder = tmp_path / "stick"
    folder.mkdir()
    monkeypatch.setattr("hub.home.keys.find_media", lambda: folder)
    return folder


@pytest.fixture
def saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    """A backup file and the code that opens it."""

    async def make() -> str:
        home, code = await lived_in(tmp_path / "home", {"mode": "machine"})
        await home.stop()
        return code

    code = asyncio.run(make())
    assert save(tmp_path / "home", tmp_path / "home.linli") == 0
    capsys.readouterr()
    return tmp_path / "home.linli", code


@pytest.mark.usefixtures("stick")
@pytest.mark.parametrize("unlock", MODES, ids=lambda unlock: unlock["mode"])
async def test_saved_while_running_and_brought_back_by_the_sheet(
    tmp_path: Path, unlock: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, code = await lived_in(tmp_path / "home", unlock)
    file = tmp_path / "home.linli"
    assert await asyncio.to_thread(save, home.data, file) == 0
    await home.stop()
    assert await asyncio.to_thread(bring_back, file, tmp_path / "new", code, monkeypatch) == 0
    again = Home(tmp_path / "new", None)
    await again.start()
    assert (again.locked, again.unlock_mode) == (True, "passphrase")
    await again.unlock(NEW)
    account = await again.accounts.verify("张明", PASSWORD, "127.0.0.1")
    assert account.role == "owner"
    assert [(one.role, one.entity_id) for one in again.bindings()] == [("gas_valve", PLANTED[3])]
    assert again.sharing.standing("gas") == "zone"
    assert again.consents.problem is None
    await again.stop()


@pytest.mark.usefixtures("stick")
@pytest.mark.parametrize("unlock", MODES, ids=lambda unlock: unlock["mode"])
async def test_the_file_holds_no_name_and_no_key(tmp_path: Path, unlock: dict[str, str]) -> None:
    home, code = await lived_in(tmp_path / "home", unlock)
    await home.stop()
    file = tmp_path / "home.linli"
    assert await asyncio.to_thread(save, home.data, file) == 0
    content = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    secrets = [planted.encode() for planted in (*PLANTED, code, code.replace("-", ""))]
    secrets.append((home.data / "keys" / MachineKey.FILE).read_bytes())
    assert [secret for secret in secrets if secret in content] == []


def test_the_restored_files_are_for_this_account_only(
    saved: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, code = saved
    assert bring_back(file, tmp_path / "new", code, monkeypatch) == 0
    restored = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert [path for path in restored if path.stat().st_mode & 0o077] == []


def test_the_doctor_learns_when(saved: tuple[Path, str], tmp_path: Path) -> None:
    assert note.last(tmp_path / "home") == pytest.approx(saved[0].stat().st_mtime, abs=5)


def nothing_is_left(data: Path) -> bool:
    return not data.exists() or list(data.iterdir()) == []


def test_a_wrong_code_leaves_an_empty_folder(
    saved: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = Household.create(
        tmp_path / "other", "machine", machine=MachineKey.load_or_create(tmp_path / "other")
    )[1].text
    for code in (foreign, "ABCDE", ""):
        assert bring_back(saved[0], tmp_path / "new", code, monkeypatch) == 1
        assert nothing_is_left(tmp_path / "new")
    assert bring_back(saved[0], tmp_path / "new", saved[1], monkeypatch, "short") == 1
    assert nothing_is_left(tmp_path / "new")


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:40],
        lambda data: data[:0],
        lambda data: b"another format" + data,
        lambda data: data + b"\0",
        lambda data: data[:-200] + bytes([data[-200] ^ 1]) + data[-199:],
        lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:],
    ],
)
def test_a_cut_or_changed_file_is_refused(
    saved: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[bytes], bytes],
) -> None:
    file, code = saved
    file.write_bytes(harm(file.read_bytes()))
    assert bring_back(file, tmp_path / "new", code, monkeypatch) == 1
    assert nothing_is_left(tmp_path / "new")


def test_a_folder_with_something_in_it_is_left_alone(
    saved: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, code = saved
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("mine")
    assert bring_back(file, tmp_path / "new", code, monkeypatch) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine"]


def forged(home: Path, name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A backup that somebody made who knows the letterbox's public key only."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.size, entry.linkname = kind, 4, "/etc/passwd"
        tar.addfile(entry, io.BytesIO(b"evil"))
    plain.seek(0)
    out = io.BytesIO()
    key = os.urandom(32)
    letter = Household.open(home / "keys").letterbox.post(key + os.urandom(32), archive._LETTER)
    out.write(archive.MAGIC)
    for section in ((home / "keys" / Household.FILE).read_bytes(), letter):
        out.write(archive._LENGTH.pack(len(section)) + section)
    archive._encrypt(key, plain, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE),
        ("/outside", tarfile.REGTYPE),
        ("a/../../outside", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("link", tarfile.LNKTYPE),
        ("pipe", tarfile.FIFOTYPE),
        ("keys/household.json", tarfile.REGTYPE),
        ("keys/machine.key", tarfile.REGTYPE),
    ],
)
def test_a_forgers_paths_are_refused(
    saved: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: bytes,
) -> None:
    file = tmp_path / "forged.linli"
    file.write_bytes(forged(tmp_path / "home", name, kind))
    assert bring_back(file, tmp_path / "deep" / "new", saved[1], monkeypatch) == 1
    assert nothing_is_left(tmp_path / "deep" / "new")
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "deep" / "outside").exists()


def test_a_full_disk_leaves_no_half_backup(
    saved: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "second.linli"
    monkeypatch.setattr(archive, "_encrypt", full)
    assert save(tmp_path / "home", file) == 1
    assert not list(tmp_path.glob("second*"))
    assert not list((tmp_path / "home").glob("*.tmp"))
    assert saved[0].exists()


def test_a_full_disk_leaves_no_half_home(
    saved: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_from: IO[bytes], _to: IO[bytes]) -> None:
        raise OSError(28, "No space left on device")

    file, code = saved
    monkeypatch.setattr("hub.backup.archive.shutil.copyfileobj", full)
    assert bring_back(file, tmp_path / "new", code, monkeypatch) == 1
    assert nothing_is_left(tmp_path / "new")


def test_a_damaged_database_is_said(saved: tuple[Path, str], tmp_path: Path) -> None:
    database = tmp_path / "home" / "home.db"
    database.write_bytes(b"not a database" * 100)
    with pytest.raises(BackupProblem, match="linli doctor"):
        archive.write(tmp_path / "home", io.BytesIO())
    assert saved[0].exists()


def test_where_nothing_can_be_saved(tmp_path: Path, saved: tuple[Path, str]) -> None:
    home = tmp_path / "home"
    assert save(tmp_path / "nowhere", tmp_path / "x") == 1
    assert save(home, home / "inside.linli") == 1
    (tmp_path / "x.part").write_bytes(b"")
    assert save(home, tmp_path / "x") == 1
    assert save(home, tmp_path / "y") == 0


def test_an_older_backup_is_replaced_only_when_told_to(
    saved: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved[0]
    before = file.read_bytes()
    data = tmp_path / "home"
    assert cli.backup(["--data", str(data), str(file)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert cli.backup(["--data", str(data), str(file), "--replace"]) == 0
    assert file.read_bytes() != before


def test_a_history_that_is_renewed_meanwhile_is_read_with_its_own_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    files = Files(data / "history", room=0)
    writer = files.connect()
    for number in range(5):
        writer.execute("INSERT INTO journal VALUES (?, ?)", (number, b"old" * 1000))
    connect = sqlite3.connect

    def renewed(address: str, **more: Any) -> sqlite3.Connection:
        """Open the old file; before anything is read, a new one and its log are there."""
        nonlocal writer
        opened: sqlite3.Connection = connect(address, **more)
        if "mode=ro" in address:
            monkeypatch.undo()
            fresh = files.fresh()
            rows = [(each, b"new" * 1000) for each in range(50)]
            fresh.executemany("INSERT INTO journal VALUES (?, ?)", rows)
            fresh.execute("COMMIT")
            fresh.close()
            writer.close()
            files.swap()
            writer = files.connect()
            for number in range(1000, 1010):
                writer.execute("INSERT INTO journal VALUES (?, ?)", (number, b"new" * 1000))
        return opened

    monkeypatch.setattr(sqlite3, "connect", renewed)
    with archive._opened(files.path, data) as copied:
        (tmp_path / "saved.db").write_bytes(copied.read())
    writer.close()
    looked = sqlite3.connect(tmp_path / "saved.db")
    assert looked.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert looked.execute("SELECT DISTINCT sealed FROM journal").fetchall() == [(b"new" * 1000,)]
    assert looked.execute("SELECT count(*) FROM journal").fetchone() == (60,)
    looked.close()
