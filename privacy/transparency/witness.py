"""Witnesses: what one signs, and what a home believes because of two of three.

A witness signs a checkpoint only if it continues the one it signed before, so two that are not
in league with a log can't be shown different histories. Storing what was signed before the
signature leaves is the caller's part: `Witness.cosign` gives both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.transparency.notes import Checkpoint, NoteKey, open_note, sign_note
from privacy.transparency.tree import LogError, check_consistency

QUORUM = 2
WITNESSES = 3
AHEAD_S = 600
"""How far ahead of our own clock a witness's may be, seconds."""


class Cosigned(NamedTuple):
    """What a witness must keep, and then the line that it gives away."""

    checkpoint: Checkpoint
    line: str


class Vouched(NamedTuple):
    """A checkpoint, and when the second newest of its signatures was made, Unix seconds.

    So two of three witnesses have seen it then or later.
    """

    checkpoint: Checkpoint
    at: int


def advance(seen: Checkpoint | None, fresh: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that a log's new checkpoint continues the one seen before.

    Raises:
        LogError: another log, a smaller one, or a fork.
    """
    if seen is None or seen.size == 0:
        if seen is not None and seen.origin != fresh.origin:
            raise LogError("this checkpoint is of another log")
        return
    if seen.origin != fresh.origin:
        raise LogError("this checkpoint is of another log")
    check_consistency(seen.size, seen.root, fresh.size, fresh.root, proof)


class Witness:
    """One witness of one log.

    Args:
        log: the log's key; its name is the log's origin.
        key: our own name and key, a timed one.
        private: its secret half.
    """

    def __init__(self, log: NoteKey, key: NoteKey, private: Ed25519PrivateKey) -> None:
        self._log = log
        self._key = key
        self._private = private

    def cosign(
        self, seen: Checkpoint | None, note: str, proof: Sequence[bytes], at: int
    ) -> Cosigned:
        """Sign a checkpoint that continues ``seen``.

        Args:
            seen: the last one signed, as stored; None for the first.
            note: the log's signed checkpoint.
            proof: that it continues ``seen``.
            at: now, Unix seconds.

        Raises:
            LogError: not signed by the log, or no continuation: nothing is signed.
        """
        fresh = _of_log(note, self._log, [])[0]
        advance(seen, fresh, proof)
        return Cosigned(fresh, sign_note(fresh.text, self._key, self._private, at))


class Trust:
    """Whom a home believes: the log's key and its witnesses, pinned when it paired.

    Raises:
        LogError: not three witnesses with names and keys of their own.
    """

    def __init__(self, log: NoteKey, witnesses: Sequence[NoteKey]) -> None:
        names = {key.name for key in (log, *witnesses)}
        keys = {key.public for key in (log, *witnesses)}
        if len(witnesses) != WITNESSES or len(names) != 4 or len(keys) != 4:
            raise LogError("a log has three witnesses, each with a name and a key of its own")
        if not all(key.timed for key in witnesses):
            raise LogError("a witness says when it signs")
        self.log = log
        self.witnesses = tuple(sorted(witnesses, key=lambda key: key.name))

    @property
    def digest(self) -> bytes:
        """What stands for all four keys where there is room for a hash only (SHA-256)."""
        return hashlib.sha256("\n".join(["linli trust 1", *self.to_json()]).encode()).digest()

    def to_json(self) -> list[str]:
        """The log's key and then the witnesses', as vkeys."""
        return [self.log.text, *(key.text for key in self.witnesses)]

    @classmethod
    def from_json(cls, data: object) -> Trust:
        """Read what `to_json` gives.

        Raises:
            LogError: malformed, or keys that can't be trusted together.
        """
        if not isinstance(data, list) or len(data) != 1 + WITNESSES:
            raise LogError("these are not the keys of a log and three witnesses")
        log, *witnesses = (NoteKey.parse(str(text)) for text in data)
        return cls(log, witnesses)

    def vouched(self, note: str, now: float) -> Vouched:
        """What two of three witnesses signed, and since when both have.

        Raises:
            LogError: malformed, too few signatures, or a time to come.
        """
        fresh, times = _of_log(note, self.log, self.witnesses)
        if len(times) < QUORUM:
            raise LogError("fewer than two witnesses have signed the log")
        if any(at > now + AHEAD_S for at in times):
            raise LogError("a witness's signature is from a time to come")
        return Vouched(fresh, sorted(times)[-QUORUM])

    def checked(
        self, seen: Checkpoint | None, note: str, proof: Sequence[bytes], now: float
    ) -> Checkpoint:
        """The checkpoint of a note that two of three witnesses signed and that continues ``seen``.

        Raises:
            LogError: too few signatures, a time to come, or a fork.
        """
        fresh = self.vouched(note, now).checkpoint
        advance(seen, fresh, proof)
        return fresh


def _of_log(note: str, log: NoteKey, witnesses: Sequence[NoteKey]) -> tuple[Checkpoint, list[int]]:
    """The checkpoint that the log signed, and when its witnesses did."""
    opened = open_note(note, (log, *witnesses))
    if log.name not in opened.signers:
        raise LogError("the log has not signed this checkpoint")
    fresh = Checkpoint.parse(opened.text)
    if fresh.origin != log.name:
        raise LogError("this checkpoint is of another log")
    return fresh, [at for name, at in opened.signers.items() if name != log.name]
