"""Who may speak to the embedded broker: one generated password per user, in a 0600 file.

The passwords are random and never chosen by people, so they are compared as they are. They
guard the broker against other accounts of this machine and against what opens loopback
connections by accident; they protect no personal data.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path

USERS = ("home", "kernel", "devices", "community")


def load_or_create(data: Path) -> dict[str, str]:
    """The users' passwords from `data`/broker/users.json, made when it isn't there.

    Several processes may call this at once; all get the same passwords.

    Raises:
        OSError: the folder can't be read or written.
        ValueError: the file is not what was written.
    """
    folder = data / "broker"
    path = folder / "users.json"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not all(isinstance(found.get(one), str) for one in USERS):
        raise ValueError(f"{path} is damaged; delete it to have new passwords made")
    return {one: found[one] for one in USERS}


def _create(path: Path) -> None:
    """Write new passwords; whoever links the file first wins."""
    draft = path.with_name(f"users.{os.getpid()}.{secrets.token_hex(4)}")
    content = json.dumps({one: secrets.token_urlsafe(24) for one in USERS}, indent=1)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
