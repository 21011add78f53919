"""Files that hold keys: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from privacy.errors import PrivacyError


def private_folder(path: Path) -> Path:
    """Create a folder only its owner may enter (0700) and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != 0o700:  # a read-only disk takes no chmod, not even this
        path.chmod(0o700)
    return path


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace ``path`` by ``data``; after a crash it holds the old bytes or the new, never a mix.

    The bytes are on the disk (fsync of file and folder) when this returns. A crash may leave
    ``<name>.new`` behind; the next write overwrites it.
    """
    fresh = path.with_name(path.name + ".new")
    _write_durably(fresh, data, mode)
    fresh.replace(path)
    sync_folder(path.parent)


def create_once(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Make a file that isn't there yet; of several processes at once the first one wins.

    What is there already stays as it is, so read the file afterwards. Durable when this returns.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        _write_durably(draft, data, mode)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_durably(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(handle, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Put a folder's entries (renames, deletions) on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes.

    Raises:
        PrivacyError: the file is longer.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise PrivacyError(f"{path.name} is longer than {limit} bytes")
    return data
