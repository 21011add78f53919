"""A history of several days, and what its files still tell whoever has the key."""

from __future__ import annotations

import sqlite3
import time
import zlib
from pathlib import Path

import orjson

from hub.core.states import State
from hub.history import History
from hub.history.blocks import HOUR_MS
from tests.hub.core.boxes import TestBox

DAY_S = 86_400.0


def state(entity_id: str, value: bool | float | str | None, at: float) -> State:
    return State(entity_id, value, {}, True, at, at)


def record(history: History, entity_id: str, days_ago: float, count: int = 20) -> None:
    """Readings a minute apart, from so many days ago on."""
    begin = (time.time() - days_ago * DAY_S) // 3600 * 3600
    for number in range(count):
        value = f"{entity_id} {number}" if entity_id.startswith("text") else float(number)
        history.record(state(entity_id, value, begin + 60 * number))


async def values(history: History, entity_id: str) -> list[object]:
    """Everything that is read of an entity."""
    return [value for _, value in await history.read(entity_id, 0, time.time() + HOUR_MS)]


class RecordingBox(TestBox):
    """A box that remembers what it sealed, so that a file can be searched for each piece."""

    def __init__(self) -> None:
        super().__init__()
        self.sealed: list[tuple[bytes, bytes]] = []

    def seal(self, plain: bytes, context: bytes) -> bytes:
        sealed = super().seal(plain, context)
        self.sealed.append((plain, sealed))
        return sealed


def tells_of(plain: bytes, word: str) -> bool:
    """Whether bytes that were sealed speak of an entity."""
    return any(word.encode() in text for text in (plain, _inflated(plain)))


def _inflated(plain: bytes) -> bytes:
    try:
        return zlib.decompress(plain)
    except zlib.error:
        return b""


def remains(folder: Path, box: RecordingBox, word: str) -> list[str]:
    """Names of files that hold any 24 bytes of anything sealed that spoke of an entity.

    A piece is enough for whoever has the key: AES in counter mode opens any of it.
    """
    found = []
    pieces = {
        sealed[start : start + 24]
        for plain, sealed in box.sealed
        if tells_of(plain, word)
        for start in range(12, len(sealed) - 24, 24)
    }
    assert pieces, "nothing was ever sealed about it: the search would prove nothing"
    for path in folder.iterdir():
        data = path.read_bytes()
        if any(piece in data for piece in pieces):
            found.append(path.name)
    return found


def opened(folder: Path, box: TestBox) -> set[str]:
    """Every entity id in every row of every table that the key opens."""
    names: set[str] = set()
    with sqlite3.connect(folder / "history.db") as connection:
        for number, sealed in connection.execute("SELECT * FROM journal"):
            plain = zlib.decompress(box.open(sealed, f"history journal\0{number}".encode()))
            names |= {row[0] for row in orjson.loads(plain)}
        for number, head, body in connection.execute("SELECT number, head, body FROM blocks"):
            names |= set(orjson.loads(box.open(head, f"history head\0{number}".encode()))[:2])
            plain = zlib.decompress(box.open(body, f"history block\0{number}".encode()))
            names |= {part[0] for part in orjson.loads(plain)}
    connection.close()
    return names
