"""When a home was last saved, written beside it for ``linli doctor``."""

from __future__ import annotations

import json
import time
from pathlib import Path

from privacy.files import write_atomic

FILE = "backup.json"


def made(data: Path) -> None:
    """Take down that a backup was finished now.

    Raises:
        OSError: the disk.
    """
    write_atomic(data / FILE, json.dumps({"at": round(time.time(), 3)}).encode())


def last(data: Path) -> float | None:
    """When the last backup was finished, epoch seconds; None if there was none."""
    try:
        return float(json.loads((data / FILE).read_text("utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
