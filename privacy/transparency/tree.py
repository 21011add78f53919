"""The Merkle tree of the log: hashes, inclusion and consistency (RFC 9162 section 2.1).

Leaves are hashed with a leading 0, inner nodes with a leading 1, so that neither passes for the
other. A tree of n leaves splits at the largest power of two below n; a whole subtree never
changes once it is full, so all of those are kept and a proof costs a few look-ups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from privacy.errors import PrivacyError

HASH_LENGTH = 32
MAX_PROOF = 63
"""More nodes than any proof has: a log has fewer than 2^63 leaves."""


class LogError(PrivacyError):
    """A proof, a note or a log that does not hold."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a log entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """An append-only tree over entries; only hashes are kept."""

    __slots__ = ("_levels",)

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for entry in entries:
            self.append(entry)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def append(self, entry: bytes) -> int:
        """Add an entry; its index."""
        self._levels[0].append(leaf_hash(entry))
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(*self._levels[level][-2:]))
            level += 1
        return self.size - 1

    def root(self, size: int | None = None) -> bytes:
        """The tree's hash when it had ``size`` leaves (now, if none is named).

        Raises:
            LogError: it never had so many.
        """
        size = self._known(self.size if size is None else size)
        return self._hash(0, size) if size else hashlib.sha256().digest()

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of leaf ``index`` in the tree of ``size`` leaves (section 2.1.3.1).

        Raises:
            LogError: there is no such leaf.
        """
        size = self._known(self.size if size is None else size)
        if not 0 <= index < size:
            raise LogError("there is no such entry in the log")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            near, far = ((start, middle), (middle, end))
            if index >= middle:
                near, far = far, near
            path.append(self._hash(*far))
            start, end = near
        return path[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the first ``old`` leaves are unchanged (section 2.1.4.1).

        Raises:
            LogError: the tree never had those sizes, in that order.
        """
        size = self._known(self.size if size is None else size)
        if not 0 < old <= size:
            raise LogError("the log never had these sizes")
        proof: list[bytes] = []
        start, end, whole = 0, size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._hash(start, end))
        return proof[::-1]

    def edge(self, size: int) -> Frontier:
        """The right edge when the tree had ``size`` leaves.

        Raises:
            LogError: it never had so many.
        """
        peaks, start = [], 0
        for level in range(self._known(size).bit_length() - 1, -1, -1):
            if size >> level & 1:
                peaks.append(self._levels[level][start >> level])
                start += 1 << level
        return Frontier(size, peaks)

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise LogError("the log never had this size")
        return size

    def _hash(self, start: int, end: int) -> bytes:
        """The hash over leaves ``start`` to ``end``, as some tree splits them."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(count)
        return node_hash(self._hash(start, middle), self._hash(middle, end))


class Frontier:
    """The right edge of a tree: the roots of its full subtrees, largest first.

    Enough to go on appending and to know the root; nothing of what came before is kept.

    Raises:
        LogError: not as many roots as a tree of this size has.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if not 0 <= size < 1 << MAX_PROOF or len(peaks) != size.bit_count():
            raise LogError("this is not the edge of a tree of this size")
        if any(len(peak) != HASH_LENGTH for peak in peaks):
            raise LogError("a hash of a tree's edge is of another length")
        self.size = size
        self.peaks = list(peaks)

    def append(self, entry: bytes) -> None:
        """Add an entry."""
        peak = leaf_hash(entry)
        for _ in range((~self.size & self.size + 1).bit_length() - 1):
            peak = node_hash(self.peaks.pop(), peak)
        self.peaks.append(peak)
        self.size += 1

    def root(self) -> bytes:
        """The tree's hash."""
        if not self.peaks:
            return hashlib.sha256().digest()
        made = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            made = node_hash(peak, made)
        return made


def _split(count: int) -> int:
    """The largest power of two below ``count`` (from 2)."""
    return 1 << (count - 1).bit_length() - 1


def check_inclusion(
    entry: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree with this root has ``entry`` at ``index`` (section 2.1.3.2).

    Raises:
        LogError: it hasn't, or the path is not a path.
    """
    if not 0 <= index < size or len(path) > MAX_PROOF:
        raise LogError("the inclusion proof does not fit the log")
    place, last, made = index, size - 1, leaf_hash(entry)
    for node in path:
        if last == 0:
            raise LogError("the inclusion proof is too long")
        if place % 2 or place == last:
            made = node_hash(node, made)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            made = node_hash(made, node)
        place, last = place >> 1, last >> 1
    if last or made != root:
        raise LogError("the entry is not in the log where it is said to be")


def check_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``size`` leaves begins with the one of ``old`` (section 2.1.4.2).

    Raises:
        LogError: history was rewritten, the log shrank, or the proof is not a proof.
    """
    if not 0 < old <= size or len(proof) > MAX_PROOF:
        raise LogError("the consistency proof does not fit the log")
    if old == size:
        if proof or old_root != root:
            raise LogError("two logs of one size differ")
        return
    nodes = list(proof)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        raise LogError("the consistency proof is empty")
    place, last = old - 1, size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise LogError("the consistency proof is too long")
        if place % 2 or place == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, node)
        place, last = place >> 1, last >> 1
    if last or first != old_root or second != root:
        raise LogError("the log is not a continuation of the one seen before")
