"""How rows of history become sealed bytes: whole batches, never single rows.

A journal batch is the rows as they came. A block has about a thousand rows of one hour,
sorted by entity, each entity's times as differences: that is what compresses well.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import accumulate

import orjson

from hub.core.sealed import Box

Value = bool | float | str | None
Row = tuple[str, int, Value]  # entity id, milliseconds since 1970, value
Columns = tuple[list[int], list[Value]]  # times in milliseconds since 1970, and the value of each

BLOCK_ROWS = 1_024
HOUR_MS = 3_600_000
_Part = tuple[str, list[int], list[Value]]


def pack_batch(box: Box, number: int, rows: list[Row]) -> bytes:
    """Seal rows as they came; raises the box's error."""
    return box.seal(zlib.compress(orjson.dumps(rows), 1), _context("journal", number))


def unpack_batch(box: Box, number: int, sealed: bytes) -> list[Row]:
    """The rows of `pack_batch`; raises the box's error."""
    rows = orjson.loads(zlib.decompress(box.open(sealed, _context("journal", number))))
    return [(entity_id, at, value) for entity_id, at, value in rows]


class Head:
    """What a block holds: rows of entities from `first` to `last` in the alphabet."""

    __slots__ = ("end", "first", "last", "start")

    def __init__(self, first: str, last: str, start: int, end: int) -> None:
        self.first = first
        self.last = last
        self.start = start
        self.end = end

    def may_have(self, entity_id: str, start: int, end: int) -> bool:
        """Whether rows of that entity and time can be in the block."""
        return self.first <= entity_id <= self.last and self.start <= end and self.end >= start


def pack_block(box: Box, number: int, parts: list[_Part]) -> tuple[bytes, bytes]:
    """Seal one block; returns its sealed head and body."""
    columns = [(entity_id, _differences(times), values) for entity_id, times, values in parts]
    head = [
        parts[0][0],
        parts[-1][0],
        min(min(times) for _, times, _ in parts),
        max(max(times) for _, times, _ in parts),
    ]
    return (
        box.seal(orjson.dumps(head), _context("head", number)),
        box.seal(zlib.compress(orjson.dumps(columns), 6), _context("block", number)),
    )


def unpack_head(box: Box, number: int, sealed: bytes) -> Head:
    """The head of a block; raises the box's error."""
    first, last, start, end = orjson.loads(box.open(sealed, _context("head", number)))
    return Head(first, last, start, end)


def unpack_block(box: Box, number: int, sealed: bytes, entity_id: str) -> Columns:
    """The times and values of one entity in a block; raises the box's error."""
    columns = orjson.loads(zlib.decompress(box.open(sealed, _context("block", number))))
    times: list[int] = []
    values: list[Value] = []
    for name, differences, some in columns:
        if name == entity_id:
            times += accumulate(differences)
            values += some
    return times, values


def sort_into_blocks(rows: Iterable[Row]) -> Iterator[tuple[int, list[_Part]]]:
    """Group rows into (hour since 1970, parts of one block), about `BLOCK_ROWS` rows each."""
    hours: dict[int, dict[str, tuple[list[int], list[Value]]]] = {}
    for entity_id, at, value in rows:
        entities = hours.setdefault(at // HOUR_MS, {})
        columns = entities.get(entity_id)
        if columns is None:
            columns = entities[entity_id] = ([], [])
        columns[0].append(at)
        columns[1].append(value)
    for hour in sorted(hours):
        parts: list[_Part] = []
        count = 0
        for entity_id in sorted(hours[hour]):
            times, values = hours[hour][entity_id]
            for begin in range(0, len(times), BLOCK_ROWS):
                some = times[begin : begin + BLOCK_ROWS]
                parts.append((entity_id, some, values[begin : begin + BLOCK_ROWS]))
                count += len(some)
                if count >= BLOCK_ROWS:
                    yield hour, parts
                    parts, count = [], 0
        if parts:
            yield hour, parts


def _differences(times: list[int]) -> list[int]:
    before = 0
    found: list[int] = []
    for at in times:
        found.append(at - before)
        before = at
    return found


def _context(what: str, number: int) -> bytes:
    return f"history {what}\0{number}".encode()
