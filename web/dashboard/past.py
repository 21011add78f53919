"""Alarms that are over: when they were and what was done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from web.contacts.words import told_lines
from web.words import ALARMS, HAZARDS

if TYPE_CHECKING:
    from web.design.page import Words
    from web.house import House
    from web.views import HazardView

RECENT_S = 24 * 3600.0
MOST_RECENT = 3
MOST = 50


class PastHazard:
    """An alarm that is over, with its words; `did` are sentences."""

    __slots__ = ("did", "hazard", "name", "picture")

    def __init__(self, hazard: HazardView, words: Words) -> None:
        self.hazard = hazard
        _level, name, self.picture = HAZARDS[hazard.hazard]
        self.name = words(name)
        self.did = [deed.text for deed in hazard.did(words)]
        self._desk(hazard, words)
        self.did += [text for text, _level in told_lines(hazard, words)]

    def _desk(self, hazard: HazardView, words: Words) -> None:
        question = hazard.question
        if question is None:
            return
        if question.cancelled:
            self.did.append(words("The duty desk was told that it was a false alarm."))
        elif question.told and question.flat:
            self.did.append(words("The duty desk was told that your flat calls for help."))
        elif question.told:
            self.did.append(words("The duty desk was told the zone."))
        else:
            self.did.append(words("The duty desk was not told."))


def recent(house: House, words: Words) -> list[PastHazard]:
    """The last few alarms that ended within a day; lost sensors are left to the full list."""
    since = time.time() - RECENT_S
    over = [one for one in _ended(house) if (one.cleared_at or 0.0) > since]
    alarms = [one for one in over if HAZARDS[one.hazard][0] in ALARMS]
    return [PastHazard(one, words) for one in alarms[:MOST_RECENT]]


def past(house: House, words: Words) -> list[PastHazard]:
    """The alarms that are over, the last one to end first."""
    return [PastHazard(one, words) for one in _ended(house)[:MOST]]


def _ended(house: House) -> list[HazardView]:
    over = [one for one in house.runtime.hazards() if not one.active]
    return sorted(over, key=lambda one: one.cleared_at or 0.0, reverse=True)
