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
