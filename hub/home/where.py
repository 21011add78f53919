"""Where a running home can be found: a note in its ``run`` folder for ``linli doctor``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.core.settings import private_folder
from privacy.files import write_atomic

FILE = "home.json"


@contextmanager
def noted(data: Path, address: str, certificate: str, broker: tuple[str, int]) -> Iterator[None]:
    """Keep the note while the home runs.

    Args:
        data: the home's folder.
        address: of its pages, such as ``http://127.0.0.1:8100``.
        certificate: the file of its TLS certificate, empty without TLS.
        broker: host and port.
    """
    path = private_folder(data / "run") / FILE
    note = {
        "pid": os.getpid(),
        "address": address,
        "certificate": certificate,
        "host": broker[0],
        "port": broker[1],
    }
    try:
        write_atomic(path, json.dumps(note).encode())
    except OSError:
        # A full disk must not keep a home from running.
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
