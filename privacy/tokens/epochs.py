"""When tokens are given out and how long they are good: epochs, and terms for the reserve."""

from __future__ import annotations

import math
from enum import StrEnum

from privacy.tokens.token import BUDGET, REQUEST_LENGTH, RESPONSE_LENGTH, TokenClass
from privacy.wire import SLOT_ORIGIN

EPOCH_S = 7 * 86_400
AHEAD_S = 48 * 3_600
"""How long before an epoch its tokens are fetched."""

KEPT_S = 49 * 3_600
"""How long after an epoch its events may still arrive, and its keys are kept."""


class Allotment(StrEnum):
    """What a home fetches in one request: an epoch's tokens, or a term's reserve.

    An allotment's numbers count its periods from `privacy.wire.SLOT_ORIGIN`.
    """

    EPOCH = "epoch"
    RESERVE = "reserve"

    @property
    def period_s(self) -> int:
        """How long its tokens are good, seconds."""
        return EPOCH_S if self is Allotment.EPOCH else 4 * EPOCH_S

    @property
    def classes(self) -> tuple[TokenClass, ...]:
        """The class of each token, in the order in which they are asked for."""
        kinds = [kind for kind in TokenClass if allotment_of(kind) is self]
        return tuple(kind for kind in kinds for _ in range(BUDGET[kind]))

    @property
    def request_length(self) -> int:
        """Bytes of the whole request."""
        return len(self.classes) * REQUEST_LENGTH

    @property
    def response_length(self) -> int:
        """Bytes of the whole answer."""
        return len(self.classes) * RESPONSE_LENGTH

    def number_at(self, moment: float) -> int:
        """The number of the period that ``moment`` (Unix seconds) lies in."""
        return max(0, math.floor((moment - SLOT_ORIGIN) / self.period_s))

    def start(self, number: int) -> float:
        """When a period begins, Unix seconds."""
        return SLOT_ORIGIN + number * self.period_s

    def over(self, number: int, moment: float) -> bool:
        """Whether nothing of a period counts any more at ``moment``."""
        return moment > self.start(number + 1) + KEPT_S


def allotment_of(kind: TokenClass) -> Allotment:
    """The allotment that a class belongs to."""
    return Allotment.RESERVE if kind is TokenClass.RESERVE else Allotment.EPOCH
