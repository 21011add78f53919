"""Words of doors, messages and the ledger's lines, shared by the pages and the copy to keep."""

from __future__ import annotations


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


DOORS = {
    "events": _("Safety event, without your name or flat"),
    "acts": _("Your own act"),
    "grants": _("A connection you granted"),
}
SENT_STATES = {
    "waiting": ("3", _("Waiting for its slot")),
    "sent": ("4", _("Sent")),
    "received": ("ok", _("The relay has it")),
    "accepted": ("ok", _("The platform has it")),
    "taken": ("ok", _("The recipient took it")),
    "unsent": ("3", _("Did not leave: nobody was reached")),
}
LINE_STATES = {
    "given": _("Given"),
    "withdrawn": _("Withdrawn"),
    "not_given": _("Not given"),
}
ROWS = {
    "to": _("Who receives it"),
    "told": _("What they learn"),
    "why": _("What for"),
    "there": _("Kept there"),
    "here": _("Kept here"),
    "refusing": _("If you refuse"),
}
DATA = {
    "hazard": _("kind of alarm"),
    "level": _("how grave it is"),
    "slot": _("the few seconds in which it left"),
    "status": _("how it stands"),
    "zone": _("zone"),
    "time": _("time"),
    "flat": _("flat"),
    "home_name": _("what you call the home"),
    "address": _("network address"),
    "enrolment_key": _("public key of the hub"),
}
STANDINGS = {
    "none": (
        "4",
        _(
            "What this community tells homes is not witnessed: you have to believe it and its"
            " relay."
        ),
    ),
    "waiting": (
        "3",
        _(
            "The community's witnesses have not vouched for its keys and zones yet. Until two of"
            " three do, the duty desk can't be told; every alarm sounds here as always."
        ),
    ),
    "run_on": (
        "3",
        _(
            "The community's witnesses vouch for nothing new. This home goes on with the keys and"
            " zones that it has, for at most 28 days, and fetches no tokens under new keys."
        ),
    ),
    "stopped": (
        "2",
        _(
            "For 28 days the community's witnesses have vouched for nothing, so the duty desk is"
            " told no alarm any more. Every alarm sounds here as always. Ask the owners' committee"
            " or the property."
        ),
    ),
}
"""How a home stands with its witnesses, in words, and how urgent that is."""
