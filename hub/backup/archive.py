"""One file that holds a home: ciphertext, and keys only as the printed sheet can open them.

Layout: magic, then length-prefixed sections: the key-slot file (``household.json``: wrapped keys
only, and of the ways to unlock only the printed sheet), a letter to the household (HPKE, see
``privacy.letterbox``) with the archive key and the machine key, then chunks of a gzip'd tar, each
AES-256-GCM with its number and whether it is the last as associated data, so that a cut or
reordered file is noticed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.core.beside import open_beside
from hub.core.settings import command
from privacy.vault import Household, MachineKey

MAGIC = b"linli backup 1\n"
CHUNK = 1 << 20
_LETTER = b"backup key 1"
_LENGTH = struct.Struct(">I")
_LARGEST_SECTION = 1 << 20
SKIPPED_FOLDERS = frozenset({"run"})
SKIPPED_SUFFIXES = ("-wal", "-shm", "-journal", ".tmp", ".new")
OWN_FILES = frozenset({MachineKey.FILE, Household.FILE})
"""These travel in the head of a backup; in its tar they'd be somebody's forgery."""


class BackupProblem(Exception):
    """A backup that can't be written or read; the text says what to do."""


def write(data: Path, out: IO[bytes]) -> int:
    """Write the home in ``data`` to ``out``; it may be running.

    Returns:
        How many files went in.

    Raises:
        BackupProblem: there is no home in that folder.
        VaultError: no printed sheet is good for it, so nothing could open the backup.
        OSError: the disk.
    """
    keys = data / "keys"
    if not Household.exists(keys):
        raise BackupProblem("there is no home in this folder")
    household = Household.open(keys)
    slots = household.for_backup()
    machine = (keys / MachineKey.FILE).read_bytes()
    archive_key = os.urandom(32)
    letter = household.letterbox.post(archive_key + machine, _LETTER)
    out.write(MAGIC)
    for section in (slots, letter):
        out.write(_LENGTH.pack(len(section)) + section)
    with tempfile.TemporaryFile(dir=data) as plain:
        count = _pack(data, plain)
        plain.seek(0)
        _encrypt(archive_key, plain, out)
    return count


def read_slots(source: IO[bytes]) -> tuple[bytes, bytes]:
    """Read the head of a backup: the key-slot file and the letter.

    Raises:
        BackupProblem: not a backup, or cut short.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise BackupProblem("this file is not a Linli backup")
    return _section(source), _section(source)


def unpack(household: Household, letter: bytes, source: IO[bytes], data: Path) -> int:
    """Bring the files back into ``data``, the machine key included.

    Args:
        household: unlocked by the printed sheet.
        letter: from :func:`read_slots`.
        source: stands behind the head.
        data: the new home's folder.

    Raises:
        BackupProblem: the file is cut, changed, or holds paths outside the folder.
        VaultError: the letter is for another household.
    """
    secret = household.open_letter(letter, _LETTER)
    archive_key, machine = secret[:32], secret[32:]
    MachineKey(machine)
    with tempfile.TemporaryFile(dir=data) as plain:
        _decrypt(archive_key, source, plain)
        plain.seek(0)
        count = _extract(plain, data)
    path = data / "keys" / MachineKey.FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(machine)
        file.flush()
        os.fsync(file.fileno())
    return count


def _files(data: Path) -> Iterator[Path]:
    for path in sorted(data.rglob("*")):
        inside = path.relative_to(data)
        if inside.parts[0] in SKIPPED_FOLDERS or not path.is_file() or path.is_symlink():
            continue
        if path.name.endswith(SKIPPED_SUFFIXES) or path.name in OWN_FILES:
            continue
        yield path


def _pack(data: Path, plain: IO[bytes]) -> int:
    count = 0
    with tarfile.open(fileobj=plain, mode="w:gz", compresslevel=6) as tar:
        for path in _files(data):
            try:
                with _opened(path, data) as body:
                    entry = tarfile.TarInfo(path.relative_to(data).as_posix())
                    entry.size = os.fstat(body.fileno()).st_size
                    entry.mode = 0o600
                    tar.addfile(entry, body)
            except FileNotFoundError:
                continue  # a running home replaced it meanwhile
            count += 1
    return count


@contextmanager
def _opened(path: Path, data: Path) -> Iterator[IO[bytes]]:
    """A file to read; of a database that is written to at this moment, a consistent copy."""
    if path.suffix != ".db":
        with path.open("rb") as file:
            yield file
        return
    with tempfile.NamedTemporaryFile(dir=data, suffix=".tmp") as copy:
        source = None
        target = sqlite3.connect(copy.name)
        try:
            source = open_beside(path)
            source.backup(target)
            # In the copy nobody waits: without a log of its own it is one file.
            target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise BackupProblem(
                f"{path.name} can't be read; run {command()} doctor ({error})"
            ) from None
        finally:
            target.close()
            if source is not None:
                source.close()
        with Path(copy.name).open("rb") as file:
            yield file


def _extract(plain: IO[bytes], data: Path) -> int:
    count = 0
    with tarfile.open(fileobj=plain, mode="r:gz") as tar:
        for entry in tar:
            inside = PurePosixPath(entry.name)
            outside = inside.is_absolute() or ".." in inside.parts
            if not entry.isfile() or outside or inside.name in OWN_FILES:
                raise BackupProblem("the backup holds something that is not a plain file")
            body = tar.extractfile(entry)
            path = data.joinpath(*inside.parts)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                if body is not None:
                    shutil.copyfileobj(body, file)
                file.flush()
                os.fsync(file.fileno())
            count += 1
    return count


def _aad(number: int, *, last: bool) -> bytes:
    return f"linli backup chunk {number} {'last' if last else 'more'}".encode()


def _encrypt(key: bytes, plain: IO[bytes], out: IO[bytes]) -> None:
    # A fresh key for every backup, so the chunk's number may serve as the nonce (SP 800-38D 8.2.1).
    aead = AESGCM(key)
    number, chunk = 0, plain.read(CHUNK)
    while True:
        following = plain.read(CHUNK)
        sealed = aead.encrypt(number.to_bytes(12, "big"), chunk, _aad(number, last=not following))
        out.write(_LENGTH.pack(len(sealed)) + sealed)
        if not following:
            return
        number, chunk = number + 1, following


def _decrypt(key: bytes, source: IO[bytes], plain: IO[bytes]) -> None:
    aead = AESGCM(key)
    number, sealed = 0, _section(source, CHUNK + 16)
    while True:
        head = source.read(_LENGTH.size)
        try:
            chunk = aead.decrypt(number.to_bytes(12, "big"), sealed, _aad(number, last=not head))
        except InvalidTag:
            raise BackupProblem("the backup is cut short or was changed") from None
        plain.write(chunk)
        if not head:
            return
        number, sealed = number + 1, _rest(source, head, CHUNK + 16)


def _section(source: IO[bytes], largest: int = _LARGEST_SECTION) -> bytes:
    return _rest(source, source.read(_LENGTH.size), largest)


def _rest(source: IO[bytes], head: bytes, largest: int) -> bytes:
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        if length <= largest:
            body = source.read(length)
            if len(body) == length:
                return body
    raise BackupProblem("the backup is cut short or was changed")
