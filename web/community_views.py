"""What pages show of the community that a home is paired with."""

from __future__ import annotations

from typing import Protocol


class AttestationView(Protocol):
    """What the owners' committee signed of the roster."""

    @property
    def at(self) -> float:
        """When, Unix seconds."""

    @property
    def homes(self) -> int:
        """How many homes it checked."""

    @property
    def holds(self) -> bool:
        """Whether it still counts with the homes enrolled now."""

    @property
    def fingerprint(self) -> str:
        """Of the committee's key."""


class PairingView(Protocol):
    """The community this home is paired with."""

    @property
    def community(self) -> str:
        """Its name."""

    @property
    def address(self) -> str:
        """Its address."""

    @property
    def zone(self) -> str:
        """The zone that events name."""

    @property
    def homes(self) -> int:
        """How many homes share that zone."""

    @property
    def slot_s(self) -> float:
        """Seconds between two cells."""

    @property
    def acts(self) -> bool:
        """Whether a call of this flat can be sent to it."""

    @property
    def tokens(self) -> int | None:
        """How many alarms it can still be told of; None where it issues no tokens."""

    @property
    def attested(self) -> AttestationView | None:
        """What a committee attested of the roster, None while none did."""

    @property
    def claimed(self) -> bool:
        """Whether there are homes enough to promise anything."""

    @property
    def standing(self) -> str:
        """How this home stands with its witnesses (`privacy.witnessed.Standing`)."""
