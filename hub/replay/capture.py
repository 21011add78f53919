"""A capture: the messages of devices in one JSON file, in the order in which they came.

``{"discovery": [MESSAGE, …], "state": [MESSAGE, …]}``, a message being
``{"topic": TEXT, "payload": TEXT or JSON, "retain": BOOLEAN}``; other keys are left alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import orjson

MAX_BYTES = 64 * 1024 * 1024
PARTS = ("discovery", "state")


class CaptureProblem(ValueError):
    """The file can't be played; the text says why."""


class Message(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    retain: bool


def read_capture(path: Path) -> dict[str, list[Message]]:
    """Read a capture.

    Returns:
        The messages of each part of `PARTS`.

    Raises:
        CaptureProblem: There is no such file, or it isn't a capture.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CaptureProblem(f"{path} is larger than {MAX_BYTES} bytes")
        data = orjson.loads(path.read_bytes())
    except OSError as problem:
        raise CaptureProblem(f"{path} can't be read: {problem.strerror}") from None
    except orjson.JSONDecodeError as problem:
        raise CaptureProblem(f"{path} isn't JSON: {problem}") from None
    if not isinstance(data, dict) or not any(part in data for part in PARTS):
        raise CaptureProblem(f"{path} has neither discovery nor state")
    return {part: _messages(path, part, data.get(part, [])) for part in PARTS}


def _messages(path: Path, part: str, rows: object) -> list[Message]:
    if not isinstance(rows, list):
        raise CaptureProblem(f"{path}: {part} isn't a list")
    found = []
    for number, row in enumerate(rows, 1):
        topic = row.get("topic") if isinstance(row, dict) else None
        if not isinstance(topic, str) or not topic:
            raise CaptureProblem(f"{path}: message {number} of {part} has no topic")
        payload = row.get("payload", "")
        content = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
        found.append(Message(topic, content, row.get("retain") is True))
    return found
