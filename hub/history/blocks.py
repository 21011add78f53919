"""How rows of history become sealed bytes: whole batches, never single rows.

A journal batch is the rows as they came. A block has about a thousand rows of one hour,
sorted by entity, each entity's times as differences: that is what compresses well.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

import orjson

from hub.core.sealed import Box

Value = bool | float | str | None
Row = tuple[str, int, Value]  # entity id, milliseconds since 1970, value
Columns = tuple[list[int], list[Value]]  # times in milliseconds since 1970, and the value of each

BLOCK_ROWS = 1_024
HOUR_MS = 3_600_000
Part = tuple[str, list[int], list[Value]]


def pack_batch(box: Box, number: int, rows: list[Row]) -> bytes:
    """Seal rows as they came; raises the box's error."""
    return box.seal(zlib.compress(orjson.dumps(rows), 1), _context("journal", number))


def unpack_batch(box: Box, number: int, sealed: bytes) -> list[Row]:
    """The rows of `pack_batch`; raises the box's error."""
    rows = orjson.loads(zlib.decompress(box.open(sealed, _context("journal", number))))
    return [(entity_id, at, value) for entity_id, at, value in rows]


class Held(NamedTuple):
    """What a block holds of one kind: how many rows, and the time of the first in milliseconds."""

    rows: int
    first: int


class Head:
    """What a block holds: rows of entities from `first` to `last` in the alphabet.

    `kinds` is None in blocks of older releases; `survey` makes it from the body.
    """

    __slots__ = ("end", "first", "kinds", "last", "start")

    def __init__(
        self, first: str, last: str, start: int, end: int, kinds: dict[str, Held] | None
    ) -> None:
        self.first = first
        self.last = last
        self.start = start
        self.end = end
        self.kinds = kinds

    def may_have(self, entity_id: str, start: int, end: int) -> bool:
        """Whether rows of that entity and time can be in the block."""
        return self.first <= entity_id <= self.last and self.start <= end and self.end >= start


def kind_of(entity_id: str) -> str:
    """The kind that an entity's id begins with."""
    return entity_id.partition(".")[0]


def survey(parts: list[Part]) -> Head:
    """The head of a block of these parts, which are in the order of the alphabet."""
    kinds: dict[str, Held] = {}
    for entity_id, times, _values in parts:
        kind, first = kind_of(entity_id), min(times)
        held = kinds.get(kind, Held(0, first))
        kinds[kind] = Held(held.rows + len(times), min(held.first, first))
    start = min(held.first for held in kinds.values())
    end = max(max(times) for _, times, _ in parts)
    return Head(parts[0][0], parts[-1][0], start, end, kinds)


def pack_block(box: Box, number: int, parts: list[Part]) -> tuple[bytes, bytes]:
    """Seal one block; returns its sealed head and body."""
    columns = [(entity_id, _differences(times), values) for entity_id, times, values in parts]
    body = box.seal(zlib.compress(orjson.dumps(columns), 6), _context("block", number))
    return pack_head(box, number, survey(parts)), body


def pack_head(box: Box, number: int, head: Head) -> bytes:
    """Seal the head of a block."""
    kinds = {kind: list(held) for kind, held in (head.kinds or {}).items()}
    plain = [head.first, head.last, head.start, head.end, kinds]
    return box.seal(orjson.dumps(plain), _context("head", number))


def unpack_head(box: Box, number: int, sealed: bytes) -> Head:
    """The head of a block; raises the box's error."""
    first, last, start, end, *more = orjson.loads(box.open(sealed, _context("head", number)))
    kinds = {kind: Held(*held) for kind, held in more[0].items()} if more else None
    return Head(first, last, start, end, kinds)


def unpack_parts(box: Box, number: int, sealed: bytes) -> list[Part]:
    """Everything in a block, by entity; raises the box's error."""
    columns = orjson.loads(zlib.decompress(box.open(sealed, _context("block", number))))
    return [(name, list(accumulate(differences)), values) for name, differences, values in columns]


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


def sort_into_blocks(rows: Iterable[Row]) -> Iterator[tuple[int, list[Part]]]:
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
        parts: list[Part] = []
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
