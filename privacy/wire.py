"""What both ends of the events door speak: fixed enums, the 64-byte body, stream frames.

docs/privacy.md, "The cell", has the layout as a table. Numbers here never change their
meaning; new ones are added at the end. Everything is big-endian.
"""

from __future__ import annotations

import enum
import math
import struct
from collections.abc import Iterator

from privacy.errors import PrivacyError

SLOT_ORIGIN = 1767225600
"""Slot 0 begins here: 2026-01-01T00:00:00Z in Unix seconds."""

BODY_LENGTH = 64
CELL_LENGTH = 1079
BULLETIN_LENGTH = 365
MAX_SEQ = 2
_BODY = struct.Struct(">BBHHBBI52s")
_ZEROS = bytes(52)


class WireError(PrivacyError):
    """Bytes that are not what the protocol says."""


class HazardClass(enum.IntEnum):
    """What a safety event is about. Below 256: life-safety. From 256: routine."""

    GAS = 1
    SMOKE = 2
    CARBON_MONOXIDE = 3
    FLOOD = 4
    SOS = 5
    SUPERVISION = 256
    ELECTRICAL = 257

    @property
    def life_safety(self) -> bool:
        """Whether its cells go in three consecutive slots and it is never dropped as late."""
        return self < 256

    @property
    def word(self) -> str:
        """The lower-case name used in consent lines and logs, for instance ``gas``."""
        return self.name.lower()


class Status(enum.IntEnum):
    """Where the event stands at home."""

    RAISED = 1
    UPDATED = 2
    CLEARED = 3
    CANCELLED = 4


class Severity(enum.IntEnum):
    """1 is the most urgent."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class Flags(enum.IntFlag):
    """Marks on an event."""

    NONE = 0
    DRILL = 1
    TEST = 2


class Body:
    """The 64 bytes that the platform learns, all of them from fixed enums.

    ``zone`` is an id of the zone table; ``seq`` 0 is the first message of an event, 1 and 2
    come at fixed offsets; ``slot`` is the slot in which this seq was first sent.
    """

    __slots__ = ("flags", "hazard", "seq", "severity", "slot", "status", "zone")

    def __init__(
        self,
        *,
        flags: Flags,
        status: Status,
        zone: int,
        hazard: HazardClass,
        severity: Severity,
        seq: int,
        slot: int,
    ) -> None:
        self.flags = flags
        self.status = status
        self.zone = zone
        self.hazard = hazard
        self.severity = severity
        self.seq = seq
        self.slot = slot

    def pack(self) -> bytes:
        """The 64 bytes.

        Raises:
            WireError: a number out of its range.
        """
        if not 0 <= self.seq <= MAX_SEQ:
            raise WireError(f"seq is 0 to {MAX_SEQ}")
        try:
            return _BODY.pack(
                self.flags,
                self.status,
                self.zone,
                self.hazard,
                self.severity,
                self.seq,
                self.slot,
                _ZEROS,
            )
        except struct.error:
            raise WireError("zone or slot is out of range") from None

    @classmethod
    def unpack(cls, data: bytes) -> Body:
        """Read 64 bytes.

        Raises:
            WireError: another length, an unknown number, or zeros that are not zero.
        """
        if len(data) != BODY_LENGTH:
            raise WireError("a body has 64 bytes")
        flags, status, zone, hazard, severity, seq, slot, zeros = _BODY.unpack(data)
        if zeros != _ZEROS:
            raise WireError("the body's reserved bytes are not zero")
        if seq > MAX_SEQ or flags & ~int(Flags.DRILL | Flags.TEST):
            raise WireError("unknown seq or flag in the body")
        try:
            return cls(
                flags=Flags(flags),
                status=Status(status),
                zone=zone,
                hazard=HazardClass(hazard),
                severity=Severity(severity),
                seq=seq,
                slot=slot,
            )
        except ValueError:
            raise WireError("unknown status, class or severity in the body") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Body) and self.pack() == other.pack()

    def __hash__(self) -> int:
        return hash(self.pack())

    def to_json(self) -> dict[str, object]:
        """Plain words, for the resident's list of what left."""
        return {
            "drill": bool(self.flags & Flags.DRILL),
            "test": bool(self.flags & Flags.TEST),
            "status": self.status.name.lower(),
            "zone": self.zone,
            "class": self.hazard.word,
            "severity": int(self.severity),
            "seq": self.seq,
            "slot": self.slot,
        }


