"""What pages say of contacts: who would be told and when, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web.design.formats import clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.home.contacts.model import Contact
    from web.design.page import Words
    from web.views import HazardView, ToldView


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


SOS = "sos"
DELAYS = {
    0: _("at once"),
    60: _("when nobody here has seen it for a minute"),
    180: _("when nobody here has seen it for 3 minutes"),
    600: _("when nobody here has seen it for 10 minutes"),
}
AT_ONCE = _("%(name)s is told at once.")
UNSEEN = {
    60: _("%(name)s is told when nobody here has seen it for a minute."),
    180: _("%(name)s is told when nobody here has seen it for 3 minutes."),
    600: _("%(name)s is told when nobody here has seen it for 10 minutes."),
}
SOS_TOLD = _("Ten seconds later %(name)s is told.")
STATES = {
    # state of `ToldView` -> (sentence, level of the design or "")
    "waits": (_("%(name)s is told at %(time)s, unless somebody here says that they saw it."), ""),
    "seen": (_("%(name)s is not told: somebody here saw it in time."), ""),
    "trying": (_("%(name)s is being told …"), ""),
    "told": (_("Told: %(name)s, %(time)s"), "ok"),
    "ended": (_("Told that it is over: %(name)s, %(time)s"), "ok"),
    "untold": (_("%(name)s was not told: it ended before."), ""),
}
CALLED = _("%(name)s is told at %(time)s, unless the call ends before.")
AGAIN = _("%(name)s could not be reached, trying again")
UNLOGGED = _("%(name)s is not told yet: it can't be written down. Is the disk full?")
UNGRANTED = _("%(name)s is not told: no consent is in force.")
PROBLEMS = {"unlogged": UNLOGGED, "ungranted": UNGRANTED}


def plan_lines(contacts: Iterable[Contact], hazard: str, words: Words) -> list[str]:
    """A sentence for each contact that would be told of a hazard."""
    lines = []
    for one in contacts:
        text = SOS_TOLD if hazard == SOS else UNSEEN.get(one.after_s, AT_ONCE)
        lines.append(words(text, name=one.name))
    return lines


def told_lines(hazard: HazardView, words: Words) -> list[tuple[str, str]]:
    """(sentence, level) of what became of telling each contact."""
    return [_told(one, hazard.hazard, words) for one in hazard.contacts]


def _told(one: ToldView, hazard: str, words: Words) -> tuple[str, str]:
    text, level = STATES[one.state]
    if one.state == "waits" and hazard == SOS:
        text = CALLED
    if one.state == "trying" and one.problem:
        text, level = PROBLEMS.get(one.problem, AGAIN), "3"
    values: dict[str, Any] = {"name": one.name}
    if "%(time)s" in text:
        values["time"] = clock(one.at) if one.at else ""
    return words(text, **values), level


def may_take_back(hazard: HazardView) -> bool:
    """Whether a contact knows of it and could be told that it was a false alarm."""
    return any(one.state == "told" for one in hazard.contacts)
