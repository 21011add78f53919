"""The hub's own condition as the page needs it; `hub.home.condition` holds the real records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class IntegrationView(Protocol):
    """One integration at work, or not; see `hub.home.condition`."""

    @property
    def domain(self) -> str:
        """Its folder's name."""

    @property
    def name(self) -> Mapping[str, str]:
        """What people call it, by language."""

    @property
    def problem(self) -> str:
        """Why it isn't at work, "" when it is."""

    @property
    def ignored(self) -> Mapping[str, int]:
        """How often bad input of each sort was ignored."""


class HubView(Protocol):
    """How the hub itself is; see `hub.home.condition`."""

    @property
    def broker(self) -> str:
        """`connected`, `lost` or `none`."""

    @property
    def broker_address(self) -> str:
        """Host and port."""

    @property
    def broker_problem(self) -> str:
        """A key of `web.words.BROKER`, "" while nothing is wrong."""

    @property
    def integrations(self) -> Sequence[IntegrationView]:
        """Those at work and those that are not."""

    @property
    def history_damaged(self) -> int | None:
        """Parts that can't be opened; None while there is no history."""

    @property
    def history_dropped(self) -> int:
        """Values given up while the disk took nothing."""

    @property
    def history_problem(self) -> str:
        """Why no history is written, `room` or `disk`; "" while all is well."""

    @property
    def disk_free(self) -> int:
        """Bytes free."""

    @property
    def disk_total(self) -> int:
        """Bytes there are."""