def slot_at(moment: float, slot_s: float) -> int:
    """The slot running at ``moment`` (Unix seconds) when slots last ``slot_s`` seconds."""
    return max(0, math.floor((moment - SLOT_ORIGIN) / slot_s))


def slot_start(slot: int, slot_s: float) -> float:
    """When a slot begins, Unix seconds."""
    return SLOT_ORIGIN + slot * slot_s


class FrameType(enum.IntEnum):
    """Frames of the home - relay and relay - gateway streams; see docs/privacy.md."""

    HELLO = 1
    AUTH = 2
    WELCOME = 3
    REFUSED = 4
    PARAMETERS = 5
    CELL = 6
    RECEIPT = 7
    PING = 8
    PONG = 9
    ROSTER = 10
    BATCH = 11
    BATCH_RECEIPT = 12
    BULLETIN = 13


_MIB = 1024 * 1024
PAYLOAD_BOUNDS: dict[FrameType, tuple[int, int]] = {
    FrameType.HELLO: (64, 64),
    FrameType.AUTH: (128, 208),
    FrameType.WELCOME: (32, 64),
    FrameType.REFUSED: (1, 200),
    FrameType.PARAMETERS: (2, _MIB),
    FrameType.CELL: (4 + CELL_LENGTH, 4 + CELL_LENGTH),
    FrameType.RECEIPT: (4, 4),
    FrameType.PING: (0, 0),
    FrameType.PONG: (2, 1000),
    FrameType.ROSTER: (2, 4 * _MIB),
    FrameType.BATCH: (8, 16 * _MIB),
    FrameType.BATCH_RECEIPT: (8, 8),
    FrameType.BULLETIN: (BULLETIN_LENGTH, BULLETIN_LENGTH),
}
"""Smallest and largest payload of each frame, bytes."""


def frame(kind: FrameType, payload: bytes = b"") -> bytes:
    """One frame: u32 length of what follows, u8 type, payload.

    Raises:
        WireError: a payload outside the type's bounds.
    """
    low, high = PAYLOAD_BOUNDS[kind]
    if not low <= len(payload) <= high:
        raise WireError(f"a {kind.name} frame carries {low} to {high} bytes, not {len(payload)}")
    return struct.pack(">IB", len(payload) + 1, kind) + payload


class FrameParser:
    """Cuts a byte stream into frames. A stream that raised once is finished: close it."""

    __slots__ = ("_accepted", "_buffer")

    def __init__(self, *accepted: FrameType) -> None:
        """Accept only these types (all, if none is named)."""
        self._accepted = frozenset(accepted) or frozenset(FrameType)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameType, bytes]]:
        """Yield each frame that ``data`` completes.

        Raises:
            WireError: a length outside the type's bounds, an unknown or unexpected type. No
                more than the announced, bounded length is ever kept.
        """
        self._buffer += data
        while len(self._buffer) >= 5:
            length, number = struct.unpack_from(">IB", self._buffer)
            kind = self._checked(length, number)
            if len(self._buffer) < 4 + length:
                return
            payload = bytes(self._buffer[5 : 4 + length])
            del self._buffer[: 4 + length]
            yield kind, payload

    def _checked(self, length: int, number: int) -> FrameType:
        try:
            kind = FrameType(number)
        except ValueError:
            raise WireError(f"unknown frame type {number}") from None
        if kind not in self._accepted:
            raise WireError(f"a {kind.name} frame is not expected here")
        low, high = PAYLOAD_BOUNDS[kind]
        if not low + 1 <= length <= high + 1:
            raise WireError(f"a {kind.name} frame cannot have {length} bytes")
        return kind


def pack_batch(number: int, cells: list[bytes]) -> bytes:
    """A BATCH payload: u64 batch number, then the cells."""
    return struct.pack(">Q", number) + b"".join(cells)


def unpack_batch(payload: bytes) -> tuple[int, list[bytes]]:
    """Read a BATCH payload.

    Raises:
        WireError: not a whole number of cells.
    """
    if len(payload) < 8 or (len(payload) - 8) % CELL_LENGTH:
        raise WireError("a batch is a number and whole cells")
    (number,) = struct.unpack_from(">Q", payload)
    cells = [payload[start : start + CELL_LENGTH] for start in range(8, len(payload), CELL_LENGTH)]
    return number, cells
