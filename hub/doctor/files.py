"""What can be seen of a home in its folder, running or not, locked or not. Nothing is changed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hub.backup import note as backups
from hub.core.beside import open_beside
from hub.core.settings import command
from hub.doctor.finding import FAIL, NOTE, OK, Finding
from privacy.errors import PrivacyError
from privacy.vault import Household, MachineKey

FEW_BYTES = 200 * 1024 * 1024
MANY_BYTES = 1024 * 1024 * 1024
OLD_BACKUP_S = 30 * 86400.0
CLOCK_SLACK_S = 120.0
DAY_S = 86400.0
DATABASES = ("home.db", "egress.db", "safety.db", "history/history.db")


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


def modes(data: Path) -> Iterator[Finding]:
    """Nobody else enters the folder (0700); inside, a second lock: files 0600."""
    if data.stat().st_mode & 0o077:
        text = _(
            "Other accounts of this machine can enter %(folder)s. Run: chmod -R go= %(folder)s"
        )
        yield Finding("modes", FAIL, text, folder=data)
        return
    lax = [
        path
        for path in data.rglob("*")
        if not path.is_symlink() and path.lstat().st_mode & 0o077 and not _socket_inside(path)
    ]
    if lax:
        text = _(
            "%(count)s files have lax modes; the folder still keeps others out."
            " Run: chmod -R go= %(folder)s"
        )
        keys = any("keys" in path.relative_to(data).parts for path in lax)
        state = FAIL if keys else NOTE
        yield Finding("modes", state, text, count=len(lax), folder=data)
    else:
        yield Finding("modes", OK, _("Only this account can open the files."))


def _socket_inside(path: Path) -> bool:
    """A socket's own mode says little where its folder lets nobody in."""
    return stat.S_ISSOCK(path.lstat().st_mode) and not path.parent.lstat().st_mode & 0o077


def space(data: Path) -> Iterator[Finding]:
    """Room on the disk."""
    free = shutil.disk_usage(data).free
    megabytes = free // (1024 * 1024)
    if free < FEW_BYTES:
        text = _("The disk is nearly full: %(free)s MB left. Make room; alarms still act.")
        yield Finding("disk", FAIL, text, free=megabytes)
    elif free < MANY_BYTES:
        yield Finding("disk", NOTE, _("%(free)s MB are left on the disk."), free=megabytes)
    else:
        yield Finding("disk", OK, _("%(free)s MB are left on the disk."), free=megabytes)


def clock(data: Path) -> Iterator[Finding]:
    """The clock must not stand before what was written already."""
    newest = max((path.stat().st_mtime for path in data.rglob("*.db*")), default=0.0)
    if time.time() + CLOCK_SLACK_S < max(newest, Path(__file__).stat().st_mtime):
        text = _("The clock stands in the past. Set it; safety events carry the time.")
        yield Finding("clock", FAIL, text)
    else:
        yield Finding("clock", OK, _("The clock goes forward."))


def keys(data: Path) -> Iterator[Finding]:
    """The machine key and the household's slots."""
    machine = machine_key(data)
    if machine is None:
        text = _("The machine key can't be read. Bring the home back from a backup.")
        yield Finding("machine_key", FAIL, text)
    else:
        yield Finding("machine_key", OK, _("The machine key can be read."))
    if not Household.exists(data / "keys"):
        text = _("This home is not set up yet. Open its page and set it up.")
        yield Finding("household_key", NOTE, text)
        return
    try:
        mode = Household.open(data / "keys").mode
    except PrivacyError:
        text = _("The household key's file is damaged. Bring the home back from a backup.")
        yield Finding("household_key", FAIL, text)
        return
    yield Finding("household_key", OK, _MODES[mode])


_MODES = {
    "passphrase": _("After a power cut the home waits for its passphrase; alarms don't."),
    "media": _("The home unlocks with a memory stick; keep the stick elsewhere."),
    "machine": _("The home unlocks by itself; a thief of the disk reads everything."),
}


def machine_key(data: Path) -> MachineKey | None:
    """The machine key, None where it is missing or damaged; never made here."""
    try:
        return MachineKey((data / "keys" / MachineKey.FILE).read_bytes())
    except (OSError, PrivacyError):
        return None


def databases(data: Path) -> Iterator[Finding]:
    """Every database of a home: its integrity, and that this release knows the schema."""
    from hub.home.parts import MIGRATIONS

    yield from integrity(data, DATABASES, {"home.db": len(MIGRATIONS)})


