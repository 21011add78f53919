"""Text that people print and type: recovery codes and pairing codes.

Crockford's base 32 (no I, L, O, U; lower case and the look-alikes are understood), in groups
of five: four characters of data and one check character. The check is a Reed-Solomon parity
over GF(32), so that a wrong character, two swapped characters or a group in the wrong place
is found *and the group named*. The whole carries a checksum of at least 16 bits besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from privacy.errors import PrivacyError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_LOOK_ALIKE = str.maketrans("OIL", "011")
_DATA = 4
_CHECKSUM_BITS = 16


class CodeError(PrivacyError):
    """A typed code that cannot be right; ``group`` is the wrong group (from 1), if known."""

    def __init__(self, text: str, group: int | None = None) -> None:
        super().__init__(text)
        self.group = group


def _times_two(value: int) -> int:
    """Multiply by x in GF(32) with x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0x25 if value & 0x20 else value


def _check(values: Sequence[int], index: int) -> int:
    """The parity of one group; the group's place takes part as two more digits."""
    total = 0
    for value in (*values, index & 31, index >> 5 & 31):
        total = _times_two(total) ^ value
    return _times_two(total)


def _checksum(label: str, payload: bytes) -> int:
    digest = hashlib.sha256(label.encode() + b"\0" + payload).digest()
    return int.from_bytes(digest[:8], "big")


def _layout(length: int) -> tuple[int, int]:
    """How many groups carry ``length`` bytes, and how many checksum bits fill them up."""
    bits = length * 8 + _CHECKSUM_BITS
    groups = -(-bits // (_DATA * 5))
    return groups, groups * _DATA * 5 - length * 8


def encode(label: str, payload: bytes) -> str:
    """Write ``payload`` (at most 255 bytes) as groups joined by hyphens."""
    groups, spare = _layout(len(payload))
    check = _checksum(label, payload) >> max(0, 64 - spare)
    number = int.from_bytes(payload, "big") << spare | check
    values = [number >> 5 * place & 31 for place in reversed(range(groups * _DATA))]
    out = []
    for index in range(groups):
        part = values[index * _DATA : (index + 1) * _DATA]
        out.append("".join(ALPHABET[value] for value in (*part, _check(part, index))))
    return "-".join(out)


def decode(label: str, text: str) -> bytes:
    """Read what `encode` wrote, as a person typed it.

    Raises:
        CodeError: a character outside the alphabet, a group whose check fails, a wrong length
            or a wrong checksum.
    """
    letters = [c for c in text.upper().translate(_LOOK_ALIKE) if c not in "- \t\r\n\u3000"]
    values = []
    for place, letter in enumerate(letters):
        if letter not in _VALUES:
            raise CodeError(
                f"group {place // 5 + 1} has a character that codes never use", place // 5 + 1
            )
        values.append(_VALUES[letter])
    if not values or len(values) % 5 or len(values) > 5 * 128:
        raise CodeError("the code is incomplete: every group has five characters")
    number = 0
    for index in range(len(values) // 5):
        group = values[index * 5 : index * 5 + 5]
        if _check(group[:_DATA], index) != group[_DATA]:
            raise CodeError(f"group {index + 1} is mistyped", index + 1)
        for value in group[:_DATA]:
            number = number << 5 | value
    return _unpack(label, number, len(values) // 5)


def _unpack(label: str, number: int, groups: int) -> bytes:
    """Find the payload length whose layout and checksum fit."""
    for length in range(groups * _DATA * 5 // 8, 0, -1):
        fits, spare = _layout(length)
        if fits != groups:
            continue
        payload = (number >> spare).to_bytes(length, "big")
        if number & (1 << spare) - 1 == _checksum(label, payload) >> max(0, 64 - spare):
            return payload
    raise CodeError("the code does not fit together: a group is missing or belongs elsewhere")
