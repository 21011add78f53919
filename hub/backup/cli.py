"""``linli backup`` and ``linli restore``."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.backup import note
from hub.backup.archive import BackupProblem, read_slots, unpack, write
from hub.core.settings import data_folder
from privacy.errors import PrivacyError
from privacy.files import sync_folder
from privacy.vault import Household, RecoveryCode


def backup(argv: Sequence[str]) -> int:
    """Save a home, running or not, into one encrypted file. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="linli backup", description=backup.__doc__)
    parser.add_argument("file", type=Path, help="where the backup goes")
    parser.add_argument("--data", type=Path, default=data_folder("home"), help="the home's folder")
    parser.add_argument("--replace", action="store_true", help="overwrite an older backup")
    options = parser.parse_args(argv)
    file: Path = options.file
    if options.data.resolve() in file.resolve().parents:
        return _fail("put the backup somewhere else than into the home's own folder")
    if file.exists() and not options.replace:
        return _fail(f"{file} exists already; name another file, or say --replace")
    unfinished = file.with_name(file.name + ".part")
    try:
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as out:
            count = write(options.data, out)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
        sync_folder(file.resolve().parent)
    except FileExistsError:
        return _fail(f"{unfinished} exists: another backup runs, or one was cut off; remove it")
    except (BackupProblem, PrivacyError, OSError) as problem:
        unfinished.unlink(missing_ok=True)
        return _fail(str(problem))
    with contextlib.suppress(OSError):
        # Full or read-only: the backup is made all the same, only the doctor doesn't know.
        note.made(options.data)
    sys.stdout.write(
        f"saved {count} files, {file.stat().st_size} bytes, to {file}\n"
        "Only the code on the printed recovery sheet opens it.\n"
    )
    return 0


def restore(argv: Sequence[str]) -> int:
    """Bring a home back with its printed recovery sheet. Returns the exit status.

    The code and a new passphrase are asked for, or read as two lines of standard input.
    """
    parser = argparse.ArgumentParser(prog="linli restore", description=restore.__doc__)
    parser.add_argument("file", type=Path, help="the backup")
    parser.add_argument("--data", type=Path, default=data_folder("home"), help="the home's folder")
    parser.add_argument(
        "--keys-of",
        type=Path,
        metavar="NEWER",
        help="a newer backup of the same home, whose sheet you have; whoever was removed in"
        " between stays unreadable",
    )
    options = parser.parse_args(argv)
    data: Path = options.data
    if data.exists() and any(data.iterdir()):
        return _fail(f"{data} is not empty; restore into a new folder")
    try:
        code = RecoveryCode.parse(_ask("Code on the recovery sheet: "))
        passphrase = _ask("New passphrase (at least 8 characters): ")
        count = _restore(options.file, options.keys_of or options.file, data, code, passphrase)
    except (BackupProblem, PrivacyError, OSError) as problem:
        return _fail(str(problem))
    sys.stdout.write(
        f"restored {count} files into {data}\n"
        "The home unlocks with the new passphrase. Switch the old box off before starting this\n"
        "one: two boxes must not speak for one home.\n"
    )
    return 0


def _restore(file: Path, keys_of: Path, data: Path, code: RecoveryCode, passphrase: str) -> int:
    with keys_of.open("rb") as newer:
        slots, _ = read_slots(newer)
    with file.open("rb") as source:
        _, letter = read_slots(source)
        keys = data / "keys"
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
        path = keys / Household.FILE
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(slots)
        try:
            household = Household.open(keys)
            household.recover(code, passphrase)
            return unpack(household, letter, source, data)
        except (BackupProblem, PrivacyError, OSError):
            _clear(data)
            raise


def _clear(data: Path) -> None:
    """Leave nothing half restored behind in the folder that was empty before."""
    for path in sorted(data.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def _ask(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().strip()


def _fail(text: str) -> int:
    sys.stderr.write(f"linli: {text}\n")
    return 1