def integrity(
    data: Path, names: Sequence[str], newest: Mapping[str, int] | None = None
) -> Iterator[Finding]:
    """Look at databases with PRAGMA quick_check, beside whoever uses them.

    Args:
        data: the folder.
        names: of files in it; missing ones are left out.
        newest: the newest known PRAGMA user_version by name.
    """
    for name in names:
        if not (data / name).exists():
            continue
        try:
            well, version = _looked_at(data / name)
        except sqlite3.Error:
            well, version = False, 0
        if not well:
            text = _("%(name)s is damaged. Bring it back from a backup.")
            yield Finding("database", FAIL, text, name=name)
        elif version > (newest or {}).get(name, version):
            text = _("%(name)s was written by a newer Linli. Update this one.")
            yield Finding("database", FAIL, text, name=name)
        else:
            yield Finding("database", OK, _("%(name)s is whole."), name=name)


def _looked_at(path: Path) -> tuple[bool, int]:
    database = open_beside(path)
    try:
        (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
    finally:
        database.close()
    return answer == "ok", int(version)


def history(data: Path) -> Iterator[Finding]:
    """How much history there is."""
    path = data / "history" / "history.db"
    if not path.exists():
        return
    try:
        database = open_beside(path)
        (blocks,) = database.execute("SELECT count(*) FROM blocks").fetchone()
        (waiting,) = database.execute("SELECT count(*) FROM journal").fetchone()
        database.close()
    except sqlite3.Error:
        return  # `databases` says so
    text = _("History: %(blocks)s blocks, %(waiting)s batches in the journal.")
    yield Finding("history", OK, text, blocks=blocks, waiting=waiting)


def sharing(data: Path) -> Iterator[Finding]:
    """The consent ledger's chain, and whether the home is paired."""
    machine, path = machine_key(data), data / "egress.db"
    if machine is None or not path.exists():
        return
    with tempfile.TemporaryDirectory(prefix="linli-doctor-") as folder:
        copy = Path(folder) / path.name
        try:
            _copy(path, copy)
            lines, problem, paired = _read_copy(copy, machine)
        except (sqlite3.Error, OSError, PrivacyError):
            return  # `databases` says so
    if problem:
        text = _(
            "The consent ledger's chain does not hold, so nothing leaves this home. Bring"
            " egress.db back from a backup."
        )
        yield Finding("ledger", FAIL, text)
    else:
        text = _("The consent ledger holds: %(lines)s lines.")
        yield Finding("ledger", OK, text, lines=lines)
    if paired:
        yield Finding("pairing", OK, _("This home is paired with a community."))
    else:
        text = _("This home is not paired with a community; nothing leaves it.")
        yield Finding("pairing", OK, text)


def _copy(path: Path, copy: Path) -> None:
    """The rows stay sealed in the copy; the original is only read."""
    source = open_beside(path)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def _read_copy(copy: Path, machine: MachineKey) -> tuple[int, str | None, bool]:
    from hub.home.sharing import open_ledger
    from privacy.outbox import Outbox

    ledger = open_ledger(copy, machine)
    outbox = Outbox(copy, machine)
    try:
        return len(ledger.lines()), ledger.verify(), outbox.get("pairing") is not None
    finally:
        outbox.close()
        ledger.close()


def backup(data: Path) -> Iterator[Finding]:
    """When ``linli backup`` last saved this home."""
    at = backups.last(data)
    if at is None:
        text = _("No backup was ever made. Run: %(linli)s backup FILE --data %(folder)s")
        yield Finding("backup", NOTE, text, folder=data, linli=command())
        return
    days = max(0, int((time.time() - at) / DAY_S))
    if time.time() - at > OLD_BACKUP_S:
        text = _("The last backup is %(days)s days old. Make a new one.")
        yield Finding("backup", NOTE, text, days=days)
    else:
        yield Finding("backup", OK, _("The last backup is %(days)s days old."), days=days)


def owner(data: Path) -> Iterator[Finding]:
    """The folder must belong to the account that looks, as it does to the one that runs."""
    if data.stat().st_uid != os.geteuid():
        text = _("The folder belongs to another account. Run the doctor as that account.")
        yield Finding("owner", FAIL, text)


def run_note(data: Path) -> dict[str, object] | None:
    """What a running home wrote about itself (`hub.home.where`); None while it is stopped."""
    try:
        found: dict[str, object] = json.loads((data / "run" / "home.json").read_text("utf-8"))
        command = Path(f"/proc/{int(str(found['pid']))}/cmdline").read_bytes()
    except (OSError, ValueError, KeyError):
        return None
    return found if b"home-app" in command else None
