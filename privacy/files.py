"""Files that hold keys: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from privacy.errors import PrivacyError


def private_folder(path: Path) -> Path:
    """Create a folder only its owner may enter (0700) and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace ``path`` by ``data``; after a crash it holds the old bytes or the new, never a mix.

    The bytes are on the disk (fsync of file and folder) when this returns. A crash may leave
    ``<name>.new`` behind; the next write overwrites it.
    """
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(handle, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
    sync_folder(path.parent)


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
