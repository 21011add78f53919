"""What is one resident's alone: sealed with their own key, and that with the household's.

The outer seal hides from the disk whose a row is; the inner one is what a shred makes
unreadable, in the home and in every backup of it. Both are bound to table and row; the inner
one also to the resident and this version.
"""

from __future__ import annotations

from privacy.vault import Household

_VERSION = b"\x02"
"""Begins what lies under the outer seal. A row from before begins as JSON does."""


class OwnBox:
    """The boxes of one purpose, of the household and of each resident."""

    __slots__ = ("_household", "_purpose")

    def __init__(self, household: Household, purpose: str) -> None:
        self._household = household
        self._purpose = purpose

    def seal_own(self, owner: str, plain: bytes, context: bytes) -> bytes:
        """Seal a row of one resident's.

        Raises:
            VaultLocked: the household is locked.
            KeyGone: this account has no key, or none any more.
        """
        inner = self._household.resident_box(owner, self._purpose)
        sealed = inner.seal(plain, _inner(owner, context))
        outer = self._household.box(self._purpose)
        return outer.seal(_VERSION + owner.encode() + b"\0" + sealed, context)

    def open_own(self, sealed: bytes, context: bytes) -> tuple[str, bytes]:
        """Open a row: (whose, plain). Nobody's, "", if it is from before there were such keys.

        Raises:
            VaultLocked: the household is locked.
            KeyGone: the resident's key was destroyed.
            VaultError: other key, other context, or changed bytes.
        """
        plain = self._household.box(self._purpose).open(sealed, context)
        if not plain.startswith(_VERSION):
            return "", plain
        name, _, own = plain[len(_VERSION) :].partition(b"\0")
        owner = name.decode("ascii", "replace")
        inner = self._household.resident_box(owner, self._purpose)
        return owner, inner.open(own, _inner(owner, context))


def _inner(owner: str, context: bytes) -> bytes:
    return b"%s\0%s\0%s" % (_VERSION, owner.encode(), context)
